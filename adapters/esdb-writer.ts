// The writer's half of a book in EventStoreDB. There is no lock: a group is decided against what is known, and appended
// where the book is believed to end. Who was slower is told, reads what came in between, and decides again.
//
//   decide ─▶ encode as ONE write group ─▶ one append behind the last known event
//      ▲                                      │ wrong version: somebody was faster
//      └────────── read what is new ◀─────────┘ unknown: read; there? done. Not there? the very same append again
//
// The lines are those that the same requests would have become on disk, segments included.

import { hostname } from 'node:os'
import type { Recorded, Seq, StreamName } from '../domain/event.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import { LeaseTaken } from '../domain/lease-taken.ts'
import { type Lease, LeaseLost } from '../domain/remote-store.ts'
import { left } from '../domain/result.ts'
import { SegmentClosed, SegmentOpened } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { pause } from './esdb-client.ts'
import { type RemoteLine, remoteBytes, remoteOf } from './esdb-line.ts'
import { linesBehind, linesBetween, type RemoteBook } from './esdb-reading.ts'
import { type Sent, type Shipment, send } from './esdb-sending.ts'
import type { Request, Stored } from './ledger-decision.ts'
import { type Outcome, type WriteGroup, writeGroup } from './ledger-group.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { addToStream, type Known, noteOwn, nothingKnown, revisionOf } from './ledger-known.ts'
import { lineBuffer } from './ledger-lines.ts'
import { type OwnEvent, openingOf, ownRequest, unrecordedRestore } from './ledger-own.ts'
import { rollDue, segmentName } from './ledger-segment.ts'
import { datesOf, recordedTime } from './ledger-time.ts'

export interface EsdbWriter {
  /** Answers all requests with one write group. One call at a time. Throws LedgerDamaged, StoreRefused, LeaseLost. */
  commit(requests: readonly Request[]): Promise<readonly Outcome[]>
  /** Reads what is new; gives the seqs of a stream. */
  seqsOf(stream: StreamName): Promise<readonly Seq[]>
  /** Says in the ledger that the lease has another holder now: nothing of an earlier term can follow. */
  takeOver(lease: Lease, from: string): Promise<void>
  /** From now on every append is made under the lease. */
  hold(lease: Lease): void
  /** A line that was read for somebody else: when it is the next one, it need not be read again. */
  offer(line: RemoteLine): void
}

/** A word that tells this store apart from every other one, on this machine and elsewhere. */
export const writerName = (): string =>
  `${hostname()}/${process.pid}/${Math.random().toString(36).slice(2, 10).padEnd(8, '0')}`

