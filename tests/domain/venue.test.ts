// The tick of a market whose prices have significant digits grows with the price.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactDecimal } from '../../adapters/exact-decimal.ts'
import { type Decimal, isMultiple, roundTo } from '../../domain/decimal.ts'
import { tickAt } from '../../domain/venue.ts'

const bitfinex = {
  tick: '0.00000001',
  lot: '0.00000001',
  minimumQuantity: '0.00004',
  priceDigits: 5,
} as const

test.each([
  ['42000.123456', '1'],
  ['1234567', '100'],
  ['9999.95', '0.1'],
  ['1.23456', '0.0001'],
  ['0.0123456', '0.000001'],
  ['0.00000001', '0.00000001'],
  ['0', '0.00000001'],
  ['-42000', '1'],
] as const)('at %s it is %s with five digits', (price, tick) => {
  expect(tickAt(bitfinex, price)).toBe(tick)
})

test('without significant digits it is the market its own', () => {
  expect(tickAt({ tick: '0.01', lot: '1', minimumQuantity: '1' }, '42000.123456')).toBe('0.01')
})

test('a price on its tick has no more than five significant digits', () => {
  const prices = fc
    .tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.integer({ min: -6, max: 4 }))
    .map(([digits, power]) => exactDecimal(`${digits}e${power}`) as Decimal)
  fc.assert(
    fc.property(prices, price => {
      const rounded = roundTo(price, tickAt(bitfinex, price), 'down')
      const significant = rounded.replace('.', '').replace(/^0+/, '').replace(/0+$/, '')
      expect(significant.length).toBeLessThanOrEqual(5)
      expect(isMultiple(rounded, tickAt(bitfinex, price))).toBe(true)
    }),
  )
})
