// What every store of a ledger can do, whether or not it may write: read a stream, read all, follow. Each call looks at
// HEAD first and goes no further.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq, StreamName } from '../domain/event.ts'
import type { EventStore, ReadOptions } from '../domain/event-store.ts'
import { type DurableMark, readHead } from './ledger-head.ts'
import type { Known } from './ledger-known.ts'
import { beginning, cursorAfter, cursorAt, readTo } from './ledger-reader.ts'
import { rangeOf } from './ledger-stored.ts'
import { everything, ofStream, ofTypes } from './ledger-wanted.ts'
import { watchLedger } from './ledger-watch.ts'

type Reading = Pick<EventStore, 'read' | 'readAll' | 'subscribe' | 'head'>

/** The reading half, the same for readers and writers. */
export const reading = (
  folder: string,
  headFd: number,
  woken: Set<() => void>,
  opened: () => void,
): Reading => {
  const mark = () => readHead(headFd, folder).mark

  async function* readAll({ after = 0, upTo, types }: ReadOptions, end: ReturnType<typeof mark>) {
    const wanted = types === undefined ? everything : ofTypes(types)
    const last = Math.min(upTo ?? end.seq, end.seq)
    if (after >= last) return
    for await (const events of readTo(folder, cursorAfter(folder, after, end), end, wanted, last))
      yield* events
  }

  async function* read(stream: StreamName) {
    for await (const events of readTo(folder, beginning, mark(), ofStream(stream))) yield* events
  }

  async function* subscribe(after: Seq, signal: AbortSignal): AsyncGenerator<Recorded<BookEvent>> {
    const watch = watchLedger(folder)
    woken.add(watch.wake)
    try {
      let end = mark()
      let cursor = cursorAfter(folder, after, end)
      while (!signal.aborted) {
        if (end.seq > Math.max(cursor.seq, after)) {
          for await (const events of readTo(folder, cursor, end, everything))
            for (const event of events) {
              if (signal.aborted) return
              if (event.seq > after) yield event
            }
          cursor = cursorAt(end)
        } else await watch.somethingNew(signal)
        end = mark()
      }
    } finally {
      woken.delete(watch.wake)
      watch.close()
    }
  }

  return {
    read: stream => {
      opened()
      return read(stream)
    },
    readAll: (options = {}) => {
      opened()
      return readAll(options, mark())
    },
    subscribe: (after, signal) => {
      opened()
      return subscribe(after, signal)
    },
    head: async () => {
      opened()
      const { seq, hash } = mark()
      return { seq, hash }
    },
  }
}

/** One stream, by a writer that knows where it begins and ends: a short stream of a long ledger costs its days. */
export async function* streamOf(
  folder: string,
  known: Known,
  stream: StreamName,
  end: DurableMark,
): AsyncGenerator<Recorded<BookEvent>> {
  const range = rangeOf(known, stream)
  if (range === undefined) return
  const from = cursorAfter(folder, range.first - 1, end)
  for await (const events of readTo(folder, from, end, ofStream(stream), Math.min(range.last, end.seq)))
    yield* events
}
