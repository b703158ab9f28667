// Verifying a ledger without changing it: every byte, hash, chain link, group frame, revision and joint between
// segments, and that the end which HEAD acknowledges is there. It goes on after damage, so that all of it is named.

import fs from 'node:fs'
import { UnknownEvent } from '../domain/catalogue.ts'
import type { Revision, Seq, StreamName } from '../domain/event.ts'
import type { Head } from '../domain/event-store.ts'
import { SegmentClosed, SegmentOpened } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import type { CalendarDate } from '../domain/time.ts'
import { parseStored } from '../domain/upcast.ts'
import type { Damage } from './ledger-advance.ts'
import { codeOf } from './ledger-files.ts'
import { type DurableMark, readHeadFrom } from './ledger-head.ts'
import { NoSuchBook, readIdentity } from './ledger-identity.ts'
import { countAt, decodeLine, indexAt, isFramed, numberAt, seqOf, zeroHash } from './ledger-line.ts'
import { type Chain, chainAfter, chunksOf, subjectOf, takeLine } from './ledger-scan.ts'
import { dateOf, isBefore, listSegments } from './ledger-segment.ts'
import { openSegment, sizeOf } from './ledger-segment-bytes.ts'

export type { Damage } from './ledger-advance.ts'

export interface VerifyOptions {
  /** Only the segments of this date; what came before is then taken on trust. */
  readonly date?: CalendarDate
  /** Parses every event against its declaration as well. */
  readonly deep?: boolean
}

export type VerifyStep =
  | {
      readonly kind: 'progress'
      readonly segment: string
      /** Of all segments that are verified. */
      readonly bytes: number
      readonly bytesTotal: number
      readonly events: number
    }
  | { readonly kind: 'damage'; readonly damage: Damage }

export interface VerifyReport {
  readonly segments: readonly string[]
  readonly events: number
  readonly bytes: number
  /** Seq and hash of the last line that was verified. */
  readonly head: Head
  /** Bytes behind what HEAD acknowledges: a write under way, or torn by a crash. No damage. */
  readonly unacknowledgedBytes: number
  readonly damages: number
}

interface State {
  readonly folder: string
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
  readonly found: Damage[]
}

/** Goes through a ledger. Throws NoSuchBook, or LedgerDamaged('not-ours'); all other damage is yielded. */
export async function* verifyLedger(
  folder: string,
  { date, deep = false }: VerifyOptions = {},
): AsyncGenerator<VerifyStep, VerifyReport> {
  if (readIdentity(folder) === undefined) throw new NoSuchBook(folder)
  const mark = headOf(folder)
  const names = listSegments(folder).filter(name => date === undefined || dateOf(name) === date)
  const sizes = names.map(name => sizeOf(folder, name))
  const bytesTotal = sizes.reduce((sum, size) => sum + size, 0)
  const state: State = {
    folder,
    deep,
    chain: date === undefined ? chainAfter(0, zeroHash) : undefined,
    revisions: new Map(),
    trustRevisions: date !== undefined,
    events: 0,
    segment: '',
    line: 0,
    next: undefined,
    at: '',
    found: [],
  }
  if (mark === undefined)
    report(state, { segment: 'HEAD', byte: 0, line: 1, expected: 'a readable HEAD', found: 'none' })
  let bytes = 0
  let unacknowledgedBytes = 0
  let damages = 0
  const news = function* (): Generator<VerifyStep> {
    damages += state.found.length
    for (const damage of state.found.splice(0)) yield { kind: 'damage', damage }
  }

  for (const [index, name] of names.entries()) {
    const size = sizes[index] as number
    const behind = mark !== undefined && (mark.segment === '' || isBefore(mark.segment, name))
    const to = behind ? 0 : mark?.segment === name ? Math.min(mark.end, size) : size
    unacknowledgedBytes += size - to
    const source = openSegment(folder, name)
    try {
      enter(state, name, to)
      const chunks = chunksOf(source, 0, to)
      let chunk = await chunks.next()
      for (; chunk.done !== true; chunk = await chunks.next()) {
        verifyChunk(state, chunk.value.bytes, chunk.value.offset, mark)
        bytes += chunk.value.bytes.length
        yield* news()
        yield { kind: 'progress', segment: name, bytes, bytesTotal, events: state.events }
      }
      if (chunk.value.rest > 0)
        report(state, {
          segment: name,
          byte: to - chunk.value.rest,
          line: state.line + 1,
          expected: 'an end of line',
          found: `${chunk.value.rest} bytes without one`,
        })
      bytes += size - to
    } finally {
      source.close()
    }
    yield* news()
  }
  finish(state, mark, date)
  yield* news()
  const { chain, events } = state
  const head = { seq: chain?.seq ?? 0, hash: chain?.hash ?? zeroHash }
  return { segments: names, events, bytes: bytesTotal, head, unacknowledgedBytes, damages }
}

const headOf = (folder: string): DurableMark | undefined => {
  let fd: number
  try {
    fd = fs.openSync(`${folder}/HEAD`, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return readHeadFrom(fd)?.mark
  } finally {
    fs.closeSync(fd)
  }
}

const report = (state: State, damage: Damage) => {
  state.found.push(damage)
}

const enter = (state: State, name: string, to: number) => {
  const follows = state.segment === '' || state.next === name || state.chain === undefined
  if (to > 0 && !follows)
    report(state, {
      segment: name,
      byte: 0,
      line: 1,
      expected: `${state.next ?? 'no segment'} after ${state.segment}`,
      found: name,
    })
  if (to === 0) return
  state.segment = name
  state.line = 0
}

const verifyChunk = (state: State, bytes: Buffer, offset: number, mark: DurableMark | undefined) => {
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start) + 1
    state.line++
    const wrong = verifyLine(state, bytes, start, end, offset + end, mark)
    if (wrong === undefined) state.events++
    else {
      report(state, { segment: state.segment, byte: offset + start, line: state.line, ...wrong })
      state.chain = undefined // the next line is measured against itself again
      state.trustRevisions = true
      state.revisions.clear()
    }
    start = end
  }
}

interface Wrong {
  readonly expected: string
  readonly found: string
}

const verifyLine = (
  state: State,
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
  state: State,
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

const finish = (state: State, mark: DurableMark | undefined, date: CalendarDate | undefined) => {
  if (mark === undefined || (date !== undefined && dateOf(mark.segment || date) !== date)) return
  if (state.chain === undefined || state.chain.seq >= mark.seq) return
  report(state, {
    segment: state.segment || mark.segment,
    byte: 0,
    line: state.line,
    expected: `event ${mark.seq}, which HEAD acknowledges`,
    found: `an end after event ${state.chain.seq}`,
  })
}
