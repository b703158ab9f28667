// Market data from files: what really happened, as it was recorded. Gaps are real and are not filled.

import type { Calendar } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { DailyColumns } from '../domain/daily-columns.ts'
import { type MarketData, SymbolUnknown } from '../domain/market-data.ts'
import { dateIn, instantOf, millisecondsOf } from '../domain/time.ts'
import type { Timeframe } from '../domain/timeframe.ts'
import { CandleFileUnusable } from './bad-row.ts'
import { type CandleFile, type Recording, readCandleFile } from './candle-file.ts'
import { type CandleSeries, countUpTo } from './candle-series.ts'

interface Held {
  readonly series: CandleSeries
  readonly dataset: string
  readonly file: string
}

const keyOf = (symbol: string, timeframe: Timeframe) => `${symbol} ${timeframe}`

/** Reads all recordings now, so that a bad file stops the start and not the run. Throws BadRow, CandleFileUnusable. */
export const recordedData = (recordings: readonly Recording[], calendar: Calendar): MarketData => {
  const held = new Map<string, Held>()
  for (const recording of recordings) {
    const { file } = recording
    const { sha256: dataset, series } = readCandleFile(recording, calendar)
    for (const each of series.values()) {
      const key = keyOf(each.symbol, each.timeframe)
      const other = held.get(key)
      if (other !== undefined)
        throw new CandleFileUnusable(file, `${other.file} has ${key} too`, 'name one of the two')
      held.set(key, { series: each, dataset, file })
    }
  }

  const heldOf = (symbol: string, timeframe: Timeframe): Held => {
    const found = held.get(keyOf(symbol, timeframe))
    if (found === undefined) throw new SymbolUnknown(keyOf(symbol, timeframe), [...held.keys()].slice(0, 20))
    return found
  }

  const candles = (series: CandleSeries, from: number, to: number): readonly Candle[] => {
    const cut: Candle[] = []
    for (let index = from; index < to; index += 1) cut.push(series.candle(index))
    return cut
  }

  return {
    name: 'recorded',
    closedCandles: async (symbol, timeframe, after, now) => {
      const { series } = heldOf(symbol, timeframe)
      const from = countUpTo(series.closeTime, millisecondsOf(after))
      return candles(series, from, countUpTo(series.closeTime, millisecondsOf(now)))
    },
    history: async (symbol, timeframe, count, upTo) => {
      const { series } = heldOf(symbol, timeframe)
      const to = countUpTo(series.closeTime, millisecondsOf(upTo))
      return candles(series, Math.max(0, to - count), to)
    },
    dataset: (symbol, timeframe) => heldOf(symbol, timeframe).dataset,
    nextClose: (symbol, timeframe, now) => {
      const { series } = heldOf(symbol, timeframe)
      const closeTime = series.closeTime[countUpTo(series.closeTime, millisecondsOf(now))]
      return closeTime === undefined ? undefined : instantOf(closeTime)
    },
  }
}

export interface DailyFile {
  /** SHA-256 of the file's bytes. */
  readonly dataset: string
  readonly tickers: ReadonlyMap<string, DailyColumns>
}

/** One file is read for one zone only: its bars are those of one kind of market. */
const scanned = new WeakMap<CandleFile, DailyFile>()

/** A file of daily sessions as the scan reads it; `zone` is whose dates its bars have. Throws BadRow, CandleFileUnusable. */
export const dailyBars = (
  recording: Recording,
  calendar: Calendar,
  zone: string = calendar.zone,
): DailyFile => {
  const file = readCandleFile(recording, calendar)
  const known = scanned.get(file)
  if (known !== undefined) return known
  const daily = columnsOf(file, zone)
  scanned.set(file, daily)
  return daily
}

const columnsOf = ({ sha256: dataset, series }: CandleFile, zone: string): DailyFile => {
  const dates = new Map<number, string>()
  const dateOf = (openTime: number): string => {
    const known = dates.get(openTime)
    if (known !== undefined) return known
    const date = dateIn(zone, instantOf(openTime))
    dates.set(openTime, date)
    return date
  }
  const tickers = new Map<string, DailyColumns>()
  for (const [ticker, each] of series)
    tickers.set(ticker, {
      dates: Array.from(each.openTime, dateOf),
      open: each.open,
      high: each.high,
      low: each.low,
      close: each.close,
      volume: each.volume,
      exact: each.candle,
    })
  return { dataset, tickers }
}
