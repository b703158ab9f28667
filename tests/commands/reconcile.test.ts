// veritape reconcile and intent --what-if on a book in memory; and what the simulation found in the bookkeeper.

import { expect, test } from 'vitest'
import { askAccount } from '../../commands/ask-account.ts'
import { bookkeeper } from '../../commands/bookkeeper.ts'
import { intent } from '../../commands/intent.ts'
import { reconcile } from '../../commands/reconcile.ts'
import { BookOpened } from '../../domain/account.ts'
import { accountBooks } from '../../domain/account-books.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Decimal } from '../../domain/decimal.ts'
import { outside, propose, type Recorded } from '../../domain/event.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { AlertRaised } from '../../domain/health.ts'
import { OrderExpired } from '../../domain/order.ts'
import { RunStarted } from '../../domain/run.ts'
import { accountStream, controlStream, runStream, safetyStream } from '../../domain/stream.ts'
import { HoldingsObserved, ReconciliationCompleted } from '../../domain/truth.ts'
import type { Account, AccountTrade, Venue } from '../../domain/venue.ts'
import { orderRequested, runStarted, tradingHalted } from '../cast.ts'
import { begin, closeOf, named, trade, type World, world } from '../engine-in-memory.ts'

test('the account of a paper book agrees with its ledger, and asking again writes nothing', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  expect(await reconcile.run(book.engine(), {})).toBe(0)
  const events = await book.events()
  expect(named(events, 'ReconciliationCompleted').map(({ event }) => event.data.verdict)).toEqual(['agrees'])
  expect(named(events, 'OrderFilled').length).toBeGreaterThan(0)
  const head = await book.head()
  expect(await reconcile.run(book.engine(), {})).toBe(0)
  expect(await book.head()).toBe(head)
})

const byHand: AccountTrade = {
  tradeId: 't-9',
  venueOrderId: 'v-9',
  orderId: undefined,
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '28000',
  quantity: '0.1',
  fee: '2.8',
  feeCurrency: 'USDT',
  liquidity: 'taker',
  venueTime: begin,
}

/** A book that was just opened with 100000 USDT at a venue that gives these answers, one a round; the last for ever. */
const bookAt = async (...answers: { trades: AccountTrade[]; holdings: Record<string, Decimal> }[]) => {
  const book = world()
  const cash = '100000' as const
  await book.store('execute').append({
    run: 0,
    writes: [
      [runStream('execute'), RunStarted({ ...runStarted.data, clock: begin })] as const,
      [accountStream, BookOpened({ currency: 'USDT', cash, calendar: 'always', zone: 'UTC' })] as const,
    ].map(([stream, event]) => ({
      stream,
      expected: 'no-stream' as const,
      events: [propose(outside(stream), event)],
    })),
  })
  let round = 0
  const now = () => answers[Math.min(round, answers.length) - 1] ?? answers[0]
  const account: Account = {
    restingOrders: async () => {
      round++
      return { value: [], raw: '[]' }
    },
    tradesSince: async () => ({ value: now()?.trades ?? [], raw: JSON.stringify(now()?.trades) }),
    holdings: async () => ({ value: now()?.holdings ?? {}, raw: JSON.stringify(now()?.holdings) }),
  }
  const engine = book.engine()
  const venue = async (...asked: Parameters<typeof engine.venue>) => ({
    ...(await engine.venue(...asked)),
    account,
  })
  return { book, run: (options = {}) => reconcile.run({ ...engine, venue }, options) }
}

const adoptedIn = async (book: World) =>
  named(await book.events(), 'ExternalBalanceAdopted').map(({ event }) => [
    event.data.name,
    event.data.quantity,
  ])

test('a trade that one answer has shown has happened, also when the next ones lack it: nothing else is adopted', async () => {
  const holdings = { USDT: '104197.2', BTC: '0.1' } as const // 7000 were paid in, and 0.1 were bought
  const lacking = { trades: [], holdings }
  const { book, run } = await bookAt(lacking, { trades: [byHand], holdings }, lacking)
  expect(await run()).toBe(0)
  expect(await adoptedIn(book)).toEqual([['USDT', '7000']])
  expect(named(await book.events(), 'ExternalTradeObserved')).toHaveLength(1)
})

test('what the operator explains is asked about once more: what explains itself by now is not adopted', async () => {
  const opening = { trades: [], holdings: { USDT: '100000' } as const }
  const holdings = { USDT: '97197.2', BTC: '0.1' } as const
  const hidden = { trades: [], holdings }
  const { book, run } = await bookAt(opening, hidden, hidden, hidden, { trades: [byHand], holdings })
  expect(await run()).toBe(0)
  expect(await run()).toBe(1)
  const [first] = named(await book.events(), 'DriftFound')
  await expect(run({ adopt: first?.seq, label: 'mine' })).rejects.toMatchObject({ code: 65 })
  expect(await adoptedIn(book)).toEqual([])
  expect(named(await book.events(), 'ExternalTradeObserved')).toHaveLength(1)
  expect(named(await book.events(), 'DriftResolved')).toHaveLength(2)
})

