// What lets a candle in, and what is missing between two.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  barOf,
  type Candle,
  candleObjection,
  closeTimeOf,
  gapBetween,
  isClosed,
} from '../../domain/candle.ts'
import { instantOf } from '../../domain/time.ts'

const candleAt = (openTime: string): Candle => ({
  symbol: 'BTC/USDT',
  timeframe: '5m',
  openTime,
  closeTime: closeTimeOf(openTime, '5m'),
  open: '10',
  high: '12',
  low: '9',
  close: '11',
  volume: '3',
})
const eleven = candleAt('2023-03-24T11:00:00.000Z')

test('neighbours have no gap', () => {
  expect(gapBetween(eleven, candleAt('2023-03-24T11:05:00.000Z'))).toBeUndefined()
})

test('a gap names what is missing, from open to close', () => {
  expect(gapBetween(eleven, candleAt('2023-03-24T11:20:00.000Z'))?.data).toEqual({
    symbol: 'BTC/USDT',
    timeframe: '5m',
    from: '2023-03-24T11:05:00.000Z',
    to: '2023-03-24T11:20:00.000Z',
    missing: 3,
  })
})

test('candles that overlap or repeat are no gap', () => {
  expect(gapBetween(eleven, eleven)).toBeUndefined()
})

test('every whole number of missing candles is counted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), missing => {
      const after = candleAt(instantOf(Date.parse(eleven.closeTime) + missing * 300_000))
      expect(gapBetween(eleven, after)?.data.missing).toBe(missing)
    }),
  )
})

test.each([
  [{ low: '0', open: '0' }, 'price-not-positive'],
  [{ close: '-1' }, 'price-not-positive'],
  [{ high: '8' }, 'high-below-low'],
  [{ open: '12.00000000000000000001' }, 'open-outside-range'],
  [{ close: '8.99999999999999999999' }, 'close-outside-range'],
  [{ volume: '-1' }, 'volume-negative'],
  [{ volume: '0' }, undefined],
] as const)('%j: %s', (change, objection) => {
  expect(candleObjection({ ...eleven, ...change })).toBe(objection)
})

test('a candle is closed from its close time on', () => {
  expect(isClosed(eleven, '2023-03-24T11:04:59.999Z')).toBe(false)
  expect(isClosed(eleven, '2023-03-24T11:05:00.000Z')).toBe(true)
})

test('a bar has the measurements of its candle', () => {
  expect(barOf(eleven)).toEqual({
    openTime: Date.parse(eleven.openTime),
    closeTime: Date.parse(eleven.closeTime),
    open: 10,
    high: 12,
    low: 9,
    close: 11,
    volume: 3,
  })
})
