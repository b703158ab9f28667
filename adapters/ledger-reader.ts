// The reader's half of a ledger: needs no lock and no right to write. It never goes beyond what HEAD acknowledges,
// so it never meets a torn line or half a group. Lines that are not asked for are skipped without making text of
// them: their type stands at a fixed place.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import { codeOf } from './ledger-files.ts'
import type { DurableMark } from './ledger-head.ts'
import { decodeLine, NotALine } from './ledger-line.ts'
import { hashIn, hashOfBytes, lineBytesMin, previousIn, zeroHash } from './ledger-line-bytes.ts'
import { chunksOf, locate } from './ledger-scan.ts'
import { isBefore, listSegments } from './ledger-segment.ts'
import { openSegment, type SegmentBytes } from './ledger-segment-bytes.ts'
import { firstSeqOf } from './ledger-stored.ts'
import type { Wanted } from './ledger-wanted.ts'

const newline = 0x0a

/** Between two lines: the next one to read begins here. */
export interface Cursor {
  readonly segment: string
  readonly offset: number
  /** Seq of the line before. */
  readonly seq: Seq
  /** Hash of the line before, where it is known: then the next one must name it. */
  readonly hash?: string
}

export const beginning: Cursor = { segment: '', offset: 0, seq: 0, hash: zeroHash }

export const cursorAt = ({ segment, end, seq, hash }: DurableMark): Cursor => ({
  segment,
  offset: end,
  seq,
  hash,
})

/** The cursor behind `after`. */
export const cursorAfter = (folder: string, after: Seq, mark: DurableMark): Cursor => {
  if (after <= 0) return beginning
  if (after >= mark.seq) return cursorAt(mark)
  const names = segmentsUpTo(folder, mark)
  let low = 0
  let high = names.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (firstSeqOf(folder, names[middle] as string) <= after) low = middle
    else high = middle - 1
  }
  const segment = names[low] as string
  const source = openSegment(folder, segment)
  try {
    const end = segment === mark.segment ? mark.end : source.size
    return { segment, offset: locate(source, end, after + 1), seq: after }
  } finally {
    source.close()
  }
}

const segmentsUpTo = (folder: string, mark: DurableMark): string[] => {
  const names = listSegments(folder).filter(name => !isBefore(mark.segment, name))
  if (mark.segment !== '' && names.at(-1) !== mark.segment) throw missing(folder, mark)
  return names
}

/** Yields what is wanted from the cursor to the mark, in arrays; the last cursor comes with each. */
export async function* readTo(
  folder: string,
  cursor: Cursor,
  mark: DurableMark,
  wanted: Wanted,
  upTo: Seq = mark.seq,
): AsyncGenerator<readonly Recorded<BookEvent>[]> {
  if (cursor.seq >= mark.seq) return
  const names = segmentsUpTo(folder, mark).filter(name => !isBefore(name, cursor.segment || name))
  const last: Last = { seq: cursor.seq, hash: cursor.hash }
  for (const name of names) {
    const from = name === cursor.segment ? cursor.offset : 0
    const to = name === mark.segment ? mark.end : undefined
    for await (const events of readSegment(folder, name, from, to, wanted, last, upTo)) {
      if (last.seq === mark.seq && last.hash !== undefined && last.hash !== mark.hash)
        throw damaged(`${folder}/${name}`, `its event ${mark.seq} is not the one that HEAD names`)
      if (events.length > 0) yield events
      if (last.seq >= upTo) return
    }
  }
  if (last.seq < mark.seq)
    throw lost(folder, `it holds ${last.seq} events, but event ${mark.seq} was acknowledged`)
}

/** The last line that was passed. */
interface Last {
  seq: Seq
  /** Undefined when it was not looked at. */
  hash: string | undefined
}

