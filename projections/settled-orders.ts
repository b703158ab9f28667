// Orders that are over, added up and let go, so that the key figures of ten years take the memory of a month.
//
// A fill may come late: the orders that were requested last stay as they are, whether they are over or not. One for an
// order that was let go is a fact like any other; it counts as an order without a request.

import { addOrder, type CostSums, noCosts } from './execution-costs.ts'
import { type ExecutionQuality, isSettled } from './execution-quality.ts'
import { groupIn } from './grouped.ts'

export interface SettledOrders {
  readonly costs: CostSums
  readonly bySymbol: Map<string, CostSums>
  /** Champions and operators. */
  readonly byWisher: Map<string, CostSums>
  /** When this many orders are kept, those that are over are looked for. */
  lookAt: number
}

/** How many orders may still change though they are over. */
export const lateOrders = 2000

export const nothingSettled = (): SettledOrders => ({
  costs: noCosts(),
  bySymbol: new Map(),
  byWisher: new Map(),
  lookAt: 2 * lateOrders,
})

/** Adds up what is over of the older orders, once there are many. `forget` is told the id of each. */
export const settleOrders = (
  settled: SettledOrders,
  { orders }: ExecutionQuality,
  forget: (orderId: string) => void,
): void => {
  if (orders.size < settled.lookAt) return
  let older = orders.size - lateOrders
  for (const [orderId, order] of orders) {
    if (older-- <= 0) break
    if (!isSettled(order)) continue
    addOrder(settled.costs, order)
    addOrder(groupIn(settled.bySymbol, order.symbol, noCosts), order)
    addOrder(groupIn(settled.byWisher, order.by, noCosts), order)
    orders.delete(orderId)
    forget(orderId)
  }
  // Doubled, not added to: orders that never end must not be looked at with every new one.
  settled.lookAt = Math.max(2 * lateOrders, 2 * orders.size)
}
