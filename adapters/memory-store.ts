// A book in memory, for tests and for runs that nobody needs to keep. It keeps the promises of the port except
// one: nothing survives the process.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq, StreamName } from '../domain/event.ts'
import type { Appended, AppendRefusal, EventStore, Head, Identity } from '../domain/event-store.ts'
import { sha256 } from '../domain/hash.ts'
import { type Either, left, right } from '../domain/result.ts'
import type { Role } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { decideAppend, door, place, type Request, type Standing, type Stored } from './ledger-decision.ts'
import { recordedTime } from './ledger-time.ts'

/** A book that several roles can open, as several processes open a folder. */
export interface MemoryBook {
  open(role: Role): EventStore
}

/** What stands from one place to another. By hand, because an async generator takes three promises for each event. */
const inTurn = (
  stored: readonly Stored[],
  from: number,
  to: number,
  types?: ReadonlySet<string>,
): AsyncIterable<Recorded<BookEvent>> => ({
  [Symbol.asyncIterator]: () => {
    let next = from
    return {
      next: () => {
        while (next < to) {
          const { recorded } = stored[next++] as Stored
          if (types?.has(recorded.event.type) !== false) return Promise.resolve({ value: recorded })
        }
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  },
})

export const memoryBook = (identity: Identity, clock: () => Instant): MemoryBook => {
  const book: Stored[] = []
  const streams = new Map<StreamName, Stored[]>()
  const time = recordedTime(clock)
  const waiting = new Set<() => void>()
  let hash = '0'.repeat(64)

  const standing: Standing = {
    decisiveSeq: () => book.length,
    revisionOf: stream => (streams.get(stream)?.length ?? 0) - 1,
    storedAt: (stream, revision) => {
      const stored = streams.get(stream)?.[revision]
      if (stored === undefined) throw new Error(`${stream} has no revision ${revision}`)
      return stored
    },
  }

  const keep = (request: Request): readonly Recorded<BookEvent>[] => {
    time.tick()
    const placed = place(request, book.length + 1, time.next)
    return placed.map((given, index) => {
      const data = request.data[index] as string
      // Data goes through its text, so that a fold sees here what it would see after a restart.
      const recorded = { ...given, event: { ...given.event, data: JSON.parse(data) } as BookEvent }
      const stored = { recorded, data }
      book.push(stored)
      const stream = streams.get(recorded.stream)
      if (stream === undefined) streams.set(recorded.stream, [stored])
      else stream.push(stored)
      hash = sha256(`${hash}\n${recorded.seq} ${recorded.id}\n${data}`)
      return recorded
    })
  }

  const append = (request: Request): Either<AppendRefusal, Appended> => {
    const decision = decideAppend(request, standing)
    if (decision.kind === 'refused') return left(decision.refusal)
    if (decision.kind === 'repeated') return right({ repeated: true, events: decision.events })
    const events = keep(request)
    for (const wake of waiting) wake()
    return right({ repeated: false, events })
  }

  const readAll = ({ after = 0, upTo = book.length, types }: Parameters<EventStore['readAll']>[0] = {}) =>
    inTurn(book, after, Math.min(upTo, book.length), types)

  const read = (stream: StreamName) => {
    const all = streams.get(stream) ?? []
    return inTurn(all, 0, all.length)
  }

  async function* subscribe(after: Seq, signal: AbortSignal) {
    let next = after + 1
    while (!signal.aborted) {
      const stored = book[next - 1]
      if (stored === undefined) await somethingNew(signal)
      else {
        next++
        yield stored.recorded
      }
    }
  }

  const somethingNew = (signal: AbortSignal): Promise<void> =>
    new Promise(resolve => {
      const wake = () => {
        waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      waiting.add(wake)
      signal.addEventListener('abort', wake)
    })

  const open = (role: Role): EventStore => {
    const admit = door(role)
    let closed = false
    const opened = () => {
      if (closed) throw new Error('the store is closed')
    }
    return {
      identity,
      read: stream => {
        opened()
        return read(stream)
      },
      readAll: options => {
        opened()
        return readAll({ ...options, upTo: Math.min(options?.upTo ?? book.length, book.length) })
      },
      subscribe: (after, signal) => {
        opened()
        return subscribe(after, signal)
      },
      append: async group => {
        opened()
        return append(admit(group))
      },
      head: async (): Promise<Head> => {
        opened()
        return { seq: book.length, hash }
      },
      close: async () => {
        closed = true
      },
    }
  }
  return { open }
}
