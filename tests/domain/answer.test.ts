// The one answer to an intent: a function of the book and the moment.

import { describe, expect, test } from 'vitest'
import { answerTo, type Circumstances, exposureOf, freeToReduce } from '../../domain/answer.ts'
import { type Book, emptyBook, evolveBook } from '../../domain/book.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { defaults } from '../../domain/config.ts'
import type { Recorded } from '../../domain/event.ts'
import type { IntentRaised } from '../../domain/intent.ts'
import { OrderAccepted, OrderCancelled, OrderOutcomeUnknown } from '../../domain/order.ts'
import { TradingHalted } from '../../domain/safety.ts'
import { WatchlistPublished } from '../../domain/scan.ts'
import { prefix } from '../cast.ts'
import * as ledger from '../projections/ledger-of.ts'

const { buy, candle, champion, cycle, intent, later, ledgerOf, noon, opened, requested } = ledger

const circumstances: Circumstances = {
  marketClockKnown: true,
  now: noon,
  limits: { ...defaults.limits, candleAgeMaxMs: 600_000 },
  rules: () => ({ tick: '0.01', lot: '0.001', minimumQuantity: '0.001' }),
  watchlist: undefined,
  dryRun: false,
  prefix,
}

/** The book after these events, and the last open intent of it. */
const told = (...events: readonly BookEvent[]): { book: Book; wish: Recorded<IntentRaised> } => {
  const book = emptyBook()
  for (const recorded of ledgerOf([opened(), candle('BTC/USDT', '100'), ...events]))
    evolveBook(book, recorded)
  return { book, wish: [...book.openIntents.values()].at(-1) as Recorded<IntentRaised> }
}
const answer = (events: readonly BookEvent[], given: Partial<Circumstances> = {}) => {
  const { book, wish } = told(...events)
  return answerTo(book, wish, { ...circumstances, ...given })
}
const exposure = (events: readonly BookEvent[], given: Partial<Circumstances> = {}) => {
  const { book, wish } = told(...events)
  return exposureOf(book, wish.event.data, { ...circumstances, ...given })
}

describe('an answer', () => {
  test('asks for an order with the id of the intent and all its terms', () => {
    const wish = intent({ type: 'limit', limitPrice: '99', timeInForce: 'GTD', restsUntil: later(10) })
    expect(answer([wish])).toMatchObject({
      type: 'OrderRequested',
      data: {
        orderId: `${prefix}-3`,
        intent: 3,
        by: champion,
        symbol: 'BTC/USDT',
        side: 'buy',
        type: 'limit',
        quantity: '1',
        limitPrice: '99',
        timeInForce: 'GTD',
        reduceOnly: false,
        expiresAt: later(10),
        decided: noon,
      },
    })
  })

  test('in a dry run withholds that very order', () => {
    const [asked, withheld] = [answer([intent()]), answer([intent()], { dryRun: true })]
    expect(withheld).toEqual({ ...asked, type: 'OrderWithheld' })
  })

  test('after the last instant of the wish says that it expired, before any question of risk', () => {
    const halted = TradingHalted({ by: 'operator', reason: '', level: 'halted' })
    expect(answer([intent({ expiresAt: noon })])).toMatchObject({ type: 'OrderRequested' })
    expect(answer([intent({ expiresAt: noon }), halted], { now: '2023-03-24T12:00:00.001Z' })).toEqual({
      type: 'IntentExpired',
      version: 1,
      data: { intent: 3, expiresAt: noon, decided: '2023-03-24T12:00:00.001Z' },
    })
  })

  test('to an objection is a denial with its reason and its numbers', () => {
    const halted = TradingHalted({ by: 'operator', reason: 'lunch', level: 'halted' })
    expect(answer([intent(), halted])).toMatchObject({
      type: 'IntentDenied',
      data: { intent: 3, reason: 'trading-halted', decided: noon },
    })
  })

  test('is the same whenever it is asked again, byte for byte', () => {
    const events = [
      intent(),
      requested(3),
      intent(),
      buy('1', '100'),
      intent({ side: 'sell', reduceOnly: true }),
    ]
    expect(JSON.stringify(answer(events))).toBe(JSON.stringify(answer(events)))
  })
})

