// The short way of calculating must give the very text of the long way, or stand back.

import { Decimal as Exact } from 'decimal.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, compare, type Decimal, divide, isZero, multiply, subtract } from '../../domain/decimal.ts'
import { compareSmall, productOfSmall, quotientOfSmall, sumOfSmall } from '../../domain/small-decimal.ts'

const long = Exact.clone({ precision: 260, rounding: Exact.ROUND_HALF_EVEN })

/** From one digit to beyond a double; with zeros behind, as prices have them. */
const decimals = fc
  .tuple(
    fc.boolean(),
    fc.oneof(fc.nat({ max: 99 }), fc.nat({ max: 2 ** 31 - 1 }), fc.bigInt({ min: 0n, max: 10n ** 17n })),
    fc.option(fc.stringMatching(/^\d{1,12}$/), { nil: undefined }),
  )
  .map(
    ([negative, whole, rest]): Decimal =>
      `${negative ? '-' : ''}${whole}${rest === undefined ? '' : `.${rest}`}` as Decimal,
  )

const edges: readonly Decimal[] = [
  '0',
  '-0',
  '0.0',
  '0.10',
  '-0.1',
  '1',
  '9007199254740991',
  '-9007199254740991',
  '9007199254740992',
  '90071992547409.91',
  '99999999999999999',
  '0.000000000000001',
  '0.0000000000000001',
  '123456789012345678901234567890.5',
] as const

const pairs = fc.oneof(
  fc.tuple(decimals, decimals),
  fc.tuple(fc.constantFrom(...edges), fc.constantFrom(...edges)),
  fc.tuple(fc.constantFrom(...edges), decimals),
)

test('sums, differences and products are the texts that decimal.js prints', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      expect(add(a, b)).toBe(new long(a).plus(b).toFixed())
      expect(subtract(a, b)).toBe(new long(a).minus(b).toFixed())
      expect(multiply(a, b)).toBe(new long(a).times(b).toFixed())
    }),
    { numRuns: 5000 },
  )
})

test('a quotient is cut to 18 places, half to even, as decimal.js does', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      fc.pre(!new long(b).isZero())
      expect(divide(a, b)).toBe(new long(a).dividedBy(b).toDecimalPlaces(18).toFixed())
    }),
    { numRuns: 5000 },
  )
  expect(quotientOfSmall('0.000000000000001', '2000')).toBe('0')
  expect(quotientOfSmall('0.000000000000003', '2000')).toBe('0.000000000000000002')
})

test('the order is the one of decimal.js', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      expect(compare(a, b)).toBe(new long(a).comparedTo(b))
      expect(isZero(a)).toBe(new long(a).isZero())
    }),
    { numRuns: 5000 },
  )
})

test('numbers of a real book are calculated the short way', () => {
  expect(sumOfSmall('100000', '-7000.03', 1)).toBe('92999.97')
  expect(productOfSmall('28004.25', '0.25')).toBe('7001.0625')
  expect(compareSmall('27999.5', '27999.50')).toBe(0)
  expect(quotientOfSmall('7001.0625', '0.25')).toBe('28004.25')
})

test('what is too long for a double, or no plain decimal, is left to the long way', () => {
  for (const odd of ['123456789012345678', '', '-', '.5', '5.', '1e3', '+1', '0x10', '1.2.3', 'Infinity']) {
    expect(sumOfSmall(odd as Decimal, '1', 1)).toBeUndefined()
    expect(productOfSmall('1', odd as Decimal)).toBeUndefined()
    expect(compareSmall(odd as Decimal, '1')).toBeUndefined()
    expect(quotientOfSmall('1', odd as Decimal)).toBeUndefined()
  }
  expect(sumOfSmall('9007199254740991', '1', 1)).toBeUndefined()
  expect(productOfSmall('94906267', '94906267')).toBeUndefined()
})
