// Which of an exchange's own words end an order. Each goes through ccxt's real parser: one that it does not know, or reads in
// a way of its own, is seen here and nowhere else.

import { expect, test } from 'vitest'
import { dialectOf } from '../../adapters/ccxt-dialects.ts'
import { constructCcxt } from '../../adapters/ccxt-exchange.ts'
import { endOf, isOpen } from '../../adapters/ccxt-standing.ts'

/** An order of 2 with 1 filled, as alpaca, bitfinex and kucoin show it. */
const answers: Readonly<Record<string, (word: string) => unknown>> = {
  alpaca: status => ({
    id: 'v-1',
    symbol: 'BTC/USD',
    qty: '2',
    filled_qty: '1',
    side: 'buy',
    type: 'limit',
    status,
  }),
  bitfinex: status => {
    const row: unknown[] = new Array(32).fill(null)
    const said = {
      0: 1,
      3: 'tBTCUSD',
      4: 1,
      5: 1,
      6: '1',
      7: '2',
      8: 'EXCHANGE LIMIT',
      13: status,
      16: '100',
    }
    for (const [at, value] of Object.entries(said)) row[Number(at)] = value
    return row
  },
  kucoin: word => ({
    id: 'v-1',
    symbol: 'BTC-USD',
    type: 'limit',
    side: 'buy',
    size: '2',
    dealSize: '1',
    [word.includes('of the fast system') ? 'active' : 'isActive']: word.startsWith('active'),
    cancelExist: word.includes('cancelled'),
  }),
}

// https://docs.alpaca.markets/docs/orders-at-alpaca#order-lifecycle
const alpaca = {
  open: [
    'new',
    'partially_filled',
    'accepted',
    'pending_new',
    'accepted_for_bidding',
    'pending_cancel',
    'pending_replace',
    'done_for_day',
    'calculated', // with a rest
    'stopped',
    'suspended',
    'held',
    'a word of tomorrow',
  ],
  cancelled: ['canceled', 'replaced'],
  expired: ['expired'],
  rejected: ['rejected'],
}
// https://docs.bitfinex.com/reference/rest-auth-retrieve-orders, "Order Status"
const bitfinex = {
  open: ['ACTIVE', 'PARTIALLY FILLED @ 100.0(1.0)', 'A WORD OF TOMORROW'],
  cancelled: [
    'CANCELED',
    'CANCELED was: PARTIALLY FILLED @ 100.0(1.0)',
    'IOC CANCELED was: PARTIALLY FILLED @ 100.0(1.0)',
    'FILLORKILL CANCELED',
    'POSTONLY CANCELED',
    'INSUFFICIENT MARGIN was: PARTIALLY FILLED @ 100.0(1.0)',
  ],
  rejected: ['RSN_DUST', 'RSN_PAUSE'],
}
// Words of ours for its two flags.
const kucoin = {
  open: ['active', 'active, a part cancelled', 'active, a part cancelled, of the fast system'],
  cancelled: ['cancelled', 'cancelled, of the fast system'],
}

const cases = Object.entries({ alpaca, bitfinex, kucoin }).flatMap(([exchange, standings]) =>
  Object.entries(standings).flatMap(([standing, words]) =>
    words.map(word => [exchange, word, standing] as const),
  ),
)

test.each(cases)('%s: %s is %s', async (exchange, word, standing) => {
  const api = await constructCcxt({ exchange, sandbox: false, url: '' })
  const market = { id: 'x', symbol: 'BTC/USD', base: 'BTC', quote: 'USD', spot: true, type: 'spot' }
  const raw = exchange === 'bitfinex' ? { result: answers.bitfinex?.(word) } : answers[exchange]?.(word)
  const parsed = api.parseOrder(raw as object, market as never)
  const order = { ...parsed, status: (dialectOf(exchange).statusOf?.(parsed) ?? parsed.status) as 'open' }
  expect(order).toMatchObject({ filled: '1', amount: '2' })
  expect(isOpen(order) ? 'open' : endOf(order)).toBe(standing)
})
