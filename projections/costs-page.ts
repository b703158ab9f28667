// What trading cost, as a table of a page and as a page of its own.

import { toPlaces } from '../domain/decimal.ts'
import { isSome } from '../domain/result.ts'
import type { ExecutionCosts, MeasuredCost } from './execution-costs.ts'
import {
  count,
  datum,
  escaped,
  grouped,
  money,
  type PageCell,
  pageTable,
  printPage,
  section,
} from './report-page.ts'
import { notAvailable, roundedIn } from './shown.ts'

type Group = readonly [name: string, costs: ExecutionCosts]

export const costsRemark =
  'A cost is positive, a gain negative. Slippage: fills against the arrival price. Shortfall: fills, fees and what was not filled against the decision price; n orders each.'

export const costsPage = (given: {
  readonly book: string
  readonly currency: string
  readonly bySymbol: readonly Group[]
  readonly byWisher: readonly Group[]
  readonly total: ExecutionCosts
}): string =>
  printPage({
    title: `Costs of ${given.book}`,
    subtitle: `Fees, slippage and implementation shortfall; money in ${escaped(given.currency)}`,
    sections: [
      section(
        'Costs',
        [
          costsTable('By symbol', 'symbol', given.bySymbol, given.total),
          costsTable('By champion or operator', 'champion or operator', given.byWisher, given.total),
        ],
        costsRemark,
      ),
    ],
    footer: 'Folded from the ledger; every line was verified on the way.',
  })

export const costsTable = (
  caption: string,
  name: string,
  groups: readonly Group[],
  total: ExecutionCosts,
): string => {
  const row = ([name, costs]: Group): readonly PageCell[] => [
    name,
    count(costs.orders),
    count(costs.filledOrders),
    money(costs.value),
    feesCell(costs),
    ...measured(costs.slippage),
    ...measured(costs.shortfall),
  ]
  return pageTable(
    caption,
    [name, 'orders', 'filled', 'value', 'fees', 'slippage', 'bps', 'n', 'shortfall', 'bps', 'n'],
    groups.map(row),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    [row(['all', total])],
  )
}

const measured = ({ cost, bps, orders }: MeasuredCost): readonly PageCell[] => {
  const exact = roundedIn(bps)
  return [
    isSome(cost) ? datum(cost.value, grouped(toPlaces(cost.value, 2))) : datum(notAvailable, '–'),
    isSome(exact) ? datum(exact.value, grouped(exact.value.toFixed(2))) : datum(notAvailable, '–'),
    count(orders),
  ]
}

/** Fees in a third currency of which the ledger has no price stand beside the others. */
const feesCell = ({ fees, otherFees }: ExecutionCosts): PageCell => {
  const others = [...otherFees].map(([name, amount]) => ` + ${amount} ${name}`).join('')
  return datum(fees, `${grouped(toPlaces(fees, 2))}${others}`)
}
