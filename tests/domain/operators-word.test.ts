// An operator's word that the venue never had an order: when it is taken, what it records, and that it does not hide the order.

import { describe, expect, test } from 'vitest'
import { afterVerdict, givenUp, objectionTo } from '../../domain/operators-word.ts'
import {
  evolve,
  type Order,
  OrderAccepted,
  type OrderEvent,
  OrderFilled,
  OrderOutcomeUnknown,
  OrderRejected,
  OrderRequested,
  operatorsWord,
} from '../../domain/order.ts'
import { type Drift, provesNothing } from '../../domain/reconciliation.ts'
import { lacksNumber } from '../../domain/unclaimed-trade.ts'
import { orderFilled, orderRequested } from '../cast.ts'

const request = orderRequested(7).data
const { orderId, symbol } = request
const orderOf = (...events: readonly OrderEvent[]): Order =>
  events.reduce<Order | undefined>(evolve, undefined) as Order
const requested = OrderRequested(request)
const unknown = orderOf(requested, OrderOutcomeUnknown({ orderId, detail: 'timeout' }))
const accepted = OrderAccepted({ orderId, venueOrderId: 'v-1' })
const held: Drift = {
  subject: 'order',
  name: orderId,
  symbol,
  ledger: 'unknown',
  venue: provesNothing,
  evidence: 'e',
}

describe('the word', () => {
  test('is taken for an order in doubt that is held because no list reaches back to it, and for no other', () => {
    expect(objectionTo(unknown, unknown, [held])).toBeUndefined()
    expect(objectionTo(orderOf(requested), orderOf(requested), [held])).toBeUndefined()
    expect(objectionTo(unknown, unknown, [])).toBe('not-yet')
    expect(objectionTo(unknown, unknown, [{ ...held, name: 'abcdefg-9' }])).toBe('not-yet')
    expect(objectionTo(unknown, unknown, [{ ...held, venue: 'not known' }])).toBe('not-yet')
    const open = orderOf(requested, accepted)
    expect(objectionTo(open, open, [held])).toBe('not-in-doubt')
  })

  test('gives way to whatever the venue says itself', () => {
    expect(objectionTo(unknown, evolve(unknown, accepted), [held])).toBe('known-to-venue')
    expect(objectionTo(unknown, evolve(unknown, orderFilled(7, 't-1')), [held])).toBe('known-to-venue')
    const proven = OrderRejected({ orderId, reason: 'the venue never had it' })
    expect(objectionTo(unknown, evolve(unknown, proven), [])).toBe('never-had-it')
  })

  test('ends an order as one that is presumed, in doubt first where nobody has said so', () => {
    expect(givenUp(unknown, 'I looked').map(({ type }) => type)).toEqual(['OrderRejected'])
    const events = givenUp(orderOf(requested), 'I looked')
    expect(events).toMatchObject([
      { type: 'OrderOutcomeUnknown' },
      { type: 'OrderRejected', data: { reason: operatorsWord('I looked') } },
    ])
    const after = events.reduce(evolve, orderOf(requested))
    expect(after).toMatchObject({ status: 'rejected', isPresumed: true, isByWord: true })
    expect(lacksNumber(after)).toBe(true)
    expect(givenUp(after, 'again')).toEqual([])
    expect(objectionTo(after, after, [])).toBe('said-already')
  })

  test('stands until the venue has the order after all', () => {
    const after = givenUp(unknown, 'I looked').reduce(evolve, unknown)
    expect(evolve(after, accepted)).toMatchObject({ status: 'open', isPresumed: true })
    expect(evolve(after, accepted).isByWord).toBeUndefined()
    const fill = OrderFilled(orderFilled(7, 't-1', '0.1').data)
    expect(evolve(after, fill)).toMatchObject({ status: 'open', filled: '0.1' })
    expect(evolve(after, fill).isByWord).toBeUndefined()
  })
})

test('what the venue refuses in other words is no word of an operator', () => {
  expect(evolve(unknown, OrderRejected({ orderId, reason: 'no such market' })).isByWord).toBeUndefined()
})

test('an order as it will be is the verdict’s own orders, and not those of others', () => {
  const report = { type: 'ReportAcceptance', data: { orderId, venueOrderId: 'v-1' } } as const
  const verdict = { orders: [{ orderId, command: report }] } as unknown as Parameters<typeof afterVerdict>[1]
  expect(afterVerdict(unknown, verdict).status).toBe('open')
  const other = { orders: [{ orderId: 'abcdefg-9', command: report }] } as unknown as typeof verdict
  expect(afterVerdict(unknown, other).status).toBe('unknown')
})
