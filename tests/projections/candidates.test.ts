import { expect, test } from 'vitest'
import { candidateFiles } from '../../projections/candidates.ts'
import { fold } from '../../projections/projection.ts'
import { watchlist } from '../../projections/watchlist.ts'
import { ledgerOf } from './ledger-of.ts'
import { found, published } from './scan-events.ts'

const header =
  'session,rank,ticker,score,close,anchor,anchor_date,avwap,distance,atr,trend,turnover,reasons\n'

const textOf = (...events: Parameters<typeof ledgerOf>[0]) =>
  [...candidateFiles(fold(watchlist, ledgerOf(events)))].map(({ path, text }) => [path, text()])

test('a row for each candidate, best first, reasons in one quoted cell', () => {
  const row = (rank: number, ticker: string) =>
    `2015-08-24,${rank},${ticker},0.75,101.50,swing-low,2015-07-08,100.25,0.0125,1.5,0.02,1234567.5,"above its AVWAP; near, and rising"\n`
  expect(
    textOf(
      found('2015-08-24', 'KO', 2),
      found('2015-08-24', 'MSFT', 1),
      published('2015-08-24', 'MSFT', 'KO'),
    ),
  ).toEqual([['daily_candidates.csv', header + row(1, 'MSFT') + row(2, 'KO')]])
})

test('a published session without candidates is a header alone', () => {
  expect(textOf(published('2015-08-24'))).toEqual([['daily_candidates.csv', header]])
})

test('nothing published is no file', () => {
  expect(textOf(found('2015-08-24', 'KO', 1))).toEqual([])
})
