// The AVWAP scan.

import { expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { dailyBars } from '../../adapters/recorded-data.ts'
import { avwapScan, type DailyColumns, ScanRules } from '../../domain/avwap-scan.ts'
import { CandidateFound, TickerRejected, type TickerRejection } from '../../domain/scan.ts'
import { addDays } from '../../domain/time.ts'
import { candleClosed } from '../cast.ts'
import { files } from '../recorded-bars.ts'

type Row = readonly [open: number, high: number, low: number, close: number, volume: number]

/** Of a bar only its numbers are looked at. */
const candleOf = ([open, high, low, close, volume]: Row) => ({
  ...candleClosed(0).data,
  open: `${open}` as const,
  high: `${high}` as const,
  low: `${low}` as const,
  close: `${close}` as const,
  volume: `${volume}` as const,
})

/** Rows become the days that end on 2015-01-30, weekends and all: the rule only reads dates in order. */
const columns = (rows: readonly Row[]): DailyColumns => ({
  dates: rows.map((_, at) => addDays('2015-01-30', at + 1 - rows.length)),
  open: Float64Array.from(rows, row => row[0]),
  high: Float64Array.from(rows, row => row[1]),
  low: Float64Array.from(rows, row => row[2]),
  close: Float64Array.from(rows, row => row[3]),
  volume: Float64Array.from(rows, row => row[4]),
  exact: at => candleOf(rows[at] as Row),
})

const rules = ScanRules.parse({
  minimumBars: 6,
  priceMin: 5,
  turnoverMin: 1000,
  turnoverDays: 2,
  trendDays: 4,
  atrDays: 2,
  swingDays: 6,
  gapMinAtr: 2,
  anchorAgeMin: 2,
  distanceMaxAtr: 2,
  candidatesMax: 2,
})

const scan = (tickers: Readonly<Record<string, DailyColumns>>, given: ScanRules = rules) =>
  avwapScan({
    session: '2015-02-02',
    lastBar: '2015-01-30',
    tickers: new Map(Object.entries(tickers)),
    rules: given,
  })

/**
 * Six days of range 2. The highest high and the highest volume are on day 1, the lowest low on day 3; the first bar of
 * the year is the first row.
 */
const example: readonly Row[] = [
  [20, 21, 19, 20, 100],
  [24, 25, 23, 24, 400],
  [20, 21, 19, 20, 100],
  [18, 19, 17, 18, 100],
  [20, 21, 19, 20, 100],
  [22, 23, 21, 22, 200],
]

test('a hand-computed example: the highest AVWAP that is not above the close is the support', () => {
  const { candidates, rejections } = scan({ ABC: columns(example) })
  expect(rejections).toEqual([])
  // AVWAPs: year start (2000 + 9600 + 2000 + 1800 + 2000 + 4400) / 1000 = 21.8; day 1 19800 / 900 = 22, which is not
  // above the close of 22; swing low (1800 + 2000 + 4400) / 400 = 20.5.
  // True ranges 2, 5, 5, 3, 3, 3: ATR 3.5, 4.25, 3.625, 3.3125, 3.15625.
  expect(candidates).toEqual([
    {
      session: '2015-02-02',
      ticker: 'ABC',
      rank: 1,
      // 0.5 × 1 + 0.3 × 0.1 / 0.2 + 0.2 × 3200 / 13200
      score: expect.closeTo(0.5 + 0.15 + 0.2 * (3200 / 13200), 12),
      close: '22',
      anchor: 'swing-high',
      anchorDate: '2015-01-26',
      avwap: 22,
      distance: 0,
      atr: 3.15625,
      trend: expect.closeTo(0.1, 12),
      turnover: 3200,
      reasons: [
        'close 22 is 0.00 ATR above AVWAP 22, anchored at the swing-high of 2015-01-26',
        '10.0 % above its 4-day average 20',
        'mean turnover 3200 over 2 days',
      ],
    },
  ])
})

/** The last day of the example in two other tickers. */
const higher: Row = [22, 24, 22, 23, 200]
const lower: Row = [18, 19, 17, 18, 200]

test('the hand-computed example to its end: from bars to rank, as docs/scan.md writes it down', () => {
  const { candidates, rejections } = scan({
    LOW: columns(example.with(5, lower)),
    HIGH: columns(example.with(5, higher)),
    ABC: columns(example),
  })
  expect(candidates.map(({ rank, ticker, score }) => [rank, ticker, score.toFixed(4)])).toEqual([
    [1, 'ABC', '0.6985'],
    [2, 'HIGH', '0.6692'],
  ])
  expect(candidates[1]).toMatchObject({
    anchor: 'swing-high',
    avwap: expect.closeTo(20000 / 900, 12),
    atr: 3.65625,
    trend: expect.closeTo(23 / 20.25 - 1, 12),
    turnover: 3300,
    reasons: [
      expect.stringMatching(/^close 23 is 0\.21 ATR above AVWAP 22\.22222,/),
      expect.any(String),
      expect.any(String),
    ],
  })
  expect(rejections).toMatchObject([
    { ticker: 'LOW', reason: 'below-trend', detail: 'close 18 is below its 4-day average 19' },
  ])
})

test('a gap is an anchor when it is large in ATRs', () => {
  // Quiet at 20, then an open at 30: 10 above the close, 5 ATRs. Everything after is cheaper than the gap day.
  const gapped: readonly Row[] = [
    [20, 21, 19, 20, 9000],
    [20, 21, 19, 20, 100],
    [20, 21, 19, 20, 100],
    [30, 31, 29, 30, 100],
    [30, 34, 30, 33, 100],
    [33, 33, 31, 32, 100],
  ]
  const loose = { ...rules, distanceMaxAtr: 20 }
  expect(scan({ GAP: columns(gapped) }, loose).candidates[0]).toMatchObject({
    anchor: 'gap',
    anchorDate: '2015-01-28',
  })
  expect(scan({ GAP: columns(gapped) }, { ...loose, gapMinAtr: 6 }).candidates[0]?.anchor).not.toBe('gap')
})

test('earnings are an anchor where their date is known', () => {
  const rows = [20, 28, 18, 21, 22, 24].map((at): Row => [at, at + 1, at - 1, at, 100])
  const supportWith = (when: 'before-open' | 'after-close') =>
    avwapScan({
      session: '2015-02-02',
      lastBar: '2015-01-30',
      tickers: new Map([['ABC', columns(rows)]]),
      rules: { ...rules, distanceMaxAtr: 20, anchorAgeMin: 1 },
      earnings: new Map([['ABC', [{ date: '2015-01-29', when }]]]),
    }).candidates[0]
  // Since the report before the open of the 29th: (22 + 24) / 2 = 23; since the high of the 26th: 113 / 5 = 22.6.
  expect(supportWith('before-open')).toMatchObject({
    anchor: 'earnings',
    anchorDate: '2015-01-29',
    avwap: 23,
  })
  // A report after that day's close is traded on from the 30th: too young to be an anchor.
  expect(supportWith('after-close')).toMatchObject({ anchor: 'swing-high', avwap: 22.6 })
})

test('a day too young to be an anchor is passed over', () => {
  const older = { ...rules, anchorAgeMin: 5, distanceMaxAtr: 20 }
  expect(scan({ ABC: columns(example) }, older).candidates[0]).toMatchObject({
    anchor: 'year-start',
    anchorDate: '2015-01-25',
  })
})

const change = (at: number, row: Row): DailyColumns => columns(example.with(at, row))

test.each<[TickerRejection, DailyColumns, string]>([
  ['no-bar-of-last-session', columns([]), 'the last bar is of no session, not 2015-01-30'],
  ['too-few-bars', columns(example.slice(1)), '5 bars, 6 needed'],
  ['price-too-low', change(5, [4, 5, 3, 4, 200]), 'close 4 is below 5'],
  ['turnover-too-low', change(5, [22, 23, 21, 22, 0]), 'mean turnover 1000'],
  ['below-trend', change(5, [18, 19, 17, 18, 200]), 'close 18 is below its 4-day average 19'],
  ['below-avwap', change(5, [20.4, 30, 20.4, 20.4, 9000]), 'close 20.4 is below swing-low 23.'],
  [
    'too-far-above-avwap',
    change(5, [40, 41, 39, 40, 1]),
    '1.48 ATR above AVWAP 22.02568 anchored at the highest-volume of 2015-01-26; at most 1 wanted',
  ],
])('a ticker is rejected as %s', (reason, bars, sentence) => {
  const strict = {
    ...rules,
    turnoverMin: reason === 'turnover-too-low' ? 1001 : 10,
    distanceMaxAtr: reason === 'too-far-above-avwap' ? 1 : 2,
  }
  const { candidates, rejections } = scan({ ABC: bars }, strict)
  expect(candidates).toEqual([])
  expect(rejections).toEqual([
    { session: '2015-02-02', ticker: 'ABC', reason, detail: expect.stringContaining(sentence) },
  ])
})

test('a ticker is rejected as no-anchor when every day is too young', () => {
  const { rejections } = scan({ ABC: columns(example) }, { ...rules, anchorAgeMin: 6 })
  expect(rejections).toMatchObject([{ reason: 'no-anchor', detail: 'nothing to anchor at is 6 bars old' }])
})

test('a bar of another day does not stand for the last session', () => {
  const bars = columns(example)
  const earlier = { ...bars, dates: bars.dates.map(date => addDays(date, -1)) }
  expect(scan({ ABC: earlier }).rejections).toMatchObject([
    { reason: 'no-bar-of-last-session', detail: 'the last bar is of 2015-01-29, not 2015-01-30' },
  ])
})

test('equal scores are ranked by ticker, and what does not fit on the list is outranked', () => {
  const bars = columns(example)
  const { candidates, rejections } = scan({ C: bars, A: bars, B: bars })
  expect(candidates.map(({ ticker, rank }) => [ticker, rank])).toEqual([
    ['A', 1],
    ['B', 2],
  ])
  expect(rejections).toMatchObject([{ ticker: 'C', reason: 'outranked' }])
})

// ── recorded days ───────────────────────────────────────────────────────────────────────────────────────────────

const { tickers } = dailyBars(files.sp500, nyseCalendar)
const recorded = (given: ScanRules = ScanRules.parse({})) =>
  avwapScan({ session: '2015-08-24', lastBar: '2015-08-21', tickers, rules: given })

test('every ticker of a recorded day is a candidate or rejected once, and each can be an event', () => {
  const { candidates, rejections } = recorded()
  expect(candidates).toHaveLength(10)
  expect([...candidates, ...rejections].map(({ ticker }) => ticker).sort()).toEqual(
    [...tickers.keys()].sort(),
  )
  for (const candidate of candidates) CandidateFound(candidate)
  for (const rejection of rejections) TickerRejected(rejection)
  expect(candidates.map(({ score }) => score)).toEqual(
    candidates.map(({ score }) => score).sort((a, b) => b - a),
  )
})

test('the order of the tickers and a second scan change nothing', () => {
  const shuffled = new Map([...tickers].reverse())
  expect(
    avwapScan({
      session: '2015-08-24',
      lastBar: '2015-08-21',
      tickers: shuffled,
      rules: ScanRules.parse({}),
    }),
  ).toEqual(recorded())
})

test('bars after the last session change nothing', () => {
  const cut = new Map(
    [...tickers].map(([ticker, bars]) => {
      const count = bars.dates.filter(date => date <= '2015-08-21').length
      return [
        ticker,
        {
          ...bars,
          dates: bars.dates.slice(0, count),
          open: bars.open.slice(0, count),
          high: bars.high.slice(0, count),
          low: bars.low.slice(0, count),
          close: bars.close.slice(0, count),
          volume: bars.volume.slice(0, count),
        },
      ]
    }),
  )
  expect(
    avwapScan({ session: '2015-08-24', lastBar: '2015-08-21', tickers: cut, rules: ScanRules.parse({}) }),
  ).toEqual(recorded())
})

test('AVWAP and distance are what a plain sum from the anchor gives', () => {
  const { candidates } = recorded(ScanRules.parse({ candidatesMax: 500 }))
  expect(candidates.length).toBeGreaterThan(30)
  for (const { ticker, anchorDate, avwap, close, distance } of candidates) {
    const bars = tickers.get(ticker) as DailyColumns
    const since = bars.dates.flatMap((date, at) => (date >= anchorDate && date <= '2015-08-21' ? [at] : []))
    const volume = since.reduce((total, at) => total + (bars.volume[at] as number), 0)
    const paid = since.reduce((total, at) => {
      const typical = ((bars.high[at] as number) + (bars.low[at] as number) + (bars.close[at] as number)) / 3
      return total + typical * (bars.volume[at] as number)
    }, 0)
    expect(Math.abs(avwap / (paid / volume) - 1), ticker).toBeLessThan(1e-9)
    expect(distance).toBeCloseTo(Number(close) / (paid / volume) - 1, 9)
  }
})

test('five hundred tickers are scanned in far less than a second', () => {
  const many = new Map(
    [...tickers].flatMap(([ticker, bars]) => [[ticker, bars] as const, [`${ticker}.2`, bars]]),
  )
  const started = performance.now()
  avwapScan({ session: '2015-12-31', lastBar: '2015-12-30', tickers: many, rules: ScanRules.parse({}) })
  expect(performance.now() - started).toBeLessThan(1000)
})
