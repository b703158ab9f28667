// The book: the fold that decisions are made from.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { tradedSymbols } from '../../commands/seating.ts'
import { exposureOf } from '../../domain/answer.ts'
import {
  type Book,
  emptyBook,
  equityOf,
  evolveBook,
  holdingOf,
  liveOrders,
  orderPrice,
  positionOf,
  valueHeld,
  valueInOrders,
} from '../../domain/book.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { add, type Decimal, multiply, subtract, sum } from '../../domain/decimal.ts'
import type { Recorded } from '../../domain/event.ts'
import { CancelWished } from '../../domain/intent.ts'
import {
  type Order,
  OrderAccepted,
  OrderCancelled,
  OrderCancelRequested,
  OrderOutcomeUnknown,
  OrderRejected,
  operatorsWord,
} from '../../domain/order.ts'
import { DrawdownBreached, haltOfOverfill, haltOfReturn, TradingHalted } from '../../domain/safety.ts'
import { WatchlistPublished } from '../../domain/scan.ts'
import { config } from '../engine-in-memory.ts'
import * as ledger from '../projections/ledger-of.ts'
import { ledgers } from '../projections/random-ledgers.ts'

const { buy, candle, champion, cycle, denied, expired, intent, later, ledgerOf, opened, requested, sell } =
  ledger

const bookOf = (...events: readonly BookEvent[]): Book => {
  const book = emptyBook()
  for (const recorded of ledgerOf(events)) evolveBook(book, recorded)
  return book
}
/** Ids of the halts that are not recorded yet. */
const due = (book: Book): readonly string[] => [...book.haltsDue.keys()]

const rules = { tick: '0.1', lot: '0.001', minimumQuantity: '0.01' } as const
const orderId = (intentSeq: number) => `k3x9p2q-${intentSeq}`
const accepted = (intentSeq: number) => OrderAccepted({ orderId: orderId(intentSeq), venueOrderId: 'v' })

describe('money', () => {
  test('a book opens with its cash, and equity is that until something is held', () => {
    const book = bookOf(opened({ cash: '10000' }))
    expect(book.cash).toBe('10000')
    expect(equityOf(book)).toBe('10000')
  })

  test('a purchase costs its value and its fee, a sale brings its value less its fee', () => {
    expect(bookOf(opened(), buy('1', '100', { fee: '0.1' })).cash).toBe('9899.9')
    expect(bookOf(opened(), buy('1', '100'), sell('1', '110', { tradeId: 't-2', fee: '0.11' })).cash).toBe(
      '10009.89',
    )
  })

  test('equity is cash plus what is held at the last close', () => {
    const held = [opened(), buy('2', '100'), candle('BTC/USDT', '150')] as const
    expect(equityOf(bookOf(...held))).toBe('10100')
    expect(equityOf(bookOf(...held, candle('BTC/USDT', '90', later(5))))).toBe('9980')
  })

  test('until a market has closed a candle, a holding is worth what was paid', () => {
    expect(equityOf(bookOf(opened(), buy('2', '100')))).toBe('10000')
  })

  test('cash and positions add up exactly, whatever is in the ledger', () => {
    fc.assert(
      fc.property(ledgers, all => {
        const book = emptyBook()
        for (const recorded of all) evolveBook(book, recorded)
        const flows = all.map(({ event: { type, data } }): Decimal => {
          if (type === 'BookOpened') return data.cash
          if (type !== 'OrderFilled') return '0'
          const value = multiply(data.price, data.quantity)
          return add(multiply(value, data.side === 'buy' ? '-1' : '1'), multiply(data.fee, '-1'))
        })
        expect(book.cash).toBe(sum(flows))
        const held = [...book.holdings.values()].map(({ quantity }) => quantity)
        const traded = all.map(
          ({ event: { type, data } }): Decimal =>
            type === 'OrderFilled' ? multiply(data.quantity, data.side === 'buy' ? '1' : '-1') : '0',
        )
        expect(sum(held)).toBe(sum(traded))
        expect(book.asOf).toBe(all.length)
      }),
    )
  })
})

