// What the key figures of a book are made from (key-figures.ts), folded at once: the equity curve with the portfolio inside,
// the round trips, the tally, the quality of execution and the time in drift. Round trips and orders that are over stay as
// sums only: what lists them all (the trade history, the report of costs) folds them itself.

import type { BookEvent, EventNamed, EventType } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { type DriftTime, driftTime } from './drift-time.ts'
import { type Equity, equity } from './equity.ts'
import { type ExecutionQuality, executionQuality } from './execution-quality.ts'
import type { AnyProjection, Projection } from './projection.ts'
import { nothingSettled, type SettledOrders, settleOrders } from './settled-orders.ts'
import { type Tally, tally } from './tally.ts'
import { addResult, noResults, type TradeResults } from './trade-results.ts'
import { forgetOrder, type Trades, trades } from './trades.ts'

export interface Kpi {
  equity: Equity
  /** Those that are open; the others are in the results. */
  trades: Trades
  readonly results: TradeResults
  tally: Tally
  /** Of orders that live and of late ones; the others are settled. */
  quality: ExecutionQuality
  readonly settled: SettledOrders
  drift: DriftTime
}

type Folded =
  | (typeof equity)['types'][number]
  | (typeof trades)['types'][number]
  | (typeof tally)['types'][number]
  | (typeof executionQuality)['types'][number]
  | (typeof driftTime)['types'][number]

export const kpi: Projection<Kpi, Folded> = {
  name: 'kpi',
  types: [
    ...new Set<Folded>([
      ...equity.types,
      ...trades.types,
      ...tally.types,
      ...executionQuality.types,
      ...driftTime.types,
    ]),
  ],
  initial: () => ({
    equity: equity.initial(),
    trades: trades.initial(),
    results: noResults(),
    tally: tally.initial(),
    quality: executionQuality.initial(),
    settled: nothingSettled(),
    drift: driftTime.initial(),
  }),
  apply: (state, recorded) => {
    const feeds = feedsOf.get(recorded.event.type)
    if (feeds !== undefined) for (const feed of feeds) feed(state, recorded)
    return state
  },
}

type Feed = (state: Kpi, recorded: Recorded<BookEvent>) => void

const { apply: feedEquity }: AnyProjection<Equity> = equity
const { apply: feedTrades }: AnyProjection<Trades> = trades
const { apply: feedTally }: AnyProjection<Tally> = tally
const { apply: feedQuality }: AnyProjection<ExecutionQuality> = executionQuality
const { apply: feedDrift }: AnyProjection<DriftTime> = driftTime

const takeTrades: Feed = (state, recorded) => {
  state.trades = feedTrades(state.trades, recorded)
  const { closed } = state.trades
  for (const trade of closed) addResult(state.results, trade)
  closed.length = 0
}

const takeQuality: Feed = (state, recorded) => {
  state.quality = feedQuality(state.quality, recorded)
  if (recorded.event.type === 'OrderRequested')
    settleOrders(state.settled, state.quality, orderId => forgetOrder(state.trades, orderId))
}

/** Which of the folds take a type: looked up, because this is asked for every event of a ledger. */
const feedsOf = new Map<EventType, readonly Feed[]>(
  kpi.types.map(type => {
    const feeds: Feed[] = []
    const takes = (types: readonly EventType[], feed: Feed) => {
      if (types.includes(type)) feeds.push(feed)
    }
    takes(equity.types, (state, recorded) => {
      state.equity = feedEquity(state.equity, recorded)
    })
    takes(trades.types, takeTrades)
    takes(tally.types, (state, recorded) => {
      state.tally = feedTally(state.tally, recorded)
    })
    takes(executionQuality.types, takeQuality)
    takes(driftTime.types, (state, recorded) => {
      state.drift = feedDrift(state.drift, recorded)
    })
    return [type, feeds]
  }),
)

/** What this fold reads of each event: a store that can cut fields out of its lines need not parse the others. */
export const kpiFields: { readonly [Type in Folded]: readonly (keyof EventNamed<Type>['data'])[] } = {
  CandidateFound: ['ticker', 'session', 'anchor'],
  WatchlistPublished: ['session'],
  BookOpened: ['currency', 'cash', 'calendar', 'zone'],
  CandleClosed: ['symbol', 'closeTime', 'close'],
  CycleCompleted: ['clock', 'sessionOpen', 'candles'],
  StrategyEvaluated: ['champion', 'symbol', 'action'],
  IntentRaised: ['by', 'symbol', 'referencePrice', 'reason', 'dust'],
  IntentDenied: ['intent', 'reason'],
  IntentExpired: ['intent'],
  OrderRequested: [
    'orderId',
    'intent',
    'by',
    'symbol',
    'side',
    'type',
    'quantity',
    'stopPrice',
    'reduceOnly',
  ],
  OrderWithheld: ['intent'],
  OrderAccepted: ['orderId'],
  OrderRejected: ['orderId'],
  OrderCancelled: ['orderId'],
  OrderExpired: ['orderId'],
  OrderFilled: ['orderId', 'by', 'symbol', 'side', 'price', 'quantity', 'fee', 'feeCurrency', 'venueTime'],
  HoldingsObserved: ['observed'],
  DriftFound: [],
  DriftResolved: ['drift'],
  ReconciliationCompleted: [],
}

/** The last event that changed a figure. */
export const kpiAsOf = ({ equity, trades, tally, quality, drift }: Kpi): Seq =>
  Math.max(equity.asOf, equity.portfolio.asOf, trades.asOf, tally.asOf, quality.asOf, drift.asOf)
