// The protective stop of a position: an order that rests at the venue, so that a position has an end also while
// nothing of ours runs.
//
//   entry filled ──▶ stop for what is held ──▶ filled: the position is gone
//                        └──exit wished──▶ cancelled first, then the exit: never both at the venue
//
// The stop stands at a share below the entry price that the champion's file names. It is wished for again, for what is
// not covered, after each fill; one that was refused is wished for again with the next candle.

import { freeToReduce } from './answer.ts'
import { type Book, type BookOrder, liveOrders, positionOf, seriesKey } from './book.ts'
import type { Calendar } from './calendar.ts'
import type { ChampionVerified } from './champion.ts'
import { isPositive, multiply, roundTo, subtract } from './decimal.ts'
import { closeAfter } from './desk.ts'
import { IntentRaised, isProtective } from './intent.ts'
import { entryPrice } from './position.ts'
import { tradingOf } from './safety.ts'
import { type MarketRules, onTick } from './venue.ts'
import { exitOf } from './wish.ts'

/** Stops at the venue that hold back part of a position: what an exit takes away before it sells. */
export const protectiveOrders = (book: Book, by: string, symbol: string): readonly BookOrder[] =>
  liveOrders(book).filter(
    ({ order: { request } }) => request.by === by && request.symbol === symbol && isProtective(request),
  )

/** The stop that a champion's position lacks, or undefined. Nothing is wished for while an exit is on its way. */
export const protectionOf = (
  book: Book,
  { champion, symbol, timeframe, protectiveStop }: ChampionVerified['data'],
  rules: MarketRules,
  calendar: Calendar | undefined,
): IntentRaised | undefined => {
  if (protectiveStop === undefined) return undefined
  const position = positionOf(book, champion, symbol)
  const candle = book.lastCandles.get(seriesKey(symbol, timeframe))
  if (!isPositive(position.quantity) || candle === undefined) return undefined
  if (tradingOf(book.halts) === 'halted' || book.refusedStops.has(`${champion} ${symbol}`)) return undefined
  for (const { event } of book.openIntents.values())
    if (event.data.by === champion && event.data.symbol === symbol && event.data.reduceOnly) return undefined
  const exit = exitOf(freeToReduce(book, champion, symbol), rules)
  const entry = entryPrice(position)
  const stopPrice = onTick(multiply(entry, subtract('1', protectiveStop)), rules)
  if (exit === undefined || !isPositive(stopPrice)) return undefined
  return IntentRaised({
    source: 'strategy',
    by: champion,
    symbol,
    side: 'sell',
    type: 'stop',
    ...exit,
    stopPrice,
    timeInForce: 'GTC',
    reduceOnly: true,
    referencePrice: stopPrice,
    expiresAt: closeAfter(candle, 1, calendar),
    reason: `protects ${exit.quantity} ${symbol} bought at ${roundTo(entry, rules.tick, 'down')}: a stop ${protectiveStop} of it below`,
  })
}
