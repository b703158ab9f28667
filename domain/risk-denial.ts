// The names of our objections: stored in every IntentDenied.

import * as z from 'zod'

/** Why an intent was denied. Closed list: each is one rule below, one test, one row in docs/safety.md. */
export const RiskDenial = z.enum([
  'trading-halted',
  'only-reducing',
  'market-clock-unknown',
  'watchlist-stale',
  'not-on-watchlist',
  'stale-candle',
  'quantity-not-positive',
  'quantity-off-lot',
  'price-off-tick',
  'below-minimum',
  'below-minimum-notional',
  'price-missing',
  'nothing-to-reduce',
  'entry-already-open',
  'too-many-unknown-outcomes',
  'too-many-open-orders',
  'order-value-too-large',
  'symbol-exposure-too-large',
  'gross-exposure-too-large',
  'too-many-orders-today',
  'loss-per-day-reached',
  'drawdown-reached',
  'not-enough-cash',
])
export type RiskDenial = z.infer<typeof RiskDenial>
