// The console blocks of a document: what they ask, what really comes, and the document with the difference mended.
//
//   $ veritape status        a command; everything up to the next line that begins with '$ ' is what it prints
//   …                        alone on a line: lines that are left out
//   seq 7 …                  at the end of a line: the rest of the line is left out
//
// A block that begins with `$ npm ci && npm start` is one command, because the demo prints commands itself.

export interface Asked {
  readonly command: string
  readonly shown: readonly string[]
}

/** Runs a command; gives the lines of everything that it printed. */
export type Run = (command: string) => readonly string[]

const block = /^```console\n(.*?)^```$/gms
const demo = '$ npm ci && npm start'
const elision = '…'

/** The commands of a block in order. Throws when it does not begin with one. */
export const askedIn = (lines: readonly string[]): readonly Asked[] => {
  const [first] = lines
  if (first === undefined || !first.startsWith('$ ')) throw new Error(`no command: ${first}`)
  if (first === demo) return [{ command: first.slice(2), shown: lines.slice(1) }]
  const asked: { command: string; shown: string[] }[] = []
  for (const line of lines)
    if (line.startsWith('$ ')) asked.push({ command: line.slice(2), shown: [] })
    else asked.at(-1)?.shown.push(line)
  return asked
}

/** The document as it should be: a block that shows what its commands print stays as it is. */
export const mended = (text: string, run: Run): string =>
  text.replaceAll(block, (_, body: string) => {
    const lines = askedIn(body.split('\n').slice(0, -1)).flatMap(({ command, shown }) => {
      const real = trimmed(run(command))
      return [`$ ${command}`, ...(shows(trimmed(shown), real) ? shown : redrawn(trimmed(shown), real))]
    })
    return ['```console', ...lines, '```'].join('\n')
  })

/** Whether what is shown is what came, apart from what is left out. */
export const shows = (shown: readonly string[], real: readonly string[]): boolean => {
  const [line, ...rest] = shown
  if (line === undefined) return real.length === 0
  if (line === elision) return real.some((_, at) => shows(rest, real.slice(at + 1)))
  return real[0] !== undefined && isSame(line, real[0]) && shows(rest, real.slice(1))
}

/** What came, with as much left out as before: the first and last lines by their number, those between by their text. */
const redrawn = (shown: readonly string[], real: readonly string[]): readonly string[] => {
  const parts: string[][] = [[]]
  for (const line of shown)
    if (line === elision) parts.push([])
    else parts.at(-1)?.push(line)
  if (parts.length === 1) return real.map((line, at) => cut(shown[at] ?? '', line))
  const first = parts[0] ?? []
  const last = parts.at(-1) ?? []
  const drawn = first.map((line, at) => cut(line, real[at] ?? ''))
  for (const part of parts.slice(1, -1)) {
    const at = placeOf(part[0] ?? '', real)
    if (at >= 0) drawn.push(elision, ...part.map((line, more) => cut(line, real[at + more] ?? '')))
  }
  return [...drawn, elision, ...last.map((line, at) => cut(line, real[real.length - last.length + at] ?? ''))]
}

/** Where a line is now: the same one, else the first that differs in figures only; -1 when it is gone. */
const placeOf = (shown: string, real: readonly string[]): number => {
  const wordsOf = (line: string) => line.replaceAll(/[\d.]+/g, '#')
  const same = real.findIndex(line => isSame(shown, line))
  return same >= 0 ? same : real.findIndex(line => wordsOf(line) === wordsOf(shown))
}

const cut = (shown: string, real: string): string =>
  shown.length > 1 && shown.endsWith(elision) && shown.length < real.length
    ? `${real.slice(0, shown.length - 1)}${elision}`
    : real

const isSame = (shown: string, real: string): boolean =>
  shown.endsWith(elision) && shown !== real
    ? comparable(real).startsWith(comparable(shown.slice(0, -1)))
    : comparable(shown) === comparable(real)

/** Hashes, process ids and sizes are another program's on another machine. */
const comparable = (line: string): string =>
  line
    .replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replaceAll(/ [0-9a-f]{12} /g, ' <hash> ')
    .replaceAll(/\b\d+ bytes/g, '<n> bytes')
    .replaceAll(/\bpid \d+/g, 'pid <n>')
    .replaceAll(/ {2,}/g, '  ')
    .trimEnd()

const trimmed = (lines: readonly string[]): readonly string[] => {
  const last = lines.findLastIndex(line => line.trim() !== '')
  return lines.slice(0, last + 1)
}
