// replay_vs_jsonparse: a book grown again from its ledger, with the hash and the link of every line checked and the
// portfolio and the key figures folded, against JSON.parse of the same lines and nothing else.
//
// sealed_replay_vs_jsonparse: sealed days with a young active one behind them. Their files are hashed instead of their
// lines, and have to be unpacked; the others parse the plain lines.

import fs from 'node:fs'
import { replayLedger } from '../../adapters/ledger-replay.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { kpi, kpiFields } from '../../projections/kpi.ts'
import { parseEveryLine, writeDays } from './bench-ledger.ts'
import { type Benchmark, type Pair, type Size, timed } from './benchmark.ts'

const compare = (replayed: string, plain: string, events: number, size: Size): Pair => {
  const fields = new Map(Object.entries(kpiFields))
  return {
    rounds: size === 'full' ? 9 : 1,
    unit: 'event',
    ours: async () => {
      const state = { now: kpi.initial() }
      const took = await timed(() =>
        replayLedger(replayed, fields, recorded => {
          state.now = kpi.apply(state.now, recorded as Parameters<typeof kpi.apply>[1])
        }),
      )
      if (state.now.results.total.trades < events / 400) throw new Error('the fold found too few trades')
      return took / events
    },
    theirs: async () => {
      let lines = 0
      const took = await timed(() => {
        lines = parseEveryLine(plain)
      })
      if (lines !== events) throw new Error(`${lines} of ${events} lines were parsed`)
      return took / events
    },
  }
}

export const replayVsJsonparse: Benchmark = {
  name: 'replay_vs_jsonparse',
  ours: 'verify every line, fold portfolio and KPI',
  theirs: 'JSON.parse of every line',
  ratio: 'speed',
  target: 2,
  prepare: async (folder, size) => {
    const { events } = await writeDays(folder, 1, size === 'full' ? 600_000 : 2_000)
    return compare(folder, folder, events, size)
  },
}

export const sealedReplayVsJsonparse: Benchmark = {
  name: 'sealed_replay_vs_jsonparse',
  ours: 'verify the sealed file, fold portfolio and KPI',
  theirs: 'JSON.parse of every plain line',
  ratio: 'speed',
  target: 4,
  prepare: async (folder, size) => {
    const days = size === 'full' ? 5 : 3
    const { events } = await writeDays(`${folder}/plain`, days, size === 'full' ? 200_000 : 1_000, 100)
    fs.cpSync(`${folder}/plain`, `${folder}/sealed`, { recursive: true })
    for await (const _ of sealDays(`${folder}/sealed`));
    return compare(`${folder}/sealed`, `${folder}/plain`, events, size)
  },
}
