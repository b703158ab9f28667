// The desk: the book together with the running strategies. Both the executor and the replay sit at one, and both
// bring it up to date by showing it the ledger, event by event: what the one decided, the other must decide again.
//
//   ChampionVerified ──▶ a seat with a fresh strategy
//   HistoryLoaded    ──▶ the seat is warmed up with candles of before the book
//   CandleClosed     ──▶ every seat of that market evaluates once; one with a strategy server, on what it was heard to say
//   everything else  ──▶ the book

import { freeToExit } from './answer.ts'
import { type Book, emptyBook, evolveBook, holdingOf, positionOf } from './book.ts'
import { type Calendar, CalendarEnds, nextSession } from './calendar.ts'
import { barOf, type Candle, type HistoryLoaded } from './candle.ts'
import type { BookEvent } from './catalogue.ts'
import type { ChampionVerified } from './champion.ts'
import { isDust } from './dust.ts'
import type { Recorded } from './event.ts'
import type { IntentRaised } from './intent.ts'
import { entryPrice, flat } from './position.ts'
import {
  type Evaluate,
  type Evaluation,
  type ServerTerms,
  type Strategy,
  StrategyEvaluated,
} from './strategy.ts'
import type { Question, StrategyConsulted } from './strategy-server.ts'
import { dateIn, type Instant, instantOf, millisecondsOf } from './time.ts'
import { millisecondsIn } from './timeframe.ts'
import type { MarketRules } from './venue.ts'
import { intentFrom } from './wish.ts'

export interface Seat {
  readonly champion: ChampionVerified['data']
  readonly evaluate: Evaluate
  /** Candles it wants to have seen before the book begins. */
  readonly warmUp: number
  warmedUp: boolean
  /** Another process that decides for this seat, and the candles before the next one, for the question to it. */
  readonly server: ServerTerms | undefined
  readonly recent: Candle[]
}

export interface Desk {
  readonly book: Book
  /** By champion id. */
  readonly seats: Map<string, Seat>
  readonly strategies: ReadonlyMap<string, Strategy>
}

export const emptyDesk = (strategies: ReadonlyMap<string, Strategy>): Desk => ({
  book: emptyBook(),
  seats: new Map(),
  strategies,
})

/** Whether the seat is already taken by this very champion, so that it need not be verified anew. */
export const isSeated = ({ seats }: Desk, champion: ChampionVerified['data']): boolean => {
  const seat = seats.get(champion.champion)
  return seat !== undefined && seat.champion.sha256 === champion.sha256
}

/** A champion with a fresh strategy that has seen nothing. Throws when the program does not have the strategy. */
export const seatFor = (
  strategies: ReadonlyMap<string, Strategy>,
  champion: ChampionVerified['data'],
): Seat => {
  const strategy = strategies.get(champion.strategy)
  if (strategy === undefined)
    throw new Error(`strategy ${champion.strategy} of the ledger is not in this program`)
  const parameters = strategy.parameters.parse(champion.parameters)
  return {
    champion,
    evaluate: strategy.start(parameters),
    warmUp: strategy.warmUp(parameters),
    warmedUp: false,
    server: strategy.server?.(parameters),
    recent: [],
  }
}

/** What the seat's server is asked about a candle that the seat has not seen yet. */
export const questionOn = (
  book: Book,
  { champion: { champion, symbol, timeframe }, recent, server }: Seat,
  candle: Candle,
  rules: MarketRules,
): Question => {
  const held = positionOf(book, champion, symbol)
  const position = isDust(held.quantity, rules) ? flat : held
  return {
    symbol,
    timeframe,
    candles: [...recent, candle].slice(-(server?.candles ?? 1)),
    position: { quantity: position.quantity, entryPrice: entryPrice(position) },
  }
}

/** Keeps a candle for the seat's next question. */
export const remember = ({ recent, server }: Seat, candle: Candle): void => {
  if (server === undefined) return
  recent.push(candle)
  while (recent.length >= server.candles) recent.shift()
}

/** Seats whose market this candle belongs to, in the order of their names. */
export const seatsAt = ({ seats }: Desk, { symbol, timeframe }: Candle): readonly Seat[] =>
  [...seats.values()]
    .filter(({ champion }) => champion.symbol === symbol && champion.timeframe === timeframe)
    .sort((a, b) => (a.champion.champion < b.champion.champion ? -1 : 1))

/** Whether a run that names these strategies (none means all) trades the seat. One that it leaves out sees and is silent. */
export const isChosen = ({ champion }: Seat, strategies: readonly string[]): boolean =>
  strategies.length === 0 || strategies.includes(champion.strategy)