describe('positions', () => {
  test("are the holder's own: two champions in one market do not share", () => {
    const book = bookOf(opened(), buy('1', '100'), buy('2', '100', { by: 'operator', tradeId: 't-2' }))
    expect(positionOf(book, champion, 'BTC/USDT').quantity).toBe('1')
    expect(positionOf(book, 'operator', 'BTC/USDT').quantity).toBe('2')
    expect(positionOf(book, 'operator', 'ETH/USDT').quantity).toBe('0')
  })

  test('are net of a fee in the base currency, which no money pays', () => {
    const book = bookOf(opened(), buy('1', '100', { fee: '0.002', feeCurrency: 'BTC' }))
    expect(positionOf(book, champion, 'BTC/USDT')).toEqual({
      quantity: '0.998',
      cost: '99.8',
      realizedPnl: '0',
      fees: '0.2',
    })
    expect(subtract(opened().data.cash, book.cash)).toBe('100')
  })

  test('and money are not touched by a fee in a third currency', () => {
    const book = bookOf(opened(), buy('1', '100', { fee: '0.002', feeCurrency: 'BNB' }))
    expect(positionOf(book, champion, 'BTC/USDT')).toMatchObject({ quantity: '1', fees: '0' })
    expect(subtract(opened().data.cash, book.cash)).toBe('100')
  })

  test('that are dust are no position for a strategy, and are held all the same', () => {
    const book = bookOf(opened(), buy('1', '100'), sell('0.995', '100', { tradeId: 't-2' }))
    expect(holdingOf(book, champion, 'BTC/USDT', rules)).toEqual({ quantity: 0, entryPrice: 0 })
    expect(holdingOf(book, champion, 'BTC/USDT', { ...rules, minimumQuantity: '0.005' }).quantity).toBe(0.005)
    expect(positionOf(book, champion, 'BTC/USDT').quantity).toBe('0.005')
  })

  test('that were filled beyond what was asked halt until their own halt is recorded, and no other', () => {
    const wish = [opened(), intent(), requested(2)] as const
    const { orderId: id } = wish[2].data
    const book = bookOf(...wish, buy('100', '100', { orderId: id }))
    expect(due(book)).toEqual([haltOfOverfill(id).id])
    const say = (recordedId: string) =>
      evolveBook(book, {
        ...ledgerOf([haltOfOverfill(id).event])[0],
        id: recordedId,
      } as Recorded<BookEvent>)
    say('another halt')
    expect(due(book)).toHaveLength(1)
    say(haltOfOverfill(id).id)
    expect(due(book)).toEqual([])
  })

  test('that were filled beyond what was asked in several parts halt once', () => {
    const wish = [opened(), intent(), requested(2)] as const
    const { orderId: id } = wish[2].data
    const halted = { ...haltOfOverfill(id).event }
    const parts = [
      buy('100', '100', { orderId: id }),
      buy('1', '100', { orderId: id, tradeId: 't-2' }),
    ] as const
    const book = bookOf(...wish, parts[0])
    const [halt] = ledgerOf([halted])
    evolveBook(book, { ...halt, id: haltOfOverfill(id).id } as Recorded<BookEvent>)
    evolveBook(book, ledgerOf([parts[1]])[0] as Recorded<BookEvent>)
    expect(due(book)).toEqual([])
  })

  test('that turn up behind an operator’s word halt once, and hold everything up until their halt is recorded', () => {
    const wish = [opened(), intent(), requested(2)] as const
    const { orderId: id } = wish[2].data
    const word = OrderRejected({ orderId: id, reason: operatorsWord('I looked') })
    const gone = [...wish, OrderOutcomeUnknown({ orderId: id, detail: 'd' }), word]
    expect(due(bookOf(...gone))).toEqual([])
    const other = OrderRejected({ orderId: id, reason: 'the venue never had it' })
    const accepted = OrderAccepted({ orderId: id, venueOrderId: 'v-1' })
    expect(due(bookOf(...gone.slice(0, -1), other, accepted))).toEqual([])
    const book = bookOf(...gone, accepted, buy('0.1', '100', { orderId: id }))
    expect(due(book)).toEqual([haltOfReturn(id).id])
    const circumstances = {
      now: later(1),
      rules: () => rules,
      limits: config.limits,
      watchlist: undefined,
      dryRun: false,
      prefix: 'p',
      marketClockKnown: true,
    }
    expect(exposureOf(book, wish[1].data, circumstances).trading).toBe('halted')
    const [halt] = ledgerOf([haltOfReturn(id).event])
    evolveBook(book, { ...halt, id: haltOfReturn(id).id } as Recorded<BookEvent>)
    expect(due(book)).toEqual([])
    // Its later parts are no news.
    const rest = ledgerOf([buy('0.1', '100', { orderId: id, tradeId: 't-2' })])
    for (const each of rest) evolveBook(book, each)
    expect(due(book)).toEqual([])
  })

  test('that were sold twice halt, though neither order was filled beyond what it asked', () => {
    const sold = (quantity: Decimal, given: Parameters<typeof sell>[2]) =>
      bookOf(opened(), buy('1', '100'), sell(quantity, '100', { orderId: 'exit', ...given }))
    expect(due(sold('1', {}))).toEqual([])
    const twice = bookOf(
      opened(),
      buy('1', '100'),
      sell('1', '100', { orderId: 'stop', tradeId: 't-2' }),
      sell('0.4', '100', { orderId: 'exit', tradeId: 't-3' }),
    )
    expect(due(twice)).toEqual([haltOfOverfill('exit').id])
    expect(positionOf(twice, champion, 'BTC/USDT').quantity).toBe('-0.4')
    // What another holder has does not cover it, and a fee on top of all that was held is no sale.
    expect(due(sold('0.5', { by: 'operator' }))).toEqual([haltOfOverfill('exit').id])
    expect(due(sold('1', { fee: '0.001', feeCurrency: 'BTC' }))).toEqual([])
  })

  test('of orders that ended, when the ledger took the end is known: they are asked about a while longer', () => {
    const events = [opened(), intent(), requested(2), OrderCancelled({ orderId: orderId(2), reason: 'r' })]
    const { order } = bookOf(...events).orders.get(orderId(2)) ?? {}
    expect(order).toMatchObject({ status: 'cancelled', endedAt: ledgerOf(events).at(-1)?.at })
  })

  test('a strategy is told measurements of its own position only', () => {
    const book = bookOf(opened(), buy('2', '100'), buy('2', '110', { tradeId: 't-2' }))
    expect(holdingOf(book, champion, 'BTC/USDT', rules)).toEqual({ quantity: 4, entryPrice: 105 })
    expect(holdingOf(book, 'breakout@BTC/USDT-5m', 'BTC/USDT', rules)).toEqual({ quantity: 0, entryPrice: 0 })
  })

  test('exposure counts longs and shorts alike, by symbol and in all', () => {
    const book = bookOf(
      opened(),
      buy('1', '100'),
      sell('3', '100', { by: 'operator', tradeId: 't-2' }),
      buy('1', '10', { symbol: 'ETH/USDT', tradeId: 't-3' }),
      candle('BTC/USDT', '200'),
    )
    expect(valueHeld(book, 'BTC/USDT')).toBe('800')
    expect(valueHeld(book)).toBe('810')
  })

  test('a holder may have a name with blanks in it', () => {
    const book = bookOf(
      opened({ cash: '0' }),
      buy('1', '100', { by: 'the night desk' }),
      candle('BTC/USDT', '130'),
    )
    expect(equityOf(book)).toBe('30')
    expect(valueHeld(book, 'BTC/USDT')).toBe('130')
  })
})

