// What an append is answered with: written, repeated or refused. One decision for every store, without I/O.
//
//   stream is where the writer believes            → write
//   stream is ahead, and these very ids stand there → repeated, with the original events
//   anything else                                   → refused, nothing is written
//
// A group is decided as a whole: partly in place is refused, never completed.

import { type BookEvent, declarationOf } from '../domain/catalogue.ts'
import type { Proposed, Recorded, Revision, Seq, StreamName } from '../domain/event.ts'
import type { AppendRefusal, Expected, Group, StreamWrite } from '../domain/event-store.ts'
import { mayWrite, type Role } from '../domain/stream.ts'
import { fitsOnLine } from './ledger-line.ts'
import { lineBytesMax } from './ledger-line-bytes.ts'

/** How many lines one write group may have: its frame counts with four digits. */
export const groupLinesMax = 9999

/** An event as it stands in the ledger, with the JSON text of its data. */
export interface Stored {
  readonly recorded: Recorded<BookEvent>
  readonly data: string
}

/** What a decision must know about the ledger, under the lock. */
export interface Standing {
  /** Seq of the last event that a decision can depend on: the store's own, at the roll of a segment, do not count. */
  decisiveSeq(): Seq
  /** Last revision of the stream; -1 when it does not exist. */
  revisionOf(stream: StreamName): Revision
  storedAt(stream: StreamName, revision: Revision): Stored
}

/** A group on its way, checked at the door, with the JSON text of each event's data in the order of the writes. */
export interface Request {
  readonly group: Group
  readonly proposals: readonly Proposed<BookEvent>[]
  readonly data: readonly string[]
}

export type Decision =
  | { readonly kind: 'write' }
  | { readonly kind: 'repeated'; readonly events: readonly Recorded<BookEvent>[] }
  | { readonly kind: 'refused'; readonly refusal: AppendRefusal }

