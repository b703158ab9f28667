// The checks that fail open: what each finds, and what it says when it cannot look.

import { expect, test } from 'vitest'
import type { DailyColumns } from '../../domain/daily-columns.ts'
import { noBars } from '../../domain/daily-columns.ts'
import { addDays } from '../../domain/time.ts'
import { coverageConcern, earningsConcern, regimeConcern, WarningRules } from '../../domain/warning.ts'

const lastBar = '2015-01-30'
const closes = (...values: readonly number[]): DailyColumns => ({
  ...noBars,
  dates: values.map((_, at) => addDays(lastBar, at + 1 - values.length)),
  close: Float64Array.from(values),
})
const rules = WarningRules.parse({ index: 'SPY', regimeDays: 3, breadthMin: 0.5, coverageMin: 0.9 })
const rising = closes(10, 11, 12)
const falling = closes(12, 11, 10)

test('the index is held against its average', () => {
  const tickers = new Map([['A', rising]])
  expect(regimeConcern(tickers, rising, lastBar, rules)).toBeUndefined()
  expect(regimeConcern(tickers, falling, lastBar, rules)).toBe('SPY closed at 10, below its 3-day average 11')
})

test('breadth is the share of tickers at or above their average', () => {
  const half = new Map([
    ['A', rising],
    ['B', falling],
    ['C', noBars], // not counted
  ])
  expect(regimeConcern(half, rising, lastBar, rules)).toBeUndefined()
  expect(regimeConcern(half, rising, lastBar, { ...rules, breadthMin: 0.51 })).toBe(
    '1 of 2 tickers are above their 3-day average, 51 % wanted',
  )
})

test('an index that cannot be looked at is told; one that nobody named is not asked for', () => {
  const none = 'not known: no 3 bars of SPY up to 2015-01-30'
  expect(regimeConcern(new Map(), undefined, lastBar, rules)).toBe(none)
  expect(regimeConcern(new Map(), closes(1, 2), lastBar, rules)).toBe(none)
  expect(regimeConcern(new Map(), rising, '2015-01-31', rules)).toContain('not known')
  expect(regimeConcern(new Map(), falling, lastBar, { ...rules, index: '' })).toBeUndefined()
})

test('holes in the universe are counted', () => {
  const holed = new Map([
    ['A', rising],
    ['B', noBars],
  ])
  expect(coverageConcern(holed, lastBar, rules)).toBe(
    '1 of 2 tickers have no bar of 2015-01-30: they were not judged',
  )
  expect(coverageConcern(holed, lastBar, { ...rules, coverageMin: 0.5 })).toBeUndefined()
})

test.each([
  ['2015-02-02', 'GE reports today, 2015-02-02 after close'],
  ['2015-02-01', 'GE reports tomorrow, 2015-02-02 after close'],
  ['2015-01-31', 'GE reports in 2 days, 2015-02-02 after close'],
  ['2015-01-30', undefined],
  ['2015-02-03', undefined],
])('earnings seen from %s', (session, concern) => {
  const earnings = new Map([['GE', [{ date: '2015-02-02', when: 'after-close' as const }]]])
  expect(earningsConcern(earnings, 'GE', session, rules)).toBe(concern)
})
