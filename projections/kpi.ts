// The key figures of a book. Each figure says in its name what it is based on and stands beside its sample size;
// one without a meaning is missing ('n/a').
//
// This projection folds everything the figures need at once: the equity curve (with the portfolio inside), the
// round trips, the tally, the quality of execution and the time in drift. Their views print from here. Round trips and
// orders that are over stay as sums only: what lists them all (the trade history, the report of costs) folds them itself.

import type { BookEvent, EventNamed, EventType } from '../domain/catalogue.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { isSome, none, type Option, some } from '../domain/result.ts'
import type { RiskDenial } from '../domain/risk-denial.ts'
import type { CalendarDate } from '../domain/time.ts'
import { type DriftTime, driftFigures, driftTime } from './drift-time.ts'
import { type Equity, equity, equityDays } from './equity.ts'
import { type ExecutionCosts, executionCosts, executionFigures } from './execution-costs.ts'
import { type ExecutionQuality, executionQuality } from './execution-quality.ts'
import { realizedPnlOf, unrealizedPnlOf } from './portfolio.ts'
import type { AnyProjection, Projection } from './projection.ts'
import { nothingSettled, type SettledOrders, settleOrders } from './settled-orders.ts'
import { type Figure, roundedIn, shown } from './shown.ts'
import {
  noTrades,
  ratio,
  returnsOf,
  sharpe,
  sortino,
  type TradeFigures,
  type TradeSums,
  tradeFigures,
} from './statistics.ts'
import { type Counted, noneCounted, type Tally, tally } from './tally.ts'
import { addResult, noResults, type TradeResults } from './trade-results.ts'
import { forgetOrder, type Trades, trades } from './trades.ts'
import { byCodeUnit, jsonFile, type ViewFile } from './view.ts'

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

export interface KpiGroup {
  readonly name: string
  readonly figures: TradeFigures
  readonly counted: Counted
}

/** Some of the round trips. */
export interface KpiShare {
  readonly name: string
  readonly figures: TradeFigures
}

export interface KpiReport {
  readonly currency: string
  readonly from: Option<CalendarDate>
  readonly to: Option<CalendarDate>
  readonly figures: readonly Figure[]
  readonly intents: Omit<Counted, 'evaluations'> & { readonly open: number }
  readonly evaluations: Counted['evaluations']
  readonly denials: readonly (readonly [reason: RiskDenial, count: number])[]
  readonly bySymbol: readonly KpiGroup[]
  /** Champions and operators. */
  readonly byWisher: readonly KpiGroup[]
  /** Round trips by what stood behind their entry: the strategy, the scan's anchor, the scan. 'none' where there is none. */
  readonly byStrategy: readonly KpiShare[]
  readonly byAnchor: readonly KpiShare[]
  readonly byScan: readonly KpiShare[]
}

/** The figures as of the last folded event. */
export const kpiReport = (state: Kpi): KpiReport => {
  const days = equityDays(state.equity)
  const { evaluations, ...intents } = state.tally.total
  const costs = executionCosts(state.quality.orders.values(), state.settled.costs)
  return {
    currency: state.equity.portfolio.currency,
    from: days[0] === undefined ? none : some(days[0].date),
    to: days.length === 0 ? none : some((days.at(-1) as (typeof days)[number]).date),
    figures: [
      ...tradeSection(state, costs),
      ...executionFigures(costs),
      ...equitySection(state),
      ...driftFigures(state.drift),
    ],
    intents: { ...intents, open: state.tally.open.size },
    evaluations,
    denials: [...state.tally.denials].sort(([a], [b]) => byCodeUnit(a, b)),
    bySymbol: groups(state.results.bySymbol, state.tally.bySymbol),
    byWisher: groups(state.results.byWisher, state.tally.byWisher),
    byStrategy: shares(state.results.byStrategy),
    byAnchor: shares(state.results.byAnchor),
    byScan: shares(state.results.byScan),
  }
}

const tradeSection = ({ trades, results }: Kpi, costs: ExecutionCosts): readonly Figure[] => {
  const all = tradeFigures(results.total)
  const sample = all.trades
  const of = 'trades'
  const statistic = (name: string, value: Option<number>, unit: Figure['unit']): Figure => ({
    name,
    value: roundedIn(value),
    unit,
    sample,
    of,
  })
  return [
    { name: 'trades', value: some(all.trades), unit: 'count', sample, of },
    statistic('win_rate', all.winRate, 'share'),
    statistic('profit_factor_net', all.profitFactor, 'ratio'),
    statistic('expectancy_net', all.expectancy, 'money'),
    {
      ...statistic('average_win_net', all.averageWin, 'money'),
      sample: all.wins,
      of: 'winning trades',
    },
    {
      ...statistic('average_loss_net', all.averageLoss, 'money'),
      sample: all.losses,
      of: 'losing trades',
    },
    { name: 'net_pnl_closed_trades', value: some(all.netPnl), unit: 'money', sample, of },
    {
      name: 'fees',
      value: some(costs.fees),
      unit: 'money',
      sample: trades.fills,
      of: 'fills',
    },
    ...[...costs.otherFees]
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(
        ([currency, amount]): Figure => ({
          name: `fees_in_${currency}`,
          value: some(amount),
          unit: 'quantity',
          sample: trades.fills,
          of: 'fills',
        }),
      ),
  ]
}

