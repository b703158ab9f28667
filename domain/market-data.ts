// The port to candles.

import type { Candle } from './candle.ts'
import type { Decimal } from './decimal.ts'
import type { Instant } from './time.ts'
import type { Timeframe } from './timeframe.ts'
import type { MarketRules, Observed } from './venue.ts'

export interface MarketData {
  readonly name: string
  /**
   * Candles of the symbol that closed after `after` and not after `now`, oldest first. Closed ones only: a forming
   * candle is never returned. Throws SymbolUnknown for a market it does not have.
   */
  closedCandles(
    symbol: string,
    timeframe: Timeframe,
    after: Instant,
    now: Instant,
  ): Promise<readonly Candle[]>
  /** The last `count` candles that closed not after `upTo`, oldest first; fewer when there are no more. */
  history(symbol: string, timeframe: Timeframe, count: number, upTo: Instant): Promise<readonly Candle[]>
  /** SHA-256 of the recorded bytes behind a symbol; undefined for a live source. */
  dataset(symbol: string, timeframe: Timeframe): string | undefined
  /** Close time of the first candle that closes after `now`; undefined when a recording ends there. */
  nextClose(symbol: string, timeframe: Timeframe, now: Instant): Instant | undefined
  /**
   * What the market itself demands of orders, loaded when the source was opened: a live source only. A recording knows
   * nothing of it, and the configuration's `venue.markets` says it. Throws SymbolUnknown.
   */
  rules?(symbol: string): MarketRules
  /** The last trade and the top of the order book, now: a live source only. Throws VenueUnavailable, SymbolUnknown. */
  quote?(symbol: string): Promise<Observed<Quote>>
  /** Drops its connections; it is not asked again. Absent where there are none. */
  close?(): void
}

/** What a source says of a market at a moment; what it does not say is missing. */
export interface Quote {
  readonly last?: Decimal
  readonly bid?: Decimal
  readonly bidQuantity?: Decimal
  readonly ask?: Decimal
  readonly askQuantity?: Decimal
}

export class SymbolUnknown extends Error {
  /** `what` there is none of: 'recorded candles', 'market of kraken'. */
  constructor(symbol: string, known: readonly string[], what = 'recorded candles') {
    super(
      what === 'recorded candles'
        ? `no recorded candles of ${symbol}; there are ${known.join(', ') || 'none'}`
        : `${symbol} is no ${what}; it has ${known.join(', ') || 'none'}`,
    )
    this.name = 'SymbolUnknown'
  }
}