describe('orders', () => {
  const limit = { type: 'limit', limitPrice: '90', quantity: '2' } as const

  test('an entry speaks for money until it is done: in flight, unknown or open', () => {
    const asked = [opened(), intent(), requested(2, limit)] as const
    expect(valueInOrders(bookOf(...asked))).toBe('180')
    expect(valueInOrders(bookOf(...asked, OrderOutcomeUnknown({ orderId: orderId(2), detail: '' })))).toBe(
      '180',
    )
    expect(valueInOrders(bookOf(...asked, accepted(2)))).toBe('180')
    const part = buy('0.5', '90', { orderId: orderId(2) })
    expect(valueInOrders(bookOf(...asked, accepted(2), part))).toBe('135')
    const cancelled = OrderCancelled({ orderId: orderId(2), reason: '' })
    expect(valueInOrders(bookOf(...asked, accepted(2), part, cancelled))).toBe('0')
  })

  test('an exit speaks for none, and neither does another symbol', () => {
    const book = bookOf(opened(), intent(), requested(2, { ...limit, side: 'sell', reduceOnly: true }))
    expect(valueInOrders(book)).toBe('0')
    expect(valueInOrders(bookOf(opened(), intent(), requested(2, limit)), 'ETH/USDT')).toBe('0')
  })

  test('a market order is valued at the last close, a stop order at its stop', () => {
    const book = bookOf(opened(), candle('BTC/USDT', '120'), intent(), requested(3))
    const [market] = liveOrders(book).map(({ order }) => order) as [Order]
    expect(orderPrice(book, market)).toBe('120')
    expect(orderPrice(book, { ...market, request: { ...market.request, stopPrice: '130' } })).toBe('130')
  })

  test('a withheld order of a dry run is not live', () => {
    expect(liveOrders(bookOf(opened(), intent(), ledger.withheld(2)))).toEqual([])
  })

  test('reports point back to the request', () => {
    const book = bookOf(opened(), intent(), requested(2), accepted(2))
    expect(book.orders.get(orderId(2))?.link.seq).toBe(3)
  })

  test('a report of an order that was never asked for is not seen by decisions, but its fill is', () => {
    const book = bookOf(opened(), accepted(99), buy('1', '100', { orderId: orderId(99) }))
    expect(book.orders.size).toBe(0)
    expect(positionOf(book, champion, 'BTC/USDT').quantity).toBe('1')
    expect(book.cash).toBe('9900')
  })

  test("orders are counted by the date of the book's zone", () => {
    const book = bookOf(
      opened({ zone: 'America/New_York' }),
      intent(),
      intent(),
      requested(2, { decided: '2023-03-25T03:59:59.999Z' }),
      requested(3, { decided: '2023-03-25T04:00:00.000Z' }),
    )
    expect([...book.ordersByDate]).toEqual([
      ['2023-03-24', 1],
      ['2023-03-25', 1],
    ])
  })
})

