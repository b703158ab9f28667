// The scan against an independent one: tests/independent_scan.py works the same sessions out from the description.

import { execFileSync } from 'node:child_process'
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
