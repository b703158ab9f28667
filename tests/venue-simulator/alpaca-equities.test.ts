import type { Exchange } from 'ccxt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import { ccxtClient } from './ccxt-client.ts'
import type { VenueScript } from './script.ts'
import { startVenue, type Venue } from './venue.ts'

// US shares, asked through ccxt's signing and throttle but in Alpaca's own words: a thin adapter does the same.

/** A Monday; New York opens at 14:30Z. */
const open = '2026-03-02T14:30:00.000Z'
let venue: Venue
let exchange: Exchange

type Body = Record<string, unknown>
const trade = (path: string, method = 'GET', params: Body = {}) =>
  exchange.request(path, ['trader', 'private'], method, params)
const data = (path: string, params: Body) => exchange.request(path, ['market', 'private'], 'GET', params)
const order = (more: Body) =>
  trade('v2/orders', 'POST', {
    symbol: 'AAPL',
    side: 'buy',
    type: 'market',
    qty: '2',
    time_in_force: 'day',
    ...more,
  })
const refused = (sent: Promise<unknown>) =>
  sent.then(
    () => 'accepted',
    (error: Error) => error.message,
  )

beforeAll(async () => {
  const script: VenueScript = {
    clock: { mode: 'fixed', at: '2026-03-02T14:00:00.000Z' },
    closedDays: ['2026-03-03'],
  }
  venue = await startVenue('alpaca', { folder: temporaryFolder(), script })
  exchange = await ccxtClient(venue)
})
afterAll(async () => {
  await venue.stop()
})

test('an order before the opening waits for it; the clock and the calendar say when that is', async () => {
  expect(await trade('v2/clock')).toMatchObject({
    is_open: false,
    next_open: '2026-03-02T09:30:00-05:00',
    next_close: '2026-03-02T16:00:00-05:00',
  })
  // The script closes the third of March: a calendar that disagrees with the client's.
  expect(await trade('v2/calendar', 'GET', { start: '2026-02-27', end: '2026-03-09' })).toMatchObject([
    { date: '2026-02-27', open: '09:30', close: '16:00' },
    { date: '2026-03-02' },
    { date: '2026-03-04' },
    { date: '2026-03-05' },
    { date: '2026-03-06' },
    { date: '2026-03-09' },
  ])
  const placed = (await order({ client_order_id: 'early' })) as Body
  expect(placed).toMatchObject({
    status: 'accepted',
    filled_qty: '0',
    asset_class: 'us_equity',
    symbol: 'AAPL',
    filled_at: null,
  })
  const asked = () => trade('v2/orders:by_client_order_id', 'GET', { client_order_id: 'early' })
  expect(await asked()).toMatchObject({ id: placed.id, status: 'accepted' })
  await venue.clock.set(open)
  expect(await trade('v2/clock')).toMatchObject({ is_open: true, next_open: '2026-03-04T09:30:00-05:00' })
  expect(await asked()).toMatchObject({ id: placed.id, status: 'filled', filled_qty: '2', filled_at: open })
  expect(await trade('v2/positions/AAPL')).toMatchObject({
    symbol: 'AAPL',
    qty: '2',
    qty_available: '2',
    asset_class: 'us_equity',
  })
})

test('account, positions and fills agree', async () => {
  const [account, positions, fills] = [
    await trade('v2/account'),
    await trade('v2/positions'),
    await trade('v2/account/activities/FILL'),
  ] as [Body, Body[], Body[]]
  expect(fills[0]).toMatchObject({
    activity_type: 'FILL',
    symbol: 'AAPL',
    qty: '2',
    leaves_qty: '0',
    order_status: 'filled',
  })
  const value = positions.reduce((sum, { market_value }) => sum + Number(market_value), 0)
  expect(Number(account.cash)).toBeCloseTo(10_000 - 2 * Number(fills[0]?.price), 6)
  expect(Number(account.equity)).toBeCloseTo(Number(account.cash) + value, 6)
  expect((await venue.books()).balances.AAPL).toBe('2')
})

