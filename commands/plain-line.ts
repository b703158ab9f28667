// A plain command line: the words of a verb, and flags that every verb takes, written in full: `status --book b`. It
// is read here, because loading a whole parser takes as long as everything else that a short command does. A line
// with anything else in it, a mistake above all, is left to the parser and its messages.

/** What every verb takes. */
export interface Global {
  book?: string
  config?: string
  ledger?: string
  state?: string
  store?: string
  json: boolean
  logLevel?: string
  asOf?: string
}

export interface PlainLine {
  /** 'status', 'report kpi'. */
  readonly verb: string
  readonly args: Global
}

const textFlags: ReadonlyMap<string, keyof Omit<Global, 'json'>> = new Map([
  ['--book', 'book'],
  ['--config', 'config'],
  ['--ledger', 'ledger'],
  ['--state', 'state'],
  ['--store', 'store'],
  ['--log-level', 'logLevel'],
  ['--as-of', 'asOf'],
])

/** undefined when the line is not plain. */
export const readPlainLine = (argv: readonly string[]): PlainLine | undefined => {
  const words: string[] = []
  const args: Global = { json: false }
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string
    if (/^[a-z]+$/.test(word)) {
      if (at !== words.length) return undefined // a word behind a flag could be the flag's
      words.push(word)
    } else if (word === '--json') args.json = true
    else {
      const flag = textFlags.get(word)
      const value = argv[++at]
      if (flag === undefined || args[flag] !== undefined) return undefined
      if (value === undefined || !/^[\w/.:]/.test(value)) return undefined
      args[flag] = value
    }
  }
  return words.length === 0 ? undefined : { verb: words.join(' '), args }
}
