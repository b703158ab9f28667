// The protective stop of a position: when one is wished for, for how much, and where.

import { describe, expect, test } from 'vitest'
import { type Book, emptyBook, evolveBook } from '../../domain/book.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { ChampionVerified } from '../../domain/champion.ts'
import { type Decimal, isMultiple } from '../../domain/decimal.ts'
import type { Recorded } from '../../domain/event.ts'
import { IntentDenied } from '../../domain/intent.ts'
import { OrderAccepted, OrderCancelled, OrderFilled, OrderRequested } from '../../domain/order.ts'
import { protectionOf, protectiveOrders } from '../../domain/protection.ts'
import { TradingHalted } from '../../domain/safety.ts'
import { tickAt } from '../../domain/venue.ts'
import { candleClosed, champion, symbol, timeframe } from '../cast.ts'

const rules = { tick: '0.01', lot: '0.001', minimumQuantity: '0.001' } as const
const seat = ChampionVerified({
  champion,
  strategy: 'ema-cross',
  symbol,
  timeframe,
  source: 'champions/x.json',
  sha256: 'x',
  orderValue: '2000',
  protectiveStop: '0.08',
  parameters: {},
}).data

const bookAfter = (...events: readonly BookEvent[]): Book => {
  const book = emptyBook()
  for (const [index, event] of events.entries())
    evolveBook(book, {
      seq: index + 1,
      id: `${index}`,
      correlation: 1,
      cause: 0,
      run: 0,
      stream: 's',
      revision: index,
      at: '',
      event,
    } as Recorded<BookEvent>)
  return book
}
const filled = (quantity: '0.1' | '0.05' = '0.1', orderId = 'entry') =>
  OrderFilled({
    orderId,
    by: champion,
    tradeId: `${orderId}.1`,
    symbol,
    side: 'buy',
    price: '28000.01',
    quantity,
    fee: '0',
    liquidity: 'taker',
    venueTime: candleClosed(0).data.closeTime,
  })
const wishOn = (book: Book) => protectionOf(book, seat, rules, undefined)?.data
const requested = (quantity: '0.1' | '0.06', intent = 9) =>
  OrderRequested({
    orderId: `stop-${intent}`,
    intent,
    by: champion,
    symbol,
    side: 'sell',
    type: 'stop',
    quantity,
    stopPrice: '25760',
    timeInForce: 'GTC',
    reduceOnly: true,
    decided: candleClosed(0).data.closeTime,
  })

test('what is held is protected, a share below its entry, on the tick', () => {
  expect(wishOn(bookAfter(candleClosed(0), filled()))).toMatchObject({
    by: champion,
    side: 'sell',
    type: 'stop',
    quantity: '0.1',
    stopPrice: '25760', // 28000.01 × 0.92 = 25760.0092
    timeInForce: 'GTC',
    reduceOnly: true,
    expiresAt: candleClosed(1).data.closeTime,
  })
})

test('where prices have five digits, the stop is a price that the ladder takes', () => {
  const bitfinex = {
    tick: '0.00000001',
    lot: '0.00000001',
    minimumQuantity: '0.00004',
    priceDigits: 5,
  } as const
  const wished = protectionOf(bookAfter(candleClosed(0), filled()), seat, bitfinex, undefined)?.data
  expect(wished?.stopPrice).toBe('25760') // 28000.01 × 0.92 = 25760.0092
  expect(isMultiple(wished?.stopPrice as Decimal, tickAt(bitfinex, wished?.stopPrice as Decimal))).toBe(true)
})

test('what is covered already is not covered again; what comes on top is', () => {
  const open = OrderAccepted({ orderId: 'stop-9', venueOrderId: 'v' })
  expect(wishOn(bookAfter(candleClosed(0), filled(), requested('0.1'), open))).toBeUndefined()
  const more = bookAfter(candleClosed(0), filled(), requested('0.06'), open, filled('0.05', 'second'))
  expect(wishOn(more)?.quantity).toBe('0.09')
  expect(protectiveOrders(more, champion, symbol).map(({ order }) => order.request.orderId)).toEqual([
    'stop-9',
  ])
})

test('a stop that was cancelled leaves the position to be protected again', () => {
  const gone = OrderCancelled({ orderId: 'stop-9', reason: 'an exit takes its place' })
  expect(wishOn(bookAfter(candleClosed(0), filled(), requested('0.1'), gone))?.quantity).toBe('0.1')
})

describe('nothing is wished for', () => {
  const held = [candleClosed(0), filled()] as const
  test('by a champion that asks for no stop', () => {
    const { protectiveStop: _, ...bare } = seat
    expect(protectionOf(bookAfter(...held), bare, rules, undefined)).toBeUndefined()
  })
  test('without a position', () => expect(wishOn(bookAfter(candleClosed(0)))).toBeUndefined())
  test('while halted, but while reducing it is', () => {
    const halted = (level: 'halted' | 'reducing') => TradingHalted({ by: 'me', reason: 'why', level })
    expect(wishOn(bookAfter(...held, halted('halted')))).toBeUndefined()
    expect(wishOn(bookAfter(...held, halted('reducing')))?.quantity).toBe('0.1')
  })
  test('after a denial, until the next candle', () => {
    const wish = protectionOf(bookAfter(...held), seat, rules, undefined) as BookEvent
    const denied = IntentDenied({
      intent: 3,
      reason: 'below-minimum',
      detail: 'too small',
      decided: candleClosed(0).data.closeTime,
    })
    expect(wishOn(bookAfter(...held, wish))).toBeUndefined() // it is being answered
    expect(wishOn(bookAfter(...held, wish, denied))).toBeUndefined()
    expect(wishOn(bookAfter(...held, wish, denied, candleClosed(1)))?.quantity).toBe('0.1')
  })
})
