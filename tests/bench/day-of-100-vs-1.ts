// day_of_100_vs_1: reading one day out of a book of a hundred days, against the same number of events out of a book
// that has no other day. 1.0 says that a book may grow without making yesterday slower.

import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { type BenchLedger, writeDays } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'

export const dayOf100Vs1: Benchmark = {
  name: 'day_of_100_vs_1',
  ours: 'a day of a book of 100 days',
  theirs: 'the day of a book of 1 day',
  ratio: 'cost',
  target: 1.1,
  prepare: async (folder, size) => {
    const days = size === 'full' ? 100 : 4
    const perDay = size === 'full' ? 2_000 : 200
    const long = await writeDays(`${folder}/long`, days, perDay)
    const short = await writeDays(`${folder}/short`, 1, perDay)
    let day = 0
    return {
      rounds: size === 'full' ? 41 : 1,
      unit: 'event',
      // Another day each time, so that no day is warmer than the rest of the book.
      ours: () => readDay(long, 1 + ((day++ * 37) % (days - 1))),
      theirs: () => readDay(short, 0),
    }
  },
}

/** From opening the book to the last event of the day; milliseconds for each event. */
const readDay = async ({ folder, days }: BenchLedger, day: number): Promise<number> => {
  const after = days[day] as number
  const upTo = days[day + 1] as number
  let events = 0
  const took = await timed(async () => {
    const store = await openJsonlReader(folder)
    for await (const { seq } of store.readAll({ after, upTo })) if (seq > after) events++
    await store.close()
  })
  if (events !== upTo - after) throw new Error(`${events} of ${upTo - after} events were read`)
  return took / events
}
