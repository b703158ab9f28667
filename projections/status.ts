// The status of a book: what one screen needs to tell whether all is well. A state only; `veritape status` prints it.

import type { Candle } from '../domain/candle.ts'
import type { EventNamed } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { evolveHalts, type Halts, type SafetyEvent } from '../domain/safety.ts'
import { type DriftTime, driftTime } from './drift-time.ts'
import { type Heartbeat, heartbeat } from './heartbeat.ts'
import { type Orders, orders } from './orders.ts'
import { type Portfolio, portfolio } from './portfolio.ts'
import { feed, type Projection } from './projection.ts'

type Own =
  | 'TradingHalted'
  | 'TradingResumed'
  | 'CandleClosed'
  | 'WatchlistPublished'
  | 'HealthChecked'
  | 'ReconciliationCompleted'
  | 'DriftFound'
  | 'DriftResolved'

const own: readonly Own[] = [
  'TradingHalted',
  'TradingResumed',
  'CandleClosed',
  'WatchlistPublished',
  'HealthChecked',
  'ReconciliationCompleted',
  'DriftFound',
  'DriftResolved',
]

export interface Status {
  asOf: Seq
  /** The executor's run, its last cycle and its mode. */
  heartbeat: Heartbeat
  portfolio: Portfolio
  orders: Orders
  /** Standing halts; `tradingOf` gives the trading state. */
  halts: Halts
  /** The candle that closed last, of all series. */
  lastCandle: Candle | undefined
  watchlist: EventNamed<'WatchlistPublished'>['data'] | undefined
  lastHealth: Seen<'HealthChecked'> | undefined
  lastReconciliation: Seen<'ReconciliationCompleted'> | undefined
  /** Drift that nothing has resolved yet, by the seq that resolves it by name. */
  readonly drift: Map<Seq, EventNamed<'DriftFound'>['data']>
  driftTime: DriftTime
}

/** An event that carries no time of its own: `at` is when the ledger took it. */
export interface Seen<Type extends 'HealthChecked' | 'ReconciliationCompleted'> {
  readonly seq: Seq
  readonly at: string
  readonly data: EventNamed<Type>['data']
}

type Folded =
  | Own
  | (typeof heartbeat)['types'][number]
  | (typeof portfolio)['types'][number]
  | (typeof orders)['types'][number]
  | (typeof driftTime)['types'][number]

export const status: Projection<Status, Folded> = {
  name: 'status',
  types: [
    ...new Set<Folded>([...own, ...heartbeat.types, ...portfolio.types, ...orders.types, ...driftTime.types]),
  ],
  initial: () => ({
    asOf: 0,
    heartbeat: heartbeat.initial(),
    portfolio: portfolio.initial(),
    orders: orders.initial(),
    halts: [],
    lastCandle: undefined,
    watchlist: undefined,
    lastHealth: undefined,
    lastReconciliation: undefined,
    drift: new Map(),
    driftTime: driftTime.initial(),
  }),
  apply: (state, recorded) => {
    state.heartbeat = feed(heartbeat, state.heartbeat, recorded)
    state.portfolio = feed(portfolio, state.portfolio, recorded)
    state.orders = feed(orders, state.orders, recorded)
    state.driftTime = feed(driftTime, state.driftTime, recorded)
    state.asOf = recorded.seq
    takeOwn(state, recorded)
    return state
  },
}

const takeOwn = (state: Status, recorded: Recorded<EventNamed<Folded>>): void => {
  const { seq, at, event } = recorded
  switch (event.type) {
    case 'TradingHalted':
    case 'TradingResumed':
      state.halts = evolveHalts(state.halts, recorded as Recorded<SafetyEvent>)
      return
    case 'CandleClosed':
      if (state.lastCandle === undefined || event.data.closeTime >= state.lastCandle.closeTime)
        state.lastCandle = event.data
      return
    case 'WatchlistPublished':
      if (state.watchlist === undefined || event.data.session >= state.watchlist.session)
        state.watchlist = event.data
      return
    case 'HealthChecked':
      state.lastHealth = { seq, at, data: event.data }
      return
    case 'ReconciliationCompleted':
      state.lastReconciliation = { seq, at, data: event.data }
      return
    case 'DriftFound':
      state.drift.set(seq, event.data)
      return
    case 'DriftResolved':
      state.drift.delete(event.data.drift)
      return
  }
}
