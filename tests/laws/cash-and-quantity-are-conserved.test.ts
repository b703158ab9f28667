// Law: cash and quantity are conserved. The sum of fills and fees is the change of balances, to the last digit, after
// every event of any run; counted here with integers, so that no decimal of ours is asked about itself.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyBook, equityOf, evolveBook } from '../../domain/book.ts'
import type { Decimal } from '../../domain/decimal.ts'
import { config, named, recorded } from '../engine-in-memory.ts'
import { finished, steps, tries } from './any-run.ts'

const places = 24
/** A decimal as a whole number of its 24th place. */
const units = (text: Decimal): bigint => {
  const [whole = '', fraction = ''] = text.split('.')
  expect(fraction.length).toBeLessThanOrEqual(places)
  return BigInt(whole + fraction.padEnd(places, '0'))
}
const one = 10n ** BigInt(places)
const times = (a: bigint, b: bigint): bigint => {
  expect((a * b) % one).toBe(0n)
  return (a * b) / one
}

test('after every event cash is what was opened with, less purchases, plus sales, less fees', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const events = await (await finished(all)).events()
      const book = emptyBook()
      let cash = 0n
      const held = new Map<string, bigint>()
      for (const each of events) {
        evolveBook(book, each)
        const { type, data } = each.event
        if (type === 'BookOpened') cash = units(data.cash)
        if (type === 'OrderFilled') {
          const signed = units(data.quantity) * (data.side === 'buy' ? 1n : -1n)
          cash -= times(signed, units(data.price)) + units(data.fee)
          const key = `${data.by} ${data.symbol}`
          held.set(key, (held.get(key) ?? 0n) + signed)
        }
        expect(units(book.cash)).toBe(cash)
        for (const [key, quantity] of held)
          expect(units(book.holdings.get(key)?.quantity ?? '0')).toBe(quantity)
      }
      const worth = [...held].reduce((sum, [key, quantity]) => {
        const mark = book.marks.get(key.split(' ')[1] as string) ?? '0'
        return sum + times(quantity, units(mark))
      }, cash)
      expect(units(equityOf(book))).toBe(worth)
    }),
    tries,
  )
})

test('nothing is sold that is not held, and no order fills more than it asked for', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = emptyBook()
      for (const each of await (await finished(all)).events()) {
        evolveBook(book, each)
        if (each.event.type !== 'OrderFilled') continue
        for (const position of book.holdings.values()) expect(position.quantity).not.toMatch(/^-/)
        const order = book.orders.get(each.event.data.orderId)?.order
        if (order === undefined) throw new Error('a fill of an order that nobody asked for')
        expect(units(order.filled) <= units(order.request.quantity)).toBe(true)
      }
    }),
    tries,
  )
})

test('a trade is recorded once, and the fills of a candle are within its share of the volume', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const fills = named(await (await finished(all)).events(), 'OrderFilled').map(({ event }) => event.data)
      expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(fills.length)
      const taken = new Map<string, bigint>()
      for (const { symbol, venueTime, quantity } of fills) {
        const key = `${symbol} ${venueTime}`
        taken.set(key, (taken.get(key) ?? 0n) + units(quantity))
      }
      for (const [key, quantity] of taken) {
        const [symbol = '', openTime = ''] = key.split(' ')
        const [candle] = await recorded.closedCandles(symbol, '5m', openTime, '2023-04-01T00:00:00.000Z')
        if (candle?.openTime !== openTime) throw new Error(`a fill at ${openTime}, when no candle opened`)
        const share = times(units(candle.volume), units(config.venue.participation))
        expect(quantity <= share, `${key} of ${candle.volume}`).toBe(true)
      }
    }),
    tries,
  )
})

test('the runs of these laws trade: orders fill in parts, expire, are denied and are sold again', async () => {
  const events = await (await finished([{ does: 'trade', candles: 60 }])).events()
  const fills = named(events, 'OrderFilled').map(({ event }) => event.data)
  const orders = new Set(fills.map(({ orderId }) => orderId))
  expect(orders.size).toBeGreaterThan(15)
  expect(fills.length).toBeGreaterThan(orders.size)
  expect(fills.some(({ side }) => side === 'sell')).toBe(true)
  expect(fills.some(({ liquidity }) => liquidity === 'maker')).toBe(true)
  for (const type of ['OrderExpired', 'IntentDenied'] as const)
    expect(named(events, type).length).toBeGreaterThan(0)
})
