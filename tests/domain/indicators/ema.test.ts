// The exponential moving average.

import { EMA } from 'trading-signals'
import { expect, test } from 'vitest'
import { ema } from '../../../domain/indicators/ema.ts'
import { barsOf } from '../../recorded-bars.ts'

test('it starts at the first value and moves by alpha = 2 / (n + 1)', () => {
  const average = ema(3) // alpha 1/2
  expect([10, 20, 30, 10].map(average)).toEqual([undefined, undefined, 22.5, 16.25])
})

test.each(['btc', 'spy'] as const)('it agrees with trading-signals on every bar of %s', name => {
  const average = ema(26)
  const oracle = new EMA(26)
  for (const { close } of barsOf(name)) {
    oracle.add(close)
    const ours = average(close)
    if (!oracle.isStable) expect(ours).toBeUndefined()
    else expect(Math.abs((ours as number) / oracle.getResultOrThrow() - 1)).toBeLessThan(1e-9)
  }
})

test('after four lengths the first value weighs less than 0.04 percent', () => {
  const high = ema(20)
  const low = ema(20)
  high(1000)
  low(0)
  let apart = 1000
  for (let value = 0; value < 80; value += 1) apart = (high(0) ?? 1000) - (low(0) ?? 0)
  expect(apart / 1000).toBeLessThan(0.0004)
})