export const esdbWriter = (
  book: RemoteBook,
  identity: LedgerIdentity,
  clock: () => Instant,
  name: string,
): EsdbWriter => {
  const { client } = book
  const { patienceMs, appendBytesMax } = client.address
  const known = nothingKnown()
  const buffer = lineBuffer()
  const time = recordedTime(clock)
  const today = datesOf(clock, identity.zone)
  /** Events of the past that the present requests repeat. */
  const fetched = new Map<Seq, Stored>()
  /** An append whose outcome is not known: it comes before anything else that is written. */
  let pending: Shipment | undefined
  let lease: Lease | undefined
  /** What the store has to say of itself with the next write group. */
  let ownDue: readonly OwnEvent[] = []

  const stored = {
    at: (of: StreamName, revision: number): Stored => {
      const seq = seqAt(known, of, revision)
      const found = seq === undefined ? undefined : fetched.get(seq)
      if (found === undefined) throw new Error(`${of} has no revision ${revision}`)
      return found
    },
  }

  /** What goes on while a group is staged must not touch what is known: one after the other. */
  let queue: Promise<unknown> = Promise.resolve()
  let underWay = 0
  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    underWay++
    const done = queue.then(act).finally(() => underWay--)
    queue = done.catch(() => {})
    return done
  }

  const take = (line: RemoteLine) => {
    note(known, line)
    if (line.type === LeaseTaken.type) noticeHolder(line)
    time.continueAfter(known.at)
  }

  const catchUp = async () => {
    for await (const line of linesBehind(book, known.seq)) take(line)
  }

  const noticeHolder = (line: RemoteLine) => {
    const { event } = line.recorded()
    if (lease === undefined || event.type !== LeaseTaken.type || event.data.term <= lease.term) return
    lease.lose(
      `${event.data.holder} took the book ${identity.book} over at seq ${line.seq}; this executor stops and has sent nothing since`,
    )
  }

  /** What the requests may repeat is read before they are decided. */
  const fetch = async (requests: readonly Request[]) => {
    fetched.clear()
    for (const { group } of requests)
      for (const { stream: of, expected, events } of group.writes) {
        const from = (expected === 'no-stream' ? -1 : expected.revision) + 1
        for (let revision = from; revision < from + events.length; revision++) {
          const seq = seqAt(known, of, revision)
          if (seq === undefined) break
          if (fetched.has(seq)) continue
          for await (const line of linesBetween(book, seq - 1, seq)) fetched.set(seq, storedOf(line))
        }
      }
  }

  const sendNow = (shipment: Shipment): Promise<Sent> => send(book, shipment, () => lease?.requireHeld())

  /** What was left unknown is found out first. Undefined when all is known. */
  const settlePending = async (): Promise<string | undefined> => {
    if (pending === undefined) return undefined
    const sent = await sendNow(pending)
    if (typeof sent === 'object') return sent.unknown
    pending = undefined
    await catchUp()
    return undefined
  }

  /** Appends a group that is staged; 'too-large' when it does not fit and nothing was sent. */
  const write = async (group: WriteGroup, segment: string): Promise<Sent | 'too-large'> => {
    group.encode(buffer)
    const lines = buffer.bytes().toString('utf8').split('\n').slice(0, -1)
    const events = lines.map(line => remoteOf(line, name))
    if (events.reduce((sum, event) => sum + remoteBytes(event), 0) > appendBytesMax) {
      group.drop()
      return 'too-large'
    }
    const start = segment === known.segment ? known.end : 0
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, start)
    const attempt = { behind: known.seq - 1, events }
    try {
      const sent = await sendNow(attempt)
      if (sent === 'written') group.settle(segment, bytes)
      else group.drop()
      if (typeof sent === 'object') pending = attempt
      return sent
    } catch (error) {
      group.drop()
      throw error
    }
  }

  /** Leaves the segment when its day is over or it is full, as a ledger on disk does. */
  const closeSegmentIfDue = async (): Promise<Sent | 'too-large'> => {
    if (known.segment === '' || known.next !== undefined) return 'written'
    const due = rollDue(known.segment, known.end, identity.segmentBytesMax, today())
    if (due === undefined) return 'written'
    const closing = SegmentClosed({ segment: known.segment, nextSegment: due.next, why: due.why })
    const group = writeGroup(known, stored, time)
    group.stage(ownRequest(identity, known, [closing]))
    const sent = await write(group, known.segment)
    if (sent === 'written') known.next = due.next
    return sent
  }

  const attempt = async (
    requests: readonly Request[],
    isSure: boolean,
  ): Promise<readonly Outcome[] | 'again'> => {
    time.tick()
    const closing = await closeSegmentIfDue()
    if (typeof closing === 'object') return unknownToAll(requests, closing.unknown)
    if (closing !== 'written') return 'again'
    await fetch(requests)
    const segment = known.next ?? (known.segment === '' ? segmentName(today()) : known.segment)
    const group = writeGroup(known, stored, time)
    const restored = known.epoch === '' ? [] : unrecordedRestore(identity, known)
    const opening = segment === known.segment ? [] : [openingOf(identity, known, segment)]
    const own: readonly OwnEvent[] = [...opening, ...restored, ...ownDue]
    if (own.length > 0) group.stage(ownRequest(identity, known, own))
    const outcomes = group.decide(requests)
    const isFresh = (outcome: Outcome) =>
      '_tag' in outcome && outcome._tag === 'Right' && !outcome.right.repeated
    // Only a write proves itself; every other answer is given on what has been read just now.
    if (!isSure && !outcomes.every(isFresh)) {
      group.drop()
      return 'again'
    }
    if (!outcomes.some(isFresh) && ownDue.length === 0) {
      group.drop()
      return outcomes
    }
    const sent = await write(group, segment)
    if (sent === 'written') {
      ownDue = []
      return outcomes
    }
    if (sent === 'moved') return 'again'
    if (sent === 'too-large') {
      const [only] = requests
      if (requests.length > 1 || only === undefined)
        throw new Error('appends were put together that do not fit')
      return [{ bug: tooLarge(only, appendBytesMax) }]
    }
    return outcomes.map(outcome =>
      isFresh(outcome) ? left({ kind: 'outcome-unknown', detail: sent.unknown }) : outcome,
    )
  }

  const commitAlone: EsdbWriter['commit'] = async requests => {
    const since = performance.now()
    const before = await settlePending()
    if (before !== undefined) return unknownToAll(requests, before)
    let isSure = false
    if (known.seq === 0) {
      await catchUp()
      isSure = true
    }
    for (let turn = 1; ; turn++) {
      const outcomes = await attempt(requests, isSure)
      if (outcomes !== 'again') return outcomes
      const waitedMs = Math.round(performance.now() - since)
      if (waitedMs > patienceMs)
        return requests.map(() =>
          left({ kind: 'ledger-busy', waitedMs, holder: 'other writers of the book' }),
        )
      if (isSure) await pause(Math.random() * Math.min(turn * 4, 100)) // so that the same two do not meet again
      await catchUp()
      isSure = true
    }
  }

  const unknownToAll = (requests: readonly Request[], detail: string): readonly Outcome[] =>
    requests.map(() => left({ kind: 'outcome-unknown', detail }))

  const takeOver = async ({ term, holder }: Lease, from: string) => {
    ownDue = [LeaseTaken({ book: identity.book, term, holder, from })]
    await commitAlone([])
    if (ownDue.length > 0)
      throw new LeaseLost(
        `the lease on ${identity.book} was taken, but EventStoreDB did not say whether it wrote so; start again`,
      )
  }

  return {
    commit: requests => alone(() => commitAlone(requests)),
    seqsOf: of =>
      alone(async () => {
        await catchUp()
        return [...(known.streams.get(of)?.seqs ?? [])]
      }),
    hold: held => {
      lease = held
    },
    takeOver: (held, from) => alone(() => takeOver(held, from)),
    offer: line => {
      if (underWay === 0 && line.seq === known.seq + 1) take(line)
    },
  }
}

