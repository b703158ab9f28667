// Every stream has one writing role; everyone else is refused.

import { describe, expect, test } from 'vitest'
import { orderIdOf, orderPrefix } from '../../domain/order-id.ts'
import {
  accountStream,
  candleStream,
  controlStream,
  ledgerStream,
  mayWrite,
  orderStream,
  orderStreamOf,
  type Role,
  runStream,
  safetyStream,
  scanStream,
  strategyStream,
} from '../../domain/stream.ts'

const roles: readonly Role[] = ['execute', 'scan', 'cli', 'reconcile', 'health', 'guard']

/** Who may write what: the table of the architecture. */
const writers: readonly (readonly [stream: string, roles: readonly Role[]])[] = [
  [candleStream('BTC/USDT', '5m'), ['execute']],
  [strategyStream('ema-cross@BTC/USDT-5m'), ['execute']],
  [orderStreamOf('k3x9p2q-1044'), ['execute', 'reconcile']],
  [accountStream, ['execute']],
  [safetyStream, ['execute']],
  [scanStream('2015-08-24'), ['scan']],
  [controlStream, ['cli']],
  ['truth', ['reconcile']],
  ['health', ['health']],
  ['guard', ['guard']],
  [ledgerStream, []],
  ...roles.map(role => [runStream(role), [role]] as const),
]

describe.each(writers)('the stream %s', (stream, allowed) => {
  test.each(roles)(`%s`, role => {
    expect(mayWrite(role, stream)).toBe(allowed.includes(role))
  })
})

test('a stream that nobody has heard of is written by nobody', () => {
  for (const role of roles) expect(mayWrite(role, 'diary')).toBe(false)
})

test("a role's run stream is not another's by its beginning", () => {
  expect(mayWrite('execute', 'run-execute-2')).toBe(false)
})

test('a name that only begins like a stream of one name is not that stream', () => {
  for (const role of roles)
    for (const name of ['controls', 'account-2', 'safety-net', 'truths', 'healthy', 'guard-1'])
      expect(mayWrite(role, name)).toBe(false)
})

test('the answer to an intent stands in the stream of its order', () => {
  const prefix = orderPrefix('paper', '2023-03-24T00:00:00.000Z')
  expect(orderStream(prefix, 12)).toBe(orderStreamOf(orderIdOf(prefix, 12)))
  expect(orderStream(prefix, 12)).toBe(`order-${prefix}-12`)
})
