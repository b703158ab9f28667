// AVWAP from the swing low.

import { expect, test } from 'vitest'
import { swingLowVwap } from '../../../domain/indicators/swing-low-vwap.ts'
import { barsOf, still } from '../../recorded-bars.ts'

test('the anchor is the lowest low, and moves on when that leaves the window', () => {
  const vwap = swingLowVwap(3)
  expect(vwap(still(0, 10))).toBeUndefined()
  expect(vwap(still(1, 20))).toBeUndefined()
  expect(vwap(still(2, 30))).toBe(20) // from 10: (10 + 20 + 30) / 3
  expect(vwap(still(3, 40))).toBe(30) // from 20: 10 has left
  expect(vwap(still(4, 5))).toBe(5) // a new low is a new anchor
  expect(vwap(still(5, 15))).toBe(10)
})

test('on recorded bars it is what a search and a sum give', () => {
  const length = 48
  const vwap = swingLowVwap(length)
  const bars = barsOf('btc').slice(0, 3000)
  for (const [index, each] of bars.entries()) {
    const ours = vwap(each)
    if (index + 1 < length) {
      expect(ours).toBeUndefined()
      continue
    }
    const window = bars.slice(index + 1 - length, index + 1)
    const lowest = Math.min(...window.map(({ low }) => low))
    const since = window.slice(window.map(({ low }) => low).lastIndexOf(lowest))
    const paid = since.reduce(
      (sum, { high, low, close, volume }) => sum + ((high + low + close) / 3) * volume,
      0,
    )
    expect(ours).toBeCloseTo(paid / since.reduce((sum, { volume }) => sum + volume, 0), 8)
  }
})

test('a run that began later says exactly the same once its window is full', () => {
  const bars = barsOf('btc').slice(0, 1000)
  const early = swingLowVwap(100)
  const late = swingLowVwap(100)
  const said = bars.map(early)
  const saidLate = bars.slice(500).map(late)
  expect(saidLate.slice(100)).toEqual(said.slice(600))
})