test('what still stands when the operator explains it is adopted with his words', async () => {
  const opening = { trades: [], holdings: { USDT: '100000' } as const }
  const { book, run } = await bookAt(opening, { trades: [], holdings: { USDT: '100007' } })
  expect(await run()).toBe(0)
  expect(await run()).toBe(1)
  const [drift] = named(await book.events(), 'DriftFound')
  expect(await run({ adopt: drift?.seq, label: 'mine' })).toBe(0)
  expect(await adoptedIn(book)).toEqual([['USDT', '7']])
})

test('an order without a number is asked about as long as a trade of before its end may be told, however old it is', async () => {
  const { orderId } = orderRequested(7).data // decided at 11:45
  const books = accountBooks()
  const take = (at: string, ...events: readonly BookEvent[]) => {
    for (const event of events)
      books.take({
        seq: 1,
        id: '1',
        correlation: 1,
        stream: 's',
        revision: 0,
        at,
        cause: 0,
        run: 1,
        event,
      } as Recorded<never>)
  }
  const agrees = (observed: string) => {
    const agreed = ReconciliationCompleted({ verdict: 'agrees', orders: 0, fills: 0, drifts: 0 })
    take(observed, HoldingsObserved({ observed, holdings: {}, evidence: 'e' }), agreed)
  }
  const asked: string[] = []
  const find = async (id: string) => {
    asked.push(id)
    return { kind: 'not-known' as const }
  }
  const nothing = { value: [], raw: '' }
  const account: Account = {
    restingOrders: async () => nothing,
    tradesSince: async () => nothing,
    holdings: async () => ({ value: {}, raw: '' }),
  }
  const ask = async (now: string) => {
    asked.length = 0
    await askAccount(books, { find } as unknown as Venue, account, now, async () => 'e')
    return asked
  }
  take('2023-03-24T11:45:00.000Z', runStarted, orderRequested(7))
  take('2023-03-24T16:00:00.000Z', OrderExpired({ orderId, venueTime: '2023-03-24T16:00:00.000Z' }))
  agrees('2023-03-24T16:30:00.000Z') // trades since 15:30 are looked at
  expect(await ask('2023-03-24T17:00:00.000Z')).toEqual([orderId])
  agrees('2023-03-24T17:30:00.000Z')
  expect(await ask('2023-03-24T18:00:00.000Z')).toEqual([])
})

test('a wish that is only asked about is answered by the same ladder and leaves the ledger as it was', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  const head = await book.head()
  const told: unknown[] = []
  const engine = book.engine()
  const ask = (quantity: string) =>
    intent.run(
      { ...engine, screen: { ...engine.screen, result: (value: unknown) => told.push(value) } },
      {
        what: 'buy',
        subject: 'BTC/USDT',
        id: 'w',
        quantity,
        holder: 'operator',
        expires: 300,
        reason: 'r',
        whatIf: true,
      },
    )
  expect(await ask('0.01')).toBe(0)
  expect(await ask('9')).toBe(0)
  expect(told).toMatchObject([
    { answer: { type: 'OrderRequested', data: { side: 'buy', quantity: '0.01' } } },
    { answer: { type: 'IntentDenied', data: { reason: 'order-value-too-large' } } },
  ])
  expect(await book.head()).toBe(head)
})

test('what was decided before a run began is decided again when the book moved in the meantime', async () => {
  const book = world()
  await trade(book.engine(), closeOf(2))
  let seen = 0
  let isFirst = true
  const interrupted = (store: EventStore): EventStore => ({
    ...store,
    append: async group => {
      if (isFirst) {
        isFirst = false
        const control = book.store('cli')
        const revision = named(await book.events(), 'TradingHalted').length - 1
        await control.append({
          run: 0,
          writes: [
            {
              stream: controlStream,
              expected: revision < 0 ? 'no-stream' : { revision },
              events: [propose(outside('in between'), tradingHalted)],
            },
          ],
        })
      }
      return store.append(group)
    },
  })
  const keeper = bookkeeper(book.engine(), interrupted(book.store('execute')), 'execute', async () => {
    seen++
  })
  await keeper.catchUp()
  const alert = AlertRaised({ severity: 'warning', subject: 's', sentence: 'decided on what was known' })
  const write = [{ stream: safetyStream, events: [propose(outside('alert'), alert)] }]
  expect(await keeper.append(write, true)).toBe(false)
  expect(named(await book.events(), 'AlertRaised')).toEqual([])
  expect(seen).toBe(await book.head())
  expect(await keeper.append(write, true)).not.toBe(false)
})