const equitySection = ({ equity }: Kpi): readonly Figure[] => {
  const { portfolio, samples, tradedSamples, exposedSamples, maxDrawdown } = equity
  const days = equityDays(equity)
  const returns = returnsOf([portfolio.opening, ...days.map(day => day.equity)])
  const perYear = portfolio.calendar === 'always' ? 365 : 252
  const basis = `daily_${perYear}_rf0`
  const ofReturns = (name: string, figure: typeof sharpe): Figure => ({
    name: `${name}_${basis}`,
    value: roundedIn(isSome(returns) ? figure(returns.value, perYear) : none),
    unit: 'ratio',
    sample: isSome(returns) ? returns.value.length : 0,
    of: 'daily returns',
  })
  const money = (name: string, value: Decimal): Figure => ({
    name,
    value: samples === 0 ? none : some(value),
    unit: 'money',
    sample: samples,
    of: 'cycles',
  })
  return [
    money('equity', portfolio.equity),
    money('realized_pnl_before_fees', realizedPnlOf(portfolio)),
    money('unrealized_pnl_before_fees', unrealizedPnlOf(portfolio)),
    ofReturns('sharpe', sharpe),
    ofReturns('sortino', sortino),
    {
      name: 'max_drawdown_equity',
      value: samples === 0 ? none : some(maxDrawdown),
      unit: 'share',
      sample: samples,
      of: 'cycles',
    },
    {
      name: 'exposure_share_cycles',
      value: roundedIn(ratio(exposedSamples, tradedSamples)),
      unit: 'share',
      sample: tradedSamples,
      of: 'cycles while the market traded',
    },
  ]
}

const groups = (
  results: ReadonlyMap<string, TradeSums>,
  counted: ReadonlyMap<string, Counted>,
): readonly KpiGroup[] =>
  [...new Set([...counted.keys(), ...results.keys()])].sort(byCodeUnit).map(name => ({
    name,
    figures: tradeFigures(results.get(name) ?? noTrades()),
    counted: counted.get(name) ?? noneCounted(),
  }))

const shares = (results: ReadonlyMap<string, TradeSums>): readonly KpiShare[] =>
  [...results.keys()]
    .sort(byCodeUnit)
    .map(name => ({ name, figures: tradeFigures(results.get(name) as TradeSums) }))

/** The last event that changed a figure. */
export const kpiAsOf = ({ equity, trades, tally, quality, drift }: Kpi): Seq =>
  Math.max(equity.asOf, equity.portfolio.asOf, trades.asOf, tally.asOf, quality.asOf, drift.asOf)

export const kpiFiles = function* (state: Kpi): Generator<ViewFile> {
  const asOf = kpiAsOf(state)
  if (asOf > 0) yield jsonFile('kpi.json', asOf, () => printKpi(kpiReport(state)))
}

/** The report as plain data: for kpi.json and for --json. */
export const printKpi = (report: KpiReport): object => ({
  currency: report.currency,
  from: shown(report.from),
  to: shown(report.to),
  figures: Object.fromEntries(
    report.figures.map(({ name, value, unit, sample, of }) => [
      name,
      { value: shown(value), unit, sample, of },
    ]),
  ),
  intents: report.intents,
  denials: Object.fromEntries(report.denials),
  evaluations: report.evaluations,
  bySymbol: Object.fromEntries(report.bySymbol.map(group => [group.name, printGroup(group)])),
  byWisher: Object.fromEntries(report.byWisher.map(group => [group.name, printGroup(group)])),
  byStrategy: Object.fromEntries(report.byStrategy.map(each => [each.name, printShare(each)])),
  byAnchor: Object.fromEntries(report.byAnchor.map(each => [each.name, printShare(each)])),
  byScan: Object.fromEntries(report.byScan.map(each => [each.name, printShare(each)])),
})

const printShare = ({ figures }: KpiShare): object => ({
  trades: figures.trades,
  wins: figures.wins,
  losses: figures.losses,
  netPnl: figures.netPnl,
  winRate: shown(roundedIn(figures.winRate)),
  expectancyNet: shown(roundedIn(figures.expectancy)),
})

const printGroup = ({ figures, counted }: KpiGroup): object => {
  const { evaluations, ...intents } = counted
  return {
    trades: figures.trades,
    wins: figures.wins,
    losses: figures.losses,
    netPnl: figures.netPnl,
    winRate: shown(roundedIn(figures.winRate)),
    profitFactorNet: shown(roundedIn(figures.profitFactor)),
    expectancyNet: shown(roundedIn(figures.expectancy)),
    intents,
    evaluations,
  }
}
