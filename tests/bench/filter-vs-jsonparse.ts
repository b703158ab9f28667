// filter_vs_jsonparse: reading the one event in a hundred that is asked for by its type, against parsing every line.

import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { parseEveryLine, writeDays } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'

export const filterVsJsonparse: Benchmark = {
  name: 'filter_vs_jsonparse',
  ours: 'readAll with 1 % of the types',
  theirs: 'JSON.parse of every line',
  ratio: 'speed',
  target: 15,
  prepare: async (folder, size) => {
    const { events } = await writeDays(folder, 1, size === 'full' ? 600_000 : 2_000)
    const store = await openJsonlReader(folder)
    return {
      rounds: size === 'full' ? 9 : 1,
      unit: 'event',
      ours: async () => {
        let found = 0
        const took = await timed(async () => {
          for await (const { event } of store.readAll({ types: new Set(['OrderFilled']) }))
            if (event.type === 'OrderFilled') found++
        })
        if (found < events / 150 || found > events / 50) throw new Error(`${found} of ${events} were found`)
        return took / events
      },
      theirs: async () => {
        let lines = 0
        const took = await timed(() => {
          lines = parseEveryLine(folder)
        })
        if (lines !== events) throw new Error(`${lines} of ${events} lines were parsed`)
        return took / events
      },
      close: () => store.close(),
    }
  },
}
