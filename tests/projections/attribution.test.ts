// What stood behind each round trip: the strategy, the scan and its anchor; and the key figures by them.

import { expect, test } from 'vitest'
import { kpiReport } from '../../projections/key-figures.ts'
import { kpi } from '../../projections/kpi.ts'
import { fold } from '../../projections/projection.ts'
import { trades } from '../../projections/trades.ts'
import { buy, intent, ledgerOf, opened, requested, sell } from './ledger-of.ts'
import { found, published } from './scan-events.ts'

const entry = (n: number, orderId: string) => [
  intent({ symbol: 'BTC/USDT' }),
  requested(n, { orderId }),
  buy('1', '100', { orderId, tradeId: `${orderId}.t` }),
]
const exit = (n: number, orderId: string, price: '110' | '90') => [
  intent({ side: 'sell' }),
  requested(n, { orderId, side: 'sell', reduceOnly: true }),
  sell('1', price, { orderId, tradeId: `${orderId}.t` }),
]

const told = ledgerOf([
  opened(),
  ...entry(2, 'before'), // no scan has found it yet
  ...exit(5, 'before-out', '110'),
  found('2015-08-24', 'BTC/USDT', 1),
  published('2015-08-24', 'BTC/USDT'),
  ...entry(10, 'in'),
  found('2015-08-25', 'ETH/USDT', 1), // the next day's scan finds somebody else
  published('2015-08-25', 'ETH/USDT'),
  ...exit(15, 'out', '90'),
  ...entry(18, 'late'), // from yesterday's row: not attributed
])

test('a round trip remembers the scan of its entry, whatever is scanned before its exit', () => {
  const { closed, open } = fold(trades, told)
  expect(closed.map(({ origin }) => origin)).toEqual([undefined, { scan: '2015-08-24', anchor: 'swing-low' }])
  expect([...open.values()].map(({ origin }) => origin)).toEqual([undefined])
})

test('the key figures are shared out by strategy, anchor and scan', () => {
  const { byStrategy, byAnchor, byScan } = kpiReport(fold(kpi, told))
  const counts = (shares: typeof byStrategy) =>
    shares.map(({ name, figures }) => [name, figures.trades, figures.netPnl])
  expect(counts(byStrategy)).toEqual([['ema-cross', 2, '0']])
  expect(counts(byAnchor)).toEqual([
    ['none', 1, '10'],
    ['swing-low', 1, '-10'],
  ])
  expect(counts(byScan)).toEqual([
    ['2015-08-24', 1, '-10'],
    ['none', 1, '10'],
  ])
})
