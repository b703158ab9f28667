// A book of US equities at Alpaca from morning to evening: scan, watchlist, execution, fill and reconciliation by the real
// commands and adapters, against the simulated broker.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { liveMarket, liveVenue } from '../adapters/live-connection.ts'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import type { Engine } from '../commands/engine.ts'
import { execute } from '../commands/execute.ts'
import { exit } from '../commands/exit.ts'
import { reconcile } from '../commands/reconcile.ts'
import { ScanRules } from '../domain/avwap-scan.ts'
import type { Candle } from '../domain/candle.ts'
import type { Config } from '../domain/config.ts'
import { named, wish } from './engine-in-memory.ts'
import { equityConfig, equityWorld, scanAt, scripted } from './equity-world.ts'
import { startVenue, type Venue } from './venue-simulator/venue.ts'

const tickers = ['AAPL', 'AMGN', 'CAT', 'COST', 'HON', 'KO', 'MSFT', 'UNH']
/** A Monday; 08:30 in New York is 13:30Z, the opening 14:30Z. */
const day = '2026-03-02'
let broker: Venue

beforeAll(async () => {
  broker = await startVenue('alpaca', {
    folder: mkdtempSync(join(tmpdir(), 'veritape-broker-')),
    script: {
      clock: { mode: 'fixed', at: `${day}T13:30:00.000Z` },
      markets: tickers.map((ticker, at) => ({
        symbol: `${ticker}/USD`,
        class: 'us_equity' as const,
        tick: '0.01',
        lot: '1',
        minimumQuantity: '1',
        around: `${60 + 25 * at}` as const,
        amplitude: 0.15,
        historyMs: 150 * 86_400_000,
      })),
      balances: { USD: '100000' },
    },
  })
}, 120_000)
afterAll(() => broker.stop())

test('scan, watchlist, an order that is filled at the broker, and an account that agrees with the ledger', {
  timeout: 120_000,
}, async () => {
  const { key, secret } = broker.keys
  const environment = {
    APCA_API_KEY_ID: key,
    APCA_API_SECRET_KEY: secret,
    APCA_API_BASE_URL: 'https://paper-api.alpaca.markets',
  }
  const config: Config = {
    ...equityConfig,
    market: { ...equityConfig.market, source: 'alpaca', url: broker.url, files: [] },
    venue: { ...equityConfig.venue, name: 'alpaca', url: broker.url },
    universe: { ...equityConfig.universe, history: 90 },
    scan: ScanRules.parse({ minimumBars: 60, turnoverMin: 1, distanceMaxAtr: 20 }),
  }
  const book = equityWorld(scripted(new Map()), tickers, config)
  const kept = new Map<string, readonly Candle[]>()
  const at = async (time: string, utc: string) => {
    await broker.clock.set(`${day}T${utc}`)
    const process = book.at(day, time)
    const engine: Engine = {
      ...process,
      recorded: {
        ...process.recorded,
        keep: async (symbol, _timeframe, candles = []) => {
          const dataset = `${symbol} ${kept.size}`
          kept.set(dataset, candles)
          return dataset
        },
        candles: async dataset => kept.get(dataset) ?? [],
      },
      market: () => liveMarket(config, environment, nyseCalendar),
      venue: (_market, orders, prefix) =>
        liveVenue(config, environment, nyseCalendar, { orders, prefix, now: process.clock.now }),
    }
    return engine
  }

  // The morning: bars of the broker's own sessions, and a list made of them.
  expect(await scanAt(book, day, { market: (await at('08:30', '13:30:00.000Z')).market })).toBe(exit.done)
  const [published] = named(await book.events(), 'WatchlistPublished')
  const [stored] = named(await book.events(), 'BarsStored')
  expect(stored?.event.data).toMatchObject({
    source: 'alpaca',
    wanted: tickers.length,
    current: tickers.length,
  })
  const listed = published?.event.data.tickers ?? []
  expect(listed.length).toBeGreaterThan(0)
  const [ticker = ''] = listed

  // The session: the list is judged, and an operator buys three of the first.
  expect(await execute.run(await at('09:45', '14:45:00.000Z'), { once: true })).toBe(exit.done)
  const closed = named(await book.events(), 'CandleClosed')
  expect(new Set(closed.map(({ event }) => event.data.symbol))).toEqual(new Set(listed))
  expect(
    await wish(await at('09:50', '14:50:00.000Z'), {
      what: 'buy',
      subject: ticker,
      quantity: '3',
      id: 'three',
      limit: String(
        Math.ceil(Number(closed.find(({ event }) => event.data.symbol === ticker)?.event.data.close) * 1.5),
      ),
    }),
  ).toBe(exit.done)
  expect(await execute.run(await at('09:51', '14:51:00.000Z'), { once: true })).toBe(exit.done)
  expect(await execute.run(await at('09:55', '14:55:00.000Z'), { once: true })).toBe(exit.done)
  const events = await book.events()
  const bought = named(events, 'OrderRequested').find(({ event }) => event.data.by === 'operator')?.event.data
  expect(bought).toMatchObject({ symbol: ticker, side: 'buy', quantity: '3' })
  const fills = named(events, 'OrderFilled').filter(({ event }) => event.data.orderId === bought?.orderId)
  const filled = fills.reduce((sum, { event }) => sum + Number(event.data.quantity), 0)
  expect(filled).toBe(3)

  // The broker's own books: one order of that id, the shares, and the money that they cost.
  const { byClientId, balances } = await broker.books()
  expect(byClientId[bought?.orderId ?? '']?.orders).toHaveLength(1)
  const held = named(events, 'OrderFilled')
    .filter(({ event }) => event.data.symbol === ticker)
    .reduce((sum, { event }) => sum + (event.data.side === 'buy' ? 1 : -1) * Number(event.data.quantity), 0)
  expect(Number(balances[ticker])).toBe(held)

  expect(await reconcile.run(await at('10:00', '15:00:00.000Z'), {})).toBe(exit.done)
  const verdicts = named(await book.events(), 'ReconciliationCompleted').map(
    ({ event }) => event.data.verdict,
  )
  expect(verdicts.at(-1)).toBe('agrees')
  expect(named(await book.events(), 'DriftFound')).toEqual([])
})
