// Going through the bytes of segments line by line, in flat memory, and checking that the lines continue each other.

import type { Revision, Seq, StreamName } from '../domain/event.ts'
import {
  claimsHash,
  claimsPrevious,
  countAt,
  hashIn,
  hashOfBytes,
  indexAt,
  isFramed,
  lineBytesMax,
  numberAt,
  previousIn,
  seqOf,
  typeAt,
} from './ledger-line-bytes.ts'
import type { SegmentBytes } from './ledger-segment-bytes.ts'

const newline = 0x0a
const quote = 0x22
/** How much of a segment is read at a time. */
export const chunkBytes = 1024 * 1024

/** The first thing in a segment that is not as it must be. `byte` counts from 0, `line` from 1. */
export interface Fault {
  readonly byte: number
  readonly line: number
  readonly expected: string
  readonly found: string
}

/**
 * Calls `visit` for every line of a segment between two offsets; it gets the buffer, where the line begins and where
 * it ends, and its offset in the segment. It stops the walk by returning false. Bytes without an end of line at the end
 * are not visited; a stretch longer than any line is visited as if it were one.
 */
export const forEachLine = (
  source: SegmentBytes,
  from: number,
  to: number,
  visit: (bytes: Buffer, start: number, end: number, offset: number) => boolean,
): void => {
  const bytes = Buffer.allocUnsafe(Math.max(Math.min(chunkBytes, to - from), 1))
  let offset = from // of bytes[0]
  let filled = 0
  while (true) {
    const wanted = Math.min(bytes.length - filled, to - offset - filled)
    if (wanted > 0) filled += source.read(bytes.subarray(filled), wanted, offset + filled)
    const start = visitLines(bytes, filled, offset, visit)
    if (start < 0) return
    const rest = filled - start
    if (rest > lineBytesMax) {
      visit(bytes, start, filled, offset + start)
      return
    }
    if (wanted <= 0 || offset + filled >= to) return
    bytes.copyWithin(0, start, filled)
    offset += start
    filled = rest
  }
}

/** Visits the whole lines of a buffer; returns where the first incomplete one begins, or -1 when told to stop. */
const visitLines = (
  bytes: Buffer,
  filled: number,
  offset: number,
  visit: (bytes: Buffer, start: number, end: number, offset: number) => boolean,
): number => {
  const view = filled === bytes.length ? bytes : bytes.subarray(0, filled)
  let start = 0
  while (start < filled) {
    const at = view.indexOf(newline, start)
    if (at < 0) break
    if (!visit(view, start, at + 1, offset + start)) return -1
    start = at + 1
  }
  return start
}

/** Whole lines of a segment, in a buffer that is used again for a later chunk. */
export interface Chunk {
  readonly bytes: Buffer
  /** Of bytes[0] in the segment. */
  readonly offset: number
  /** Which of the buffers they lie in, and from where on. */
  readonly buffer: number
  readonly from: number
}

/** What ends a walk over chunks: the bytes behind the last end of line. 0 when the part ends with one. */
export interface ChunksEnd {
  readonly rest: number
}

/**
 * The lines of a segment between two offsets, in chunks of whole lines, without keeping the process from other work.
 * The next chunk is read while this one is used. It stops before a stretch that is longer than any line.
 *
 * Of `buffers`, which are used in turns, a chunk and the one behind it are taken: whoever brings more than two may go on
 * using earlier chunks.
 */
export async function* chunksOf(
  source: SegmentBytes,
  from: number,
  to: number,
  given?: readonly Buffer[],
): AsyncGenerator<Chunk, ChunksEnd> {
  if (given === undefined && source.seal === undefined && to - from <= shortBytes)
    return yield* oneChunk(source, from, to)
  const buffers = given ?? twoBuffers(to - from)
  const size = (buffers[0] as Buffer).length - lineBytesMax
  const readInto = (buffer: Buffer, offset: number) => {
    const read = source.readAsync(buffer, lineBytesMax, Math.min(size, to - offset), offset)
    read.catch(() => {}) // thrown where it is awaited, which may be after the chunk before was used
    return read
  }
  let current = 0
  let rest = 0 // bytes of an incomplete line, right before what is being read
  let offset = from // of what is being read
  let reading = offset < to ? readInto(buffers[0] as Buffer, offset) : undefined
  try {
    while (reading !== undefined) {
      const bytesRead = await reading
      reading = undefined
      if (bytesRead === 0) break
      const buffer = buffers[current] as Buffer
      const following = (current + 1) % buffers.length
      const next = buffers[following] as Buffer
      const start = lineBytesMax - rest
      const end = lineBytesMax + bytesRead
      const whole = buffer.subarray(start, end).lastIndexOf(newline) + 1
      const restBefore = rest
      rest = end - start - whole
      if (rest <= lineBytesMax) {
        buffer.copy(next, lineBytesMax - rest, start + whole, end)
        if (offset + bytesRead < to) reading = readInto(next, offset + bytesRead)
      }
      if (whole > 0)
        yield {
          bytes: buffer.subarray(start, start + whole),
          offset: offset - restBefore,
          buffer: current,
          from: start,
        }
      offset += bytesRead
      current = following
    }
  } finally {
    await Promise.allSettled([reading]) // the file may be closed only when nothing reads from it any more
  }
  return { rest: to - offset + rest }
}

