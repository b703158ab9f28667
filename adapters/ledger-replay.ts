// Going through a whole ledger for folds that need few fields: everything is proven on the way, and only what is wanted
// is made into values.
//
//   active days   lines ──▶ hash and link of each line (in a thread of its own, when that pays)
//                     └───▶ type ──▶ cutter ──▶ visit
//   sealed days   SHA-256 of the file, chain of seals ──▶ lines ──▶ type ──▶ cutter ──▶ visit
//
// A line is visited while it is being checked, so that a second core is of use: what was visited counts only once the
// replay has ended well.

import fs from 'node:fs'
import { type BookEvent, declarationOf } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { type Head, LedgerDamaged } from '../domain/event-store.ts'
import type { WrongLine } from './ledger-check.ts'
import type { Checked } from './ledger-check-worker.ts'
import { type LineChecker, openChecker } from './ledger-checker.ts'
import { type Cutter, cutterOf, isAt } from './ledger-cutter.ts'
import { type DurableMark, openHead, readHead } from './ledger-head.ts'
import { decodeLine } from './ledger-line.ts'
import { numberAt, typeAt, zeroHash } from './ledger-line-bytes.ts'
import { endOfLine, type Page, pagesOf } from './ledger-page.ts'
import { chunksOf } from './ledger-scan.ts'
import { noSeal, readSeal, type Seal } from './ledger-seal.ts'
import { sha256OfFile } from './ledger-sealing.ts'
import { isBefore, listSegments, sealedName } from './ledger-segment.ts'
import { openSegment, type SegmentBytes } from './ledger-segment-bytes.ts'
import { ofTypes } from './ledger-wanted.ts'

/** The fields that a fold reads, by type. A type that is not named is verified and not made into an event. */
export type WantedFields = ReadonlyMap<string, readonly string[]>

/** An event with the wanted fields of its data; others may be missing. */
export type Cut = Pick<Recorded<BookEvent>, 'seq' | 'event'>

export type Visit = (cut: Cut) => void

/**
 * Verifies the ledger up to its head and gives every wanted event to `visit`, in order. Throws LedgerDamaged at the
 * first line that does not hold, and UnknownEvent for a wanted type in a version that this program does not know. What
 * `visit` was given before it throws proves nothing.
 */
export const replayLedger = async (folder: string, wanted: WantedFields, visit: Visit): Promise<Head> => {
  const mark = headOf(folder)
  const segments = listSegments(folder).filter(name => !isBefore(mark.segment, name))
  const fold: Fold = { wanted: readerOf(wanted), visit }
  const checker = openChecker(plainBytes(folder, segments))
  let end: Head = { seq: 0, hash: zeroHash }
  let seal = noSeal
  try {
    for (const segment of segments) {
      const source = openSegment(folder, segment)
      try {
        if (source.seal === undefined) {
          const to = segment === mark.segment ? mark.end : source.size
          end = await replayPlain(source, `${folder}/${segment}`, to, end.seq, fold, checker)
        } else {
          requireContinued(folder, source.seal, end, seal)
          end = await replaySealed(source, source.seal, folder, fold)
          seal = readSeal(folder, segment)?.sha256 ?? noSeal
          checker.goOnBehind(end.seq, end.hash)
        }
      } finally {
        source.close()
      }
    }
  } finally {
    await checker.close()
  }
  if (end.seq !== mark.seq || end.hash !== mark.hash)
    throw damaged(folder, `it ends at event ${end.seq}, but event ${mark.seq} of HEAD was acknowledged`)
  return end
}

const headOf = (folder: string): DurableMark => {
  const fd = openHead(folder, 'r')
  try {
    return readHead(fd, folder).mark
  } finally {
    fs.closeSync(fd)
  }
}

