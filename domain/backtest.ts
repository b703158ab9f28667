// A backtest: the same decisions as the executor's, over a whole file of candles, recorded by reference.
//
//   every bar        ──▶ matched (when orders rest), evaluated, digested
//   a change         ──▶ CandleClosed, StrategyEvaluated, IntentRaised and its answer, the order and its fills
//   the end of a day ──▶ CandleClosed, CycleCompleted: the equity curve
//
// A change is an action or another signal than the bar before had. The bars between are in the dataset, their
// evaluations in the digest, so that the record proves as much as a full one and costs no more than the run.
//
// Nothing here is written: each event gets the seq that it will have, from `first` on, because an order's id needs
// its intent's. The same input gives the same events, which is how a replay proves a backtest.

import { answerTo, type Circumstances } from './answer.ts'
import { type Book, evolveBook, holdingOf } from './book.ts'
import type { Calendar } from './calendar.ts'
import { type Candle, CandleClosed } from './candle.ts'
import type { CandleColumns } from './candle-columns.ts'
import type { BookEvent } from './catalogue.ts'
import type { ChampionVerified } from './champion.ts'
import { compare, multiply } from './decimal.ts'
import { decisionOn, questionOn, remember, type Seat, seatFor } from './desk.ts'
import { EvaluationsDigested, evaluationDigest, evaluationsPerDigest } from './evaluation-digest.ts'
import {
  because,
  type Cause,
  outside,
  type Proposed,
  propose,
  type Recorded,
  type Revision,
  type Seq,
} from './event.ts'
import { matchOrder, type PaperTerms } from './matching.ts'
import { OrderAccepted, OrderCancelled, OrderExpired, OrderFilled, OrderRejected } from './order.ts'
import { CycleCompleted } from './run.ts'
import type { Strategy } from './strategy.ts'
import type { Question, StrategyConsulted } from './strategy-server.ts'
import { candleStream, orderStream, orderStreamOf, runStream, strategyStream } from './stream.ts'
import { dateIn, instantOf } from './time.ts'
import type { MarketRules, VenueReport } from './venue.ts'

export interface BacktestInput {
  readonly champion: ChampionVerified['data']
  readonly strategies: ReadonlyMap<string, Strategy>
  readonly bars: CandleColumns
  /** Index of the first bar that is evaluated on the record, and of the first one behind the last. */
  readonly from: number
  readonly to: number
  /** The book as it is when the backtest begins: opened, with cash. It is moved on. */
  readonly book: Book
  readonly terms: PaperTerms
  readonly rules: MarketRules
  readonly limits: Circumstances['limits']
  readonly prefix: string
  readonly calendar: Calendar | undefined
}

/** One event on its way to the ledger, with the place it will have there. */
export interface Planned {
  readonly stream: string
  readonly expected: 'no-stream' | { readonly revision: Revision }
  readonly proposal: Proposed<BookEvent>
  readonly recorded: Recorded<BookEvent>
}

/** What a strategy server is asked before the plan goes on; what was heard is handed to `next`. */
export interface Consultation {
  readonly seat: Seat
  readonly candle: Candle
  readonly question: Question
}
export const isConsultation = (step: readonly Planned[] | Consultation): step is Consultation =>
  'question' in step

/**
 * The events in the order of the ledger, as small groups that belong together. With a strategy server every bar is on
 * the record, because its answers cannot be had again.
 */
