// What many orders cost to execute: the costs of each, added up. The sums take the same room for ten orders and for a
// million.

import { add, type Decimal, isPositive, toNumber } from '../domain/decimal.ts'
import type { FeesByCurrency } from '../domain/fill.ts'
import { isSome, none, type Option, some } from '../domain/result.ts'
import {
  type Cost,
  type ExecutedOrder,
  type ExecutionQuality,
  shortfallOf,
  slippageOf,
} from './execution-quality.ts'
import { type Figure, roundedIn } from './shown.ts'
import { ratio } from './statistics.ts'
import { byCodeUnit } from './view.ts'

/** Exact sums over the orders that have a cost. */
interface MeasuredSums {
  cost: Decimal
  of: Decimal
  orders: number
}

export interface CostSums {
  orders: number
  filledOrders: number
  value: Decimal
  fees: Decimal
  readonly otherFees: FeesByCurrency
  readonly slippage: MeasuredSums
  readonly shortfall: MeasuredSums
}

export const noCosts = (): CostSums => ({
  orders: 0,
  filledOrders: 0,
  value: '0',
  fees: '0',
  otherFees: new Map(),
  slippage: { cost: '0', of: '0', orders: 0 },
  shortfall: { cost: '0', of: '0', orders: 0 },
})

/** Adds an order as it is now. */
export const addOrder = (sums: CostSums, order: ExecutedOrder): void => {
  sums.orders += 1
  if (isPositive(order.filled)) sums.filledOrders += 1
  sums.value = add(sums.value, order.value)
  sums.fees = add(sums.fees, order.fees)
  for (const [currency, amount] of order.otherFees)
    sums.otherFees.set(currency, add(sums.otherFees.get(currency) ?? '0', amount))
  addCost(sums.slippage, slippageOf(order))
  addCost(sums.shortfall, shortfallOf(order))
}

const addCost = (sums: MeasuredSums, cost: Option<Cost>): void => {
  if (!isSome(cost)) return
  sums.cost = add(sums.cost, cost.value.cost)
  sums.of = add(sums.of, cost.value.of)
  sums.orders += 1
}

export interface ExecutionCosts {
  readonly orders: number
  /** Orders with a fill, and Σ price × quantity of their fills. */
  readonly filledOrders: number
  readonly value: Decimal
  readonly fees: Decimal
  /** Not in `fees`: a third currency, by its name, of which the ledger has no price. */
  readonly otherFees: ReadonlyMap<string, Decimal>
  readonly slippage: MeasuredCost
  readonly shortfall: MeasuredCost
}

export interface MeasuredCost {
  /** Exact sum; missing when no order has it. */
  readonly cost: Option<Decimal>
  /** Sum / sum of the values that they are parts of, in hundredths of a per cent: large orders weigh more. */
  readonly bps: Option<number>
  /** How many orders have it. */
  readonly orders: number
}

/** The costs of orders, together with those that were added up before. */
export const executionCosts = (orders: Iterable<ExecutedOrder>, before = noCosts()): ExecutionCosts => {
  const sums: CostSums = {
    ...before,
    otherFees: new Map(before.otherFees),
    slippage: { ...before.slippage },
    shortfall: { ...before.shortfall },
  }
  for (const order of orders) addOrder(sums, order)
  return { ...sums, slippage: measured(sums.slippage), shortfall: measured(sums.shortfall) }
}

const measured = (sums: MeasuredSums): MeasuredCost =>
  sums.orders === 0
    ? { cost: none, bps: none, orders: 0 }
    : { cost: some(sums.cost), bps: bpsOf(sums), orders: sums.orders }

export const bpsOf = ({ cost, of }: Cost): Option<number> => ratio(toNumber(cost) * 10_000, toNumber(of))

/** By a name that each order has, in code-unit order, together with what was added up before under that name. */
export const costsBy = (
  { orders }: ExecutionQuality,
  nameOf: (order: ExecutedOrder) => string,
  before: ReadonlyMap<string, CostSums> = new Map(),
): readonly (readonly [name: string, costs: ExecutionCosts])[] => {
  const groups = new Map<string, ExecutedOrder[]>([...before.keys()].map(name => [name, []]))
  for (const order of orders.values()) {
    const group = groups.get(nameOf(order)) ?? []
    groups.set(nameOf(order), group)
    group.push(order)
  }
  return [...groups]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, group]) => [name, executionCosts(group, before.get(name))] as const)
}

export const executionFigures = ({ slippage, shortfall }: ExecutionCosts): readonly Figure[] => {
  const both = (name: string, { cost, bps, orders }: MeasuredCost, of: string): readonly Figure[] => [
    { name, value: cost, unit: 'money', sample: orders, of },
    { name: `${name}_bps`, value: roundedIn(bps), unit: 'bps', sample: orders, of },
  ]
  return [
    ...both('slippage_arrival', slippage, 'filled orders'),
    ...both('implementation_shortfall', shortfall, 'orders that ended'),
  ]
}
