// The story that every fault interrupts: a book that is created, written to, and taken over midnight into the next
// day. Group `n` is the same whenever it is proposed, so that a caller who was interrupted can repeat it.

import { type JsonlOptions, openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { EventStore, Group } from '../../domain/event-store.ts'
import type { Instant } from '../../domain/time.ts'
import { candleClosed, candles, evaluated, expectedAfter, group, market, strategy, write } from '../cast.ts'

/** The reserve is small, so that every story lays one aside. */
export const create = { book: 'cast', mode: 'dry-run', zone: 'UTC', reserveBytes: 4096 } as const

/** Opens the book of the story, with checkpoints, which lie inside it: the disk that fails has them too. */
export const openBook = (
  folder: string,
  clock: () => Instant,
  more: Partial<JsonlOptions> = {},
): Promise<EventStore> =>
  openJsonlStore({
    folder,
    role: 'execute',
    clock,
    create,
    allowMemory: true,
    checkpoints: `${folder}/checkpoints`,
    ...more,
  })

/** The clock of whoever looks after a fault: later than all days of the story. */
export const openedAt = '2023-04-01T00:00:00.000Z'

/** How long the reasons of group `n` are, in characters: from one line of half a kilobyte to several sectors. */
const lengths = [0, 700, 60, 3000, 0, 40, 9000, 200]

/** Candle `n` and what the strategy says about it: two lines, sized by `n`. */
export const groupOf = (n: number): Group => {
  const reason = 'x'.repeat(lengths[n % lengths.length] as number)
  return group(
    write(candles, expectedAfter(n), [market(n), candleClosed(n)]),
    write(strategy, expectedAfter(n), [market(n), evaluated(n, [`group ${n}`, reason])]),
  )
}