const streamForm = /^[!#-[\]-~]{1,200}$/
const idForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The door: throws a plain Error for a group that only a bug can make (a stream of another role, an event that is
 * not in the catalogue, a cause that does not stand before its effect).
 */
export const door = (role: Role): ((group: Group) => Request) => {
  const open = new Set<StreamName>()
  return group => admit(role, open, group)
}

/** Streams that were found to be the role's are remembered; a book has few at a time. */
const rememberedMax = 10_000

const checkStream = (role: Role, open: Set<StreamName>, stream: StreamName): void => {
  if (open.has(stream)) return
  if (!mayWrite(role, stream)) throw new Error(`the role ${role} may not write the stream ${stream}`)
  if (!streamForm.test(stream)) throw new Error(`'${stream}' is no name of a stream`)
  if (open.size >= rememberedMax) open.clear()
  open.add(stream)
}

const admit = (role: Role, open: Set<StreamName>, group: Group): Request => {
  const proposals: Proposed<BookEvent>[] = []
  const data: string[] = []
  const { writes } = group
  for (let at = 0; at < writes.length; at++) {
    const { stream, events } = writes[at] as StreamWrite
    checkStream(role, open, stream)
    for (let earlier = 0; earlier < at; earlier++)
      if (writes[earlier]?.stream === stream) throw new Error(`${stream} occurs twice in one group`)
    for (const proposal of events) {
      const { event, id } = proposal
      if (declarationOf(event.type, event.version) === undefined)
        throw new Error(`${event.type} version ${event.version} is not in the catalogue`)
      if (!idForm.test(id)) throw new Error(`'${id}' is no id of an event`)
      checkCause(proposal, proposals)
      const text = JSON.stringify(event.data)
      if (!fitsOnLine(event.type, stream, text))
        throw new Error(
          `${event.type} with ${text.length} characters of data does not fit on a line of ${lineBytesMax} bytes`,
        )
      proposals.push(proposal)
      data.push(text)
    }
  }
  if (proposals.length === 0) throw new Error('a group without events writes nothing')
  if (proposals.length > groupLinesMax)
    throw new Error(`a group of ${proposals.length} events; ${groupLinesMax} fit, split it`)
  return { group, proposals, data }
}

const checkCause = ({ id, cause }: Proposed, earlier: readonly Proposed[]): void => {
  if (cause.from !== 'group') return
  if (earlier[cause.index]?.id !== cause.id)
    throw new Error(`${id} names event ${cause.index} of its group as its cause, which is not ${cause.id}`)
}

/** The revision that an expectation stands for; -1 before the first event. */
export const revisionOfExpected = (expected: Expected): Revision =>
  expected === 'no-stream' ? -1 : expected.revision

const expectedOf = (revision: Revision): Expected => (revision < 0 ? 'no-stream' : { revision })

/** Decides a request against the ledger as it stands. */
export const decideAppend = ({ group, proposals, data }: Request, standing: Standing): Decision => {
  let fresh = 0
  let inPlace = 0
  let firstMoved: StreamWrite | undefined
  for (const write of group.writes) {
    const expected = revisionOfExpected(write.expected)
    if (standing.revisionOf(write.stream) === expected) {
      if (write.events.length > 0) fresh++
    } else if (write.events.length > 0 && standsThere(write, expected, standing)) {
      inPlace++
      firstMoved ??= write
    } else if (write.events.length > 0) {
      return wrongExpected(write, standing)
    } else firstMoved ??= write // only checked, not written: it may have moved on when all the rest is in place
  }
  if (firstMoved === undefined) {
    if (group.head === undefined) return { kind: 'write' }
    const head = standing.decisiveSeq()
    if (group.head >= head) return { kind: 'write' }
    return { kind: 'refused', refusal: { kind: 'book-moved', head } }
  }
  if (inPlace === 0 || fresh > 0) return wrongExpected(firstMoved, standing)
  return original(group, proposals, data, standing)
}

const standsThere = ({ stream, events }: StreamWrite, expected: Revision, standing: Standing): boolean => {
  if (standing.revisionOf(stream) < expected + events.length) return false
  return events.every(({ id }, index) => standing.storedAt(stream, expected + 1 + index).recorded.id === id)
}

const wrongExpected = ({ stream, expected }: StreamWrite, standing: Standing): Decision => {
  const actual = expectedOf(standing.revisionOf(stream))
  return { kind: 'refused', refusal: { kind: 'wrong-expected', stream, expected, actual } }
}

const original = (
  group: Group,
  proposals: readonly Proposed<BookEvent>[],
  data: readonly string[],
  standing: Standing,
): Decision => {
  const events: Recorded<BookEvent>[] = []
  for (const { stream, expected, events: written } of group.writes)
    for (let index = 0; index < written.length; index++) {
      const stored = standing.storedAt(stream, revisionOfExpected(expected) + 1 + index)
      const { event, seq } = stored.recorded
      const again = proposals[events.length]?.event
      const same =
        event.type === again?.type && event.version === again.version && stored.data === data[events.length]
      if (!same) return { kind: 'refused', refusal: { kind: 'idempotency-conflict', stream, seq } }
      events.push(stored.recorded)
    }
  return { kind: 'repeated', events }
}

/** A request with its place in the ledger: events numbered, causes and correlations resolved. */
export const place = (
  { group, proposals }: Request,
  first: Seq,
  nextAt: () => string,
): Recorded<BookEvent>[] => {
  const placed: Recorded<BookEvent>[] = []
  for (const { stream, expected, events } of group.writes) {
    let revision = revisionOfExpected(expected)
    for (const { id, cause, event } of events) {
      const seq = first + placed.length
      revision++
      let causeSeq = 0
      let correlation = seq
      if (cause.from === 'event') {
        causeSeq = cause.link.seq
        correlation = cause.link.correlation
        if (causeSeq >= seq)
          throw new Error(`${id} names ${causeSeq} as its cause, which is not recorded yet`)
      } else if (cause.from === 'group') {
        causeSeq = first + cause.index
        correlation = (placed[cause.index] as Recorded).correlation
      }
      placed.push({
        seq,
        id,
        correlation,
        stream,
        revision,
        at: nextAt(),
        cause: causeSeq,
        run: group.run,
        event,
      })
    }
  }
  if (placed.length !== proposals.length) throw new Error('a group changed while it was on its way')
  return placed
}
