// What may be concluded from an exchange's error: that an order is not there, only from a short list of classes.

import { describe, expect, test } from 'vitest'
import { isRejection, troubleOf } from '../../adapters/ccxt-error.ts'

const errors = await import(new URL('./src/base/errors.js', import.meta.resolve('ccxt')).href)
const make = (name: string, message = 'no'): Error => new errors[name](message)
const heard = (status: number, body = '{"code":1}') => ({ status, body })

describe('a submit', () => {
  test.each(['InsufficientFunds', 'InvalidOrder', 'BadSymbol', 'AuthenticationError', 'PermissionDenied'])(
    'that ends with %s left no order',
    name => {
      expect(isRejection(make(name), heard(400))).toBe(true)
    },
  )

  const all: readonly string[] = Object.keys(errors.default)
  const listed = ['InsufficientFunds', 'InvalidOrder', 'BadSymbol', 'AuthenticationError', 'PermissionDenied']
  test.each(all.filter(name => !listed.includes(name)))('that ends with %s is unknown', name => {
    expect(isRejection(make(name), heard(400))).toBe(false)
  })

  test.each([
    ['TypeError', new TypeError('cannot read id of undefined')],
    ['SocketError', Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })],
    ['something thrown', 'text'],
  ])('that ends with %s is unknown', (_, error) => {
    expect(isRejection(error, undefined)).toBe(false)
  })

  test.each([
    'binance {"code":-2010,"msg":"Duplicate order sent."}',
    'kraken EOrder:Duplicate cl_ord_id',
    'alpaca client_order_id must be unique',
    'kucoin clientOid already exists',
  ])('that is refused because our id is there is unknown: %s', message => {
    expect(isRejection(make('InvalidOrder', message), heard(400))).toBe(false)
  })

  test('a refusal in a page of a gateway is none; one of bitfinex, which refuses with 500, is', () => {
    expect(isRejection(make('InvalidOrder'), heard(502, '<html>bad gateway</html>'))).toBe(false)
    expect(isRejection(make('InsufficientFunds'), heard(500, '["error",10001,"not enough"]'))).toBe(true)
  })
})

test.each([
  ['RateLimitExceeded', 200, 'rate-limited'],
  ['DDoSProtection', 200, 'rate-limited'],
  ['ExchangeError', 429, 'rate-limited'],
  ['ExchangeError', 418, 'rate-limited'],
  ['InvalidNonce', 400, 'clock'],
  ['OnMaintenance', 503, 'maintenance'],
  ['RequestTimeout', undefined, 'transient'],
  ['ExchangeNotAvailable', 404, 'transient'],
  ['BadResponse', 200, 'transient'],
  ['ExchangeError', 500, 'transient'],
  ['AuthenticationError', 401, 'refused'],
  ['BadSymbol', 400, 'refused'],
] as const)('a question that ends with %s and status %s is %s', (name, status, trouble) => {
  expect(troubleOf(make(name), status)).toBe(trouble)
})

test('an error that is not of ccxt may help to be asked again', () => {
  expect(troubleOf(new TypeError('terminated'), undefined)).toBe('transient')
})
