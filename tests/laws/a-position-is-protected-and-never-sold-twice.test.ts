// Law: a position whose champion wants a stop has one at the venue whenever a turn is over, and stops and exits
// together never ask for more than is held: whatever dies, is halted or is wished in between.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { prove } from '../../commands/proof.ts'
import { type Book, emptyBook, evolveBook, liveOrders, positionOf } from '../../domain/book.ts'
import type { Champion } from '../../domain/champion.ts'
import { add, compare, type Decimal, isPositive } from '../../domain/decimal.ts'
import { isProtective } from '../../domain/intent.ts'
import { remaining } from '../../domain/order.ts'
import { champions, closeOf, config, named, trade, type World, world } from '../engine-in-memory.ts'
import { finished, steps, tries } from './any-run.ts'

const protectedBy = (protectiveStop: Decimal): readonly Champion[] =>
  champions.map(each => ({ ...each, merged_config: { ...each.merged_config, protectiveStop } }))
/** Near enough to be hit now and then. */
const near = protectedBy('0.003')
/** Room for a stop beside every entry. */
const roomy = { ...config, limits: { ...config.limits, openOrdersMax: 30 } }

const reducing = (book: Book, by: string, symbol: string): Decimal => {
  let sum: Decimal = '0'
  for (const { order } of liveOrders(book)) {
    const { request } = order
    if (request.by === by && request.symbol === symbol && request.reduceOnly) sum = add(sum, remaining(order))
  }
  return sum
}

/** Folds the ledger and looks at every place in it. */
const watched = async (book: World, look: (state: Book, type: string) => void): Promise<Book> => {
  const state = emptyBook()
  for (const recorded of await book.events()) {
    evolveBook(state, recorded)
    look(state, recorded.event.type)
  }
  return state
}

const holders = (state: Book) =>
  [...state.holdings.keys()].map(key => {
    const [by = '', symbol = ''] = key.split(' ')
    return { by, symbol, held: positionOf(state, by, symbol).quantity }
  })

/** As bitfinex trades: a fine tick, and five digits that make it coarser. */
const fiveDigits = {
  ...roomy,
  venue: {
    ...roomy.venue,
    markets: Object.fromEntries(
      Object.entries(roomy.venue.markets).map(([symbol, rules]) => [
        symbol,
        { ...rules, tick: '0.00000001' as const, priceDigits: 5 },
      ]),
    ),
  },
}

test.each([
  ['by a tick', roomy],
  ['by five digits', fiveDigits],
])(
  'in an undisturbed run every position has its stop at the end of each turn, and some stops are hit: prices %s',
  async (_prices, settings) => {
    const book = world(settings, near)
    await trade(book.engine(), closeOf(400))
    let looked = 0
    await watched(book, (state, type) => {
      if (type !== 'CycleCompleted') return
      for (const { by, symbol, held } of holders(state)) {
        if (!isPositive(held)) continue
        looked += 1
        const exiting = [...state.openIntents.values()].some(({ event }) => event.data.by === by)
        if (!exiting) expect(compare(reducing(state, by, symbol), held), `${by} at ${state.asOf}`).toBe(0)
      }
    })
    expect(looked).toBeGreaterThan(50)
    const events = await book.events()
    const stops = new Set(
      named(events, 'OrderRequested')
        .filter(({ event }) => isProtective(event.data))
        .map(({ event }) => event.data.orderId),
    )
    const hit = named(events, 'OrderFilled').filter(({ event }) => stops.has(event.data.orderId))
    const gaveWay = named(events, 'OrderCancelled').filter(({ event }) => stops.has(event.data.orderId))
    expect(hit.length).toBeGreaterThan(0)
    expect(gaveWay.map(({ event }) => event.data.reason)).toContain('an exit takes its place')
  },
)

test('whatever happens, stops and exits together never ask for more than is held', async () => {
  let stops = 0
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = await finished(all, world(roomy, near))
      await watched(book, state => {
        for (const { by, symbol, held } of holders(state)) {
          expect(compare(held, '0'), `${by} ${symbol} is short`).toBeGreaterThanOrEqual(0)
          expect(compare(reducing(state, by, symbol), held), `${by} ${symbol}`).toBeLessThanOrEqual(0)
        }
      })
      stops += named(await book.events(), 'OrderRequested').filter(({ event }) =>
        isProtective(event.data),
      ).length
    }),
    tries,
  )
  expect(stops).toBeGreaterThan(20)
})

test('stops are proven like any other wish', async () => {
  const book = world(roomy, near)
  await trade(book.engine(), closeOf(200))
  const proof = await prove(book.engine(), book.store(), {}, () => {})
  expect(proof.differences).toEqual([])
  expect(proof.counts.intents.decisions).toBeGreaterThan(20)
})
