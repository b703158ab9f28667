// What of a holding the venue takes, and what is dust.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, type Decimal, larger, multiply, roundTo, subtract } from '../../domain/decimal.ts'
import { isDust, sellable } from '../../domain/dust.ts'
import { exitOf } from '../../domain/wish.ts'

const rules = { tick: '0.01', lot: '0.001', minimumQuantity: '0.01' } as const

describe('of a holding', () => {
  test.each<[name: string, held: Decimal, sold: Decimal, dust: Decimal | undefined]>([
    ['whole lots are sold, and nothing is left', '0.05', '0.05', undefined],
    ['the part of a lot stays', '0.0509', '0.05', '0.0009'],
    ['the venue takes just its minimum', '0.01', '0.01', undefined],
    ['the minimum is sold and the part of a lot stays', '0.010999', '0.01', '0.000999'],
  ])('%s', (_, held, sold, dust) => {
    expect(sellable(held, rules)).toBe(sold)
    expect(isDust(held, rules)).toBe(false)
    expect(exitOf(held, rules)).toEqual({ quantity: sold, ...(dust === undefined ? {} : { dust }) })
  })

  test.each<[name: string, held: Decimal]>([
    ['less than a lot', '0.0009'],
    ['whole lots below the minimum', '0.009'],
    ['lots and a part of one below the minimum', '0.0099'],
  ])('%s is dust: there is nothing to exit', (_, held) => {
    expect(sellable(held, rules)).toBe('0')
    expect(isDust(held, rules)).toBe(true)
    expect(exitOf(held, rules)).toBeUndefined()
  })

  test.each<[name: string, held: Decimal]>([
    ['nothing', '0'],
    ['a short', '-0.5'],
    ['a short of less than a lot', '-0.0005'],
  ])('%s is no dust, and nothing to exit', (_, held) => {
    expect(isDust(held, rules)).toBe(false)
    expect(exitOf(held, rules)).toBeUndefined()
  })

  test('whole lots are sold when they reach the minimum, and what is left is named', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 9n }).map(n => multiply(`${n}` as Decimal, '0.000001'))
    const lots = fc.constantFrom<Decimal>('0.00000001', '0.0001', '0.005', '0.1', '1')
    fc.assert(
      fc.property(amount, lots, lots, (held, lot, minimumQuantity) => {
        const demands = { tick: '0.01' as const, lot, minimumQuantity }
        const whole = roundTo(held, lot, 'down')
        const takes = compare(whole, larger(lot, minimumQuantity)) >= 0
        expect(sellable(held, demands)).toBe(takes ? whole : '0')
        expect(isDust(held, demands)).toBe(!takes)
        const exit = exitOf(held, demands)
        expect(exit?.quantity).toBe(takes ? whole : undefined)
        expect(exit?.dust ?? '0').toBe(takes ? subtract(held, whole) : '0')
      }),
    )
  })
})
