// The KPI report as one plain object: what its JSON, its rows for a spreadsheet and its page are printed from, so that
// the three cannot say different things.

import { type Decimal, divide, isPositive, isZero, larger, subtract } from '../domain/decimal.ts'
import type { Seq } from '../domain/event.ts'
import { entryPrice, unrealizedPnl } from '../domain/position.ts'
import { type Cell, printCsv } from './csv.ts'
import { type EquityDay, equityDays } from './equity.ts'
import { costsBy, type ExecutionCosts, executionCosts, type MeasuredCost } from './execution-costs.ts'
import { type KpiReport, kpiReport } from './key-figures.ts'
import type { Kpi } from './kpi.ts'
import { notAvailable, roundedIn, shown } from './shown.ts'
import { averagePrice, type Trade } from './trades.ts'
import { byCodeUnit, otherFeesIn } from './view.ts'

/** All money in the book's currency. */
export interface KpiDocument {
  readonly asOf: Seq
  /** '' in a ledger that does not name its book. */
  readonly book: string
  readonly report: KpiReport
  /** Cash at the start. */
  readonly opening: Decimal
  readonly equity: Decimal
  /** What the equity changed by, as a share of the opening: '0.02' is 2 %; n/a for a book that opened with nothing. */
  readonly returnShare: Decimal | typeof notAvailable
  readonly curve: readonly CurvePoint[]
  readonly positions: readonly OpenPosition[]
  readonly costs: {
    readonly total: ExecutionCosts
    readonly bySymbol: readonly (readonly [name: string, costs: ExecutionCosts])[]
    readonly byWisher: readonly (readonly [name: string, costs: ExecutionCosts])[]
  }
  /** The newest round trips, newest first. */
  readonly trades: readonly Trade[]
}

/** One day of the equity curve, or several of a long one: their last equity and their worst drawdown. */
export interface CurvePoint {
  readonly from: string
  readonly to: string
  readonly equity: Decimal
  /** (peak - equity) / peak */
  readonly drawdown: Decimal
}

export interface OpenPosition {
  readonly symbol: string
  readonly by: string
  readonly quantity: Decimal
  readonly entryPrice: Decimal
  readonly mark: Decimal
  readonly unrealizedPnl: Decimal
}

/** More than a plot of a page's width can show apart. */
const pointsMax = 160

export const kpiDocument = (state: Kpi, book: string, asOf: Seq): KpiDocument => {
  const { portfolio } = state.equity
  const { opening, equity } = portfolio
  return {
    asOf,
    book,
    report: kpiReport(state),
    opening,
    equity,
    returnShare: isPositive(opening) ? divide(subtract(equity, opening), opening) : notAvailable,
    curve: curveOf(equityDays(state.equity)),
    positions: positionsOf(state),
    costs: {
      total: executionCosts(state.quality.orders.values(), state.settled.costs),
      bySymbol: costsBy(state.quality, ({ symbol }) => symbol, state.settled.bySymbol),
      byWisher: costsBy(state.quality, ({ by }) => by, state.settled.byWisher),
    },
    trades: state.results.newest.toReversed(),
  }
}

const curveOf = (days: readonly EquityDay[]): readonly CurvePoint[] => {
  const size = Math.ceil(days.length / pointsMax)
  const points: CurvePoint[] = []
  for (let at = 0; at < days.length; at += size) {
    const some = days.slice(at, at + size)
    const last = some.at(-1) as EquityDay
    const worst = some.reduce<Decimal>((most, day) => larger(most, drawdownOf(day)), '0')
    points.push({ from: (some[0] as EquityDay).date, to: last.date, equity: last.equity, drawdown: worst })
  }
  return points
}

const drawdownOf = ({ peak, equity }: EquityDay): Decimal =>
  isPositive(peak) ? divide(subtract(peak, equity), peak) : '0'

const positionsOf = ({ equity: { portfolio } }: Kpi): readonly OpenPosition[] => {
  const held: OpenPosition[] = []
  for (const [by, symbols] of portfolio.by)
    for (const [symbol, position] of symbols) {
      if (isZero(position.quantity)) continue
      const entry = entryPrice(position)
      const mark = portfolio.marks.get(symbol)?.price ?? entry
      held.push({
        symbol,
        by,
        quantity: position.quantity,
        entryPrice: entry,
        mark,
        unrealizedPnl: unrealizedPnl(position, mark),
      })
    }
  return held.sort((a, b) => byCodeUnit(`${a.symbol} ${a.by}`, `${b.symbol} ${b.by}`))
}

