// AVWAP from the start of the day.

import { expect, test } from 'vitest'
import { dayVwap } from '../../../domain/indicators/day-vwap.ts'
import { still } from '../../recorded-bars.ts'

const barsInDay = 288

test('it says nothing until a day has started', () => {
  const vwap = dayVwap()
  expect(vwap(still(barsInDay - 1, 500))).toBeUndefined()
  expect(vwap(still(barsInDay, 100))).toBe(100)
})

test('it starts anew at midnight UTC', () => {
  const vwap = dayVwap()
  expect(vwap(still(0, 100))).toBe(100)
  expect(vwap(still(1, 200))).toBe(150)
  expect(vwap(still(barsInDay, 900))).toBe(900)
})

test('a day whose first candle is missing starts at its second', () => {
  const vwap = dayVwap()
  vwap(still(barsInDay - 1, 500))
  expect(vwap(still(barsInDay + 1, 100))).toBe(100)
})
