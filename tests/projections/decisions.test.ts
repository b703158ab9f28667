import { expect, test } from 'vitest'
import { OrderAccepted, OrderOutcomeUnknown, OrderRejected } from '../../domain/order.ts'
import { decisionFiles, decisions } from '../../projections/decisions.ts'
import { fold } from '../../projections/projection.ts'
import {
  buy,
  cycle,
  denied,
  expired,
  intent,
  ledgerOf,
  noon,
  opened,
  requested,
  withheld,
} from './ledger-of.ts'

const filesOf = (...events: Parameters<typeof ledgerOf>[0]) => {
  const files = new Map<string, string>()
  for (const { path, text } of decisionFiles(fold(decisions, ledgerOf(events)))) files.set(path, text())
  return files
}
const latestOf = (...events: Parameters<typeof ledgerOf>[0]) =>
  JSON.parse(filesOf(...events).get('portfolio_decision_latest.json') ?? 'null')

test('a material cycle leaves a record with intents, orders, fills and what is held', () => {
  const record = latestOf(
    opened(),
    intent(),
    requested(2, { orderId: 'k3x9p2q-2' }),
    OrderAccepted({ orderId: 'k3x9p2q-2', venueOrderId: 'v-1' }),
    buy('1', '100', { orderId: 'k3x9p2q-2', fee: '0.1' }),
    cycle({ intents: 1, orders: 1, fills: 1 }),
  )
  expect(record).toMatchObject({
    asOf: 6,
    date: '2023-03-24',
    cycle: 1,
    clock: noon,
    counts: { intents: 1, orders: 1, fills: 1 },
    intents: [{ intent: 2, answer: 'requested', orderId: 'k3x9p2q-2', reason: 'fast above slow' }],
    orders: [{ seq: 4, orderId: 'k3x9p2q-2', became: 'accepted' }],
    fills: [{ seq: 5, tradeId: 't-1', quantity: '1', price: '100', fee: '0.1' }],
    cash: '9899.9',
    positions: [{ symbol: 'BTC/USDT', quantity: '1', entryPrice: '100' }],
  })
})

test('every answer stands in the record: denied with its reason, expired, withheld, open', () => {
  const { intents } = latestOf(
    opened(),
    intent(),
    denied(2, 'not-enough-cash'),
    intent(),
    expired(4),
    intent(),
    withheld(6),
    intent(),
    cycle(),
  )
  expect(intents).toMatchObject([
    { intent: 2, answer: 'denied', denial: 'not-enough-cash' },
    { intent: 4, answer: 'expired' },
    { intent: 6, answer: 'withheld' },
    { intent: 8, answer: 'open' },
  ])
})

test('what became of orders keeps the reason', () => {
  const { orders } = latestOf(
    opened(),
    OrderRejected({ orderId: 'a', reason: 'insufficient funds' }),
    OrderOutcomeUnknown({ orderId: 'b', detail: 'timeout' }),
    cycle(),
  )
  expect(orders).toEqual([
    { seq: 2, orderId: 'a', became: 'rejected', reason: 'insufficient funds' },
    { seq: 3, orderId: 'b', became: 'unknown', reason: 'timeout' },
  ])
})

test('a cycle in which nothing happened while the market was closed leaves no record', () => {
  const quiet = [opened(), cycle(), cycle({ cycle: 2, sessionOpen: false })]
  expect(latestOf(...quiet)).toMatchObject({ cycle: 1, asOf: 2 })
  expect(filesOf(opened(), cycle({ sessionOpen: false })).size).toBe(0)
})

test('what happened before a quiet cycle stands in the next material one', () => {
  const { cycle: number, intents } = latestOf(
    opened(),
    intent({ source: 'operator', by: 'op-1' }),
    cycle({ sessionOpen: false }),
    cycle({ cycle: 2, intents: 1 }),
  )
  expect([number, intents.length]).toEqual([2, 1])
})

test('an intent answered in a later cycle stands in both records', () => {
  const file = filesOf(opened(), intent(), cycle(), denied(2), cycle({ cycle: 2 })).get(
    'portfolio_decisions/2023-03-24.jsonl',
  )
  const answers = file
    ?.trimEnd()
    .split('\n')
    .map(line => JSON.parse(line).intents[0].answer)
  expect(answers).toEqual(['open', 'denied'])
})

test("days are those of the book's zone", () => {
  const at = (clock: string, n: number) => cycle({ clock, cycle: n })
  const files = filesOf(
    opened({ zone: 'America/New_York' }),
    at('2023-03-25T03:59:59.000Z', 1),
    at('2023-03-25T04:00:00.000Z', 2),
  )
  expect([...files.keys()]).toEqual([
    'portfolio_decision_latest.json',
    'portfolio_decisions/2023-03-24.jsonl',
    'portfolio_decisions/2023-03-25.jsonl',
  ])
})