/** For latest.json, behind what printKpi gives. */
export const printDocument = ({
  opening,
  equity,
  returnShare,
  curve,
  positions,
  costs,
  trades,
}: KpiDocument) => ({
  opening,
  equity,
  return: returnShare,
  curve,
  positions,
  costs: {
    total: printCosts(costs.total),
    bySymbol: Object.fromEntries(costs.bySymbol.map(([name, each]) => [name, printCosts(each)])),
    byWisher: Object.fromEntries(costs.byWisher.map(([name, each]) => [name, printCosts(each)])),
  },
  newestTrades: trades.map(
    ({ by, symbol, side, entryTime, exitTime, entered, entryValue, exited, exitValue, fees, netPnl }) => ({
      by,
      symbol,
      side,
      entryTime,
      exitTime,
      quantity: entered,
      entryPrice: averagePrice(entryValue, entered),
      exitPrice: averagePrice(exitValue, exited),
      fees,
      netPnl,
    }),
  ),
})

/** Costs as plain data. */
export const printCosts = ({ slippage, shortfall, otherFees, ...costs }: ExecutionCosts): object => ({
  ...costs,
  ...otherFeesIn(otherFees),
  slippage: printCost(slippage),
  shortfall: printCost(shortfall),
})

const printCost = ({ cost, bps, orders }: MeasuredCost): object => ({
  cost: shown(cost),
  bps: shown(roundedIn(bps)),
  orders,
})

/** Of every report's CSV. */
export const rowTitles = ['section', 'name', 'figure', 'value', 'unit', 'sample', 'of'] as const

/** One figure a row: whose it is, what, how much, and from how many of what. */
export const documentRows = ({ report, costs }: KpiDocument): string => {
  const rows: (readonly Cell[])[] = []
  const { currency } = report
  for (const { name, value, unit, sample, of } of report.figures)
    rows.push(['book', '', name, shown(value), unit === 'money' ? currency : unit, sample, of])
  for (const [section, groups] of [
    ['symbol', report.bySymbol],
    ['wisher', report.byWisher],
    ['strategy', report.byStrategy],
    ['anchor', report.byAnchor],
    ['scan', report.byScan],
  ] as const)
    for (const { name, figures } of groups) {
      const { trades } = figures
      rows.push([section, name, 'trades', trades, 'count', trades, 'trades'])
      rows.push([section, name, 'win_rate', shown(roundedIn(figures.winRate)), 'share', trades, 'trades'])
      rows.push([section, name, 'net_pnl_closed_trades', figures.netPnl, currency, trades, 'trades'])
      rows.push([
        section,
        name,
        'expectancy_net',
        shown(roundedIn(figures.expectancy)),
        currency,
        trades,
        'trades',
      ])
    }
  for (const [section, groups] of [
    ['symbol', costs.bySymbol],
    ['wisher', costs.byWisher],
  ] as const)
    for (const [name, each] of groups) rows.push(...costRows(section, name, each, currency))
  for (const [reason, times] of report.denials)
    rows.push(['denial', reason, 'denied', times, 'count', times, 'intents'])
  return printCsv(rowTitles, rows)
}

/** The costs of a group of orders, as rows of the same form. */
export const costRows = (
  section: string,
  name: string,
  { orders, filledOrders, value, fees, slippage, shortfall }: ExecutionCosts,
  currency: string,
): readonly (readonly Cell[])[] => [
  [section, name, 'orders', orders, 'count', orders, 'orders'],
  [section, name, 'order_fees', fees, currency, filledOrders, 'filled orders'],
  [section, name, 'order_value', value, currency, filledOrders, 'filled orders'],
  [section, name, 'slippage_arrival', shown(slippage.cost), currency, slippage.orders, 'filled orders'],
  [
    section,
    name,
    'slippage_arrival_bps',
    shown(roundedIn(slippage.bps)),
    'bps',
    slippage.orders,
    'filled orders',
  ],
  [
    section,
    name,
    'implementation_shortfall',
    shown(shortfall.cost),
    currency,
    shortfall.orders,
    'orders that ended',
  ],
  [
    section,
    name,
    'implementation_shortfall_bps',
    shown(roundedIn(shortfall.bps)),
    'bps',
    shortfall.orders,
    'orders that ended',
  ],
]
