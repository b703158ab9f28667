// The trade history: every round trip as JSON and as rows for a spreadsheet.

import { printCsv } from './csv.ts'
import { averagePrice, holdingMs, type OpenTrade, openQuantity, type Trade, type Trades } from './trades.ts'
import { byCodeUnit, jsonFile, type ViewFile } from './view.ts'

export const tradeFiles = function* (state: Trades): Generator<ViewFile> {
  if (state.asOf > 0) yield jsonFile('trade_history.json', state.asOf, () => printHistory(state))
  if (state.closedAsOf > 0)
    yield { path: 'trade_history.csv', asOf: state.closedAsOf, text: () => printRows(state.closed) }
}

const printHistory = ({ closed, open }: Trades): object => ({
  trades: closed.map(printTrade),
  open: [...open.keys()].sort(byCodeUnit).map(key => printOpen(open.get(key) as OpenTrade)),
})

const printTrade = (trade: Trade): object => ({
  by: trade.by,
  symbol: trade.symbol,
  side: trade.side,
  ...printOrigin(trade),
  entryTime: trade.entryTime,
  exitTime: trade.exitTime,
  holdingSeconds: holdingMs(trade) / 1000,
  quantity: trade.entered,
  entryPrice: averagePrice(trade.entryValue, trade.entered),
  exitPrice: averagePrice(trade.exitValue, trade.exited),
  grossPnl: trade.grossPnl,
  fees: trade.fees,
  netPnl: trade.netPnl,
  entryReasons: trade.entryReasons,
  exitReasons: trade.exitReasons,
  orderIds: trade.orderIds,
  seqs: trade.seqs,
})

const printOpen = (trade: OpenTrade): object => ({
  by: trade.by,
  symbol: trade.symbol,
  side: trade.side,
  ...printOrigin(trade),
  entryTime: trade.entryTime,
  quantity: openQuantity(trade),
  entryPrice: averagePrice(trade.entryValue, trade.entered),
  fees: trade.fees,
  entryReasons: trade.entryReasons,
  orderIds: trade.orderIds,
  seqs: trade.seqs,
})

/** null where no scan stands behind the entry. */
const printOrigin = ({ origin }: OpenTrade): object => ({
  scan: origin?.scan ?? null,
  anchor: origin?.anchor ?? null,
})

const header = [
  'by',
  'symbol',
  'side',
  'scan',
  'anchor',
  'entry_time',
  'exit_time',
  'holding_seconds',
  'quantity',
  'entry_price',
  'exit_price',
  'gross_pnl',
  'fees',
  'net_pnl',
  'entry_reasons',
  'exit_reasons',
  'order_ids',
  'seqs',
]

const printRows = (closed: readonly Trade[]): string =>
  printCsv(
    header,
    closed.map(trade => [
      trade.by,
      trade.symbol,
      trade.side,
      trade.origin?.scan ?? '',
      trade.origin?.anchor ?? '',
      trade.entryTime,
      trade.exitTime,
      holdingMs(trade) / 1000,
      trade.entered,
      averagePrice(trade.entryValue, trade.entered),
      averagePrice(trade.exitValue, trade.exited),
      trade.grossPnl,
      trade.fees,
      trade.netPnl,
      trade.entryReasons.join('; '),
      trade.exitReasons.join('; '),
      trade.orderIds.join(' '),
      trade.seqs.join(' '),
    ]),
  )
