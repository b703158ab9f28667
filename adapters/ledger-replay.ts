// Going through a whole ledger for folds that need few fields: every line is verified (frame, own hash, link to the
// line before, sequence, group), and only what is wanted is made into values.
//
//   page of lines ──▶ hash and chain of each line ──▶ type ──▶ cutter ──▶ visit
//
// The quick check looks at a line as text; whenever it objects, the slow one (takeLine) says what is wrong.

import { hash } from 'node:crypto'
import fs from 'node:fs'
import { type BookEvent, declarationOf } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import { type Head, LedgerDamaged } from '../domain/event-store.ts'
import { type Cutter, cutterOf, isAt, type Page, pageOf } from './ledger-cutter.ts'
import { type DurableMark, openHead, readHead } from './ledger-head.ts'
import {
  countAt,
  decodeLine,
  indexAt,
  lineBytesMax,
  lineBytesMin,
  previousBytes,
  seqAt,
  trailerBytes,
  typeAt,
  zeroHash,
} from './ledger-line.ts'
import { type Chain, chainAfter, chunksOf, takeLine } from './ledger-scan.ts'
import { isBefore, listSegments } from './ledger-segment.ts'
import { openSegment } from './ledger-segment-bytes.ts'
import { ofTypes } from './ledger-wanted.ts'

/** The fields that a fold reads, by type. A type that is not named is verified and not made into an event. */
export type WantedFields = ReadonlyMap<string, readonly string[]>

/** An event with the wanted fields of its data; others may be missing. */
export type Cut = Pick<Recorded<BookEvent>, 'seq' | 'event'>

export type Visit = (cut: Cut) => void

/**
 * Verifies the ledger up to its head and gives every wanted event to `visit`, in order. Throws LedgerDamaged at the
 * first line that does not hold, and UnknownEvent for a wanted type in a version that this program does not know.
 */
export const replayLedger = async (folder: string, wanted: WantedFields, visit: Visit): Promise<Head> => {
  const mark = headOf(folder)
  const chain = chainAfter(0, zeroHash)
  const reading = readerOf(wanted)
  for (const segment of listSegments(folder).filter(name => !isBefore(mark.segment, name))) {
    const source = openSegment(folder, segment)
    try {
      const to = segment === mark.segment ? mark.end : source.size
      const chunks = chunksOf(source, 0, to)
      let chunk = await chunks.next()
      for (; chunk.done !== true; chunk = await chunks.next()) {
        const { bytes, offset } = chunk.value
        const place = (start: number) => `${folder}/${segment} at byte ${offset + start}`
        for (const [from, page] of pagesOf(bytes))
          visitPage(page, chain, reading, visit, start => place(from + start))
      }
      if (chunk.value.rest > 0)
        throw damaged(`${folder}/${segment}`, `${chunk.value.rest} bytes at its end are no line`)
    } finally {
      source.close()
    }
  }
  if (chain.seq !== mark.seq || chain.hash !== mark.hash)
    throw damaged(folder, `it ends at event ${chain.seq}, but event ${mark.seq} of HEAD was acknowledged`)
  return { seq: chain.seq, hash: chain.hash }
}

/** Texts of about a megabyte and more lie outside V8's heap, where looking at single characters is slow. */
const pageBytes = 2 * lineBytesMax

/** The lines of a chunk in smaller pages, with the place of each in the chunk. */
function* pagesOf(bytes: Buffer): Generator<readonly [from: number, page: Page]> {
  for (let from = 0; from < bytes.length; ) {
    const last = bytes.subarray(from, from + pageBytes).lastIndexOf(newline)
    const page = bytes.subarray(from, last < 0 ? bytes.length : from + last + 1)
    yield [from, pageOf(page)]
    from += page.length
  }
}

const headOf = (folder: string): DurableMark => {
  const fd = openHead(folder, 'r')
  try {
    return readHead(fd, folder).mark
  } finally {
    fs.closeSync(fd)
  }
}

const damaged = (place: string, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'corrupt',
    `${place} is damaged: ${what}. Run 'veritape verify' and restore from a backup`,
  )

/** For each wanted type, its cutters by version. */
interface WantedType {
  readonly type: string
  /** With the quote behind it. */
  readonly quoted: Uint8Array
  readonly fields: readonly string[]
  readonly cutters: Map<number, Cutter>
}

const readerOf = (wanted: WantedFields): readonly WantedType[] =>
  [...wanted].map(([type, fields]) => ({ type, quoted: Buffer.from(`${type}"`), fields, cutters: new Map() }))

