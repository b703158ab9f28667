// The recorded markets that ship with the examples, as bars.

import { readCandleFile } from '../adapters/candle-file.ts'
import type { CandleSeries } from '../adapters/candle-series.ts'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import type { Bar } from '../domain/candle.ts'

export const files = {
  btc: {
    file: 'examples/data/crypto-binance-5m/BTCUSDT-5m-2023-03.csv.gz',
    timeframe: '5m',
    symbol: 'BTC/USDT',
  },
  eth: {
    file: 'examples/data/crypto-binance-5m/ETHUSDT-5m-2023-03.csv.gz',
    timeframe: '5m',
    symbol: 'ETH/USDT',
  },
  spy: { file: 'examples/data/equity-spy-daily/SPY-daily-2007_2013.csv.gz', timeframe: '1D', symbol: 'SPY' },
  sp500: { file: 'examples/data/equity-sp500-daily/sp500-daily-2013_2015.csv.gz', timeframe: '1D' },
} as const

export const seriesOf = (name: 'btc' | 'eth' | 'spy'): CandleSeries => {
  const [series] = readCandleFile(files[name], nyseCalendar).series.values()
  if (series === undefined) throw new Error(`no candles of ${name}`)
  return series
}

export const barsOf = (name: 'btc' | 'eth' | 'spy'): readonly Bar[] => {
  const { length, openTime, closeTime, open, high, low, close, volume } = seriesOf(name)
  return Array.from({ length }, (_, at) => ({
    openTime: openTime[at] as number,
    closeTime: closeTime[at] as number,
    open: open[at] as number,
    high: high[at] as number,
    low: low[at] as number,
    close: close[at] as number,
    volume: volume[at] as number,
  }))
}

/** A bar by its prices; five minutes after the one before it when `place` counts up. */
export const bar = (
  place: number,
  [open, high, low, close]: readonly [number, number, number, number],
  volume = 1,
): Bar => ({
  openTime: place * 300_000,
  closeTime: (place + 1) * 300_000,
  open,
  high,
  low,
  close,
  volume,
})

/** A bar that opened, traded and closed at one price. */
export const still = (place: number, price: number, volume = 1): Bar =>
  bar(place, [price, price, price, price], volume)
