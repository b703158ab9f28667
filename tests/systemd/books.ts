// Books that live now, as an operator would configure them in a box.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { sessionOn } from '../../domain/calendar.ts'
import type { Box } from './box.ts'

const examples = join(import.meta.dirname, '../../examples')
const minute = 60_000

/** One-minute candles from three hours ago to an hour ahead; those ahead are unknown until they close. */
const candles = (now: number): string => {
  const first = Math.floor(now / minute) - 180
  const rows = Array.from({ length: 240 }, (_, n) => {
    const price = 20_000 + 200 * Math.sin(n / 7)
    const [open, close] = [price, 20_000 + 200 * Math.sin((n + 1) / 7)]
    return [(first + n) * minute, open, Math.max(open, close) + 5, Math.min(open, close) - 5, close, 50]
      .map(value => (typeof value === 'number' && value % 1 !== 0 ? value.toFixed(2) : value))
      .join(',')
  })
  return ['ts,open,high,low,close,volume', ...rows, ''].join('\n')
}

/** A paper book of BTC/USDT on the wall clock, under /etc/veritape. */
export const putCryptoBook = (box: Box, book = 'paper'): void => {
  const champion = JSON.parse(
    readFileSync(join(examples, 'champions/crypto/BTC-USDT_5m.ema-cross.json'), 'utf8'),
  )
  box.put('/etc/veritape/champions/BTC-USDT_1m.json', JSON.stringify({ ...champion, timeframe: '1m' }))
  box.put('/etc/veritape/data/BTCUSDT-1m.csv', candles(box.now()))
  box.put(
    `/etc/veritape/${book}.json`,
    JSON.stringify({
      book,
      mode: 'paper',
      market: {
        clock: 'wall',
        files: [{ symbol: 'BTC/USDT', timeframe: '1m', path: 'data/BTCUSDT-1m.csv' }],
      },
      execute: { symbols: ['BTC/USDT'], timeframe: '1m', pollSeconds: 0.2, champions: 'champions' },
    }),
  )
}

/** Daily bars of three tickers on each session of half a year up to, not including, `session`. */
export const dailyBarsUpTo = (session: string): string => {
  const rows = ['AAA', 'BBB', 'CCC'].flatMap(ticker =>
    Array.from({ length: 182 }, (_, n) => new Date(Date.parse(session) - (182 - n) * 86_400_000))
      .map(day => day.toISOString().slice(0, 10))
      .filter(day => sessionOn(nyseCalendar, day) !== 'closed')
      .map((day, n) => `${ticker},${day},${50 + n},${52 + n},${49 + n},${51 + n},900000`),
  )
  return ['ticker,date,open,high,low,close,volume', ...rows, ''].join('\n')
}

/** A paper book that trades what the scan finds, on the wall clock, and no bars yet. `settings` are added to it. */
export const putEquitiesBook = (box: Box, settings: object = {}, book = 'stocks'): void => {
  box.put(
    '/etc/veritape/equities/any_1D.json',
    readFileSync(join(examples, 'champions/equities/any_1D.avwap-pullback.json'), 'utf8'),
  )
  box.put(
    `/etc/veritape/${book}.json`,
    JSON.stringify({
      book,
      mode: 'paper',
      currency: 'USD',
      calendar: 'nyse',
      zone: 'America/New_York',
      market: { clock: 'wall', files: [{ symbol: '*', timeframe: '1D', path: 'data/daily.csv' }] },
      execute: { symbols: [], timeframe: '1D', champions: 'equities', pollSeconds: 0.5 },
      ...settings,
    }),
  )
}
