// What the venue says against what the ledger says: facts are taken, the owner's own is adopted, the rest is drift.

import { describe, expect, test } from 'vitest'
import { BookOpened } from '../../domain/account.ts'
import { type AccountBooks, accountBooks } from '../../domain/account-books.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import type { Evidence } from '../../domain/evidence.ts'
import {
  type Order,
  OrderAccepted,
  OrderCancelled,
  OrderFilled,
  OrderOutcomeUnknown,
  OrderRejected,
  OrderRequested,
  OrderResendRequested,
  operatorsWord,
} from '../../domain/order.ts'
import { reconcile } from '../../domain/reconciliation.ts'
import { DriftFound, HoldingsObserved, ReconciliationCompleted } from '../../domain/truth.ts'
import { lacksNumber } from '../../domain/unclaimed-trade.ts'
import type { AccountTrade, VenueOrder } from '../../domain/venue.ts'
import { orderFilled, orderRequested, runStarted } from '../cast.ts'

const request = orderRequested(7).data
const { orderId, symbol } = request
const [base = ''] = symbol.split('/')
const opened = BookOpened({ currency: 'USDT', cash: '100000', calendar: 'always', zone: 'UTC' })
const observed = '2023-03-24T13:00:00.000Z'

const booksOf = (...events: readonly BookEvent[]): AccountBooks => {
  const books = accountBooks()
  for (const [index, event] of [runStarted, opened, ...events].entries())
    books.take({
      seq: index + 1,
      id: `${index}`,
      correlation: index + 1,
      stream: 's',
      revision: 0,
      at: observed,
      cause: 0,
      run: 1,
      event,
    } as Recorded<never>)
  return books
}

const agreed = [
  HoldingsObserved({ observed: request.decided, holdings: { USDT: '100000' }, evidence: 'e' }),
  ReconciliationCompleted({ verdict: 'agrees', orders: 0, fills: 0, drifts: 0 }),
]
const open = [...agreed, OrderRequested(request), OrderAccepted({ orderId, venueOrderId: 'v-1' })]

const seen = (given: Partial<Evidence> = {}): Evidence => ({
  observed,
  found: new Map(),
  resting: [],
  trades: [],
  others: new Set(),
  holdings: { USDT: '100000' },
  evidence: 'e',
  ...given,
})

/** As `seen`, when the book was opened. */
const atOpening = (given: Partial<Evidence> = {}): Evidence =>
  seen({ observed: runStarted.data.clock, ...given })

const trade = (given: Partial<AccountTrade> = {}): AccountTrade => ({
  tradeId: 't-1',
  venueOrderId: 'v-1',
  orderId,
  symbol,
  side: 'buy',
  price: '28000',
  quantity: '0.1',
  fee: '2.8',
  feeCurrency: 'USDT',
  liquidity: 'taker',
  venueTime: observed,
  ...given,
})
const afterTrade = { USDT: '97197.2', [base]: '0.1' } as const

