// veritape snapshot on a book in memory: what can be had is recorded as one event, what cannot is named.

import { expect, test, vi } from 'vitest'
import type { Engine } from '../../commands/engine.ts'
import { snapshot } from '../../commands/snapshot.ts'
import { sha256 } from '../../domain/hash.ts'
import type { MarketData } from '../../domain/market-data.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import { closeOf, named, recorded, trade, type World, world } from '../engine-in-memory.ts'

const taken = async (book: World) =>
  named(await book.events(), 'MarketSnapshotTaken').map(({ event }) => event.data)
const look = (engine: Engine, ...symbol: string[]) => snapshot.run(engine, { symbol })

/** A live source that answers for BTC/USDT only. */
const live: MarketData = {
  ...recorded,
  name: 'kraken',
  quote: async symbol => {
    if (symbol !== 'BTC/USDT') throw new VenueUnavailable('kraken gives no answer (timeout)')
    return { value: { last: '28000', bid: '27999.9', bidQuantity: '0.5' }, raw: '{"last":28000}' }
  },
}

test('holds prices and balances of a recorded book, and says that it has no order book', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  expect(await look(book.engine())).toBe(0)
  const [first, ...rest] = await taken(book)
  expect(rest).toEqual([])
  expect(Object.keys(first?.tickers ?? {}).sort()).toEqual(['BTC/USDT', 'ETH/USDT'])
  expect(first?.taken).toBe(closeOf(12))
  const candles = named(await book.events(), 'CandleClosed').filter(
    ({ event }) => event.data.symbol === 'BTC/USDT',
  )
  expect(first?.tickers['BTC/USDT']).toEqual({ last: candles.at(-1)?.event.data.close })
  expect(Number(first?.balances.USDT)).toBeGreaterThan(0)
  expect(first?.missing.map(({ what }) => what).sort()).toEqual([
    'order book of BTC/USDT',
    'order book of ETH/USDT',
  ])
})

test('names what a live source does not say, and keeps its raw answers', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  const engine = book.engine({ market: async () => live })
  expect(await look(engine, 'BTC/USDT', 'ETH/USDT')).toBe(0)
  const [first] = await taken(book)
  expect(first?.tickers).toEqual({ 'BTC/USDT': { last: '28000', bid: '27999.9', bidQuantity: '0.5' } })
  expect(first?.missing).toEqual([
    { what: 'ask of BTC/USDT', why: 'kraken does not say it' },
    { what: 'quote of ETH/USDT', why: 'kraken gives no answer (timeout)' },
  ])
  const kept = await engine.data.get(first?.evidence ?? '')
  expect(Buffer.from(kept).toString()).toContain('{"last":28000}')
  expect(sha256(kept)).toBe(first?.evidence)
})

test('asks for a bounded number of symbols and names the others', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  let asked = 0
  const counting: MarketData = {
    ...live,
    quote: async () => {
      asked++
      return { value: { last: '1', bid: '1', ask: '1' }, raw: '' }
    },
  }
  const many = Array.from({ length: 60 }, (_, n) => `S${n}`)
  await look(book.engine({ market: async () => counting }), ...many)
  expect(asked).toBe(50)
  const [first] = await taken(book)
  expect(first?.missing.filter(({ why }) => why.startsWith('only 50 symbols'))).toHaveLength(10)
})

test('asks no longer than a minute and names whom it did not ask', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  let passed = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => passed)
  const slow: MarketData = {
    ...live,
    quote: async () => {
      passed += 25_000
      return { value: { last: '1', bid: '1', ask: '1' }, raw: '' }
    },
  }
  await look(book.engine({ market: async () => slow }), 'A', 'B', 'C', 'D', 'E').finally(() =>
    clock.mockRestore(),
  )
  const [first] = await taken(book)
  expect(Object.keys(first?.tickers ?? {})).toEqual(['A', 'B', 'C'])
  const why = 'the source was too slow for all of them'
  expect(first?.missing).toEqual([
    { what: 'quote of D', why },
    { what: 'quote of E', why },
  ])
})

test('when nothing can be had nothing is recorded: 69, with what was tried', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  const before = await book.head()
  const down = async () => {
    throw new VenueUnavailable('kraken is in maintenance')
  }
  const refused = await look(book.engine({ market: down })).catch(error => error)
  expect(refused).toMatchObject({ code: 69 })
  expect(refused.message).toContain('the market: kraken is in maintenance')
  expect(await book.head()).toBe(before)
})

test('a bug of a source is not a missing part', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  const broken: MarketData = {
    ...live,
    quote: async () => {
      throw new TypeError('x is undefined')
    },
  }
  await expect(look(book.engine({ market: async () => broken }))).rejects.toThrow('x is undefined')
})
