// replay_vs_jsonparse: a book grown again from its ledger, with the hash and the link of every line checked and the
// portfolio and the key figures folded, against JSON.parse of the same lines and nothing else.

import { replayLedger } from '../../adapters/ledger-replay.ts'
import { kpi, kpiFields } from '../../projections/kpi.ts'
import { parseEveryLine, writeDays } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'

export const replayVsJsonparse: Benchmark = {
  name: 'replay_vs_jsonparse',
  ours: 'verify every line, fold portfolio and KPI',
  theirs: 'JSON.parse of every line',
  ratio: 'speed',
  target: 1.5,
  prepare: async (folder, size) => {
    const { events } = await writeDays(folder, 1, size === 'full' ? 150_000 : 2_000)
    const fields = new Map(Object.entries(kpiFields))
    return {
      rounds: size === 'full' ? 11 : 1,
      unit: 'event',
      ours: async () => {
        const state = { now: kpi.initial() }
        const took = await timed(() =>
          replayLedger(folder, fields, recorded => {
            state.now = kpi.apply(state.now, recorded as Parameters<typeof kpi.apply>[1])
          }),
        )
        if (state.now.trades.closed.length < events / 400) throw new Error('the fold found too few trades')
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
    }
  },
}