test('bars of shares exist only in sessions, come in pages, and the last one is forming', async () => {
  await venue.clock.set('2026-03-02T15:30:20.000Z')
  const all = (await data('v2/stocks/bars', {
    symbols: 'AAPL',
    timeframe: '1Min',
    start: '2026-02-27T20:55:00Z',
  })) as { bars: { AAPL: Body[] } }
  const times = all.bars.AAPL.map(({ t }) => t)
  expect(times.slice(0, 6)).toEqual(
    ['20:55', '20:56', '20:57', '20:58', '20:59']
      .map(time => `2026-02-27T${time}:00Z`)
      .concat('2026-03-02T14:30:00Z'),
  )
  expect(times.at(-1)).toBe('2026-03-02T15:30:00Z')
  expect(times).toHaveLength(5 + 61)

  const paged: unknown[] = []
  for (let token: unknown = ''; token !== null; ) {
    const page = (await data('v2/stocks/bars', {
      symbols: 'AAPL',
      timeframe: '1Min',
      start: '2026-02-27T20:55:00Z',
      limit: 25,
      page_token: token,
    })) as { bars: { AAPL: Body[] }; next_page_token: unknown }
    expect(page.bars.AAPL.length).toBeLessThanOrEqual(25)
    paged.push(...page.bars.AAPL.map(({ t }) => t))
    token = page.next_page_token
  }
  expect(paged).toEqual(times)

  const days = (await data('v2/stocks/bars', {
    symbols: 'AAPL,SPY',
    timeframe: '1Day',
    start: '2026-02-26',
  })) as { bars: Record<string, Body[]> }
  expect(days.bars.SPY?.map(({ t }) => t)).toEqual([
    '2026-02-26T05:00:00Z',
    '2026-02-27T05:00:00Z',
    '2026-03-02T05:00:00Z',
  ])
})

test('an order that cannot be is refused in Alpaca’s words', async () => {
  expect(await refused(order({ client_order_id: 'early' }))).toMatch(
    /40010001.*client_order_id must be unique/,
  )
  expect(await refused(order({ qty: '1000' }))).toMatch(/40310000.*insufficient buying power/)
  expect(await refused(order({ side: 'sell', qty: '3' }))).toMatch(
    /insufficient qty available for order \(requested: 3, available: 2\)/,
  )
  expect(await refused(order({ qty: '0.5', time_in_force: 'gtc' }))).toMatch(
    /42210000.*fractional orders must be DAY orders/,
  )
  expect(await refused(order({ type: 'limit', limit_price: '190.001' }))).toMatch(/sub-penny increment/)
  expect(await refused(order({ symbol: 'NOPE' }))).toMatch(/asset .*NOPE.* not found/)
  expect(await refused(order({ symbol: 'BTC/USD', qty: '0.001', time_in_force: 'day' }))).toMatch(
    /invalid crypto time_in_force/,
  )
  expect(await refused(trade('v2/orders/unknown', 'DELETE'))).toMatch(/40410000/)
})

test('a day order that is not filled expires at the close', async () => {
  await order({ client_order_id: 'late', type: 'limit', limit_price: '10' })
  await venue.clock.set('2026-03-02T21:00:00.000Z')
  expect(await trade('v2/orders:by_client_order_id', 'GET', { client_order_id: 'late' })).toMatchObject({
    status: 'expired',
    expired_at: '2026-03-02T21:00:00.000Z',
  })
})

test('the fee of a coin is taken from what was received, and is an activity of its own', async () => {
  await order({ symbol: 'BTC/USD', qty: '0.01', time_in_force: 'gtc', client_order_id: 'coin' })
  const [fee] = (await trade('v2/account/activities', 'GET', { activity_types: 'CFEE' })) as Body[]
  expect(fee).toMatchObject({ activity_type: 'CFEE', symbol: 'BTCUSD', qty: '-0.000025' })
  expect((await venue.books()).balances.BTC).toBe('0.509975')
})
