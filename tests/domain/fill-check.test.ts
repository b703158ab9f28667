// A fill's price against the candles of its moment.

import { expect, test } from 'vitest'
import { checkFill, mustBeCovered } from '../../domain/fill-check.ts'
import { candleClosed } from '../cast.ts'

/** 11:40 to 11:45, 27980 to 28010; 11:45 to 11:50, 27990 to 28020. */
const candles = [candleClosed(0).data, candleClosed(1).data]
const hour = { ...candleClosed(0).data, timeframe: '1h', closeTime: '2023-03-24T12:40:00.000Z' } as const
const at = (price: `${number}`, venueTime = '2023-03-24T11:40:00.000Z') => ({ price, venueTime })

test.each([
  ['27980', 'within'],
  ['28010', 'within'],
  ['27979.99', 'outside'],
  ['28010.01', 'outside'],
] as const)('a price of %s is %s of the candle it happened in', (price, kind) => {
  expect(checkFill(at(price), candles, '0').kind).toBe(kind)
})

test('slippage widens the candle on both sides, by a share of its own bound', () => {
  expect(checkFill(at('28024.005'), candles, '0.0005').kind).toBe('within')
  expect(checkFill(at('28024.006'), candles, '0.0005')).toMatchObject({ low: '27966.01', high: '28024.005' })
  expect(checkFill(at('27966.01'), candles, '0.0005').kind).toBe('within')
  expect(checkFill(at('27966.00'), candles, '0.0005').kind).toBe('outside')
})

test('the close of a candle belongs to the next one', () => {
  expect(checkFill(at('28015', '2023-03-24T11:44:59.999Z'), candles, '0').kind).toBe('outside')
  expect(checkFill(at('28015', '2023-03-24T11:45:00.000Z'), candles, '0').kind).toBe('within')
  expect(checkFill(at('28015', '2023-03-24T11:50:00.000Z'), candles, '0').kind).toBe('no-candle')
})

test('a fill must be within every candle that covers it', () => {
  expect(checkFill(at('28015', '2023-03-24T11:46:00.000Z'), [...candles, hour], '0')).toMatchObject({
    kind: 'outside',
    candle: { timeframe: '1h' },
  })
})

test('a market that never closes must have a candle between two others, unless a gap was found', () => {
  const before = candleClosed(0).data
  const after = candleClosed(3).data
  const moment = '2023-03-24T11:46:00.000Z'
  const gap = { from: '2023-03-24T11:45:00.000Z', to: '2023-03-24T11:55:00.000Z' }
  expect(mustBeCovered(moment, { candles: [before, after], gaps: [] })).toBe(true)
  expect(mustBeCovered(moment, { candles: [before, after], gaps: [gap] })).toBe(false)
  expect(mustBeCovered(moment, { candles: [before], gaps: [] })).toBe(false)
  expect(mustBeCovered(moment, { candles: [after], gaps: [] })).toBe(false)
})
