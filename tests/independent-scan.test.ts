// The scan against an independent one: tests/independent_scan.py works the same sessions out from the description. And
// the example of docs/scan.md that follows one recorded ticker from its bars to its rank.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import { dailyBars } from '../adapters/recorded-data.ts'
import { avwapScan, ScanRules } from '../domain/avwap-scan.ts'
import { previousSession } from '../domain/calendar.ts'
import { files } from './recorded-bars.ts'

/** Candidates that were worked out by the Python script and written down, best first: a pin for both. */
const pinned: Readonly<Record<string, string>> = {
  '2014-06-02': 'AIG CELG XEC SYMC AMAT VLO CXO REGN WYNN AMGN',
  '2015-03-09': 'CBS DLTR COST INTU NTRS LUV DIS LH CME GILD',
  '2015-08-24': 'LUV SPG NVDA MO PNW CCI CNP EQIX EXPE VRSN',
}
const sessions = Object.keys(pinned)

interface Found {
  readonly ticker: string
  readonly score: number
  readonly avwap: number
  readonly atr: number
  readonly trend: number
}

const before = (session: string): string => {
  const found = previousSession(nyseCalendar, session)
  if (found === 'unknown') throw new Error(`no session before ${session}`)
  return found.date
}

const independent = JSON.parse(
  execFileSync(
    'python3',
    ['tests/independent_scan.py', files.sp500.file, ...sessions.map(each => `${each}:${before(each)}`)],
    { encoding: 'utf8' },
  ),
) as Readonly<Record<string, readonly Found[]>>
const { tickers } = dailyBars(files.sp500, nyseCalendar)

test.each(sessions)(
  'candidates of %s: the same tickers in the same order, with the same numbers',
  session => {
    const { candidates } = avwapScan({
      session,
      lastBar: before(session),
      tickers,
      rules: ScanRules.parse({}),
    })
    const again = independent[session] as readonly Found[]
    expect(candidates.map(({ ticker }) => ticker).join(' ')).toBe(pinned[session])
    expect(again.map(({ ticker }) => ticker)).toEqual(candidates.map(({ ticker }) => ticker))
    for (const [at, { score, avwap, atr, trend }] of candidates.entries()) {
      const other = again[at] as Found
      for (const [ours, theirs] of [
        [score, other.score],
        [avwap, other.avwap],
        [atr, other.atr],
        [trend, other.trend],
      ] as const)
        expect(Math.abs(ours / theirs - 1), `${session} ${candidates[at]?.ticker}`).toBeLessThan(1e-9)
    }
  },
)

test('docs/scan.md follows GE from its bars to its rank with the numbers of the recording', () => {
  const page = readFileSync('docs/scan.md', 'utf8')
  const bars = tickers.get('GE')
  if (bars === undefined) throw new Error('GE is not recorded')
  const { high, low, close, volume } = bars
  const last = bars.dates.indexOf('2015-10-29')
  const first = bars.dates.indexOf('2015-10-16')
  const at = (column: Float64Array, index: number) => column[index] as number
  const days = Array.from({ length: last + 1 - first }, (_, index) => first + index)
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const mean = (count: number, of: (index: number) => number) =>
    sum(Array.from({ length: count }, (_, index) => of(last - index))) / count

  const rows = [...page.matchAll(/^\| (2015-10-\d\d) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|$/gm)]
  expect(rows.map(([, date, ...numbers]) => [date, ...numbers.slice(0, 4).map(Number)])).toEqual(
    days.map(day => [bars.dates[day], at(high, day), at(low, day), at(close, day), at(volume, day)]),
  )

  const paid = (day: number) => ((at(high, day) + at(low, day) + at(close, day)) / 3) * at(volume, day)
  const traded = sum(days.map(day => at(volume, day)))
  const avwap = sum(days.map(paid)) / traded
  const range = (day: number) =>
    Math.max(at(high, day), at(close, day - 1)) - Math.min(at(low, day), at(close, day - 1))
  let before = at(high, 0) - at(low, 0)
  for (let day = 1; day < 14; day += 1) before += range(day)
  before /= 14
  for (let day = 14; day < last; day += 1) before = (13 * before + range(day)) / 14
  const atr = (13 * before + range(last)) / 14
  const distance = (29.34 - avwap) / atr
  const average = mean(50, day => at(close, day))
  const trend = 29.34 / average - 1
  const turnover = mean(20, day => at(close, day) * at(volume, day))
  const score = 0.5 * (1 - distance / 2) + (0.3 * trend) / (trend + 0.1) + (0.2 * turnover) / (turnover + 2e8)

  const spaced = (value: string) => value.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ')
  const written = (value: number, digits: number) => {
    const [whole = '', part] = value.toFixed(digits).split('.')
    return part === undefined ? spaced(whole) : `${spaced(whole)}.${part}`
  }
  for (const [value, digits] of [
    [sum(days.map(paid)), 2],
    [paid(first), 2],
    [traded, 0],
    [avwap, 4],
    [before, 4],
    [range(last), 2],
    [atr, 4],
    [29.34 - avwap, 4],
    [distance, 4],
    [1 - distance / 2, 4],
    [average, 3],
    [trend, 4],
    [turnover, 0],
    [score, 4],
  ] as const)
    expect(page).toContain(` ${written(value, digits)}`)

  const { candidates } = avwapScan({
    session: '2015-10-30',
    lastBar: '2015-10-29',
    tickers,
    rules: ScanRules.parse({}),
  })
  expect(candidates[0]).toMatchObject({
    ticker: 'GE',
    rank: 1,
    anchor: 'highest-volume',
    anchorDate: '2015-10-16',
  })
  expect(candidates[0]?.avwap).toBeCloseTo(avwap, 9)
  expect(candidates[0]?.score).toBeCloseTo(score, 9)
})
