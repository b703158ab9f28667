// A candle: what a market did between two instants; the events that record it; and the checks that let it in.
//
// Events: CandleClosed, DataGapFound, HistoryLoaded. A candle is closed once its close time has passed: a forming
// one is never recorded and never evaluated.

import * as z from 'zod'
import { compare, DecimalText, isPositive, toNumber } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import { type Instant, InstantText, instantOf, millisecondsOf } from './time.ts'
import { millisecondsIn, Timeframe } from './timeframe.ts'

/** A market's name as ccxt writes it ('BTC/USDT') or a ticker ('AAPL'). */
export const SymbolName = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9./:_-]{0,39}$/, 'not a symbol such as BTC/USDT or AAPL')

const shape = {
  symbol: SymbolName,
  timeframe: Timeframe,
  /** When the first trade of the candle could happen. */
  openTime: InstantText,
  /** The first instant that is no longer part of the candle. */
  closeTime: InstantText,
  open: DecimalText,
  high: DecimalText,
  low: DecimalText,
  close: DecimalText,
  /** In the base currency, or shares. */
  volume: DecimalText,
}

export const CandleClosed = event('CandleClosed', 1, shape)
export type CandleClosed = EventOf<typeof CandleClosed>
export type Candle = CandleClosed['data']

/** Candles that the market did not deliver, from the open of the first missing to the close of the last missing one. */
export const DataGapFound = event('DataGapFound', 1, {
  symbol: SymbolName,
  timeframe: Timeframe,
  from: InstantText,
  to: InstantText,
  missing: z.int().positive(),
})
export type DataGapFound = EventOf<typeof DataGapFound>

/**
 * Candles that a champion was warmed up with, by reference: they lie in the data folder under `dataset` (SHA-256),
 * and `digest` is the SHA-256 of their printed lines, so that a replay warms up with the very same numbers.
 */
export const HistoryLoaded = event('HistoryLoaded', 1, {
  champion: z.string(),
  symbol: SymbolName,
  timeframe: Timeframe,
  dataset: z.string(),
  from: InstantText,
  to: InstantText,
  candles: z.int().nonnegative(),
  digest: z.string(),
})
export type HistoryLoaded = EventOf<typeof HistoryLoaded>

/** A candle as measurements, for indicators and strategies. Times are epoch milliseconds. */
export interface Bar {
  readonly openTime: number
  readonly closeTime: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

export const barOf = (candle: Candle): Bar => ({
  openTime: millisecondsOf(candle.openTime),
  closeTime: millisecondsOf(candle.closeTime),
  open: toNumber(candle.open),
  high: toNumber(candle.high),
  low: toNumber(candle.low),
  close: toNumber(candle.close),
  volume: toNumber(candle.volume),
})

export type CandleObjection =
  | 'price-not-positive'
  | 'high-below-low'
  | 'open-outside-range'
  | 'close-outside-range'
  | 'volume-negative'

/** The first thing that is wrong with a candle, or undefined. */
export const candleObjection = ({
  open,
  high,
  low,
  close,
  volume,
}: Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume'>): CandleObjection | undefined => {
  if (!isPositive(low) || !isPositive(open) || !isPositive(close)) return 'price-not-positive'
  if (compare(high, low) < 0) return 'high-below-low'
  if (compare(open, low) < 0 || compare(open, high) > 0) return 'open-outside-range'
  if (compare(close, low) < 0 || compare(close, high) > 0) return 'close-outside-range'
  if (compare(volume, '0') < 0) return 'volume-negative'
  return undefined
}

export const isClosed = (candle: Candle, now: Instant): boolean => candle.closeTime <= now

/**
 * The candles missing between two neighbours of a market that never closes; undefined when there are none.
 * Exchanges with sessions know their gaps from their calendar instead.
 */
export const gapBetween = (before: Candle, after: Candle): DataGapFound | undefined => {
  const length = millisecondsIn(before.timeframe)
  const missing = (millisecondsOf(after.openTime) - millisecondsOf(before.closeTime)) / length
  if (missing < 1) return undefined
  const { symbol, timeframe } = before
  return DataGapFound({
    symbol,
    timeframe,
    from: before.closeTime,
    to: after.openTime,
    missing: Math.round(missing),
  })
}

/** The line that datasets are digested by: stable text, one candle a line. */
export const printCandle = (candle: Candle): string =>
  [
    candle.symbol,
    candle.timeframe,
    candle.openTime,
    candle.closeTime,
    candle.open,
    candle.high,
    candle.low,
    candle.close,
    candle.volume,
  ].join(',')

/** When the candle that opens at `openTime` closes, in a market that never closes. */
export const closeTimeOf = (openTime: Instant, timeframe: Timeframe): Instant =>
  instantOf(millisecondsOf(openTime) + millisecondsIn(timeframe))
