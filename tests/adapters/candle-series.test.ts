// Candles in columns.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countUpTo, seriesBuilder } from '../../adapters/candle-series.ts'
import { still } from '../recorded-bars.ts'

test('counting what is not above a limit is what a filter counts', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: -1, max: 51 }),
      (values, limit) => {
        const column = Float64Array.from(values).sort()
        expect(countUpTo(column, limit)).toBe(values.filter(value => value <= limit).length)
      },
    ),
  )
})

test('a series knows its last close while it grows', () => {
  const builder = seriesBuilder('BTC/USDT', '5m')
  expect(builder.lastClose).toBe(Number.NEGATIVE_INFINITY)
  builder.add(still(1, 100))
  expect(builder.lastClose).toBe(600_000)
  const series = builder.build(() => {
    throw new Error('not asked')
  })
  expect(series).toMatchObject({ symbol: 'BTC/USDT', timeframe: '5m', length: 1 })
  expect([...series.close]).toEqual([100])
})
