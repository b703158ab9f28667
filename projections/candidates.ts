// The candidates of the latest published scan as rows for a spreadsheet, best first.

import { printCsv } from './csv.ts'
import type { ViewFile } from './view.ts'
import type { Candidate, Watchlist } from './watchlist.ts'

const header = [
  'session',
  'rank',
  'ticker',
  'score',
  'close',
  'anchor',
  'anchor_date',
  'avwap',
  'distance',
  'atr',
  'trend',
  'turnover',
  'reasons',
]

/** A session without candidates is a file with the header alone: the scan ran and found none. */
export const candidateFiles = function* ({ latest }: Watchlist): Generator<ViewFile> {
  if (latest === undefined) return
  const { asOf, candidates } = latest
  yield { path: 'daily_candidates.csv', asOf, text: () => printCsv(header, candidates.map(rowOf)) }
}

const rowOf = (candidate: Candidate) => [
  candidate.session,
  candidate.rank,
  candidate.ticker,
  candidate.score,
  candidate.close,
  candidate.anchor,
  candidate.anchorDate,
  candidate.avwap,
  candidate.distance,
  candidate.atr,
  candidate.trend,
  candidate.turnover,
  candidate.reasons.join('; '),
]
