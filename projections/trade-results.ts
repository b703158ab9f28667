// What the round trips of a book came to, added up as they end: in all, and by what stands behind them.

import { groupIn } from './grouped.ts'
import { addTrade, noTrades, type TradeSums } from './statistics.ts'
import type { Trade } from './trades.ts'

export interface TradeResults {
  readonly total: TradeSums
  readonly bySymbol: Map<string, TradeSums>
  /** Champions and operators. */
  readonly byWisher: Map<string, TradeSums>
  readonly byStrategy: Map<string, TradeSums>
  /** By the scan row of the entry: its anchor and its session; 'none' where no scan stands behind it. */
  readonly byAnchor: Map<string, TradeSums>
  readonly byScan: Map<string, TradeSums>
  /** The last ones, oldest first. */
  readonly newest: Trade[]
}

const newestMax = 25

export const noResults = (): TradeResults => ({
  total: noTrades(),
  bySymbol: new Map(),
  byWisher: new Map(),
  byStrategy: new Map(),
  byAnchor: new Map(),
  byScan: new Map(),
  newest: [],
})

export const addResult = (results: TradeResults, trade: Trade): void => {
  const { by, symbol, origin, netPnl } = trade
  addTrade(results.total, netPnl)
  addTrade(groupIn(results.bySymbol, symbol, noTrades), netPnl)
  addTrade(groupIn(results.byWisher, by, noTrades), netPnl)
  addTrade(groupIn(results.byStrategy, by.split('@')[0] as string, noTrades), netPnl)
  addTrade(groupIn(results.byAnchor, origin?.anchor ?? 'none', noTrades), netPnl)
  addTrade(groupIn(results.byScan, origin?.scan ?? 'none', noTrades), netPnl)
  results.newest.push(trade)
  if (results.newest.length > newestMax) results.newest.shift()
}
