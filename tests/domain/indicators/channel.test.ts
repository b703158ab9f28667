// The Donchian channel.

import { DonchianChannels } from 'trading-signals'
import { expect, test } from 'vitest'
import { channel } from '../../../domain/indicators/channel.ts'
import { bar, barsOf } from '../../recorded-bars.ts'

test('a bar is not part of the channel that it leaves', () => {
  const range = channel(2)
  expect(range(bar(0, [5, 6, 4, 5]))).toBeUndefined()
  expect(range(bar(1, [5, 7, 5, 5]))).toBeUndefined()
  expect(range(bar(2, [9, 99, 1, 9]))).toEqual({ upper: 7, lower: 4 })
  expect(range(bar(3, [9, 9, 9, 9]))).toEqual({ upper: 99, lower: 1 })
})

test.each(['btc', 'spy'] as const)('it is the channel of trading-signals one bar before, on %s', name => {
  const range = channel(20)
  const oracle = new DonchianChannels(20)
  let before: { upper: number; lower: number } | undefined
  for (const each of barsOf(name)) {
    expect(range(each)).toEqual(before)
    const now = oracle.add(each)
    before = now === null ? undefined : { upper: now.upper, lower: now.lower }
  }
})
