// The simple moving average.

import { SMA } from 'trading-signals'
import { expect, test } from 'vitest'
import { sma } from '../../../domain/indicators/sma.ts'
import { barsOf } from '../../recorded-bars.ts'

test('three values are averaged once there are three', () => {
  const average = sma(3)
  expect([1, 2, 6, 10].map(average)).toEqual([undefined, undefined, 3, 6])
})

test.each(['btc', 'spy'] as const)('it agrees with trading-signals on every bar of %s', name => {
  const average = sma(50)
  const oracle = new SMA(50)
  for (const { close } of barsOf(name)) {
    const expected = oracle.add(close)
    const ours = average(close)
    if (expected === null) expect(ours).toBeUndefined()
    else expect(Math.abs((ours as number) / expected - 1)).toBeLessThan(1e-9)
  }
})

test('rounding errors of huge values do not outlive a turn of the window', () => {
  const average = sma(2)
  for (const value of [1e17, 1, 1]) average(value)
  expect(average(1)).toBe(1)
})
