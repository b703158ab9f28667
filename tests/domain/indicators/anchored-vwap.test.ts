// The anchored VWAP.

import { VWAP } from 'trading-signals'
import { expect, test } from 'vitest'
import { anchoredVwap } from '../../../domain/indicators/anchored-vwap.ts'
import { barsOf, still } from '../../recorded-bars.ts'

test('ten shares at 100 and thirty at 200 were 175 on average', () => {
  const vwap = anchoredVwap()
  expect(vwap(still(0, 100, 10))).toBe(100)
  expect(vwap(still(1, 200, 30))).toBe(175)
})

test('nothing was paid before anything was traded, and a quiet bar changes nothing', () => {
  const vwap = anchoredVwap()
  expect(vwap(still(0, 100, 0))).toBeUndefined()
  expect(vwap(still(1, 200, 30))).toBe(200)
  expect(vwap(still(2, 900, 0))).toBe(200)
})

test.each([
  ['btc', 0],
  ['btc', 5000],
  ['btc', 6700],
  ['spy', 300],
] as const)(
  'it agrees with the VWAP of trading-signals that starts at the same bar of %s, %i',
  (name, at) => {
    const vwap = anchoredVwap()
    const oracle = new VWAP()
    for (const bar of barsOf(name).slice(at)) {
      oracle.add(bar)
      expect(Math.abs((vwap(bar) as number) / oracle.getResultOrThrow() - 1)).toBeLessThan(1e-9)
    }
  },
)
