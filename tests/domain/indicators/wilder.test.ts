// Wilder's smoothing.

import { WSMA } from 'trading-signals'
import { expect, test } from 'vitest'
import { wilder } from '../../../domain/indicators/wilder.ts'
import { barsOf } from '../../recorded-bars.ts'

test('it starts at the mean of the first values and moves by 1 / n', () => {
  const average = wilder(2)
  expect([1, 3, 6, 0].map(average)).toEqual([undefined, 2, 4, 2])
})

test('it agrees with trading-signals on every bar of btc', () => {
  const average = wilder(14)
  const oracle = new WSMA(14)
  for (const { close } of barsOf('btc')) {
    const expected = oracle.add(close)
    const ours = average(close)
    if (expected === null) expect(ours).toBeUndefined()
    else expect(Math.abs((ours as number) / expected - 1)).toBeLessThan(1e-9)
  }
})