async function* readSegment(
  folder: string,
  name: string,
  from: number,
  markEnd: number | undefined,
  wanted: Wanted,
  last: Last,
  upTo: Seq,
): AsyncGenerator<readonly Recorded<BookEvent>[]> {
  const source = openSegment(folder, name)
  let chunks: ReturnType<typeof chunksOf> | undefined
  try {
    const { size } = source
    const to = markEnd ?? size
    if (size < to) throw lost(folder, `${name} has ${size} bytes, but ${to} were acknowledged`)
    chunks = chunksOf(source, from, to)
    while (true) {
      const next = await chunks.next()
      if (next.done === true) {
        if (next.value.rest > 0)
          throw damaged(`${folder}/${name} at byte ${to - next.value.rest}`, 'no end of line')
        return
      }
      const { bytes, offset } = next.value
      yield linesOf(bytes, wanted, last, upTo, start => `${folder}/${name} at byte ${offset + start}`)
      if (last.seq >= upTo) return
    }
  } finally {
    // The next chunk may be on its way: its read must end before the file is closed under it.
    await chunks?.return({ rest: 0 })
    source.close()
  }
}

const linesOf = (
  bytes: Buffer,
  wanted: Wanted,
  last: Last,
  upTo: Seq,
  place: (start: number) => string,
): readonly Recorded<BookEvent>[] => {
  const events: Recorded<BookEvent>[] = []
  let start = 0
  while (start < bytes.length && last.seq < upTo) {
    const end = bytes.indexOf(newline, start + lineBytesMin)
    if (end < 0) throw damaged(place(start), 'a line without an end')
    last.seq++
    if (wanted(bytes, start)) events.push(eventIn(bytes, start, end, last, place))
    else last.hash = undefined
    start = end + 1
  }
  return events
}

const eventIn = (
  bytes: Buffer,
  start: number,
  end: number,
  last: Last,
  place: (start: number) => string,
): Recorded<BookEvent> => {
  const { seq, hash: before } = last
  // What is served is proven first, with its link to the line before where that one is served too; lines that are passed
  // over are proven by whoever verifies.
  const own = hashOfBytes(bytes, start, end + 1)
  const claimed = hashIn(bytes, end + 1)
  if (own !== claimed) throw damaged(place(start), `its hash is ${own}, it says ${claimed}`)
  if (before !== undefined && previousIn(bytes, end + 1) !== before)
    throw damaged(place(start), `it follows ${previousIn(bytes, end + 1)}, the line before is ${before}`)
  last.hash = own
  try {
    const { recorded } = decodeLine(bytes.toString('utf8', start, end))
    if (recorded.seq === seq) return recorded
    throw new NotALine(`event ${seq}`, `event ${recorded.seq}`)
  } catch (error) {
    if (error instanceof NotALine || error instanceof SyntaxError) throw damaged(place(start), error.message)
    throw error
  }
}

/** Opening for reading: that the acknowledged end is there and is the line that HEAD names. */
export const requireEnd = (folder: string, mark: DurableMark): void => {
  if (mark.seq === 0) return
  const source = endOf(folder, mark)
  try {
    const bytes = Buffer.alloc(Math.min(lineBytesMin, mark.end))
    const length = source.read(bytes, bytes.length, mark.end - bytes.length)
    if (length < bytes.length)
      throw lost(folder, `${mark.segment} is shorter than the ${mark.end} bytes that were acknowledged`)
    if (hashIn(bytes, bytes.length) !== mark.hash)
      throw damaged(
        `${folder}/${mark.segment} at byte ${mark.end}`,
        `the line that ends there is not event ${mark.seq} of HEAD`,
      )
  } finally {
    source.close()
  }
}

const endOf = (folder: string, mark: DurableMark): SegmentBytes => {
  try {
    return openSegment(folder, mark.segment)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw missing(folder, mark)
    throw error
  }
}

const missing = (folder: string, mark: DurableMark): LedgerDamaged =>
  lost(folder, `${mark.segment}, in which event ${mark.seq} was acknowledged, is missing`)

const lost = (folder: string, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'lost-acknowledged',
    `${folder}: ${what}. Run 'veritape verify' and restore from a backup`,
  )

const damaged = (place: string, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'corrupt',
    `${place} is damaged: ${what}. Run 'veritape verify' and restore from a backup`,
  )