describe('intents', () => {
  test('are open until their answer, whichever it is', () => {
    const raised = [opened(), intent(), intent(), intent(), intent(), intent()] as const
    expect([...bookOf(...raised).openIntents.keys()]).toEqual([2, 3, 4, 5, 6])
    const answers = [denied(2), expired(3), requested(4), ledger.withheld(5)] as const
    expect([...bookOf(...raised, ...answers).openIntents.keys()]).toEqual([6])
  })

  test('a wish to cancel is open until the cancel is asked for', () => {
    const wish = CancelWished({ id: 'c-1', orderId: orderId(2), reason: 'lunch' })
    const asked = OrderCancelRequested({ orderId: orderId(2), reason: 'lunch' })
    const before = [opened(), intent(), requested(2), wish] as const
    expect([...bookOf(...before).cancelWishes.keys()]).toEqual([orderId(2)])
    expect(bookOf(...before, asked).cancelWishes.size).toBe(0)
  })
})

describe('cycles', () => {
  test('the first cycle of a date sets the equity that losses of the day are counted from', () => {
    const today = [
      opened(),
      buy('10', '100'),
      candle('BTC/USDT', '90'),
      cycle({ cycle: 1 }),
      candle('BTC/USDT', '80', later(5)),
      cycle({ cycle: 2, clock: later(5) }),
    ] as const
    const tomorrow = cycle({ cycle: 3, clock: '2023-03-25T00:00:00.000Z' })
    expect(bookOf(...today).dayStart).toEqual({ date: '2023-03-24', equity: '9900' })
    expect(bookOf(...today, tomorrow).dayStart).toEqual({ date: '2023-03-25', equity: '9800' })
  })

  test('the peak is the highest equity at a cycle, and never falls', () => {
    const book = bookOf(
      opened(),
      buy('10', '100'),
      candle('BTC/USDT', '150'),
      cycle({ cycle: 1 }),
      candle('BTC/USDT', '80', later(5)),
      cycle({ cycle: 2, clock: later(5) }),
    )
    expect(book.peakEquity).toBe('10500')
    expect(book).toMatchObject({ cycles: 2, lastCycle: later(5) })
  })

  test('a symbol whose order ended is traded to the end of that cycle, also by whoever finishes it after a crash', () => {
    const ended = [
      opened(),
      intent(),
      requested(2),
      OrderCancelled({ orderId: orderId(2), reason: 'it was time' }),
    ] as const
    const engine = {
      config: { ...config, execute: { ...config.execute, symbols: [] } },
      calendar: nyseCalendar,
    }
    const traded = (...events: readonly BookEvent[]) =>
      tradedSymbols(engine as never, bookOf(...events), later(0))
    expect(traded(...ended.slice(0, 3))).toEqual(['BTC/USDT'])
    expect(traded(...ended)).toEqual(['BTC/USDT'])
    expect(traded(...ended, cycle({ cycle: 1 }))).toEqual([])
  })

  test('what happened is counted until the heartbeat that tells it', () => {
    const happened = [
      opened(),
      candle('BTC/USDT', '100'),
      ledger.evaluated('buy', later(-5)),
      intent(),
      intent(),
      requested(4),
      denied(5),
      OrderOutcomeUnknown({ orderId: orderId(4), detail: 'timeout' }),
      buy('1', '100', { orderId: orderId(4) }),
    ] as const
    expect(bookOf(...happened).sinceCycle).toEqual({
      candles: 1,
      evaluations: 1,
      intents: 2,
      denials: 1,
      orders: 1,
      fills: 1,
      errors: 1,
      lastCandle: ledger.noon,
    })
    expect(bookOf(...happened, cycle()).sinceCycle).toMatchObject({
      candles: 0,
      errors: 0,
      lastCandle: undefined,
    })
  })
})

test('halts, watchlist and drawdown are what was said last', () => {
  const book = bookOf(
    opened(),
    TradingHalted({ by: 'operator', reason: 'lunch', level: 'reducing' }),
    WatchlistPublished({ session: '2023-03-24', tickers: ['AAPL'] }),
    WatchlistPublished({ session: '2023-03-27', tickers: ['MSFT'] }),
    DrawdownBreached({ equity: '1', peak: '2', drawdown: '0.5', limit: '0.2' }),
  )
  expect(book.halts).toHaveLength(1)
  expect(book.watchlist).toEqual({ session: '2023-03-27', tickers: ['MSFT'] })
  expect(book.drawdownBreached).toBe(true)
})

test('a book that was folded in one go is the book that was folded with pauses', () => {
  fc.assert(
    fc.property(ledgers, fc.nat(80), (all, cut) => {
      const [once, twice] = [emptyBook(), emptyBook()]
      for (const recorded of all) evolveBook(once, recorded)
      for (const recorded of all.slice(0, cut)) evolveBook(twice, recorded)
      for (const recorded of JSON.parse(JSON.stringify(all.slice(cut)))) evolveBook(twice, recorded)
      expect(twice).toEqual(once)
    }),
  )
})