const seqAt = ({ streams }: Known, of: StreamName, revision: number): Seq | undefined => {
  const recent = streams.get(of)
  return recent?.seqs[revision - recent.from]
}

const storedOf = (line: RemoteLine): Stored => {
  const recorded: Recorded = line.recorded()
  const isOfToday = line.version === recorded.event.version
  return {
    recorded: line.recorded(),
    data: isOfToday ? line.data : JSON.stringify(recorded.event.data),
  }
}

/** Takes in a line that somebody wrote. Throws LedgerDamaged when it does not follow what is known. */
const note = (known: Known, line: RemoteLine): void => {
  const revision = revisionOf(known, line.stream) + 1
  if (line.previous !== known.hash || line.revision !== revision)
    throw new LedgerDamaged(
      'corrupt',
      `event ${line.seq} in EventStoreDB does not follow event ${known.seq}: revision ${line.revision} of ${line.stream}, hash before ${line.previous}; expected ${revision} and ${known.hash}`,
    )
  addToStream(known, line.stream, line.seq)
  known.seq = line.seq
  known.hash = line.hash
  known.at = line.at
  known.next = undefined
  if (line.stream === ledgerStream) {
    const { event } = line.recorded()
    noteOwn(known, event)
    if (event.type === SegmentOpened.type) {
      known.segment = event.data.segment
      known.end = 0
      known.segments.push({ name: event.data.segment, first: line.seq })
    } else if (event.type === SegmentClosed.type) known.next = event.data.nextSegment
  } else known.decisive = line.seq
  known.end += Buffer.byteLength(line.text)
}

const tooLarge = ({ proposals }: Request, bytesMax: number): Error =>
  new Error(
    `a write group of ${proposals.length} events is larger than one append to EventStoreDB may be (${bytesMax} bytes): ` +
      'keep such books in the embedded ledger, or raise MaxAppendSize on the server and appendBytesMax in --store',
  )
