// The dead man's switch of kraken, the one venue of those that were tried whose switch is used: in seconds, and real.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Decimal } from '../../domain/decimal.ts'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { connect, type Desk, deskAt, simulated } from './ccxt-loopback.ts'

const symbol = 'BTC/USD'
let venue: Simulated
let desk: Desk

beforeAll(async () => {
  venue = await simulated('kraken', { clock: { mode: 'fixed', at: new Date().toISOString() } })
  desk = deskAt(await connect(venue), [symbol])
}, 120_000)
afterAll(() => venue.stop())

test('as long as it is held back in time, orders rest; then the venue cancels them, and says so', async () => {
  const limitPrice = `${Math.floor(Number(await venue.price(symbol)) * 0.9)}` as Decimal
  await desk.place(1, { symbol, quantity: '0.01', type: 'limit', limitPrice })
  const found = () => desk.venue.find(desk.idOf(1), symbol)
  for (let turn = 0; turn < 3; turn++) {
    await desk.venue.cancelAllOrdersAfter?.(60)
    await venue.clock.advance(59_000)
    expect(await found()).toMatchObject({ kind: 'open' })
  }
  await venue.clock.advance(2_000)
  expect(await found()).toMatchObject({ kind: 'done', end: 'cancelled' })
  expect(await desk.hear()).toEqual(['cancelled'])
})

test('0 switches it off', async () => {
  const limitPrice = `${Math.floor(Number(await venue.price(symbol)) * 0.9)}` as Decimal
  await desk.place(2, { symbol, quantity: '0.01', type: 'limit', limitPrice })
  await desk.venue.cancelAllOrdersAfter?.(60)
  await desk.venue.cancelAllOrdersAfter?.(0)
  await venue.clock.advance(3_600_000)
  expect(await desk.venue.find(desk.idOf(2), symbol)).toMatchObject({ kind: 'open' })
})