/** Bytes of the segments that are not sealed: their lines are checked one by one. */
const plainBytes = (folder: string, segments: readonly string[]): number =>
  segments.reduce(
    (sum, segment) => sum + (fs.statSync(`${folder}/${segment}`, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )

const damaged = (place: string, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'corrupt',
    `${place} is damaged: ${what}. Run 'veritape verify' and restore from a backup`,
  )

/** Folds lines while they are checked; gives the last event. */
const replayPlain = async (
  source: SegmentBytes,
  place: string,
  to: number,
  seqBefore: Seq,
  fold: Fold,
  checker: LineChecker,
): Promise<Head> => {
  const checks: Promise<Checked>[] = []
  let seq = seqBefore
  let end: Head = { seq, hash: zeroHash }
  const settleTo = async (left: number) => {
    while (checks.length > left) end = await (checks.shift() as Promise<Checked>)
  }
  const chunks = chunksOf(source, 0, to, checker.buffers)
  try {
    while (true) {
      await settleTo(checker.buffers.length - 2) // the buffer of the next chunk is free
      const chunk = await chunks.next()
      if (chunk.done === true) {
        await settleTo(0)
        if (chunk.value.rest > 0) throw damaged(place, `${chunk.value.rest} bytes at its end are no line`)
        return end
      }
      const { bytes, offset, buffer, from } = chunk.value
      const check = checker.check({ buffer, from, to: from + bytes.length }).then(checked => {
        if (checked.wrong !== undefined) throw wrongAt(place, offset, checked.wrong)
        return checked
      })
      check.catch(() => {}) // thrown where it is awaited
      checks.push(check)
      seq = foldLines(bytes, seq, fold)
    }
  } catch (error) {
    await settleTo(0) // a fold that stumbles over a line that does not hold says less than the check of that line
    throw error
  } finally {
    await chunks.return({ rest: 0 })
  }
}

const wrongAt = (place: string, offset: number, { start, expected, found }: WrongLine): LedgerDamaged =>
  damaged(`${place} at byte ${offset + start}`, `expected ${expected}, found ${found}`)

/** That a sealed segment continues what stands before it. */
const requireContinued = (folder: string, seal: Seal, before: Head, previousSeal: string): void => {
  const place = `${folder}/${sealedName(seal.segment)}`
  if (seal.firstSeq !== before.seq + 1 || seal.previousHash !== before.hash)
    throw damaged(
      place,
      `its seal goes on behind event ${seal.firstSeq - 1}, which is not the ${before.seq} before it`,
    )
  if (seal.previousSeal !== previousSeal)
    throw damaged(place, 'its seal names another seal than the one of the segment before')
}

/** That the file is the one that was sealed. */
const requireSealed = async (folder: string, seal: Seal): Promise<void> => {
  const place = `${folder}/${sealedName(seal.segment)}`
  const sha256 = await sha256OfFile(place)
  if (sha256 !== seal.gzSha256) throw damaged(place, `expected SHA-256 ${seal.gzSha256}, found ${sha256}`)
}

/** Folds lines that their seal vouches for, while the file is compared with it. */
const replaySealed = async (source: SegmentBytes, seal: Seal, folder: string, fold: Fold): Promise<Head> => {
  const sealed = requireSealed(folder, seal)
  sealed.catch(() => {}) // thrown where it is awaited
  let seq = seal.firstSeq - 1
  try {
    for await (const { bytes } of chunksOf(source, 0, source.size)) seq = foldLines(bytes, seq, fold)
  } finally {
    await sealed // which says more than a fold or a gunzip that stumbles over another file
  }
  if (seq !== seal.lastSeq)
    throw damaged(`${folder}/${seal.segment}`, `expected event ${seal.lastSeq} at its end, found ${seq}`)
  return { seq, hash: seal.lastHash }
}

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

/** What is done with lines. */
interface Fold {
  readonly wanted: readonly WantedType[]
  readonly visit: Visit
}

const beforeVersion = Buffer.from('","k":')
const beforeData = Buffer.from('},"d":')

/** Visits what is wanted of whole lines that begin behind `seq`; gives the seq of the last. */
const foldLines = (lines: Buffer, seq: Seq, { wanted, visit }: Fold): Seq => {
  let last = seq
  for (const [, page] of pagesOf(lines)) {
    const { bytes, text } = page
    for (let start = 0; start < text.length; ) {
      const end = endOfLine(page, start)
      last++
      const type = typeIn(wanted, bytes, start)
      if (type !== undefined) visit(recordedIn(page, start, end, last, type))
      else if (isUnheardOf(bytes, start)) decodeLine(bytes.toString('utf8', start, end - 1)) // throws UnknownEvent
      start = end
    }
  }
  return last
}

/** What a fold does not know it must not leave out. */
const isUnheardOf = ofTypes(new Set())

const typeIn = (wanted: readonly WantedType[], bytes: Uint8Array, start: number): WantedType | undefined => {
  for (const each of wanted) if (isAt(bytes, start + typeAt, each.quoted)) return each
  return undefined
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
    const version = numberAt(bytes, versionFrom, versionEnd - versionFrom)
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
