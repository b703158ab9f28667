// What the executor does about positions it holds across candles and days: a protective stop rests at the venue for
// each, gives way to an exit, and an entry without a scan row behind it leaves a warning.

import { isPositive } from '../domain/decimal.ts'
import { because, outside, propose, type Recorded } from '../domain/event.ts'
import { hasExpired, type Intent, type IntentRaised, isProtective } from '../domain/intent.ts'
import { protectionOf, protectiveOrders } from '../domain/protection.ts'
import { tradingOf } from '../domain/safety.ts'
import { strategyStream, warningsStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { WarningRaised } from '../domain/warning.ts'
import type { Executor } from './executor.ts'
import { sessions } from './sessions.ts'

/** Wishes for every stop that a position lacks; the answer is given like that to any other wish. */
export const raiseProtections = async ({ engine, keeper, desk, venue, dryRun }: Executor): Promise<void> => {
  if (dryRun) return
  const { book, seats } = desk
  for (const { champion } of [...seats.values()]) {
    const wish = protectionOf(book, champion, venue.rules(champion.symbol), sessions(engine))
    const fill = book.lastFills.get(`${champion.champion} ${champion.symbol}`)
    if (wish === undefined || fill === undefined) continue
    const stream = strategyStream(champion.champion)
    const event = propose(because(fill), wish, `stop ${book.revisions.get(stream) ?? -1}`)
    // With the whole book unmoved: a fill in between would make it the wrong size.
    if ((await keeper.append([{ stream, events: [event] }], true)) === false) await keeper.catchUp()
  }
}

/**
 * Takes stops away that hold back what an exit wants to sell. False while one of them may still fill: the exit waits,
 * because both together would sell more than is held.
 */
export const makeWay = async (
  { desk: { book }, orders }: Executor,
  { by, symbol, reduceOnly, type, expiresAt }: Intent,
  now: Instant,
): Promise<boolean> => {
  const resting = () => protectiveOrders(book, by, symbol)
  if (!reduceOnly || isProtective({ type, reduceOnly }) || resting().length === 0) return true
  // What is going to be refused takes nothing away.
  if (tradingOf(book.halts) === 'halted' || hasExpired({ expiresAt }, now)) return true
  for (const { order } of resting())
    await orders.withdrawOne(order.request.orderId, 'an exit takes its place')
  await orders.takeReports(now)
  return resting().length === 0
}

/** Notes that nobody will be able to say which scan an entry came from. The entry goes on. */
export const noteAttribution = async (
  { engine, keeper, desk: { book } }: Executor,
  { seq, event: { data } }: Recorded<IntentRaised>,
): Promise<void> => {
  const { watchlist } = book
  if (engine.config.execute.symbols.length > 0 || data.reduceOnly || watchlist === undefined) return
  if (book.candidates.get(data.symbol) === watchlist.session || !isPositive(data.quantity)) return
  const warning = WarningRaised({
    check: 'attribution',
    session: watchlist.session,
    symbol: data.symbol,
    detail: `${data.symbol} is on the watchlist of ${watchlist.session} without a scan row: the entry of intent ${seq} cannot be attributed`,
  })
  await keeper.append([{ stream: warningsStream, events: [propose(outside(`attribution ${seq}`), warning)] }])
}
