// open_10y_vs_1d: opening a book of ten years of daily segments for writing, and closing it, against a book that began
// today. Both have the same day to go through; 1.0 says that a book may grow old without being slower to open.

import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { appendAll, openBenchLedger } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'
import { type Market, market } from './market-day.ts'

export const open10yVs1d: Benchmark = {
  name: 'open_10y_vs_1d',
  ours: 'open a book of ten years',
  theirs: 'open a book of one day',
  ratio: 'cost',
  target: 1.3,
  prepare: async (folder, size) => {
    const years = size === 'full' ? 10 : 0.1
    const today = size === 'full' ? 2_000 : 200
    await writeBook(`${folder}/old`, Math.round(years * 250), today)
    await writeBook(`${folder}/new`, 0, today)
    const old = open(`${folder}/old`)
    await old() // writes the checkpoint, as the writer that left the last segment would have
    return { rounds: size === 'full' ? 101 : 1, unit: 'opening', ours: old, theirs: open(`${folder}/new`) }
  },
}

const eventsOfAnOldDay = 20

/** So many days with a few events each, and then today. */
const writeBook = async (folder: string, oldDays: number, today: number): Promise<void> => {
  const from = market()
  const store = await openBenchLedger(folder, from)
  const writeDay = async (events: number) => {
    const { seq } = await store.head()
    // The first group of a day opens its segment, and closes the last one.
    await appendAll(store, from.groups(events, seq + (seq === 0 ? 1 : 2) + 1))
  }
  for (let day = 0; day < oldDays; day++) {
    await writeDay(eventsOfAnOldDay)
    from.tomorrow()
  }
  await writeDay(today)
  await store.close()
}

const open = (folder: string) => {
  const clock: Market['now'] = () => '2024-01-01T00:00:00.000Z' // never a new day
  const options = { folder, role: 'execute', clock, checkpoints: `${folder}-state` } as const
  return () => timed(async () => (await openJsonlStore(options)).close())
}