/** A plain part that is read at once: to be told later that it was read takes longer than to read it. */
const shortBytes = 262_144

function* oneChunk(source: SegmentBytes, from: number, to: number): Generator<Chunk, ChunksEnd> {
  const bytes = Buffer.allocUnsafe(Math.max(to - from, 0))
  const whole = bytes.subarray(0, source.read(bytes, bytes.length, from)).lastIndexOf(newline) + 1
  if (whole > 0) yield { bytes: bytes.subarray(0, whole), offset: from, buffer: 0, from: 0 }
  return { rest: bytes.length - whole }
}

/** In front of each is room for the incomplete line that the chunk before ended with. */
const twoBuffers = (bytes: number): readonly Buffer[] => {
  const size = Math.max(Math.min(chunkBytes, bytes), 1)
  return [Buffer.allocUnsafe(lineBytesMax + size), Buffer.allocUnsafe(lineBytesMax + size)]
}

/** Where a chain stands, and the checks that the next line continues it. */
export interface Chain {
  seq: Seq
  hash: string
  /** Lines of the group that have been seen, of `count`; equal between groups. */
  index: number
  count: number
}

export const chainAfter = (seq: Seq, hash: string): Chain => ({ seq, hash, index: 0, count: 0 })

/** Takes the next line into the chain, or says what is wrong with it. Its own hash costs most: it can be left out. */
export const takeLine = (
  chain: Chain,
  bytes: Buffer,
  start: number,
  end: number,
  verifyHash: boolean,
): { readonly expected: string; readonly found: string } | undefined => {
  if (end - start > lineBytesMax)
    return { expected: `at most ${lineBytesMax} bytes`, found: `${end - start} bytes` }
  if (!isFramed(bytes, start, end))
    return { expected: 'a line of the ledger', found: excerpt(bytes, start, end) }
  // Compared where they stand: texts of both would be made for every line of a ledger.
  const own = verifyHash ? hashOfBytes(bytes, start, end) : hashIn(bytes, end)
  if (verifyHash && !claimsHash(bytes, end, own))
    return { expected: `hash ${own}`, found: hashIn(bytes, end) }
  if (!claimsPrevious(bytes, end, chain.hash))
    return { expected: `previous hash ${chain.hash}`, found: previousIn(bytes, end) }
  const seq = seqOf(bytes, start)
  if (seq !== chain.seq + 1) return { expected: `seq ${chain.seq + 1}`, found: `${seq}` }
  const index = numberAt(bytes, start + indexAt, 4)
  const count = numberAt(bytes, start + countAt, 4)
  const opens = chain.index === chain.count
  const fits = opens ? index === 1 && count >= 1 : index === chain.index + 1 && count === chain.count
  if (!fits)
    return {
      expected: opens ? 'the first line of a group' : `line ${chain.index + 1} of a group of ${chain.count}`,
      found: `line ${index} of ${count}`,
    }
  chain.seq = seq
  chain.hash = own
  chain.index = index
  chain.count = count
  return undefined
}

export const excerpt = (bytes: Buffer, start: number, end: number): string =>
  JSON.stringify(bytes.toString('latin1', start, Math.min(end, start + 40)))

/** Type, stream and revision of a framed line, without parsing it. */
export const subjectOf = (
  bytes: Buffer,
  start: number,
): { readonly type: string; readonly stream: StreamName; readonly revision: Revision } => {
  const typeEnd = bytes.indexOf(quote, start + typeAt)
  const streamFrom = typeEnd + 7
  const streamEnd = bytes.indexOf(quote, streamFrom)
  return {
    type: bytes.toString('latin1', start + typeAt, typeEnd),
    stream: bytes.toString('latin1', streamFrom, streamEnd),
    revision: numberAt(bytes, streamEnd + 7, 10),
  }
}

/** Where the line with this seq begins in a segment whose lines are all whole up to `to`; `to` when it is not there. */
export const locate = (source: SegmentBytes, to: number, seq: Seq): number => {
  const window = Buffer.allocUnsafe(2 * lineBytesMax)
  let low = 0
  let high = to
  while (high - low > lineBytesMax) {
    const middle = Math.floor((low + high) / 2)
    const length = source.read(window, Math.min(lineBytesMax + 64, to - middle), middle)
    const end = window.subarray(0, length).indexOf(newline)
    const start = middle + end + 1
    if (end < 0 || start >= high || seqOf(window, end + 1) > seq) high = middle
    else low = start
  }
  let found = to
  forEachLine(source, low, Math.min(to, high + lineBytesMax), (bytes, start, _end, offset) => {
    if (seqOf(bytes, start) < seq) return true
    if (seqOf(bytes, start) === seq) found = offset
    return false
  })
  return found
}
