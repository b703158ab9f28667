// The key figures of a book. Each figure says in its name what it is based on and stands beside its sample size; one without
// a meaning is missing ('n/a').

import type { Decimal } from '../domain/decimal.ts'
import { isSome, none, type Option, some } from '../domain/result.ts'
import type { RiskDenial } from '../domain/risk-denial.ts'
import type { CalendarDate } from '../domain/time.ts'
import { driftFigures } from './drift-time.ts'
import { equityDays } from './equity.ts'
import { type ExecutionCosts, executionCosts, executionFigures } from './execution-costs.ts'
import { type Kpi, kpiAsOf } from './kpi.ts'
import { realizedPnlOf, unrealizedPnlOf } from './portfolio.ts'
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
import { type Counted, noneCounted } from './tally.ts'
import { byCodeUnit, jsonFile, type ViewFile } from './view.ts'

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
