// The relative strength index.

import { RSI } from 'trading-signals'
import { expect, test } from 'vitest'
import { rsi } from '../../../domain/indicators/rsi.ts'
import { barsOf } from '../../recorded-bars.ts'

test('two changes up by 3 and down by 1 give 75', () => {
  const strength = rsi(2)
  expect([10, 13, 12].map(strength)).toEqual([undefined, undefined, 75])
})

test('a market without a loss has 100, one that never moved has 50', () => {
  const rising = rsi(2)
  const still = rsi(2)
  expect([1, 2, 3].map(rising).at(-1)).toBe(100)
  expect([5, 5, 5].map(still).at(-1)).toBe(50)
})

test.each(['btc', 'spy'] as const)('it agrees with trading-signals on every bar of %s', name => {
  const strength = rsi(14)
  const oracle = new RSI(14)
  let compared = 0
  for (const { close } of barsOf(name)) {
    const expected = oracle.add(close)
    const ours = strength(close)
    if (expected === null) expect(ours).toBeUndefined()
    else {
      expect(Math.abs((ours as number) - expected)).toBeLessThan(1e-9)
      compared += 1
    }
  }
  expect(compared).toBe(barsOf(name).length - 14)
})
