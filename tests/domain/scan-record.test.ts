// A scan as events: every ticker gets a verdict, and a replay scans the same again.

import { expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { dailyBars } from '../../adapters/recorded-data.ts'
import { ScanRules } from '../../domain/avwap-scan.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { ScanStarted } from '../../domain/scan.ts'
import { recordScan } from '../../domain/scan-record.ts'
import { files } from '../recorded-bars.ts'

const { dataset, tickers } = dailyBars(files.sp500, nyseCalendar)
const started = ScanStarted({
  session: '2015-01-26',
  clock: '2015-01-26T13:30:00.000Z',
  universe: tickers.size,
  dataset,
  lastBar: '2015-01-23',
  rules: ScanRules.parse({}),
})
const events = recordScan(started.data, { tickers })
const named = <Type extends BookEvent['type']>(type: Type) =>
  events.filter((event): event is Extract<BookEvent, { type: Type }> => event.type === type)

test('every ticker is found or rejected, once', () => {
  const verdicts = [...named('CandidateFound'), ...named('TickerRejected')].map(({ data }) => data.ticker)
  expect(verdicts.length).toBeGreaterThan(10)
  expect(verdicts.sort()).toEqual([...tickers.keys()].sort())
})

test('the sum of the verdicts is told, and adds up', () => {
  const [completed] = named('ScanCompleted')
  expect(completed?.data).toEqual({
    session: '2015-01-26',
    scanned: tickers.size,
    candidates: named('CandidateFound').length,
    rejected: named('TickerRejected').length,
  })
})

test('the watchlist is published last: the candidates in order of rank', () => {
  const candidates = named('CandidateFound').map(({ data }) => data)
  expect(candidates.length).toBeGreaterThan(0)
  expect(candidates.map(({ rank }) => rank)).toEqual(candidates.map((_, index) => index + 1))
  const last = events.at(-1)
  expect(last).toMatchObject({
    type: 'WatchlistPublished',
    data: { session: '2015-01-26', tickers: candidates.map(({ ticker }) => ticker) },
  })
})

test('the event that started it is enough to scan the same again, byte for byte', () => {
  const read = JSON.parse(JSON.stringify(started.data)) as typeof started.data
  expect(JSON.stringify(recordScan(read, { tickers }))).toBe(JSON.stringify(events))
})

test('rules of another kind than those of a scan are refused', () => {
  expect(() =>
    recordScan({ ...started.data, rules: { ...started.data.rules, luck: 7 } }, { tickers }),
  ).toThrow('luck')
})
