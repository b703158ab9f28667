// The live gate opens for one book, one account and one configuration, with both keys, and for nothing else.

import { describe, expect, test } from 'vitest'
import { accountName, liveGateObjection, liveToken } from '../../domain/live-gate.ts'

const start = { book: 'crypto-1', account: accountName('kraken', 'key-of-a-person'), configHash: 'c0ffee' }
const token = liveToken(start)

test('both keys open it', () => {
  expect(liveGateObjection({ trading: '1', confirm: token }, start)).toBeUndefined()
  expect(liveGateObjection({ trading: '1', confirm: ` ${token}\n` }, start)).toBeUndefined()
})

test.each([
  ['nothing is set', { trading: undefined, confirm: undefined }, 'LIVE_TRADING is not 1'],
  ['the wish is not the figure 1', { trading: 'true', confirm: token }, 'LIVE_TRADING is not 1'],
  ['the token is missing', { trading: '1', confirm: undefined }, 'LIVE_CONFIRM is not set'],
  ['the token is empty', { trading: '1', confirm: ' ' }, 'LIVE_CONFIRM is not set'],
  [
    'the token is a part',
    { trading: '1', confirm: token.slice(0, -1) },
    'another book, account or configuration',
  ],
])('it stays closed when %s', (_, keys, why) => {
  expect(liveGateObjection(keys, start)).toContain(why)
})

describe('a token is good for one start only', () => {
  test.each([
    ['book', { ...start, book: 'crypto-2' }],
    ['account', { ...start, account: accountName('kraken', 'another key') }],
    ['venue', { ...start, account: accountName('binance', 'key-of-a-person') }],
    ['configuration', { ...start, configHash: 'c0ffed' }],
  ])('another %s needs another one', (_, other) => {
    expect(liveToken(other)).not.toBe(token)
    expect(liveGateObjection({ trading: '1', confirm: token }, other)).toContain('another')
  })
})

test('neither the refusal nor the name of the account tells a secret', () => {
  expect(liveGateObjection({ trading: '1', confirm: 'x' }, start)).not.toContain(token)
  expect(start.account).not.toContain('person')
  expect(start.account).toMatch(/^kraken-[0-9a-f]{12}$/)
  expect(token).toMatch(/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/)
})
