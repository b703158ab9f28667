// Alpaca posts the fee of a crypto fill as an activity of its own: found by market, price and day, once for each fill.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { connect, type Desk, deskAt, simulated } from './ccxt-loopback.ts'

const symbol = 'BTC/USD'
let venue: Simulated
let desk: Desk

beforeAll(async () => {
  venue = await simulated('alpaca')
  desk = deskAt(await connect(venue, { withMarkets: true }), [symbol])
}, 120_000)
afterAll(() => venue.stop())

/** Fees of an order's fills in the ledger, and of its trades in the venue's own books. */
const feesOf = async (seq: number) => {
  const orderId = desk.idOf(seq)
  const order = desk.orders.find(({ request }) => request.orderId === orderId)
  const { trades } = await venue.books()
  return {
    told: (order?.fills ?? []).map(({ fee, feeCurrency = 'USD' }) => `${fee} ${feeCurrency}`),
    there: trades
      .filter(({ clientId }) => clientId === orderId)
      .map(({ fee, feeCurrency }) => `${fee} ${feeCurrency}`),
  }
}

test('a purchase pays in the coin, a sale in dollars, as the books of the venue say', async () => {
  await desk.place(1, { symbol, quantity: '0.01' })
  await desk.hear()
  await desk.place(2, { symbol, quantity: '0.005', side: 'sell' })
  await desk.hear()
  const [bought, sold] = [await feesOf(1), await feesOf(2)]
  expect(bought.told).toEqual(bought.there)
  expect(sold.told).toEqual(sold.there)
  expect(bought.told).toEqual(['0.000025 BTC'])
  expect(sold.told.join()).toMatch(/^[\d.]*[1-9]\d* USD$/)
})

test('two fills at one price on one day have a fee each, and none has two', async () => {
  const limitPrice = (await venue.price(symbol)).replace(/\..*$/, '') as `${number}`
  await desk.place(3, { symbol, quantity: '0.01', type: 'limit', limitPrice })
  await desk.place(4, { symbol, quantity: '0.01', type: 'limit', limitPrice })
  await venue.setPrice(symbol, `${Number(limitPrice) - 1}`)
  await desk.hear()
  const [first, second] = [await feesOf(3), await feesOf(4)]
  expect(first.told).toHaveLength(1)
  expect(first.told).toEqual(first.there)
  expect(second.told).toEqual(second.there)
})

test('a fill whose fee is not posted yet has none, in money and in the coin', async () => {
  await venue.faults.add({
    on: 'trades',
    containing: 'CFEE',
    times: 0,
    fault: { kind: 'unseen', ms: 3_600_000 },
  })
  await desk.place(5, { symbol, quantity: '0.02' })
  await desk.hear()
  await venue.faults.clear()
  const { told, there } = await feesOf(5)
  expect(told.length).toBeGreaterThan(0)
  expect(new Set(told)).toEqual(new Set(['0 USD']))
  expect(there.join()).toContain('BTC')
})

test('a list of fees that is no list is no answer: nothing is recorded', async () => {
  await desk.place(6, { symbol, quantity: '0.03' })
  await venue.faults.add({
    on: 'trades',
    containing: 'CFEE',
    times: 0,
    fault: { kind: 'bad-body', body: 'empty-object' },
  })
  expect(await desk.hear()).toEqual(['unheard'])
  await venue.faults.clear()
  expect((await feesOf(6)).told).toEqual([])
  expect((await desk.hear()).length).toBeGreaterThan(0)
  const { told, there } = await feesOf(6)
  expect(told).toEqual(there)
})

test('fees that are listed in another order go to the fills of their price', async () => {
  const price = Math.floor(Number(await venue.price(symbol)))
  const seqs = [7, 8, 9, 10, 11]
  for (const seq of seqs) {
    await venue.setPrice(symbol, `${price + seq * 10}`)
    await desk.place(seq, { symbol, quantity: '0.005' })
  }
  await venue.faults.add({ on: 'trades', containing: 'CFEE', times: 0, fault: { kind: 'reordered' } })
  await desk.hear()
  await venue.faults.clear()
  for (const seq of seqs) {
    const { told, there } = await feesOf(seq)
    expect(told.length).toBeGreaterThan(0)
    expect(told).toEqual(there)
  }
})
