// Verifying the lines of a ledger one after the other: hash, chain link, group frame, revision, time, and what the
// store's own events say about the segments. It goes on after damage: the next line is then measured against itself.

import { UnknownEvent } from '../domain/catalogue.ts'
import type { Revision, Seq, StreamName } from '../domain/event.ts'
import { SegmentClosed, SegmentOpened } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import { parseStored } from '../domain/upcast.ts'
import type { Damage } from './ledger-advance.ts'
import type { DurableMark } from './ledger-head.ts'
import { decodeLine } from './ledger-line.ts'
import { countAt, indexAt, isFramed, numberAt, previousIn, seqOf, zeroHash } from './ledger-line-bytes.ts'
import { type Chain, chainAfter, subjectOf, takeLine } from './ledger-scan.ts'

/** Where a verification stands. */
export interface Verified {
  readonly deep: boolean
  /** The chain; undefined where what comes next is taken on trust. */
  chain: Chain | undefined
  readonly revisions: Map<StreamName, Revision>
  /** With a date, or after damage, the first revision seen of a stream is taken on trust. */
  trustRevisions: boolean
  events: number
  segment: string
  line: number
  /** What the last line says must follow. */
  next: string | undefined
  /** The at of the last line. */
  at: string
  /** What the first line of the segment says. */
  first: { readonly seq: Seq; readonly previousHash: string; readonly epoch: string } | undefined
  readonly found: Damage[]
}

/** With `trusting`, what comes before the first line is taken on trust. */
export const nothingVerified = (deep: boolean, trusting: boolean): Verified => ({
  deep,
  chain: trusting ? undefined : chainAfter(0, zeroHash),
  revisions: new Map(),
  trustRevisions: trusting,
  events: 0,
  segment: '',
  line: 0,
  next: undefined,
  at: '',
  first: undefined,
  found: [],
})

/** After damage, what follows is measured against itself again. */
export const loseTrack = (state: Verified): void => {
  state.chain = undefined
  state.trustRevisions = true
  state.revisions.clear()
}

/** Begins with a segment that has `to` bytes to verify. */
export const enterSegment = (state: Verified, name: string, to: number) => {
  const follows = state.segment === '' || state.next === name || state.chain === undefined
  if (to > 0 && !follows)
    state.found.push({
      segment: name,
      byte: 0,
      line: 1,
      expected: `${state.next ?? 'no segment'} after ${state.segment}`,
      found: name,
    })
  if (to === 0) return
  state.segment = name
  state.line = 0
  state.first = undefined
}

/** Verifies whole lines that begin at `offset` of the segment. */
export const verifyChunk = (
  state: Verified,
  bytes: Buffer,
  offset: number,
  mark: DurableMark | undefined,
) => {
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start) + 1
    state.line++
    const wrong = verifyLine(state, bytes, start, end, offset + end, mark)
    if (wrong === undefined) state.events++
    else {
      state.found.push({ segment: state.segment, byte: offset + start, line: state.line, ...wrong })
      loseTrack(state)
    }
    start = end
  }
}

interface Wrong {
  readonly expected: string
  readonly found: string
}

const verifyLine = (
  state: Verified,
  bytes: Buffer,
  start: number,
  end: number,
  endOffset: number,
  mark: DurableMark | undefined,
): Wrong | undefined => {
  state.chain ??= trusted(bytes, start, end)
  const wrong = takeLine(state.chain, bytes, start, end, true)
  if (wrong !== undefined) return wrong
  const { seq, hash } = state.chain
  if (mark !== undefined && seq === mark.seq && hash !== mark.hash)
    return { expected: `hash ${mark.hash} of HEAD`, found: hash }
  if (mark !== undefined && seq === mark.seq && (endOffset !== mark.end || state.segment !== mark.segment))
    return {
      expected: `its end at byte ${mark.end} of ${mark.segment}`,
      found: `byte ${endOffset} of ${state.segment}`,
    }
  const { type, stream, revision } = subjectOf(bytes, start)
  const before = state.revisions.get(stream) ?? (state.trustRevisions ? revision - 1 : -1)
  if (revision !== before + 1)
    return { expected: `revision ${before + 1} of ${stream}`, found: `${revision}` }
  state.revisions.set(stream, revision)
  return verifyContent(state, bytes, start, end, type, stream, seq)
}

/** What the line says of itself is the chain, where there is nothing to measure it against. */
const trusted = (bytes: Buffer, start: number, end: number): Chain => {
  if (!isFramed(bytes, start, end)) return chainAfter(0, zeroHash)
  const index = numberAt(bytes, start + indexAt, 4)
  const count = numberAt(bytes, start + countAt, 4)
  const previous = bytes.toString('latin1', end - 138, end - 74)
  const before = index === 1 ? { index: 0, count: 0 } : { index: index - 1, count }
  return { seq: seqOf(bytes, start) - 1, hash: previous, ...before }
}

const verifyContent = (
  state: Verified,
  bytes: Buffer,
  start: number,
  end: number,
  type: string,
  stream: StreamName,
  seq: Seq,
): Wrong | undefined => {
  const at = bytes.toString('latin1', atOf(start, type, stream), atOf(start, type, stream) + 27)
  if (at <= state.at) return { expected: `a time after ${state.at}`, found: at }
  state.at = at
  const first = state.line === 1
  state.next = undefined
  if (!state.deep && stream !== ledgerStream && !first) return undefined
  let event: unknown
  try {
    const { recorded, version, data } = decodeLine(bytes.toString('utf8', start, end - 1))
    if (recorded.cause >= seq || recorded.correlation > seq)
      return {
        expected: `a cause before ${seq}`,
        found: `${recorded.cause}, correlation ${recorded.correlation}`,
      }
    event = state.deep ? parseStored({ type, version, data: JSON.parse(data) }) : recorded.event
    if (first && recorded.event.type !== SegmentOpened.type)
      return { expected: 'SegmentOpened as the first line of a segment', found: type }
    if (first && recorded.event.type === SegmentOpened.type)
      state.first = { seq, previousHash: previousIn(bytes, end), epoch: recorded.event.data.epoch }
    if (recorded.event.type === SegmentClosed.type) state.next = recorded.event.data.nextSegment
  } catch (error) {
    if (error instanceof UnknownEvent) {
      // A newer program's event is no damage: its bytes hold. Only whoever asks what it says is told to update.
      if (state.deep) throw error
      return undefined
    }
    return {
      expected: 'an event of the catalogue',
      found: error instanceof Error ? error.message : String(error),
    }
  }
  return event === undefined ? { expected: 'an event', found: type } : undefined
}

const atOf = (start: number, type: string, stream: string): number =>
  start + 45 + type.length + 7 + stream.length + 7 + 10 + 7 + 36 + 8

/** What a walk over a segment found, for its seal and its day's anchor. */
export interface SegmentWalk {
  readonly segment: string
  readonly bytes: number
  readonly sha256: string
  readonly first: Verified['first']
  readonly lastSeq: Seq
  readonly lastHash: string
}

export const walkOf = (state: Verified, segment: string, bytes: number, sha256: string): SegmentWalk => ({
  segment,
  bytes,
  sha256,
  first: state.segment === segment ? state.first : undefined,
  lastSeq: state.chain?.seq ?? 0,
  lastHash: state.chain?.hash ?? zeroHash,
})
