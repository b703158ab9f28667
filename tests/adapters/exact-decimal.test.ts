// A venue's number becomes an exact decimal or nothing.

import { Decimal as Exact } from 'decimal.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactDecimal } from '../../adapters/exact-decimal.ts'

test.each([
  ['0.10', '0.1'],
  ['1e-8', '0.00000001'],
  ['1.5E+3', '1500'],
  ['007', '7'],
  ['-0.0', '0'],
  ['.5', '0.5'],
  ['5.', '5'],
  [1e-9, '0.000000001'],
  [42000.5, '42000.5'],
  ['42000.123456789012345678', '42000.123456789012345678'],
] as const)('%s is %s', (given, exact) => {
  expect(exactDecimal(given)).toBe(exact)
})

test.each([undefined, null, '', '.', 'NaN', 'Infinity', Number.NaN, '1,5', '0x10', '1e', {}, '1e400'])(
  '%s is none',
  given => {
    expect(exactDecimal(given)).toBeUndefined()
  },
)

test('it is the same number, whatever way it was written', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.integer({ min: -12, max: 12 }),
      (digits, power) => {
        const text = `${digits}e${power}`
        expect(exactDecimal(text)).toBe(new Exact(text).toFixed().replace(/^-0$/, '0'))
      },
    ),
  )
})