describe('what is exposed', () => {
  test('the age of a candle is counted from the close of the newest one of the symbol', () => {
    expect(exposure([intent()]).candleAgeMs).toBe(0)
    expect(exposure([intent()], { now: later(7) }).candleAgeMs).toBe(420_000)
    expect(exposure([candle('ETH/USDT', '10', later(5)), intent()], { now: later(7) }).candleAgeMs).toBe(
      420_000,
    )
  })

  test('a symbol that never closed a candle is stale', () => {
    expect(answer([intent({ symbol: 'ETH/USDT' })])).toMatchObject({ data: { reason: 'stale-candle' } })
  })

  test('positions and open entries count together, for the symbol and for the book', () => {
    const events = [
      buy('2', '100'),
      intent({ by: 'operator' }),
      requested(4, { by: 'operator', type: 'limit', limitPrice: '90', quantity: '3' }),
      buy('1', '50', { symbol: 'ETH/USDT', tradeId: 't-9' }),
      intent(),
    ]
    expect(exposure(events)).toMatchObject({
      symbolExposure: '470',
      grossExposure: '520',
      freeCash: '9480',
      openOrders: 1,
      ordersToday: 1,
      entryOpen: false,
      held: '2',
    })
  })

  test("only the wisher's own entry in this symbol is in the way", () => {
    const own = [intent(), requested(3), intent()]
    expect(exposure(own).entryOpen).toBe(true)
    expect(exposure([...own.slice(0, 2), intent({ symbol: 'ETH/USDT' })]).entryOpen).toBe(false)
    expect(exposure([...own.slice(0, 2), intent({ by: 'operator' })]).entryOpen).toBe(false)
    const done = OrderCancelled({ orderId: 'k3x9p2q-3', reason: '' })
    expect(exposure([...own.slice(0, 2), done, intent()]).entryOpen).toBe(false)
  })

  test('unknown outcomes are counted until they are settled', () => {
    const lost = OrderOutcomeUnknown({ orderId: 'k3x9p2q-3', detail: '' })
    const found = OrderAccepted({ orderId: 'k3x9p2q-3', venueOrderId: 'v' })
    expect(exposure([intent(), requested(3), lost, intent()]).unknownOutcomes).toBe(1)
    expect(exposure([intent(), requested(3), lost, found, intent()]).unknownOutcomes).toBe(0)
  })

  test('the loss of the day is counted from the first cycle of the date of the book', () => {
    const events = [buy('10', '100'), cycle(), candle('BTC/USDT', '90', later(5)), intent()]
    expect(exposure(events, { now: later(5) }).lossToday).toBe('100')
    expect(exposure(events, { now: '2023-03-25T00:00:00.000Z' }).lossToday).toBe('0')
  })

  test('drawdown is counted from the highest equity, and a new high is none', () => {
    const events = [buy('10', '100'), cycle()]
    expect(exposure([...events, candle('BTC/USDT', '50', later(5)), intent()]).drawdown).toBe('0.05')
    expect(exposure([...events, candle('BTC/USDT', '150', later(5)), intent()]).drawdown).toBe('0')
  })
})

describe('the watchlist', () => {
  const published = WatchlistPublished({ session: '2023-03-24', tickers: ['BTC/USDT'] })

  test('of the session that is on lets its symbols in', () => {
    const watchlist = { session: '2023-03-24' }
    expect(answer([published, intent()], { watchlist })).toMatchObject({ type: 'OrderRequested' })
    expect(
      answer([published, candle('ETH/USDT', '10'), intent({ symbol: 'ETH/USDT' })], { watchlist }),
    ).toMatchObject({ data: { reason: 'not-on-watchlist' } })
  })

  test.each([{ session: '2023-03-27' }, { session: undefined }])(
    'of another day than %j is stale',
    watchlist => {
      expect(answer([published, intent()], { watchlist })).toMatchObject({
        data: { reason: 'watchlist-stale' },
      })
    },
  )

  test('that was never published is stale', () => {
    expect(answer([intent()], { watchlist: { session: '2023-03-24' } })).toMatchObject({
      data: { reason: 'watchlist-stale' },
    })
  })
})

describe('what is free to reduce', () => {
  const sell = { side: 'sell', reduceOnly: true } as const
  const free = (...events: readonly BookEvent[]) => freeToReduce(told(...events).book, champion, 'BTC/USDT')

  test('is what is held and in no live reducing order', () => {
    expect(free(buy('3', '100'))).toBe('3')
    expect(free(buy('3', '100'), intent(sell), requested(4, { ...sell, quantity: '2' }))).toBe('1')
    const part = ledger.sell('0.5', '100', { orderId: 'k3x9p2q-4', tradeId: 't-2' })
    expect(free(buy('3', '100'), intent(sell), requested(4, { ...sell, quantity: '2' }), part)).toBe('1')
  })

  test('is nothing when flat, short, or wholly on order', () => {
    expect(free()).toBe('0')
    expect(free(ledger.sell('1', '100'))).toBe('0')
    expect(free(buy('1', '100'), intent(sell), requested(4, { ...sell, quantity: '1' }))).toBe('0')
  })

  test("does not count others' orders", () => {
    expect(free(buy('1', '100'), intent(sell), requested(4, { ...sell, by: 'operator' }))).toBe('1')
  })

  test('two wishes to close the same position get one order', () => {
    const events = [buy('1', '100'), intent(sell), requested(4, sell), intent(sell)]
    expect(answer(events)).toMatchObject({ data: { reason: 'nothing-to-reduce' } })
  })
})
