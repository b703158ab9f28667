// JSON as people write configuration: with // and /* */ comments and a comma after the last element.
//
// It remembers the line of every key, so that a complaint can name it, and refuses a key that is there twice:
// JSON.parse would silently take the second one, and a limit is not a thing to guess.

export interface CommentedJson {
  readonly value: unknown
  /** Line of a value by its path ('limits.cash', 'market.files.0.path'), from 1. */
  readonly lines: ReadonlyMap<string, number>
}

export class CommentedJsonError extends Error {
  /** From 1. */
  readonly line: number
  constructor(line: number, sentence: string) {
    super(sentence)
    this.name = 'CommentedJsonError'
    this.line = line
  }
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /[A-Za-z_$][\w$]*/y
const words = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const depthMax = 100

/** Throws CommentedJsonError at the first thing that is no JSON. */
export const readCommentedJson = (given: string): CommentedJson => {
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given
  const lines = new Map<string, number>()
  let at = 0
  let line = 1

  const fail = (expected: string): never => {
    const found = at >= text.length ? 'the end of the file' : JSON.stringify(text[at])
    throw new CommentedJsonError(line, `expected ${expected}, found ${found}`)
  }

  const skipTo = (end: number): void => {
    for (; at < end; at++) if (text[at] === '\n') line++
  }

  const skipSpace = (): void => {
    for (;;) {
      const here = text[at]
      if (here === ' ' || here === '\t' || here === '\r' || here === '\n') skipTo(at + 1)
      else if (text.startsWith('//', at)) {
        const end = text.indexOf('\n', at)
        skipTo(end < 0 ? text.length : end)
      } else if (text.startsWith('/*', at)) {
        const end = text.indexOf('*/', at + 2)
        if (end < 0) throw new CommentedJsonError(line, 'a comment that begins with /* has no */')
        skipTo(end + 2)
      } else return
    }
  }

  const readText = (): string => {
    let end = at + 1
    while (end < text.length && text[end] !== '"' && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1
    if (text[end] !== '"') throw new CommentedJsonError(line, 'a text has no closing quote on its line')
    try {
      const value = JSON.parse(text.slice(at, end + 1)) as string
      at = end + 1
      return value
    } catch {
      throw new CommentedJsonError(line, 'a text has a character or an escape that JSON does not allow')
    }
  }

  const readMatch = (form: RegExp): string | undefined => {
    form.lastIndex = at
    const found = form.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }

  /** Between elements: true when another one follows. */
  const another = (close: string): boolean => {
    skipSpace()
    if (text[at] === ',') {
      at++
      skipSpace()
      if (text[at] !== close) return true
    }
    if (text[at] !== close) fail(`a comma or ${close}`)
    at++
    return false
  }

  const readObject = (path: string, depth: number): object => {
    const entries = new Map<string, unknown>()
    at++
    skipSpace()
    if (text[at] === '}') {
      at++
      return {}
    }
    do {
      if (text[at] !== '"') fail('a key in double quotes')
      const keyLine = line
      const key = readText()
      if (entries.has(key)) throw new CommentedJsonError(keyLine, `the key "${key}" is there twice`)
      skipSpace()
      if (text[at] !== ':') fail(`a colon after "${key}"`)
      at++
      const keyPath = path === '' ? key : `${path}.${key}`
      lines.set(keyPath, keyLine)
      entries.set(key, readValue(keyPath, depth + 1))
    } while (another('}'))
    return Object.fromEntries(entries)
  }

  const readArray = (path: string, depth: number): unknown[] => {
    const elements: unknown[] = []
    at++
    skipSpace()
    if (text[at] === ']') {
      at++
      return elements
    }
    do {
      const elementPath = path === '' ? String(elements.length) : `${path}.${elements.length}`
      lines.set(elementPath, line)
      elements.push(readValue(elementPath, depth + 1))
    } while (another(']'))
    return elements
  }

  const readValue = (path: string, depth: number): unknown => {
    skipSpace()
    if (depth > depthMax) throw new CommentedJsonError(line, `nested deeper than ${depthMax} levels`)
    if (text[at] === '{') return readObject(path, depth)
    if (text[at] === '[') return readArray(path, depth)
    if (text[at] === '"') return readText()
    const digits = readMatch(number)
    if (digits !== undefined) return Number(digits)
    const before = at
    const name = readMatch(word)
    if (name !== undefined && words.has(name)) return words.get(name)
    at = before
    return fail('a value')
  }

  const value = readValue('', 0)
  skipSpace()
  if (at < text.length) fail('the end of the file')
  return { value, lines }
}
