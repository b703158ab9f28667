// A fill against the market: its price must be one that the market traded at while the fill happened, as far as recorded
// candles tell.

import type { Candle } from './candle.ts'
import { add, compare, type Decimal, multiply, subtract } from './decimal.ts'
import type { Fill } from './order.ts'
import type { Instant } from './time.ts'

export type FillCheck =
  /** Within every candle that it happened in. */
  | { readonly kind: 'within' }
  /** `low` and `high` are the bounds of the candle that it is outside of, widened by the slippage. */
  | { readonly kind: 'outside'; readonly low: Decimal; readonly high: Decimal; readonly candle: Candle }
  /** No candle on record covers the moment. */
  | { readonly kind: 'no-candle' }

/**
 * `candles` are those of the fill's symbol, of any timeframe. `slippage` is the share of the price by which a paper
 * venue is assumed to fill worse than the market traded ('0.0005' is 0.05 %); '0' for a real one.
 */
export const checkFill = (
  { price, venueTime }: Pick<Fill, 'price' | 'venueTime'>,
  candles: Iterable<Candle>,
  slippage: Decimal,
): FillCheck => {
  let covered = false
  for (const candle of candles) {
    if (venueTime < candle.openTime || venueTime >= candle.closeTime) continue
    covered = true
    const low = subtract(candle.low, multiply(candle.low, slippage))
    const high = add(candle.high, multiply(candle.high, slippage))
    if (compare(price, low) < 0 || compare(price, high) > 0) return { kind: 'outside', low, high, candle }
  }
  return covered ? { kind: 'within' } : { kind: 'no-candle' }
}

/** What is known of when a market had candles. */
export interface Coverage {
  /** Candles of the symbol, any timeframe. */
  readonly candles: readonly Candle[]
  /** Gaps that the market left, as they were found. */
  readonly gaps: readonly { readonly from: Instant; readonly to: Instant }[]
}

/**
 * Whether a market that never closes must have a candle at the moment: there are some before and after it, and no gap was
 * found. A fill there that no candle covers happened when the market stood still.
 */
export const mustBeCovered = (moment: Instant, { candles, gaps }: Coverage): boolean =>
  candles.some(({ openTime }) => openTime <= moment) &&
  candles.some(({ closeTime }) => closeTime > moment) &&
  !gaps.some(({ from, to }) => from <= moment && moment < to)
