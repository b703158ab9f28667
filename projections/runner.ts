// How far the executor is in each series of candles: what a restart continues from, shown for people. The restart
// itself reads the ledger.

import type { Seq } from '../domain/event.ts'
import type { Instant } from '../domain/time.ts'
import type { Projection } from './projection.ts'
import { jsonFile, sortedByKey, type ViewFile } from './view.ts'

export interface CandleTimes {
  readonly openTime: Instant
  /** Missing when the ledger holds the candle by reference only. */
  readonly closeTime?: Instant
}

export interface SeriesProgress {
  lastClosed: Required<CandleTimes> | undefined
  /** The newest candle that a champion was asked about. */
  lastProcessed: CandleTimes | undefined
  evaluations: number
  ordersSubmitted: number
  ordersWithheld: number
}

export interface Runner {
  asOf: Seq
  /** By 'BTC/USDT-5m'. */
  readonly series: Map<string, SeriesProgress>
  /** The series that a champion trades. */
  readonly seriesOf: Map<string, string>
  evaluations: number
  /** Orders of champions and of operators. */
  ordersSubmitted: number
  ordersWithheld: number
  /** The book's clock at the last completed cycle. */
  lastHeartbeat: Instant | undefined
}

export const runner: Projection<
  Runner,
  'CandleClosed' | 'StrategyEvaluated' | 'OrderRequested' | 'OrderWithheld' | 'CycleCompleted'
> = {
  name: 'runner',
  types: ['CandleClosed', 'StrategyEvaluated', 'OrderRequested', 'OrderWithheld', 'CycleCompleted'],
  initial: () => ({
    asOf: 0,
    series: new Map(),
    seriesOf: new Map(),
    evaluations: 0,
    ordersSubmitted: 0,
    ordersWithheld: 0,
    lastHeartbeat: undefined,
  }),
  apply: (state, { seq, event: { type, data } }) => {
    state.asOf = seq
    switch (type) {
      case 'CandleClosed': {
        const { openTime, closeTime } = data
        progressOf(state, `${data.symbol}-${data.timeframe}`).lastClosed = { openTime, closeTime }
        return state
      }
      case 'StrategyEvaluated': {
        const name = `${data.symbol}-${data.timeframe}`
        const progress = progressOf(state, name)
        state.seriesOf.set(data.champion, name)
        state.evaluations += 1
        progress.evaluations += 1
        const { openTime } = data
        progress.lastProcessed =
          progress.lastClosed?.openTime === openTime ? progress.lastClosed : { openTime }
        return state
      }
      case 'OrderRequested': {
        state.ordersSubmitted += 1
        const own = state.seriesOf.get(data.by)
        if (own !== undefined) progressOf(state, own).ordersSubmitted += 1
        return state
      }
      case 'OrderWithheld': {
        state.ordersWithheld += 1
        const own = state.seriesOf.get(data.by)
        if (own !== undefined) progressOf(state, own).ordersWithheld += 1
        return state
      }
      case 'CycleCompleted':
        state.lastHeartbeat = data.clock
        return state
    }
  },
}

const progressOf = ({ series }: Runner, name: string): SeriesProgress => {
  const known = series.get(name)
  if (known !== undefined) return known
  const progress: SeriesProgress = {
    lastClosed: undefined,
    lastProcessed: undefined,
    evaluations: 0,
    ordersSubmitted: 0,
    ordersWithheld: 0,
  }
  series.set(name, progress)
  return progress
}

/** The newest processed candle of all series. */
export const lastProcessed = ({ series }: Runner): CandleTimes | undefined => {
  let newest: CandleTimes | undefined
  for (const { lastProcessed } of series.values())
    if (lastProcessed !== undefined && (newest === undefined || lastProcessed.openTime > newest.openTime))
      newest = lastProcessed
  return newest
}

export const runnerFiles = function* (state: Runner): Generator<ViewFile> {
  if (state.asOf > 0) yield jsonFile('runner.json', state.asOf, () => printRunner(state))
}

const printRunner = (state: Runner): object => ({
  lastProcessedCandle: lastProcessed(state) ?? null,
  evaluations: state.evaluations,
  ordersSubmitted: state.ordersSubmitted,
  ordersWithheld: state.ordersWithheld,
  lastHeartbeat: state.lastHeartbeat ?? null,
  series: sortedByKey(state.series, each => ({
    lastProcessedCandle: each.lastProcessed ?? null,
    lastClosedCandle: each.lastClosed ?? null,
    evaluations: each.evaluations,
    ordersSubmitted: each.ordersSubmitted,
    ordersWithheld: each.ordersWithheld,
  })),
})
