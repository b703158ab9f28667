// Going through what stands behind the known end of the ledger, line by line: whole groups are taken in, and the first
// place that is not as it must be stops it.

import fs from 'node:fs'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Seq, StreamName } from '../domain/event.ts'
import {
  LedgerRecovered,
  LedgerRepaired,
  LedgerRestored,
  SegmentClosed,
  SegmentOpened,
} from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import type { DurableMark } from './ledger-head.ts'
import { addToStream, type Known, noteOwn, removeFromStreams, revisionOf, settle } from './ledger-known.ts'
import { decodeLine, NotALine } from './ledger-line.ts'
import { hashIn, hashOfBytes, typeAt } from './ledger-line-bytes.ts'
import { type Chain, chainAfter, type Fault, forEachLine, subjectOf, takeLine } from './ledger-scan.ts'
import { isBefore, listSegments, sealedName } from './ledger-segment.ts'
import { openSegment, type SegmentBytes } from './ledger-segment-bytes.ts'

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
  for (const name of segmentsFrom(folder, known)) {
    const damage = advanceSegment(folder, known, name, limits)
    if (damage !== undefined) return damage
    if (upTo !== undefined && upTo.segment === name) return undefined
  }
  if (known.segment === '' || exists(folder, known.segment)) return undefined
  return { segment: known.segment, byte: 0, line: 1, expected: 'the segment', found: 'no file' }
}

/**
 * All segments, when nothing is known yet. From then on each one that the ledger itself names: a folder of many years
 * is not listed.
 */
function* segmentsFrom(folder: string, known: Known): Generator<string> {
  if (known.segment === '') {
    yield* listSegments(folder)
    return
  }
  if (exists(folder, known.segment)) yield known.segment
  while (known.next !== undefined && exists(folder, known.next)) {
    const { next } = known
    yield next
    if (known.segment !== next) return
  }
}

const exists = (folder: string, segment: string): boolean =>
  fs.existsSync(`${folder}/${segment}`) || fs.existsSync(`${folder}/${sealedName(segment)}`)

const advanceSegment = (folder: string, known: Known, name: string, limits: Limits): Damage | undefined => {
  const { upTo } = limits
  const entering = name !== known.segment
  const from = entering ? 0 : known.end
  const source = openSegment(folder, name)
  try {
    const { size } = source
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
    if (entering && known.segment !== '') settle(known)
    return advanceLines(source, known, name, from, to, limits)
  } finally {
    source.close()
  }
}

const advanceLines = (
  source: SegmentBytes,
  known: Known,
  name: string,
  from: number,
  to: number,
  { verifyFrom, head }: Limits,
): Damage | undefined => {
  const verify = !isBefore(name, verifyFrom)
  const chain: Chain = chainAfter(known.seq, known.hash)
  let group = emptyGroup(known)
  let line = 0
  let good = from
  let fault: Fault | undefined
  let first = known.segment !== name
  forEachLine(source, from, to, (bytes, start, end, offset) => {
    line++
    const wrong =
      takeLine(chain, bytes, start, end, verify) ??
      headFault(head, name, chain, offset + end - start) ??
      takeSubject(known, group, bytes, start, end, chain.seq)
    if (wrong !== undefined) {
      fault = { byte: offset, line, ...wrong }
      return false
    }
    if (chain.index < chain.count) return true
    if (first) known.segments.push({ name, first: known.seq + 1 })
    first = false
    good = offset + end - start
    const { decisive, next, own } = group
    const at = bytes.toString('latin1', group.atFrom, group.atFrom + 27)
    Object.assign(known, { segment: name, end: good, seq: chain.seq, hash: chain.hash, at, next, decisive })
    for (const event of own) noteOwn(known, event)
    group = emptyGroup(known)
    return true
  })
  removeFromStreams(known, group.streams)
  if (fault !== undefined) return { segment: name, ...fault }
  if (good === to) return undefined
  const found =
    chain.index < chain.count ? `${chain.index} of ${chain.count} lines` : 'bytes without an end of line'
  return { segment: name, byte: good, line: line + 1, expected: 'a whole group', found }
}

/** What the lines of a group say, until the group is known to be whole. */
interface Pending {
  readonly streams: StreamName[]
  /** Events of the store itself. */
  readonly own: BookEvent[]
  decisive: Seq
  /** As the last line says. */
  next: string | undefined
  /** Where the time of the last line stands. */
  atFrom: number
}

const emptyGroup = ({ decisive }: Known): Pending => ({
  streams: [],
  own: [],
  decisive,
  next: undefined,
  atFrom: 0,
})

/** Acknowledged was one line at one place; another one there means that the ledger was forked or rolled back. */
const headFault = (head: DurableMark, segment: string, { seq, hash }: Chain, end: number): Wrong => {
  if (seq !== head.seq || (hash === head.hash && end === head.end && segment === head.segment))
    return undefined
  return {
    expected: `line ${seq} of HEAD, which ends at byte ${head.end} of ${head.segment} with hash ${head.hash}`,
    found: `byte ${end} of ${segment}, hash ${hash}`,
  }
}

type Wrong = { readonly expected: string; readonly found: string } | undefined

/** Takes in whose event the line is, and what the store's own events say. */
const takeSubject = (
  known: Known,
  group: Pending,
  bytes: Buffer,
  start: number,
  end: number,
  seq: Seq,
): Wrong => {
  const { type, stream, revision } = subjectOf(bytes, start)
  const expected = revisionOf(known, stream) + 1
  if (revision !== expected) return { expected: `revision ${expected} of ${stream}`, found: `${revision}` }
  addToStream(known, stream, seq)
  group.streams.push(stream)
  group.next = undefined
  group.atFrom = start + typeAt + type.length + 7 + stream.length + 7 + 10 + 7 + 36 + 8
  if (stream !== ledgerStream) group.decisive = seq
  else if (ownTypes.has(type)) return takeOwn(group, bytes, start, end)
  return undefined
}

const ownTypes: ReadonlySet<string> = new Set(
  [SegmentOpened, SegmentClosed, LedgerRecovered, LedgerRestored, LedgerRepaired].map(({ type }) => type),
)

/** What they say is acted upon, so their hash is looked at in closed segments too. */
const takeOwn = (group: Pending, bytes: Buffer, start: number, end: number): Wrong => {
  const hash = hashOfBytes(bytes, start, end)
  if (hash !== hashIn(bytes, end)) return { expected: `hash ${hash}`, found: hashIn(bytes, end) }
  try {
    const { event } = decodeLine(bytes.toString('utf8', start, end - 1)).recorded
    group.own.push(event)
    if (event.type === SegmentClosed.type) group.next = event.data.nextSegment
    return undefined
  } catch (error) {
    if (!(error instanceof NotALine || error instanceof SyntaxError)) throw error
    return { expected: 'a line of the ledger', found: error.message }
  }
}
