// One executor per book, over the network: a lease in a stream of its own, taken and renewed at an expected revision.
//
//   nobody, or given back ──▶ claim ──▶ held ──renewed every third of it──▶ held … ──▶ given back
//   held by another: look at it for one whole lease; renewed? it lives, stop. Not renewed? claim, and say so in the book
//
// No clock is compared with another machine's. The holder counts from before it asked, the challenger from after it
// looked, so the holder always stops first; and it stops a third of a lease early, for what is on its way to the venue.
//
// The lease says who may begin to act. What makes it safe is the book: LeaseTaken stands there at an exact revision, and
// whoever then appends under an earlier term is told that the book moved, reads that line, and is done.

import { hash } from 'node:crypto'
import * as z from 'zod'
import { type Lease, LeaseLost } from '../domain/remote-store.ts'
import { type EsdbClient, pause } from './esdb-client.ts'
import { leaseStream } from './esdb-identity.ts'
import type { EsdbStore } from './esdb-store.ts'

const LeaseRecord = z.strictObject({
  term: z.int().positive(),
  holder: z.string(),
  state: z.enum(['held', 'released']),
  leaseMs: z.int().positive(),
  /** Counts the renewals of a term, so that every record has an id of its own. */
  turn: z.int().nonnegative(),
})
type LeaseRecord = z.infer<typeof LeaseRecord>

interface Place {
  readonly record: LeaseRecord | undefined
  readonly revision: number
}

/** How many records of the lease are kept; the last one counts. */
const keptRecords = 10

export interface HeldLease extends Lease {
  /** Gives the book back, so that the next executor need not wait. */
  release(): Promise<void>
}

/** Another executor holds the book, and lives. */
export class BookHeld extends LeaseLost {
  constructor(book: string, holder: string) {
    super(`another executor (${holder}) runs on ${book}; one is enough`)
  }
}

/** Takes the lease of the store's book, waiting for as long as a dead holder must be given. Throws BookHeld, LeaseLost. */
export const takeLease = async (
  client: EsdbClient,
  store: EsdbStore,
  signal?: AbortSignal,
): Promise<HeldLease> => {
  const { book } = store.identity
  for (;;) {
    const found = await look(client, book)
    const { record } = found
    const isFree = record === undefined || record.state === 'released'
    if (!isFree) await outwait(client, book, found, signal)
    const since = performance.now()
    const claim: LeaseRecord = {
      term: (record?.term ?? 0) + 1,
      holder: store.name,
      state: 'held',
      leaseMs: client.address.leaseMs,
      turn: 0,
    }
    const put = await putRecord(client, book, found.revision, claim)
    if (put === 'unknown')
      throw new LeaseLost(`EventStoreDB did not say whether ${book} was given to this executor; start again`)
    if (put === 'moved') continue
    if (record === undefined) await client.keepLast(leaseStream(book), keptRecords)
    const lease = held(client, book, claim, found.revision + 1, since)
    store.writer.hold(lease)
    try {
      if (!isFree) await store.writer.takeOver(lease, record.holder)
    } catch (error) {
      await lease.release()
      throw error
    }
    return lease
  }
}

const look = async (client: EsdbClient, book: string): Promise<Place> => {
  const last = await client.readLast(leaseStream(book))
  if (last === undefined) return { record: undefined, revision: -1 }
  return { record: LeaseRecord.parse(last.data), revision: last.revision }
}

/** Returns when the record has not changed for one whole lease; throws BookHeld as soon as it has. */
const outwait = async (
  client: EsdbClient,
  book: string,
  { record, revision }: Place,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const { leaseMs, holder } = record as LeaseRecord
  const since = performance.now()
  while (performance.now() - since < leaseMs) {
    if (signal?.aborted) throw new LeaseLost(`stopped while waiting for the book ${book}`)
    await pause(Math.max(leaseMs / 20, 10))
    const now = await look(client, book)
    if (now.revision === revision) continue
    if (now.record?.state === 'held') throw new BookHeld(book, now.record.holder)
    throw new LeaseLost(`${holder} has just given ${book} back; start again`)
  }
}

const putRecord = async (
  client: EsdbClient,
  book: string,
  behind: number,
  record: LeaseRecord,
): Promise<'written' | 'moved' | 'unknown'> => {
  const stream = leaseStream(book)
  const hex = hash('sha256', `${behind} ${JSON.stringify(record)}`, 'hex')
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  const answer = await client.append(stream, behind, [{ id, type: 'Lease', data: record, metadata: {} }])
  if (answer.kind === 'written') return 'written'
  if (answer.kind === 'wrong-version') return 'moved'
  const there = await client.read(stream, behind + 1, 1)
  const [found] = there === 'missing' ? [] : there
  if (found === undefined) return 'unknown'
  return found.id === id ? 'written' : 'moved'
}

const held = (
  client: EsdbClient,
  book: string,
  claim: LeaseRecord,
  claimedAt: number,
  since: number,
): HeldLease => {
  const { leaseMs, term, holder } = claim
  /** From before the last renewal was asked for that is known to be written. */
  let validFrom = since
  let revision = claimedAt
  let turn = 0
  let lost: string | undefined
  let renewing: Promise<void> = Promise.resolve()

  const renew = async () => {
    const asked = performance.now()
    turn++
    const put = await putRecord(client, book, revision, { ...claim, turn })
    if (put === 'written') {
      validFrom = asked
      revision++
    } else if (put === 'moved') {
      const now = await look(client, book)
      const ours = now.record?.term === term && now.record.holder === holder
      if (ours)
        revision = now.revision // an earlier renewal arrived after all; its time is not known
      else
        lost ??= `${now.record?.holder ?? 'nobody'} took the book ${book} over; this executor stops and has sent nothing since`
    }
  }

  let underWay = false
  const timer = setInterval(() => {
    if (underWay || lost !== undefined) return
    underWay = true
    renewing = renew()
      .catch(() => {}) // not renewed; the lease runs out by itself, and requireHeld says so
      .finally(() => {
        underWay = false
      })
  }, leaseMs / 3)
  timer.unref()

  return {
    term,
    holder,
    lose: sentence => {
      lost ??= sentence
    },
    requireHeld: () => {
      if (lost !== undefined) throw new LeaseLost(lost)
      if (performance.now() < validFrom + (leaseMs * 2) / 3) return
      throw new LeaseLost(
        `the lease on ${book} could not be renewed for ${Math.round(performance.now() - validFrom)} ms: another executor may hold the book by now. ` +
          'This one stops and sends nothing; look at the network to EventStoreDB, then start again',
      )
    },
    release: async () => {
      clearInterval(timer)
      await renewing
      if (lost !== undefined) return
      lost = `the book ${book} was given back`
      await putRecord(client, book, revision, { ...claim, state: 'released', turn: turn + 1 })
    },
  }
}