describe('our orders', () => {
  test('a fill that the ledger lacks is reported, and the balances agree with it', () => {
    const found = new Map([[orderId, { kind: 'open' as const, venueOrderId: 'v-1', filled: '0.1' as const }]])
    const verdict = reconcile(booksOf(...open), seen({ found, trades: [trade()], holdings: afterTrade }), 0)
    expect(verdict.orders.map(({ command }) => command.type)).toEqual(['ReportFill'])
    expect(verdict.drifts).toEqual([])
  })

  test('the same trade on two pages is one fill; one that the ledger has is none', () => {
    const twice = seen({ trades: [trade(), trade()], holdings: afterTrade })
    expect(reconcile(booksOf(...open), twice, 0).orders).toHaveLength(1)
    const had = OrderFilled({ ...orderFilled(7, 't-1', '0.1').data, price: '28000', fee: '2.8' })
    expect(reconcile(booksOf(...open, had), twice, 0).orders).toEqual([])
  })

  test('an order that is over is not closed before its fills are there', () => {
    const done = {
      kind: 'done' as const,
      venueOrderId: 'v-1',
      filled: '0.1' as const,
      end: 'cancelled' as const,
    }
    const found = new Map([[orderId, done]])
    const lacking = reconcile(booksOf(...open), seen({ found, holdings: afterTrade }), 0)
    expect(lacking.orders).toEqual([])
    expect(lacking.drifts.map(({ subject }) => subject)).toContain('fill')
    const whole = reconcile(booksOf(...open), seen({ found, trades: [trade()], holdings: afterTrade }), 0)
    expect(whole.orders.map(({ command }) => command.type)).toEqual(['ReportFill', 'ReportCancelled'])
  })

  test('that are over say when the ledger took it, also in these books', () => {
    const { order } = booksOf(...open, OrderCancelled({ orderId, reason: 'r' })).orders.get(orderId) ?? {}
    expect(order?.endedAt).toBe(observed)
  })

  test('an order of which the lists do not reach back was never proven not to be there: it is held, and the rest is judged', () => {
    const lost = { ...request, orderId: 'abcdefg-9' }
    const books = booksOf(
      ...open,
      OrderRequested(lost),
      OrderOutcomeUnknown({ orderId: lost.orderId, detail: 'd' }),
    )
    const found = new Map<string, VenueOrder>([
      [lost.orderId, { kind: 'not-known', unproven: 'its lists do not reach back' }],
      [orderId, { kind: 'open', venueOrderId: 'v-1', filled: '0.1' }],
    ])
    const verdict = reconcile(books, seen({ found, trades: [trade()], holdings: afterTrade }), 0)
    expect(verdict.orders.map(({ command }) => command.type)).toEqual(['ReportFill'])
    expect(verdict.drifts).toMatchObject([
      { subject: 'order', name: lost.orderId, ledger: 'unknown', venue: 'not known, which proves nothing' },
    ])
    const early = reconcile(books, seen({ found, trades: [trade()], holdings: afterTrade }), 864e5)
    expect(early.drifts).toEqual([]) // it may still be on its way
  })

  test('missing is not flat: an accepted order that the venue does not show is drift, not an end', () => {
    const found = new Map([[orderId, { kind: 'not-known' as const }]])
    const verdict = reconcile(booksOf(...open), seen({ found }), 0)
    expect(verdict.orders).toEqual([])
    expect(verdict.drifts).toMatchObject([{ subject: 'order', ledger: 'open', venue: 'not known' }])
  })

  test('an unknown one is over only when it is too old to be on its way, and neither open nor traded', () => {
    const books = booksOf(
      ...agreed,
      OrderRequested(request),
      OrderOutcomeUnknown({ orderId, detail: 'timeout' }),
    )
    const found = new Map([[orderId, { kind: 'not-known' as const }]])
    expect(reconcile(books, seen({ found }), 86_400_000).orders).toEqual([])
    expect(reconcile(books, seen({ found }), 0).orders).toMatchObject([
      { command: { type: 'ReportLostAnswer' } },
      { command: { type: 'ReportRejection' } },
    ])
    const traded = seen({ found, trades: [trade()], holdings: afterTrade })
    expect(reconcile(books, traded, 0).orders.map(({ command }) => command.type)).toEqual(['ReportFill'])
  })

  test('what was sent again is as old as its last journey, and may come to light after it was given up', () => {
    const unknown = [...agreed, OrderRequested(request), OrderOutcomeUnknown({ orderId, detail: 'timeout' })]
    const again = OrderResendRequested({ orderId, resend: 1, proof: 'not known', decided: observed })
    const found = new Map([[orderId, { kind: 'not-known' as const }]])
    const age = Date.parse(observed) - Date.parse(request.decided)
    expect(reconcile(booksOf(...unknown), seen({ found }), age - 1).orders).toHaveLength(2)
    expect(reconcile(booksOf(...unknown, again), seen({ found }), age - 1).orders).toEqual([])
    const givenUp = booksOf(...unknown, OrderRejected({ orderId, reason: 'the venue never had it' }))
    expect(lacksNumber(givenUp.orders.get(orderId)?.order as Order)).toBe(true)
    const late = seen({
      found: new Map([[orderId, { kind: 'open' as const, venueOrderId: 'v-1', filled: '0.1' as const }]]),
      trades: [trade({ orderId: undefined })],
      holdings: afterTrade,
    })
    const verdict = reconcile(givenUp, late, 0)
    expect(verdict).toMatchObject({ external: [], drifts: [] })
    expect(verdict.orders.map(({ command }) => command.type)).toEqual(['ReportFill', 'ReportAcceptance'])
  })

  test('a trade of an order that nobody knows is not the owner’s while it may be of one in doubt', () => {
    const books = booksOf(...agreed, OrderRequested(request))
    const found = new Map([[orderId, { kind: 'not-known' as const }]])
    const unknown = trade({ orderId: undefined })
    const between = reconcile(books, seen({ found, trades: [unknown], holdings: afterTrade }), 0)
    expect(between).toMatchObject({ orders: [], external: [], drifts: [] })
    const others = [
      trade({ orderId: undefined, venueTime: '2023-03-24T12:54:59.999Z' }), // it was there when the order was asked for
      trade({ orderId: undefined, side: 'sell', price: '29000' }),
    ]
    for (const other of others)
      expect(reconcile(books, seen({ found, trades: [other] }), 86_400_000).external).toHaveLength(1)
    const clear = new Map([[orderId, { kind: 'open' as const, venueOrderId: 'v-2', filled: '0' as const }]])
    expect(reconcile(books, seen({ found: clear, trades: [unknown] }), 0).external).toHaveLength(1)
  })

  test('a trade of any age may be of an order that the lists cannot prove, and nothing is agreed on while it may', () => {
    const late = '2023-03-24T23:00:00.000Z'
    const lost = booksOf(...agreed, OrderRequested(request), OrderOutcomeUnknown({ orderId, detail: 'd' }))
    const nobodys = trade({ orderId: undefined, venueOrderId: 'v-1' })
    const round = { observed: late, trades: [nobodys], holdings: afterTrade }
    const unproven = new Map([[orderId, { kind: 'not-known' as const, unproven: 'the page is full' }]])
    const held = reconcile(lost, seen({ ...round, found: unproven }), 0)
    expect(held.external).toEqual([])
    expect(held.orders).toEqual([])
    expect(held.drifts).toMatchObject([
      { subject: 'order', name: orderId, venue: 'not known, which proves nothing, and a trade may be of it' },
    ])
    // While it may be on its way, trades are looked at from its request on: agreeing loses none.
    expect(reconcile(lost, seen({ ...round, found: unproven }), 864e5).drifts).toEqual([])

    const shown = new Map([[orderId, { kind: 'open' as const, venueOrderId: 'v-1', filled: '0.1' as const }]])
    const clear = reconcile(lost, seen({ ...round, found: shown }), 0)
    expect(clear.orders.map(({ command }) => command.type)).toEqual(['ReportFill', 'ReportAcceptance'])
    const proven = new Map([[orderId, { kind: 'not-known' as const }]])
    expect(reconcile(lost, seen({ ...round, found: proven }), 0).external).toHaveLength(1)
    const before = { ...nobodys, venueTime: '2023-03-24T11:00:00.000Z' }
    expect(reconcile(lost, seen({ ...round, trades: [before], found: unproven }), 0).external).toHaveLength(1)

    // Whose it is, the venue may say by the number of its order.
    const others = new Set(['v-1'])
    expect(reconcile(lost, seen({ ...round, found: unproven, others }), 0).external).toHaveLength(1)

    // One that was given up is not live: trades are not looked at from its request on for its sake.
    const doubted = OrderOutcomeUnknown({ orderId, detail: 'd' })
    const gone = OrderRejected({ orderId, reason: 'the venue never had it' })
    const givenUp = booksOf(...agreed, OrderRequested(request), doubted, gone)
    expect(reconcile(givenUp, seen({ ...round, found: unproven }), 864e5).drifts).toHaveLength(1)
    const byWord = OrderRejected({ orderId, reason: operatorsWord('it is not on its page') })
    const settled = booksOf(...agreed, OrderRequested(request), doubted, byWord)
    expect(reconcile(settled, seen({ ...round, found: unproven }), 864e5)).toMatchObject({
      external: [{ type: 'ExternalTradeObserved' }],
      drifts: [],
    })
    const justNow = { ...round, trades: [{ ...nobodys, venueTime: late }] }
    const soon = reconcile(settled, seen({ ...justNow, found: unproven }), 864e5)
    expect(soon.drifts).toMatchObject([
      { venue: expect.stringContaining('nothing yet, and a trade of the last') },
    ])
    expect(soon.external).toEqual([])
  })

  test('a trade that the ledger has as a fill is ours, also when nobody told under which number the venue has its order', () => {
    const had = OrderFilled({ ...orderFilled(7, 't-1', '0.1').data, price: '28000', fee: '2.8' })
    const books = booksOf(...agreed, OrderRequested(request), had)
    const shown = seen({ trades: [trade({ orderId: undefined })], holdings: afterTrade })
    expect(reconcile(books, shown, 0)).toMatchObject({ orders: [], external: [], drifts: [] })
  })

  test('a trade told after the end of an order is ours as soon as the venue says the number of the order', () => {
    const ended = booksOf(...agreed, OrderRequested(request), OrderCancelled({ orderId, reason: 'a wish' }))
    const late = { trades: [trade({ orderId: undefined })], holdings: afterTrade }
    const number = { kind: 'done' as const, venueOrderId: 'v-1', end: 'cancelled' as const }
    const verdict = reconcile(ended, seen({ ...late, found: new Map([[orderId, number]]) }), 0)
    expect(verdict).toMatchObject({ external: [], drifts: [] })
    expect(verdict.orders.map(({ command }) => command.type)).toEqual(['ReportFill', 'ReportAcceptance'])
    // Nobody has said the number: it may be of this order, and is not the owner's before that is clear.
    const silent = new Map([[orderId, { kind: 'not-known' as const }]])
    expect(reconcile(ended, seen({ ...late, found: silent }), 0).external).toEqual([])
    const rejected = booksOf(...agreed, OrderRequested(request), OrderRejected({ orderId, reason: 'no' }))
    expect(reconcile(rejected, seen(late), 0).external).toHaveLength(1)
  })

  test('what carries an id of our form and is in no ledger of ours is never called the owner’s', () => {
    const stranger = trade({ orderId: 'abcdefg-12', venueOrderId: 'v-7' })
    const verdict = reconcile(booksOf(...agreed), seen({ trades: [stranger], holdings: afterTrade }), 0)
    expect(verdict.external).toEqual([])
    expect(verdict.drifts[0]).toMatchObject({ subject: 'fill', ledger: 'no order' })
  })
})

