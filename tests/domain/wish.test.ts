// From an evaluation to a wish: sizing, price and lifetime.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, type Decimal, multiply, roundTo } from '../../domain/decimal.ts'
import type { Evaluation } from '../../domain/strategy.ts'
import { intentFrom } from '../../domain/wish.ts'
import { candleClosed, champion, symbol } from '../cast.ts'

const candle = candleClosed(0).data
const rules = { tick: '0.01', lot: '0.001', minimumQuantity: '0.001' } as const
const lifetime = { expiresAt: '2023-03-24T11:50:00.000Z', restsUntil: '2023-03-24T12:00:00.000Z' }
const says = (action: Evaluation['action'], limitPrice?: number): Evaluation => ({
  action,
  signal: 1,
  confidence: 0.5,
  reasons: ['fast above slow', 'volume rising'],
  indicators: {},
  ...(limitPrice === undefined ? {} : { limitPrice }),
})
const wish = (evaluation: Evaluation, { free = '0' as Decimal, orderValue = '2000' as Decimal } = {}) =>
  intentFrom({ champion, orderValue }, candle, evaluation, free, rules, lifetime)?.data

describe('a purchase', () => {
  test('without a price is a market order for as many lots as the money buys at the close', () => {
    expect(wish(says('buy'))).toEqual({
      source: 'strategy',
      by: champion,
      symbol,
      side: 'buy',
      type: 'market',
      quantity: '0.071',
      timeInForce: 'GTC',
      reduceOnly: false,
      referencePrice: '28000',
      expiresAt: lifetime.expiresAt,
      reason: 'fast above slow; volume rising',
    })
  })

  test('with a price rests at it, on the tick below, until its date', () => {
    expect(wish(says('buy', 25_000.019))).toMatchObject({
      type: 'limit',
      limitPrice: '25000.01',
      quantity: '0.079',
      timeInForce: 'GTD',
      restsUntil: lifetime.restsUntil,
      expiresAt: lifetime.expiresAt,
    })
  })

  test('that the money does not reach for is a wish for nothing, and will be denied by name', () => {
    expect(wish(says('buy'), { orderValue: '27.99' })?.quantity).toBe('0')
    expect(wish(says('buy', 0.001))).toMatchObject({ limitPrice: '0', quantity: '0' })
    expect(wish(says('buy', -5))?.quantity).toBe('0')
  })

  test('never costs more than the money for it, and is whole lots', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0.02, max: 100_000, noNaN: true }),
        (value, price) => {
          const orderValue: Decimal = `${value}`
          const wished = wish(says('buy', price), { orderValue })
          const { quantity = '0', limitPrice = '0' } = wished ?? {}
          expect(compare(multiply(quantity, limitPrice), orderValue)).toBeLessThanOrEqual(0)
          expect(roundTo(quantity, rules.lot, 'down')).toBe(quantity)
          expect(roundTo(limitPrice, rules.tick, 'down')).toBe(limitPrice)
        },
      ),
    )
  })
})

describe('a sale', () => {
  test('is a market order for everything that is free, and only shrinks', () => {
    expect(wish(says('sell'), { free: '0.071' })).toMatchObject({
      side: 'sell',
      type: 'market',
      quantity: '0.071',
      reduceOnly: true,
    })
  })

  test('of nothing is no wish', () => {
    expect(wish(says('sell'))).toBeUndefined()
  })

  test('of whole lots names no dust', () => {
    expect(wish(says('sell'), { free: '0.071' })).not.toHaveProperty('dust')
  })

  test('of what a fee has left sells the lots and names the dust', () => {
    expect(wish(says('sell'), { free: '0.070929' })).toMatchObject({ quantity: '0.07', dust: '0.000929' })
  })

  test('of dust is no wish', () => {
    expect(wish(says('sell'), { free: '0.000999' })).toBeUndefined()
  })
})

test('a strategy that asks for nothing wishes nothing', () => {
  expect(wish(says('none'), { free: '1' })).toBeUndefined()
})
