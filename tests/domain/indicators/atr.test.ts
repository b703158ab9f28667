// The average true range.

import { ATR } from 'trading-signals'
import { expect, test } from 'vitest'
import { atr } from '../../../domain/indicators/atr.ts'
import { barsOf } from '../../recorded-bars.ts'

test('a gap counts from the close before it', () => {
  const range = atr(2)
  expect(range({ high: 12, low: 10, close: 10 })).toBeUndefined() // 2
  expect(range({ high: 15, low: 14, close: 14 })).toBe(3.5) // 15 - 10 = 5; (2 + 5) / 2
  expect(range({ high: 11, low: 9.5, close: 10 })).toBe(4) // 14 - 9.5 = 4.5; 3.5 + (4.5 - 3.5) / 2
})

test.each(['btc', 'spy'] as const)('it agrees with trading-signals on every bar of %s', name => {
  const range = atr(14)
  const oracle = new ATR(14)
  for (const bar of barsOf(name)) {
    const expected = oracle.add(bar)
    const ours = range(bar)
    if (expected === null) expect(ours).toBeUndefined()
    else expect(Math.abs((ours as number) / expected - 1)).toBeLessThan(1e-9)
  }
})
