// A redacted export: lines of the ledger without what they say of sizes and prices, in the real chain.
//
//   {"redacted":1,"ledgerId":…,"book":…,"first":{"seq","previous"},"last":{"seq","hash"},"lines":…}
//   {"n":…,"b":…,"t":…,"s":…,"r":…,"i":…,"at":…,"k":…,"m":{…},"d":{what is shown},"hidden":[names],"p":…,"h":…}
//
// A line's `h` is the hash over its plain bytes: it cannot be computed from what is left, but it commits to them. Whoever
// is handed the plain line can check that it is the one. docs/redacted-export.md says what is proven and what is not.

import type { Seq } from '../domain/event.ts'
import type { Selection } from '../domain/ledger-copies.ts'
import { rangeOf } from './ledger-export.ts'
import { NoSuchBook, readIdentity } from './ledger-identity.ts'
import { NotALine } from './ledger-line.ts'
import { hashIn, previousBytes, seqOf, trailerBytes, zeroHash } from './ledger-line-bytes.ts'
import { chunksOf } from './ledger-scan.ts'
import { listSegments } from './ledger-segment.ts'
import { openSegment } from './ledger-segment-bytes.ts'
import { firstSeqOf } from './ledger-stored.ts'

/**
 * Fields that are shown, if what they hold is text, a truth value or a whole number: who, what, which way and when. Everything
 * else is hidden: decimals, measurements, free text (reasons quote prices), and what a venue's public tape could be
 * searched for (its trade ids and times).
 */
export const shownFields: ReadonlySet<string> = new Set([
  ...['symbol', 'side', 'type', 'timeInForce', 'reduceOnly', 'liquidity', 'timeframe'],
  ...['orderId', 'intent', 'by', 'champion', 'strategy', 'source', 'action', 'lifts', 'drift'],
  ...['session', 'ticker', 'rank', 'decided', 'clock', 'openTime', 'closeTime', 'expiresAt'],
  ...['command', 'mode', 'version', 'level', 'verdict', 'cycle', 'sessionOpen', 'check'],
  ...['segment', 'previousSegment', 'nextSegment', 'why', 'book', 'epoch'],
])

const isShown = (name: string, value: unknown): boolean => {
  if (!shownFields.has(name)) return false
  if (typeof value === 'string') return !/^-?\d+(\.\d+)?$/.test(value)
  if (Array.isArray(value)) return value.every(each => Number.isSafeInteger(each))
  return typeof value === 'boolean' || Number.isSafeInteger(value)
}

/** Neither type nor stream can hold a quote, so this stands where the data begins and nowhere before. */
const beforeData = '},"d":'

/** The redacted line of a plain one, both without their end of line. Throws NotALine. */
export const redactedLine = (plain: string): string => {
  const dataFrom = plain.indexOf(beforeData) + beforeData.length
  const dataEnd = plain.length - trailerBytes + 1 - previousBytes
  if (dataFrom < beforeData.length || dataEnd <= dataFrom) throw new NotALine('a line of the ledger', plain)
  const data = JSON.parse(plain.slice(dataFrom, dataEnd)) as object
  const shown: Record<string, unknown> = {}
  const hidden: string[] = []
  for (const [name, value] of Object.entries(data)) {
    if (isShown(name, value)) shown[name] = value
    else hidden.push(name)
  }
  return `${plain.slice(0, dataFrom)}${JSON.stringify(shown)},"hidden":${JSON.stringify(hidden)}${plain.slice(dataEnd)}`
}

/** The selected lines, redacted, behind a header; each with its end of line. */
export async function* redactedLines(folder: string, selection: Selection): AsyncGenerator<string> {
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  const { first, last } = rangeOf(folder, selection, 'segments')
  const header = {
    redacted: 1,
    ledgerId: identity.ledgerId,
    book: identity.book,
    first: { seq: first, previous: first <= 1 ? zeroHash : await hashOf(folder, first - 1) },
    last: { seq: last, hash: last < 1 ? zeroHash : await hashOf(folder, last) },
    lines: Math.max(last - first + 1, 0),
  }
  yield `${JSON.stringify(header)}\n`
  for await (const { bytes, start, end } of linesBetween(folder, first, last))
    yield `${redactedLine(bytes.toString('utf8', start, end - 1))}\n`
}

/** One line of the ledger as it stands. Throws when it is not there. */
export const plainLine = async (folder: string, seq: Seq): Promise<string> => {
  const { last } = rangeOf(folder, {})
  for await (const { bytes, start, end } of linesBetween(folder, seq, Math.min(seq, last)))
    return bytes.toString('utf8', start, end)
  throw new RangeError(`there is no event ${seq}; the book ends at ${last}`)
}

const hashOf = async (folder: string, seq: Seq): Promise<string> => {
  for await (const { bytes, end } of linesBetween(folder, seq, seq)) return hashIn(bytes, end)
  throw new Error(`event ${seq} is acknowledged but not there`)
}

interface LineBytes {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

async function* linesBetween(folder: string, first: Seq, last: Seq): AsyncGenerator<LineBytes> {
  if (last < first) return
  const segments = listSegments(folder)
  const from = Math.max(
    segments.findLastIndex(name => firstSeqOf(folder, name) <= first),
    0,
  )
  for (const name of segments.slice(from)) {
    const segment = openSegment(folder, name)
    const chunks = chunksOf(segment, 0, segment.size)
    try {
      for await (const { bytes } of chunks) {
        for (let start = 0; start < bytes.length; ) {
          const end = bytes.indexOf(0x0a, start) + 1
          const seq = seqOf(bytes, start)
          if (seq > last) return
          if (seq >= first) yield { bytes, start, end }
          start = end
        }
      }
    } finally {
      await chunks.return({ rest: 0 })
      segment.close()
    }
  }
}
