// What a writer knows about the ledger: where it ends, and which seqs each stream has. Built by going through the
// segments, then kept current by going through what other processes appended.

import fs from 'node:fs'
import type { Revision, Seq, StreamName } from '../domain/event.ts'
import { SegmentClosed } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import type { DurableMark } from './ledger-head.ts'
import { decodeLine, NotALine, typeAt, zeroHash } from './ledger-line.ts'
import { type Chain, chainAfter, type Fault, forEachLine, subjectOf, takeLine } from './ledger-scan.ts'
import { isBefore, listSegments } from './ledger-segment.ts'

export interface Known {
  /** The last segment with a whole group; empty before the first. */
  segment: string
  /** Byte behind its last whole group. */
  end: number
  seq: Seq
  hash: string
  /** Recorded time of the last event; empty before the first. */
  at: string
  /** The segment that must follow, when the last line closes one. */
  next: string | undefined
  /** Segments with the first seq of each, in order. */
  readonly segments: { readonly name: string; readonly first: Seq }[]
  /** The seqs of each stream, by revision. */
  readonly streams: Map<StreamName, Seq[]>
}

export const nothingKnown = (): Known => ({
  segment: '',
  end: 0,
  seq: 0,
  hash: zeroHash,
  at: '',
  next: undefined,
  segments: [],
  streams: new Map(),
})

export const revisionOf = ({ streams }: Known, stream: StreamName): Revision =>
  (streams.get(stream)?.length ?? 0) - 1

export const addToStream = ({ streams }: Known, stream: StreamName, seq: Seq): void => {
  const seqs = streams.get(stream)
  if (seqs === undefined) streams.set(stream, [seq])
  else seqs.push(seq)
}

/** Takes back additions of events that did not become part of the ledger. */
export const removeFromStreams = ({ streams }: Known, added: readonly StreamName[]): void => {
  for (const stream of added) {
    const seqs = streams.get(stream) as Seq[]
    seqs.pop()
    if (seqs.length === 0) streams.delete(stream)
  }
}

/** Bytes behind the last whole group that are not one: where they begin and what is wrong first. */
export interface Damage extends Fault {
  readonly segment: string
}

interface Limits {
  /** What HEAD says was acknowledged: the line with its seq must be the one it names. */
  readonly head: DurableMark
  /** Go no further than this mark; undefined goes to the end of the files. */
  readonly upTo?: DurableMark
  /** Segments from this one on are verified by hash; earlier ones by frame, chain and revision. */
  readonly verifyFrom: string
}

/**
 * Goes through everything behind `known` and moves it forward by whole groups. Returns what stopped it: undefined
 * when the files end with a whole group.
 */
export const advance = (folder: string, known: Known, limits: Limits): Damage | undefined => {
  const { upTo } = limits
  const names = listSegments(folder)
  let at = Math.max(names.indexOf(known.segment), 0)
  if (known.segment !== '' && names[at] !== known.segment)
    return { segment: known.segment, byte: 0, line: 1, expected: 'the segment', found: 'no file' }
  for (; at < names.length; at++) {
    const name = names[at] as string
    const damage = advanceSegment(folder, known, name, limits)
    if (damage !== undefined) return damage
    if (upTo !== undefined && upTo.segment === name) return undefined
  }
  return undefined
}

const advanceSegment = (folder: string, known: Known, name: string, limits: Limits): Damage | undefined => {
  const { upTo } = limits
  const entering = name !== known.segment
  const from = entering ? 0 : known.end
  const fd = fs.openSync(`${folder}/${name}`, 'r')
  try {
    const size = fs.fstatSync(fd).size
    const to = upTo?.segment === name ? Math.min(upTo.end, size) : size
    if (entering && to > 0 && known.segment !== '' && known.next !== name)
      return {
        segment: name,
        byte: 0,
        line: 1,
        expected: `the segment after ${known.segment}: ${known.next ?? 'none yet'}`,
        found: name,
      }
    if (to < from)
      return { segment: name, byte: to, line: 0, expected: `${from} bytes`, found: `${to} bytes` }
    if (to === from) return undefined
    return advanceLines(fd, known, name, from, to, limits)
  } finally {
    fs.closeSync(fd)
  }
}