describe("the owner's own", () => {
  const own = trade({ orderId: undefined, venueOrderId: 'v-9', tradeId: 't-9' })

  test('a trade by hand is adopted, and explains its balances', () => {
    const verdict = reconcile(booksOf(...agreed), seen({ trades: [own], holdings: afterTrade }), 0)
    expect(verdict.external.map(({ type }) => type)).toEqual(['ExternalTradeObserved'])
    expect(verdict.drifts).toEqual([])
  })

  test('what was there before the book is adopted, but not while anything is missing', () => {
    const more = reconcile(booksOf(), atOpening({ holdings: { USDT: '100000', [base]: '1' } }), 0)
    expect(more.external).toMatchObject([
      { data: { name: base, quantity: '1', label: 'there before the book' } },
    ])
    // A trade that is not shown yet: it gives and takes.
    const hidden = reconcile(booksOf(), atOpening({ holdings: afterTrade }), 0)
    expect(hidden.external).toEqual([])
    expect(hidden.drifts).toHaveLength(2)
  })

  test('a trade that is not shown yet, hidden by a deposit, is not adopted as two deposits', () => {
    const holdings = { USDT: '104197.2', [base]: '0.1' } as const // 7000 USDT came, 0.1 were bought
    const later = reconcile(booksOf(), seen({ holdings }), 0)
    expect(later.external).toEqual([])
    expect(later.drifts).toMatchObject([{ name: base }, { name: 'USDT', venue: '104197.2' }])
    const shown = reconcile(booksOf(...later.found), seen({ holdings, trades: [own] }), 0)
    expect(shown.external.map(({ type }) => type)).toEqual(['ExternalTradeObserved'])
    expect(shown.drifts).toMatchObject([{ name: 'USDT', ledger: '97197.2', venue: '104197.2' }])
  })

  test('nothing was there before a book that is not open, has asked for an order or has an order in drift', () => {
    const holdings = { USDT: '100000', [base]: '1' } as const
    const unopened = accountBooks()
    expect(reconcile(unopened, atOpening({ holdings }), 0).external).toEqual([])
    const found = new Map([[orderId, { kind: 'open' as const, venueOrderId: 'v-1', filled: '0' as const }]])
    const asked = booksOf(OrderRequested(request), OrderAccepted({ orderId, venueOrderId: 'v-1' }))
    expect(reconcile(asked, atOpening({ holdings, found }), 0).external).toEqual([])
    const stranger = trade({ orderId: 'abcdefg-12', venueOrderId: 'v-7' })
    const unexplained = reconcile(booksOf(), atOpening({ holdings, trades: [stranger] }), 0)
    expect(unexplained.external).toEqual([])
    expect(unexplained.drifts.map(({ subject }) => subject)).toEqual(['fill', 'position'])
  })

  test('what was adopted is taken back when a trade of before comes to light that explains it', () => {
    const holdings = { USDT: '104197.2', [base]: '0.1' } as const
    const first = reconcile(booksOf(), atOpening({ holdings }), 0)
    const books = booksOf(
      first.observed,
      ...first.external,
      ReconciliationCompleted({ verdict: 'agrees', orders: 0, fills: 0, drifts: 0 }),
    )
    const hidden = { ...own, venueTime: runStarted.data.clock }
    const shown = reconcile(books, seen({ holdings, trades: [hidden] }), 0)
    expect(shown.external).toMatchObject([
      { type: 'ExternalTradeObserved' },
      { data: { name: base, quantity: '-0.1', label: `taken back, explained by ${symbol} t-9` } },
      { data: { name: 'USDT', quantity: '2802.8' } },
    ])
    expect(shown.drifts).toEqual([])
    // A trade of after the adoption moved nothing that was adopted; and what is not exactly the trade's is not guessed at.
    expect(reconcile(books, seen({ holdings, trades: [own] }), 0).drifts).toHaveLength(2)
    const other = seen({ holdings: { ...holdings, USDT: '104197.3' }, trades: [hidden] })
    expect(reconcile(books, other, 0).external).toHaveLength(1)
  })

  test('before any agreement trades are looked at from the beginning of the book, later with an overlap', () => {
    expect(booksOf().tradesFrom(observed)).toBe(runStarted.data.clock)
    const later = HoldingsObserved({ observed: '2023-03-25T13:00:00.000Z', holdings: {}, evidence: 'e' })
    const books = booksOf(
      later,
      ReconciliationCompleted({ verdict: 'agrees', orders: 0, fills: 0, drifts: 0 }),
    )
    expect(books.tradesFrom(observed)).toBe('2023-03-25T12:00:00.000Z')
  })
})