/**
 * When the `count`-th candle after this one closes: the next sessions' closes for daily candles of an exchange, else
 * by the timeframe. Throws when the calendar does not reach that far: an unknown session is no session.
 */
export const closeAfter = (candle: Candle, count: number, calendar: Calendar | undefined): Instant => {
  if (calendar === undefined || candle.timeframe !== '1D')
    return instantOf(millisecondsOf(candle.closeTime) + count * millisecondsIn(candle.timeframe))
  let date = dateIn(calendar.zone, candle.openTime)
  let close = candle.closeTime
  for (let session = 0; session < count; session++) {
    const next = nextSession(calendar, date)
    if (next === 'unknown') throw new CalendarEnds(date)
    date = next.date
    close = next.close
  }
  return close
}

export interface CandleDecision {
  readonly seat: Seat
  readonly evaluated: StrategyEvaluated
  readonly intent: IntentRaised | undefined
}

/**
 * What one seat says and wishes on a closed candle. Once per candle: the strategy inside moves on. `consulted` is what
 * the server of a seat that has one was heard to say.
 */
export const decideCandle = (
  { book }: Pick<Desk, 'book'>,
  seat: Seat,
  candle: Candle,
  rules: MarketRules,
  calendar: Calendar | undefined,
  consulted?: StrategyConsulted['data'],
): CandleDecision => {
  const evaluation = evaluationBy({ book }, seat, candle, rules, consulted)
  remember(seat, candle)
  return decisionOn(book, seat, candle, evaluation, rules, calendar)
}

/** Lets a seat see a candle that was decided on before: its strategy moves on, and what it says is in the ledger. */
export const seeCandle = (desk: Pick<Desk, 'book'>, seat: Seat, candle: Candle, rules: MarketRules): void => {
  evaluationBy(desk, seat, candle, rules, undefined)
  remember(seat, candle)
}

/** What the seat says about the candle, with what it holds now. */
export const evaluationBy = (
  { book }: Pick<Desk, 'book'>,
  { champion: { champion, symbol }, evaluate }: Seat,
  candle: Candle,
  rules: MarketRules,
  consulted: StrategyConsulted['data'] | undefined,
): Evaluation => evaluate(barOf(candle), holdingOf(book, champion, symbol, rules), consulted)

/** The events behind an evaluation: what was said, and the wish that follows from it. */
export const decisionOn = (
  book: Book,
  seat: Seat,
  candle: Candle,
  evaluation: Evaluation,
  rules: MarketRules,
  calendar: Calendar | undefined,
): CandleDecision => {
  const { champion, symbol, timeframe, orderValue, restCandles } = seat.champion
  const { action, signal, confidence, reasons, indicators } = evaluation
  const evaluated = StrategyEvaluated({
    champion,
    symbol,
    timeframe,
    openTime: candle.openTime,
    action,
    signal,
    confidence,
    reasons,
    indicators,
    holding: positionOf(book, champion, symbol).quantity,
  })
  const intent =
    action === 'none'
      ? undefined
      : intentFrom({ champion, orderValue }, candle, evaluation, freeToExit(book, champion, symbol), rules, {
          expiresAt: closeAfter(candle, 1, calendar),
          restsUntil: closeAfter(candle, restCandles ?? 1, calendar),
        })
  return { seat, evaluated, intent }
}

/** Warms a seat up. It is flat: whatever it held before the book began was not the book's. */
export const warmUp = (seat: Seat, candles: readonly Candle[]): void => {
  for (const candle of candles) {
    seat.evaluate(barOf(candle), { quantity: 0, entryPrice: 0 })
    remember(seat, candle)
  }
  seat.warmedUp = true
}

/**
 * Shows the desk one event of the ledger. `history` gives the candles of a HistoryLoaded, which is the only event that has
 * to be waited for; `onCandle` what the seats decide on a candle (the replay compares it, a restart lets the strategies
 * see it).
 */
export const witness = (
  desk: Desk,
  recorded: Recorded<BookEvent>,
  history: (loaded: HistoryLoaded['data']) => Promise<readonly Candle[]>,
  onCandle: (candle: Candle) => void,
): Promise<void> | undefined => {
  const { event } = recorded
  if (event.type === 'ChampionVerified' && !isSeated(desk, event.data))
    desk.seats.set(event.data.champion, seatFor(desk.strategies, event.data))
  if (event.type === 'HistoryLoaded') {
    const seat = desk.seats.get(event.data.champion)
    if (seat !== undefined)
      return history(event.data).then(candles => {
        warmUp(seat, candles)
        evolveBook(desk.book, recorded)
      })
  }
  if (event.type === 'CandleClosed') onCandle(event.data)
  evolveBook(desk.book, recorded)
  return undefined
}