const advanceLines = (
  fd: number,
  known: Known,
  name: string,
  from: number,
  to: number,
  { verifyFrom, head }: Limits,
): Damage | undefined => {
  const verify = !isBefore(name, verifyFrom)
  const chain: Chain = chainAfter(known.seq, known.hash)
  let pending: StreamName[] = []
  let line = 0
  let good = from
  let fault: Fault | undefined
  let lastClosed: string | undefined
  let lastAt = known.at
  let first = known.segment !== name
  forEachLine(fd, from, to, (bytes, start, end, offset) => {
    line++
    const wrong =
      takeLine(chain, bytes, start, end, verify) ??
      headFault(head, name, chain, offset + end - start) ??
      revisionFault(known, bytes, start, pending, chain.seq)
    if (wrong !== undefined) {
      fault = { byte: offset, line, ...wrong }
      return false
    }
    if (chain.index < chain.count) return true
    try {
      const last = takeGroupEnd(bytes, start, end)
      lastClosed = last.next
      lastAt = last.at
    } catch (error) {
      if (!(error instanceof NotALine)) throw error
      fault = { byte: offset, line, expected: 'a line of the ledger', found: error.message }
      return false
    }
    if (first) {
      known.segments.push({ name, first: known.seq + 1 })
      first = false
    }
    good = offset + end - start
    Object.assign(known, {
      segment: name,
      end: good,
      seq: chain.seq,
      hash: chain.hash,
      next: lastClosed,
      at: lastAt,
    })
    pending = []
    return true
  })
  removeFromStreams(known, pending)
  if (fault !== undefined) return { segment: name, ...fault }
  if (good === to) return undefined
  const found =
    chain.index < chain.count ? `${chain.index} of ${chain.count} lines` : 'bytes without an end of line'
  return { segment: name, byte: good, line: line + 1, expected: 'a whole group', found }
}

/** Acknowledged was one line at one place; another one there means that the ledger was forked or rolled back. */
const headFault = (
  head: DurableMark,
  segment: string,
  { seq, hash }: Chain,
  end: number,
): { readonly expected: string; readonly found: string } | undefined => {
  if (seq !== head.seq || (hash === head.hash && end === head.end && segment === head.segment))
    return undefined
  return {
    expected: `line ${seq} of HEAD, which ends at byte ${head.end} of ${head.segment} with hash ${head.hash}`,
    found: `byte ${end} of ${segment}, hash ${hash}`,
  }
}

const revisionFault = (
  known: Known,
  bytes: Buffer,
  start: number,
  pending: StreamName[],
  seq: Seq,
): { readonly expected: string; readonly found: string } | undefined => {
  const { stream, revision } = subjectOf(bytes, start)
  const expected = revisionOf(known, stream) + 1
  if (revision !== expected) return { expected: `revision ${expected} of ${stream}`, found: `${revision}` }
  addToStream(known, stream, seq)
  pending.push(stream)
  return undefined
}

/** What the last line of a group says about what follows: its time, and whether it closes its segment. */
const takeGroupEnd = (
  bytes: Buffer,
  start: number,
  end: number,
): { readonly at: string; readonly next?: string } => {
  const { type, stream } = subjectOf(bytes, start)
  const atFrom = start + typeAt + type.length + 7 + stream.length + 7 + 10 + 7 + 36 + 8
  const at = bytes.toString('latin1', atFrom, atFrom + 27)
  if (type !== SegmentClosed.type || stream !== ledgerStream) return { at }
  const { event } = decodeLine(bytes.toString('utf8', start, end - 1)).recorded
  return event.type === SegmentClosed.type ? { at, next: event.data.nextSegment } : { at }
}