describe('drift', () => {
  const surprise = seen({ holdings: { USDT: '100007' } })

  test('a surprise after the first agreement is held, once, with its evidence', () => {
    const first = reconcile(booksOf(...agreed), surprise, 0)
    expect(first.found).toMatchObject([
      { data: { subject: 'balance', name: 'USDT', ledger: '100000', venue: '100007', evidence: 'e' } },
    ])
    const again = reconcile(booksOf(...agreed, ...first.found), surprise, 0)
    expect(again.found).toEqual([])
    expect(again.resolved).toEqual([])
    expect(again.drifts).toHaveLength(1)
  })

  test('it is resolved when both sides agree again, and found anew when the difference is another', () => {
    const drift = DriftFound({
      subject: 'balance',
      name: 'USDT',
      ledger: '100000',
      venue: '100007',
      evidence: 'e',
    })
    expect(reconcile(booksOf(...agreed, drift), seen(), 0).resolved).toEqual([
      { drift: 5, how: 'it agrees again' },
    ])
    const other = reconcile(booksOf(...agreed, drift), seen({ holdings: { USDT: '100008' } }), 0)
    expect([other.resolved.length, other.found.length]).toEqual([1, 1])
  })

  test('the same evidence gives the same verdict', () => {
    expect(reconcile(booksOf(...open), surprise, 0)).toEqual(reconcile(booksOf(...open), surprise, 0))
  })
})
