// What became of each stream in the closed segments: its last revision, and the seqs of its first and last event.
// A book has few streams at a time but many over the years, so they are kept as sorted text, not as objects:
//
//   account 0 2 2
//   candles-BTC/USDT-5m 287 4 1912
//
// A line is looked up by halving; what changed since stands beside the text until it is printed again.

import type { Revision, Seq, StreamName } from '../domain/event.ts'

export interface PastStream {
  readonly revision: Revision
  readonly first: Seq
  readonly last: Seq
}

export interface Past {
  of(stream: StreamName): PastStream | undefined
  set(stream: StreamName, past: PastStream): void
  /** All streams as text, in the order of their names. */
  print(): Buffer
}

const newline = 0x0a
const blank = 0x20
/** Changes that stand beside the text before it is printed anew. */
const changedMax = 4096

/** `text` is what an earlier `print` gave. */
export const pastOf = (text: Buffer = Buffer.alloc(0)): Past => {
  let printed = text
  const changed = new Map<StreamName, PastStream>()

  const print = (): Buffer => {
    if (changed.size > 0) printed = merged(printed, changed)
    changed.clear()
    return printed
  }

  return {
    of: stream => changed.get(stream) ?? lookUp(printed, stream),
    set: (stream, past) => {
      changed.set(stream, past)
      if (changed.size >= changedMax) print()
    },
    print,
  }
}

const lookUp = (text: Buffer, stream: StreamName): PastStream | undefined => {
  const wanted = Buffer.from(`${stream} `, 'latin1')
  let low = 0
  let high = text.length
  while (low < high) {
    const from = lineAround(text, (low + high) >> 1)
    const order = text.compare(wanted, 0, wanted.length, from, Math.min(from + wanted.length, text.length))
    if (order === 0) return readNumbers(text, from + wanted.length)
    if (order > 0) high = from
    else low = text.indexOf(newline, from) + 1
  }
  return undefined
}

/** Where the line begins that a byte belongs to. */
const lineAround = (text: Buffer, byte: number): number =>
  byte === 0 ? 0 : text.lastIndexOf(newline, byte - 1) + 1

const readNumbers = (text: Buffer, from: number): PastStream => {
  const end = text.indexOf(newline, from)
  const [revision, first, last] = text.toString('latin1', from, end).split(' ').map(Number)
  if (revision === undefined || first === undefined || last === undefined)
    throw new Error(`'${text.toString('latin1', from, end)}' is no line about a stream`)
  return { revision, first, last }
}

const merged = (text: Buffer, changed: ReadonlyMap<StreamName, PastStream>): Buffer => {
  const parts: Buffer[] = []
  let from = 0 // of the lines that are taken over as they are
  let at = 0
  // The blank behind a name sorts before every character of a longer one.
  for (const stream of [...changed.keys()].sort()) {
    const wanted = Buffer.from(`${stream} `, 'latin1')
    at = firstNotBefore(text, wanted, at)
    parts.push(text.subarray(from, at), Buffer.from(printLine(stream, changed.get(stream) as PastStream)))
    from = text.subarray(at, at + wanted.length).equals(wanted) ? text.indexOf(newline, at) + 1 : at
    at = from
  }
  parts.push(text.subarray(from))
  return Buffer.concat(parts)
}

const firstNotBefore = (text: Buffer, wanted: Buffer, from: number): number => {
  let low = from
  let high = text.length
  while (low < high) {
    const start = lineAround(text, (low + high) >> 1)
    const end = text.indexOf(blank, start) + 1
    if (wanted.compare(text, start, end) > 0) low = text.indexOf(newline, start) + 1
    else high = start
  }
  return low
}

const printLine = (stream: StreamName, { revision, first, last }: PastStream): string =>
  `${stream} ${revision} ${first} ${last}\n`
