// Earnings dates: the bar that trades on a report, and the next report.

import { expect, test } from 'vitest'
import { earningsBar, nextEarnings } from '../../domain/earnings.ts'

const dates = ['2015-01-05', '2015-01-06', '2015-01-07', '2015-01-08', '2015-01-09']

test.each([
  ['before the open: that very day', '2015-01-07', 'before-open', 2],
  ['after the close: the next session', '2015-01-07', 'after-close', 3],
  ['on a day without a session: the first one behind it', '2015-01-04', 'before-open', undefined],
  ['after the last close: no bar has traded on it yet', '2015-01-09', 'after-close', undefined],
  ['tomorrow: no bar yet', '2015-01-12', 'before-open', undefined],
] as const)('%s', (_, date, when, bar) => {
  expect(earningsBar([{ date, when }], dates, dates.length)).toBe(bar)
})

test('of several reports the last one that was traded on counts, and bars behind the count do not', () => {
  const reports = [
    { date: '2015-01-06', when: 'before-open' },
    { date: '2015-01-08', when: 'before-open' },
  ] as const
  expect(earningsBar(reports, dates, 5)).toBe(3)
  expect(earningsBar(reports, dates, 3)).toBe(1)
  expect(earningsBar([], dates, 5)).toBeUndefined()
})

test('the next report is the first that is not over', () => {
  const earnings = new Map([
    [
      'GE',
      [
        { date: '2015-01-06', when: 'before-open' },
        { date: '2015-04-06', when: 'after-close' },
      ],
    ],
  ] as const)
  expect(nextEarnings(earnings, 'GE', '2015-01-06')?.date).toBe('2015-01-06')
  expect(nextEarnings(earnings, 'GE', '2015-01-07')?.date).toBe('2015-04-06')
  expect(nextEarnings(earnings, 'GE', '2015-04-07')).toBeUndefined()
  expect(nextEarnings(earnings, 'XX', '2015-01-06')).toBeUndefined()
})
