// veritape reconcile --never-had: an order that no list of the venue reaches back to, an operator who has looked, and a venue that has the
// order after all.

import { expect, test } from 'vitest'
import { reconcile } from '../../commands/reconcile.ts'
import { BookOpened } from '../../domain/account.ts'
import type { Decimal } from '../../domain/decimal.ts'
import { outside, propose } from '../../domain/event.ts'
import { IntentRaised } from '../../domain/intent.ts'
import { OrderOutcomeUnknown, OrderRequested, operatorsWord } from '../../domain/order.ts'
import { orderIdOf, orderPrefix } from '../../domain/order-id.ts'
import { RunStarted } from '../../domain/run.ts'
import { accountStream, orderStreamOf, runStream, strategyStream } from '../../domain/stream.ts'
import { instantOf, millisecondsOf } from '../../domain/time.ts'
import type { Account, AccountTrade, OrderOwner, VenueOrder } from '../../domain/venue.ts'
import { identity, intentRaised, orderRequested, runStarted } from '../cast.ts'
import { begin, closeOf, config, named, trade, world } from '../engine-in-memory.ts'

const daysBefore = (days: number) => instantOf(millisecondsOf(begin) - days * 86_400_000)
const lost: VenueOrder = { kind: 'not-known', unproven: 'its lists do not reach back' }
const cash = '100000' as const

interface Says {
  order: VenueOrder
  trades: AccountTrade[]
  holdings: Record<string, Decimal>
  /** Whose order has the number; undefined where the venue cannot be asked. */
  whose?: Record<string, OrderOwner>
}

/** A book whose order of three days ago is in doubt, at a venue that says this; `says` may be changed. */
const bookInDoubt = async () => {
  const book = world({ ...config, execute: { ...config.execute, symbols: ['BTC/USDT'] } }, [])
  const intent = 3
  const orderId = orderIdOf(orderPrefix(identity.book, identity.epoch), intent)
  const request = {
    ...orderRequested(intent).data,
    orderId,
    intent,
    symbol: 'BTC/USDT',
    quantity: '0.1',
    decided: daysBefore(3),
  } as const
  const { by } = request
  const run = RunStarted({ ...runStarted.data, clock: daysBefore(4) })
  const opened = BookOpened({ currency: 'USDT', cash, calendar: 'always', zone: 'UTC' })
  const raised = IntentRaised({ ...intentRaised.data, symbol: 'BTC/USDT', quantity: '0.1' })
  for (const [stream, ...events] of [
    [runStream('execute'), run],
    [accountStream, opened],
    [strategyStream(by), raised],
    [orderStreamOf(orderId), OrderRequested(request), OrderOutcomeUnknown({ orderId, detail: 'timeout' })],
  ] as const)
    await book.store('execute').append({
      run: 0,
      writes: [{ stream, expected: 'no-stream', events: events.map(each => propose(outside(stream), each)) }],
    })
  const says: Says = { order: lost, trades: [], holdings: { USDT: cash } }
  const asked: string[] = []
  const account = (): Account => ({
    restingOrders: async () => ({ value: [], raw: '[]' }),
    tradesSince: async () => ({ value: says.trades, raw: JSON.stringify(says.trades) }),
    holdings: async () => ({ value: says.holdings, raw: JSON.stringify(says.holdings) }),
    ...(says.whose === undefined
      ? {}
      : { whose: async number => ({ value: says.whose?.[number] ?? { kind: 'not-shown' }, raw: number }) }),
  })
  const told: unknown[] = []
  const said: string[] = []
  let commands = 0
  /** Each command comes a second after the one before. */
  const engineNow = () => {
    const engine = book.engine()
    engine.simulated?.jumpTo(instantOf(millisecondsOf(begin) + 1000 * ++commands))
    return {
      ...engine,
      screen: {
        ...engine.screen,
        say: (text: string) => said.push(text),
        result: (value: unknown) => told.push(value),
      },
      venue: async (...given: Parameters<typeof engine.venue>) => ({
        ...(await engine.venue(...given)),
        remote: true as const,
        account: account(),
        find: async (id: string) => {
          asked.push(id)
          return says.order
        },
        reports: async () => [],
      }),
    }
  }
  return {
    book,
    orderId,
    says,
    asked,
    told,
    said,
    run: (options = {}) => reconcile.run(engineNow(), options),
    neverHad: (options = {}) =>
      reconcile.run(engineNow(), { neverHad: orderId, reason: 'I looked at its page', ...options }),
    execute: () => trade(engineNow(), closeOf(1)),
    types: async () => (await book.events()).map(({ event }) => event.type),
  }
}

const traded = (given: Partial<AccountTrade> = {}): AccountTrade => ({
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
  venueTime: daysBefore(1),
  ...given,
})
const afterTrade = { USDT: '97197.2', BTC: '0.1' } as const

test('without a word the order is drift for ever; with one it is given up, the drift is resolved, and the rest agrees', async () => {
  const { book, orderId, run, neverHad } = await bookInDoubt()
  expect(await run()).toBe(1)
  expect(await run()).toBe(1)
  expect(await neverHad()).toBe(0)
  const events = await book.events()
  expect(named(events, 'OrderRejected').map(({ event }) => event.data)).toEqual([
    { orderId, reason: operatorsWord('I looked at its page') },
  ])
  const [drift] = named(events, 'DriftFound')
  expect(named(events, 'DriftResolved').map(({ event }) => event.data)).toEqual([
    { drift: drift?.seq, how: "by an operator's word: I looked at its page" },
  ])
  expect(await neverHad()).toBe(0)
  expect(named(await book.events(), 'OrderRejected')).toHaveLength(1)
  expect(await run()).toBe(0)
})

