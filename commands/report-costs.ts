// veritape report costs   What trading cost: fees, slippage and implementation shortfall, by symbol and by champion.

import { type Decimal, toPlaces } from '../domain/decimal.ts'
import { isSome, type Option } from '../domain/result.ts'
import { costsPage } from '../projections/costs-page.ts'
import { printCsv } from '../projections/csv.ts'
import {
  costsBy,
  type ExecutionCosts,
  executionCosts,
  type MeasuredCost,
} from '../projections/execution-costs.ts'
import {
  type ExecutedOrder,
  executionQuality,
  shortfallOf,
  slippageOf,
} from '../projections/execution-quality.ts'
import { kpiFields } from '../projections/kpi.ts'
import { costRows, printCosts, rowTitles } from '../projections/kpi-document.ts'
import { feed } from '../projections/projection.ts'
import { notAvailable } from '../projections/shown.ts'
import { otherFeesIn, printJson } from '../projections/view.ts'
import type { Command } from './command.ts'
import { exit } from './exit.ts'
import { type FormatOptions, formatOf, withFormat } from './report-format.ts'

const fields = new Map(
  ([...executionQuality.types, 'BookOpened'] as const).map(type => [type, kpiFields[type]] as const),
)

export const reportCosts: Command<FormatOptions> = {
  options: withFormat,
  run: async (engine, options) => {
    const { screen } = engine
    const format = formatOf(screen.json, options)
    let quality = executionQuality.initial()
    let currency = ''
    // Figures of money come from verified lines only.
    await engine.replay(fields, cut => {
      if (cut.event.type === 'BookOpened') currency = cut.event.data.currency
      quality = feed<typeof quality>(executionQuality, quality, cut as Parameters<typeof feed>[2])
    })
    const total = executionCosts(quality.orders.values())
    const bySymbol = costsBy(quality, ({ symbol }) => symbol)
    const byWisher = costsBy(quality, ({ by }) => by)

    const document = {
      currency,
      total: printCosts(total),
      bySymbol: Object.fromEntries(bySymbol.map(([name, costs]) => [name, printCosts(costs)])),
      byWisher: Object.fromEntries(byWisher.map(([name, costs]) => [name, printCosts(costs)])),
      orders: [...quality.orders.values()].map(printOrder),
    }
    if (format === 'json') screen.document(printJson(document))
    if (format === 'csv')
      screen.document(
        printCsv(rowTitles, [
          ...bySymbol.flatMap(([name, costs]) => costRows('symbol', name, costs, currency)),
          ...byWisher.flatMap(([name, costs]) => costRows('wisher', name, costs, currency)),
          ...costRows('book', '', total, currency),
        ]),
      )
    if (format === 'html')
      screen.document(costsPage({ book: engine.config.book, currency, bySymbol, byWisher, total }))
    if (format !== 'table') return exit.done

    screen.heading(
      `Costs of ${engine.config.book}, money in ${currency}; a cost is positive, a gain negative`,
    )
    for (const [title, groups] of [
      ['symbol', bySymbol],
      ['champion or operator', byWisher],
    ] as const)
      screen.table(
        [title, 'orders', 'filled', 'value', 'fees', 'slippage', 'bps', 'of', 'shortfall', 'bps', 'of'],
        [...groups, ['all', total] as const].map(row),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      )
    screen.say(
      'slippage: fills against the arrival price; shortfall: fills, fees and what was not filled against the decision price',
    )
    screen.result(document)
    return exit.done
  },
}

const row = ([name, costs]: readonly [string, ExecutionCosts]): readonly string[] => [
  name,
  `${costs.orders}`,
  `${costs.filledOrders}`,
  toPlaces(costs.value, 2),
  [toPlaces(costs.fees, 2), ...[...costs.otherFees].map(([name, amount]) => `${amount} ${name}`)].join(' + '),
  ...cells(costs.slippage),
  ...cells(costs.shortfall),
]

const cells = ({ cost, bps, orders }: MeasuredCost): readonly string[] => [
  isSome(cost) ? toPlaces(cost.value, 2) : notAvailable,
  isSome(bps) ? bps.value.toFixed(2) : notAvailable,
  `${orders}`,
]

const printOrder = (order: ExecutedOrder): object => {
  const { orderId, by, symbol, side, terms, filled, value, fees, otherFees, endPrice } = order
  return {
    orderId,
    by,
    symbol,
    side,
    type: terms?.type ?? null,
    quantity: terms?.quantity ?? notAvailable,
    filled,
    value,
    fees,
    ...otherFeesIn(otherFees),
    decisionPrice: terms?.decision ?? notAvailable,
    arrivalPrice: terms?.arrival ?? notAvailable,
    endPrice: endPrice ?? notAvailable,
    slippage: costOf(slippageOf(order)),
    shortfall: costOf(shortfallOf(order)),
  }
}

const costOf = (cost: Option<{ readonly cost: Decimal }>): string =>
  isSome(cost) ? cost.value.cost : notAvailable