const newline = '\n'
const opensLine = Buffer.from('{"n":"')
const beforeGroup = Buffer.from('","b":"')
const beforeType = Buffer.from('","t":"')
const beforePrevious = Buffer.from(',"p":"')
const beforeHash = Buffer.from('","h":"')
const endsLine = Buffer.from('"}\n')
const beforeVersion = Buffer.from('","k":')
const beforeData = Buffer.from('},"d":')

const visitPage = (
  page: Page,
  chain: Chain,
  wanted: readonly WantedType[],
  visit: Visit,
  place: (start: number) => string,
): void => {
  const { bytes, text } = page
  let start = 0
  while (start < text.length) {
    const near = text.indexOf(newline, start + lineBytesMin - 1) + 1
    const end = near > 0 ? near : text.length
    if (!continues(chain, page, start, end)) {
      const first = text.indexOf(newline, start) + 1
      const wrong = takeLine(chain, bytes, start, first > 0 ? first : text.length, true)
      if (wrong !== undefined) throw damaged(place(start), `expected ${wrong.expected}, found ${wrong.found}`)
    }
    const type = typeIn(wanted, bytes, start)
    if (type !== undefined) visit(recordedIn(page, start, end, chain.seq, type))
    else if (isUnheardOf(bytes, start)) decodeLine(bytes.toString('utf8', start, end - 1)) // throws UnknownEvent
    start = end
  }
}

/** What a fold does not know it must not leave out. */
const isUnheardOf = ofTypes(new Set())

const typeIn = (wanted: readonly WantedType[], bytes: Uint8Array, start: number): WantedType | undefined => {
  for (const each of wanted) if (isAt(bytes, start + typeAt, each.quoted)) return each
  return undefined
}

/** Takes a line into the chain if it is beyond doubt the next one; false leaves the chain as it was. */
const continues = (chain: Chain, { bytes, text }: Page, start: number, end: number): boolean => {
  const hashFrom = end - trailerBytes
  const previousFrom = hashFrom - previousBytes
  const framed =
    end - start <= lineBytesMax &&
    isAt(bytes, start, opensLine) &&
    isAt(bytes, start + 22, beforeGroup) &&
    isAt(bytes, start + 38, beforeType) &&
    isAt(bytes, previousFrom, beforePrevious) &&
    isAt(bytes, hashFrom - 1, beforeHash) &&
    isAt(bytes, end - 3, endsLine)
  if (!framed || text.slice(previousFrom + 6, hashFrom - 1) !== chain.hash) return false
  const seq = digitsAt(bytes, start + seqAt, 16)
  const index = digitsAt(bytes, start + indexAt, 4)
  const count = digitsAt(bytes, start + countAt, 4)
  const opens = chain.index === chain.count
  const follows = opens ? index === 1 && count >= 1 : index === chain.index + 1 && count === chain.count
  if (seq !== chain.seq + 1 || !follows) return false
  const own = hash('sha256', bytes.subarray(start, hashFrom), 'hex')
  if (text.slice(hashFrom + 6, end - 3) !== own) return false
  chain.seq = seq
  chain.hash = own
  chain.index = index
  chain.count = count
  return true
}

/** NaN, which equals nothing, when they are no digits. */
const digitsAt = (bytes: Uint8Array, from: number, width: number): number => {
  let number = 0
  for (let at = from; at < from + width; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

const endOfDigits = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (isDigit(bytes[at] ?? 0)) at++
  return at
}

const recordedIn = (page: Page, start: number, end: number, seq: number, wanted: WantedType): Cut => {
  const { bytes, text } = page
  const streamEnd = text.indexOf('"', start + typeAt + wanted.type.length + 7)
  const versionFrom = streamEnd + 101
  const versionEnd = endOfDigits(bytes, versionFrom)
  const causeEnd = endOfDigits(bytes, versionEnd + 14)
  const correlationEnd = endOfDigits(bytes, causeEnd + 15)
  const runEnd = endOfDigits(bytes, correlationEnd + 7)
  const regular = isAt(bytes, versionFrom - 6, beforeVersion) && isAt(bytes, runEnd, beforeData)
  if (regular) {
    const version = digitsAt(bytes, versionFrom, versionEnd - versionFrom)
    const data = cutterIn(wanted, version)(page, runEnd + 6)
    if (data !== undefined) return { seq, event: { type: wanted.type, version, data } as BookEvent }
  }
  const { event } = decodeLine(bytes.toString('utf8', start, end - 1)).recorded
  return { seq, event }
}

const cutterIn = ({ type, fields, cutters }: WantedType, version: number): Cutter => {
  const known = cutters.get(version)
  if (known !== undefined) return known
  // Another shape than today's has to be said in today's words: the whole of it is parsed.
  const made = declarationOf(type, version) === undefined ? () => undefined : cutterOf(type, version, fields)
  cutters.set(version, made)
  return made
}
