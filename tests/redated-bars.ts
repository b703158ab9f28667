// Recorded bars on other days: the sessions of 2013 to 2015 moved, one by one, onto those that end on a day of today's
// calendar. Prices and their order are real; only the dates are not.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import { previousSession, sessionOn } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { CalendarDate } from '../domain/time.ts'
import { files } from './recorded-bars.ts'

const rows: readonly (readonly string[])[] = gunzipSync(readFileSync(files.sp500.file))
  .toString('latin1')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map(row => row.split(','))

/** From a recorded session to the one that it stands for when the last recorded one stands for `last`. */
const movedTo = (last: CalendarDate): ReadonlyMap<string, CalendarDate> => {
  const recorded = [...new Set(rows.map(([, date = '']) => date))].sort()
  const moved = new Map<string, CalendarDate>()
  let day = last
  for (const date of recorded.toReversed()) {
    moved.set(date, day)
    const before = previousSession(nyseCalendar, day)
    if (before === 'unknown') throw new Error(`no session before ${day}`)
    day = before.date
  }
  return moved
}

export const redatedCsv = (tickers: readonly string[], last: CalendarDate): string => {
  const moved = movedTo(last)
  const kept = rows
    .filter(([ticker = '']) => tickers.includes(ticker))
    .map(([ticker, date = '', ...numbers]) => [ticker, moved.get(date), ...numbers].join(','))
  return `ticker,date,open,high,low,close,volume\n${kept.join('\n')}\n`
}

/** The same as candles, by ticker. */
export const redatedCandles = (
  tickers: readonly string[],
  last: CalendarDate,
): ReadonlyMap<string, readonly Candle[]> => {
  const candles = new Map<string, Candle[]>(tickers.map(ticker => [ticker, []]))
  for (const row of redatedCsv(tickers, last).trimEnd().split('\n').slice(1)) {
    const [symbol = '', date = '', open, high, low, close, volume] = row.split(',')
    const session = sessionOn(nyseCalendar, date)
    if (typeof session === 'string') throw new Error(`${date} is no session`)
    candles.get(symbol)?.push({
      symbol,
      timeframe: '1D',
      openTime: session.open,
      closeTime: session.close,
      ...({ open, high, low, close, volume } as Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume'>),
    })
  }
  return candles
}