export function* backtest(
  input: BacktestInput,
): Generator<readonly Planned[] | Consultation, void, StrategyConsulted | undefined> {
  const { champion, strategies, bars, from, to, book, rules, prefix, calendar } = input
  const seat = seatFor(strategies, champion)
  const zone = book.opened?.zone ?? 'UTC'
  const { symbol, timeframe } = bars
  const candles = candleStream(symbol, timeframe)
  const digest = evaluationDigest()
  let seq: Seq = book.asOf
  let group: Planned[] = []

  const plan = (
    stream: string,
    cause: Cause,
    event: BookEvent,
    index: number | string = 0,
  ): Recorded<BookEvent> => {
    const proposal = propose(cause, event, index)
    const revision = book.revisions.get(stream)
    seq++
    const recorded: Recorded<BookEvent> = {
      seq,
      id: proposal.id,
      correlation: cause.from === 'event' ? cause.link.correlation : seq,
      stream,
      revision: (revision ?? -1) + 1,
      at: '',
      cause: cause.from === 'event' ? cause.link.seq : 0,
      run: 0,
      event,
    }
    group.push({ stream, expected: revision === undefined ? 'no-stream' : { revision }, proposal, recorded })
    evolveBook(book, recorded)
    return recorded
  }

  for (let index = 0; index < from; index++) seat.evaluate(barAt(bars, index), { quantity: 0, entryPrice: 0 })
  if (seat.server !== undefined)
    for (let index = Math.max(0, from - seat.warmUp); index < from; index++)
      remember(seat, bars.candle(index))

  let holding = holdingOf(book, champion.champion, symbol, rules)
  let signal: number | undefined
  let nextDay = dayEnd(bars.closeTime[from] ?? 0, zone)
  for (let index = from; index < to; index++) {
    if (book.liveOrders.size > 0 && takeReports(index))
      holding = holdingOf(book, champion.champion, symbol, rules)
    let closed: Recorded<BookEvent> | undefined
    let cause: Recorded<BookEvent> | undefined
    let consulted: StrategyConsulted | undefined
    if (seat.server !== undefined) {
      const candle = bars.candle(index)
      closed = plan(candles, outside(`${candles} ${candle.openTime}`), CandleClosed(candle))
      yield group // what is asked about stands in front of what was heard, also in the eyes of a proof
      group = []
      consulted = yield { seat, candle, question: questionOn(book, seat, candle, rules) }
      remember(seat, candle)
      if (consulted !== undefined) cause = plan(strategyStream(champion.champion), because(closed), consulted)
    }
    const evaluation = seat.evaluate(barAt(bars, index), holding, consulted?.data)
    digest.add(bars.openTime[index] as number, evaluation)
    const changed = seat.server !== undefined || evaluation.action !== 'none' || evaluation.signal !== signal
    signal = evaluation.signal
    const closeTime = bars.closeTime[index] as number
    const dayOver = closeTime >= nextDay || index === to - 1
    if (changed || dayOver) {
      const candle = bars.candle(index)
      closed ??= plan(candles, outside(`${candles} ${candle.openTime}`), CandleClosed(candle))
      if (changed)
        decide(candle, cause ?? closed, decisionOn(book, seat, candle, evaluation, rules, calendar))
      if (dayOver) heartbeat(candle)
    }
    if (dayOver) nextDay = dayEnd(closeTime, zone)
    if ((index + 1 - from) % evaluationsPerDigest === 0 || index === to - 1) note(index)
    if (group.length > 0) {
      yield group
      group = []
    }
  }

  function decide(
    candle: Candle,
    cause: Recorded<BookEvent>,
    { evaluated, intent }: ReturnType<typeof decisionOn>,
  ) {
    const stream = strategyStream(champion.champion)
    const evaluation = plan(stream, because(cause), evaluated)
    if (intent === undefined) return
    const raised = plan(stream, because(evaluation), intent)
    const open = book.openIntents.get(raised.seq)
    if (open === undefined) throw new Error(`intent ${raised.seq} is not open after it was raised`)
    const now = candle.closeTime
    const answer = answerTo(book, open, {
      ...input,
      now,
      rules: () => rules,
      watchlist: undefined,
      marketClockKnown: true, // the candles were read by the calendar
      dryRun: false,
    })
    const answered = plan(orderStream(prefix, raised.seq), because(raised), answer)
    if (answer.type !== 'OrderRequested') return
    const { orderId } = answer.data
    const accepted = OrderAccepted({ orderId, venueOrderId: `paper-${orderId}`, venueTime: now })
    plan(orderStreamOf(orderId), because(answered), accepted)
  }

  /** Holds the resting orders against one bar; true when something was filled. */
  function takeReports(index: number): boolean {
    const candle = bars.candle(index)
    let volumeLeft = multiply(candle.volume, input.terms.participation)
    let filled = false
    for (const id of [...book.liveOrders]) {
      const known = book.orders.get(id)
      if (known === undefined) continue
      const matched = matchOrder(
        known.order,
        candle,
        compare(volumeLeft, '0') > 0 ? volumeLeft : '0',
        input.terms,
        rules,
      )
      volumeLeft = matched.volumeLeft
      for (const report of matched.reports) {
        filled ||= report.kind === 'filled'
        plan(
          orderStreamOf(id),
          because(known.link),
          eventOf(report),
          report.kind === 'filled' ? report.fill.tradeId : 0,
        )
      }
    }
    return filled
  }

  function heartbeat({ closeTime }: Candle) {
    const { lastCandle, ...counts } = book.sinceCycle
    const cycle = book.cycles + 1
    const completed = CycleCompleted({
      cycle,
      clock: closeTime,
      sessionOpen: true,
      ...counts,
      ...(lastCandle === undefined ? {} : { lastCandle }),
    })
    plan(runStream('execute'), outside(`cycle ${cycle}`), completed)
  }

  function note(index: number) {
    const closeTime = instantOf(bars.closeTime[index] as number)
    const digested = EvaluationsDigested({
      champion: champion.champion,
      to: closeTime,
      evaluations: index + 1 - from,
      digest: digest.value(),
    })
    const stream = strategyStream(champion.champion)
    plan(stream, outside(`${stream} digest ${index}`), digested)
  }
}

/** How many bars a champion wants to have seen before the first one on the record. */
export const warmUpOf = (
  champion: ChampionVerified['data'],
  strategies: ReadonlyMap<string, Strategy>,
): number => {
  const seat: Seat = seatFor(strategies, champion)
  return seat.warmUp
}

const barAt = (bars: CandleColumns, index: number) => ({
  openTime: bars.openTime[index] as number,
  closeTime: bars.closeTime[index] as number,
  open: bars.open[index] as number,
  high: bars.high[index] as number,
  low: bars.low[index] as number,
  close: bars.close[index] as number,
  volume: bars.volume[index] as number,
})

/** Epoch milliseconds of the first close that belongs to the day after `closeTime`'s. A close at midnight ends a day. */
const dayEnd = (closeTime: number, zone: string): number => {
  const day = 86_400_000
  if (zone === 'UTC') return (Math.floor(closeTime / day) + 1) * day
  const date = dateIn(zone, instantOf(closeTime))
  let next = closeTime
  while (dateIn(zone, instantOf(next)) === date) next += 3_600_000
  return next - (next % 3_600_000)
}

const eventOf = (report: VenueReport): BookEvent => {
  switch (report.kind) {
    case 'filled':
      return OrderFilled(report.fill)
    case 'cancelled':
      return OrderCancelled({ orderId: report.orderId, reason: report.reason, venueTime: report.venueTime })
    case 'expired':
      return OrderExpired({ orderId: report.orderId, venueTime: report.venueTime })
    case 'rejected':
      return OrderRejected({ orderId: report.orderId, reason: report.reason })
  }
}