test('what would be recorded can be looked at: the ledger stays as it was', async () => {
  const { book, orderId, says, told, neverHad } = await bookInDoubt()
  const head = await book.head()
  expect(await neverHad({ whatIf: true })).toBe(0)
  expect(told).toMatchObject([{ orderId, events: [{ type: 'OrderRejected', data: { orderId } }] }])
  says.order = { kind: 'open', venueOrderId: 'v-9', filled: '0' }
  await expect(neverHad({ whatIf: true })).rejects.toMatchObject({ code: 65 })
  expect(await book.head()).toBe(head)
})

test('what the venue says of the order is taken instead of the word', async () => {
  const { book, says, types, neverHad, run } = await bookInDoubt()
  says.order = { kind: 'open', venueOrderId: 'v-9', filled: '0' }
  await expect(neverHad()).rejects.toMatchObject({
    code: 65,
    message: expect.stringContaining('by its own answer it is open'),
  })
  expect(named(await book.events(), 'OrderAccepted')).toHaveLength(1)
  expect(await types()).not.toContain('OrderRejected')
  await expect(neverHad()).rejects.toMatchObject({ code: 65 }) // nobody doubts it now
  says.order = { kind: 'done', venueOrderId: 'v-9', filled: '0', end: 'cancelled' }
  expect(await run()).toBe(0)
})

test('a venue that proves itself never to have had it needs no word', async () => {
  const { book, says, said, neverHad } = await bookInDoubt()
  says.order = { kind: 'not-known' }
  expect(await neverHad()).toBe(0)
  const [rejected] = named(await book.events(), 'OrderRejected')
  expect(rejected?.event.data.reason).toMatch(/^the venue never had it: not known/)
  expect(said.join()).toContain('the venue says by itself that it never had')
})

test('no word is taken of an order that may be of a trade of this moment, or that is not there', async () => {
  const { says, types, neverHad } = await bookInDoubt()
  says.trades = [traded({ venueTime: begin })]
  says.holdings = afterTrade
  await expect(neverHad()).rejects.toMatchObject({ code: 75 })
  await expect(neverHad({ neverHad: 'abcdefg-99' })).rejects.toMatchObject({ code: 65 })
  expect(await types()).not.toContain('OrderRejected')
})

test('a trade that nobody can tell the owner of is held until somebody gives the order up; then it is the owner’s', async () => {
  const { book, says, run, neverHad } = await bookInDoubt()
  says.trades = [traded()]
  says.holdings = afterTrade
  says.whose = {} // its order is not shown any more either
  expect(await run()).toBe(1)
  expect(named(await book.events(), 'ExternalTradeObserved')).toEqual([])
  expect(await neverHad()).toBe(0)
  expect(await run()).toBe(0)
  const events = await book.events()
  expect(named(events, 'ExternalTradeObserved').map(({ event }) => event.data.tradeId)).toEqual(['t-9'])
  expect(named(events, 'OrderFilled')).toEqual([])
})

test('what comes to light behind the word is the book’s own, and halts it', async () => {
  const { book, orderId, says, asked, run, neverHad, execute } = await bookInDoubt()
  await run()
  await neverHad()
  asked.length = 0
  expect(await run()).toBe(0)
  expect(asked).toContain(orderId) // also now that everything agrees
  says.order = { kind: 'done', venueOrderId: 'v-9', filled: '0.1', end: 'filled' }
  says.trades = [traded({ venueTime: begin })]
  says.holdings = afterTrade
  expect(await run()).toBe(0)
  const events = await book.events()
  expect(named(events, 'ExternalTradeObserved')).toEqual([])
  expect(named(events, 'OrderFilled').map(({ event }) => event.data)).toMatchObject([
    { orderId, tradeId: 't-9', quantity: '0.1' },
  ])
  for (let turn = 0; turn < 2; turn++) {
    await execute()
    const halts = named(await book.events(), 'TradingHalted')
    expect(halts.map(({ event }) => event.data)).toMatchObject([
      { by: 'execute', level: 'halted', reason: expect.stringContaining(`the venue has ${orderId}, which`) },
    ])
  }
})

test.each(['before the word', 'behind the word'])(
  'the number of a trade leads to the order that no list shows: %s',
  async when => {
    const { book, orderId, says, run, neverHad } = await bookInDoubt()
    says.whose = { 'v-9': { kind: 'ours', orderId }, 'v-8': { kind: 'not-ours' } }
    if (when === 'behind the word') await neverHad()
    // Hours old, so that nothing but its number tells it from the owner's.
    says.trades = [traded({ venueTime: daysBefore(0.02) }), traded({ tradeId: 't-8', venueOrderId: 'v-8' })]
    says.holdings = { USDT: '94394.4', BTC: '0.2' }
    await run()
    const events = await book.events()
    expect(named(events, 'OrderFilled').map(({ event }) => event.data)).toMatchObject([
      { orderId, tradeId: 't-9' },
    ])
    expect(named(events, 'OrderAccepted').map(({ event }) => event.data)).toEqual([
      { orderId, venueOrderId: 'v-9' },
    ])
    expect(named(events, 'ExternalTradeObserved').map(({ event }) => event.data.tradeId)).toEqual(['t-8'])
  },
)
