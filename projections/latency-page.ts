// How long orders took, as rows and as a page.

import { isSome, type Option } from '../domain/result.ts'
import type { Cell } from './csv.ts'
import type { Percentiles, stepNames } from './latency.ts'
import { count, datum, grouped, type PageCell, pageTable, printPage, section } from './report-page.ts'
import { notAvailable, roundedIn, shown } from './shown.ts'

type Step = readonly [name: (typeof stepNames)[number], taken: Percentiles]

export const latencyRows = ([name, { p50, p99, longest, sample }]: Step): readonly (readonly Cell[])[] =>
  Object.entries({ p50, p99, longest }).map(([figure, value]) => [
    'step',
    name,
    figure,
    shown(roundedIn(value)),
    'milliseconds',
    sample,
    'orders',
  ])

export const latencyPage = (book: string, steps: readonly Step[], isRecorded: boolean): string =>
  printPage({
    title: `Latency of ${book}`,
    subtitle: 'From the close of a candle to the venue’s answer, by the times that the ledger recorded',
    sections: [
      section(
        'Milliseconds',
        [
          pageTable(
            'Step by step',
            ['step', 'p50', 'p99', 'longest', 'orders'],
            steps.map(([name, { p50, p99, longest, sample }]) => [
              name,
              milliseconds(p50),
              milliseconds(p99),
              milliseconds(longest),
              count(sample),
            ]),
            [1, 2, 3, 4],
          ),
        ],
        isRecorded
          ? 'None: the book trades recorded candles by their own time. A live book has latencies.'
          : 'Half of the orders took no longer than p50, 99 of 100 no longer than p99. The last two steps are sums of those above.',
      ),
    ],
    footer:
      'A recorded time is taken before the sync of its own group: the sync of one step is part of the next.',
  })

const milliseconds = (value: Option<number>): PageCell => {
  const exact = roundedIn(value)
  return isSome(exact) ? datum(exact.value, grouped(exact.value.toFixed(3))) : datum(notAvailable, '–')
}
