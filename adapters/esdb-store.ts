// A book in EventStoreDB behind the port of every ledger: the same lines, in one stream, written by whoever is first.

import type { Seq } from '../domain/event.ts'
import type { Appended, AppendRefusal, EventStore } from '../domain/event-store.ts'
import type { Either } from '../domain/result.ts'
import type { Role } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import type { EsdbClient } from './esdb-client.ts'
import { bookStream, placeOf, requireNoCopy, requireRemoteIdentity } from './esdb-identity.ts'
import { esdbReading, linesBetween, type RemoteBook } from './esdb-reading.ts'
import { type EsdbWriter, esdbWriter, writerName } from './esdb-writer.ts'
import { door, groupLinesMax, type Request } from './ledger-decision.ts'
import { type Creation, publicIdentity } from './ledger-identity.ts'

export interface EsdbOptions {
  /** The store's own from now on: closed with it, and when opening fails. */
  readonly client: EsdbClient
  readonly book: string
  /** Whose streams may be written. */
  readonly role: Role
  readonly clock: () => Instant
  /** Creates the ledger when there is none; refuses one of another book or mode. */
  readonly create?: Creation
}

/** A store that can hold a lease. */
export interface EsdbStore extends EventStore {
  readonly writer: EsdbWriter
  /** Who this store is in the metadata of its events. */
  readonly name: string
}

/** Opens a book for writing. Throws NoSuchBook, LedgerDamaged, StoreRefused, StoreUnreachable. */
export const openEsdbStore = async ({
  client,
  book,
  role,
  clock,
  create,
}: EsdbOptions): Promise<EsdbStore> => {
  try {
    const identity = await requireRemoteIdentity(client, book, create, clock)
    requireNoCopy(client, identity)
    const remote = { client, stream: bookStream(book) }
    const name = writerName()
    const writer = esdbWriter(remote, identity.ledger, clock, name)
    let closed = false
    const opened = () => {
      if (closed) throw new Error('the store is closed')
    }
    const reads = esdbReading(remote, opened, writer.offer)
    const queue = appendQueue(writer, client.address.appendBytesMax, reads.settled)
    const admit = door(role)
    return {
      identity: publicIdentity(identity.ledger),
      writer,
      name,
      readAll: reads.readAll,
      subscribe: reads.subscribe,
      head: reads.head,
      read: stream => {
        opened()
        return ofStream(remote, writer, stream, reads.read)
      },
      append: async group => {
        opened()
        return queue.append(admit(group))
      },
      close: async () => {
        if (closed) return
        closed = true
        await queue.idle()
        await client.close()
      },
    }
  } catch (error) {
    await client.close()
    throw error
  }
}

/** Opens a book for reading: needs no right to write, and holds nobody up. */
export const openEsdbReader = async (client: EsdbClient, book: string): Promise<EventStore> => {
  try {
    const { ledger } = await requireRemoteIdentity(client, book, undefined, () => '')
    let closed = false
    const reads = esdbReading({ client, stream: bookStream(book) }, () => {
      if (closed) throw new Error('the store is closed')
    })
    return {
      identity: publicIdentity(ledger),
      ...reads,
      append: async () => {
        throw new Error(`${placeOf(client, book)} was opened for reading; open it in a role to append`)
      },
      close: async () => {
        if (!closed) await client.close()
        closed = true
      },
    }
  } catch (error) {
    await client.close()
    throw error
  }
}

/** A few events are fetched one by one; many are looked for between the first and the last. */
const singlyMax = 32

async function* ofStream(
  book: RemoteBook,
  writer: EsdbWriter,
  stream: string,
  scan: EventStore['read'],
): ReturnType<typeof linesBetweenRecorded> {
  const seqs = await writer.seqsOf(stream)
  if (seqs.length > singlyMax) return yield* scan(stream)
  for (const seq of seqs) yield* linesBetweenRecorded(book, seq)
}

async function* linesBetweenRecorded(book: RemoteBook, seq: Seq) {
  for await (const line of linesBetween(book, seq - 1, seq)) yield line.recorded()
}

// ── the queue ───────────────────────────────────────────────────────────────────────────────────────────────────

type Answer = Either<AppendRefusal, Appended>

interface Waiting {
  readonly request: Request
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Lines of the store itself that may join a write group. */
const ownLinesMax = 9
/** What an event weighs beside its data, generously. */
const eventBytes = 800

/** Appends that arrive together travel together, one append at a time. */
const appendQueue = (writer: EsdbWriter, bytesMax: number, settled: () => Promise<unknown>) => {
  let waiting: Waiting[] = []
  let draining: Promise<void> | undefined

  const nextBatch = (): readonly Waiting[] => {
    let lines = ownLinesMax
    let bytes = ownLinesMax * eventBytes
    let count = 0
    for (const { request } of waiting) {
      lines += request.data.length
      for (const data of request.data) bytes += data.length * 3 + eventBytes
      if (count > 0 && (lines > groupLinesMax || bytes > bytesMax)) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  const drain = async () => {
    for (let hop = 0; hop < 4; hop++) await undefined // whoever asks in the same turn travels along
    while (waiting.length > 0) {
      await settled()
      const batch = nextBatch()
      try {
        const outcomes = await writer.commit(batch.map(({ request }) => request))
        for (const [index, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[index]
          if (outcome === undefined) reject(new Error('an append was not answered'))
          else if ('bug' in outcome) reject(outcome.bug)
          else resolve(outcome)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    draining = undefined
  }

  return {
    append: (request: Request): Promise<Answer> =>
      new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject })
        draining ??= drain()
      }),
    idle: async () => {
      while (draining !== undefined) await draining
    },
  }
}
