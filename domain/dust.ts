// Dust: what of a holding the venue does not take in an order, because it is no whole lot or below its minimum quantity.
//
// A fee in the base currency makes a holding that is no multiple of the lot: an exit sells the lots, the rest stays. Dust is
// held and valued like anything else, but it is no position: a strategy is flat with it, and nothing exits or protects it.

import { compare, type Decimal, isPositive, roundTo } from './decimal.ts'
import type { MarketRules } from './venue.ts'

/** Of a quantity, what one order can sell; '0' when all of it is dust. */
export const sellable = (
  quantity: Decimal,
  { lot, minimumQuantity }: Pick<MarketRules, 'lot' | 'minimumQuantity'>,
): Decimal => {
  const lots = roundTo(quantity, lot, 'down')
  return isPositive(lots) && compare(lots, minimumQuantity) >= 0 ? lots : '0'
}

/** Whether something is held, and all of it is dust. */
export const isDust = (quantity: Decimal, rules: Pick<MarketRules, 'lot' | 'minimumQuantity'>): boolean =>
  isPositive(quantity) && sellable(quantity, rules) === '0'
