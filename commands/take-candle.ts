// A closed candle, what each champion says about it, and what each wishes: one write group.

import { positionOf, seriesKey } from '../domain/book.ts'
import { type Candle, CandleClosed, gapBetween } from '../domain/candle.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { isChampionSource } from '../domain/champion.ts'
import type { Decimal } from '../domain/decimal.ts'
import {
  decisionOn,
  evaluationBy,
  isChosen,
  questionOn,
  remember,
  type Seat,
  seatsAt,
  seeCandle,
} from '../domain/desk.ts'
import { becauseOf, outside, type Proposed, propose } from '../domain/event.ts'
import type { Evaluation } from '../domain/strategy.ts'
import type { StrategyConsulted } from '../domain/strategy-server.ts'
import { candleStream, strategyStream } from '../domain/stream.ts'
import type { Write } from './bookkeeper.ts'
import { consult, refuseBaseline } from './consultation.ts'
import type { Executor } from './executor.ts'
import { exit, Stop } from './exit.ts'
import { sessions } from './sessions.ts'

/** What a seat said about the candle, once: the strategy inside has moved on and cannot be asked again. */
interface Said {
  readonly seat: Seat
  readonly evaluation: Evaluation
  /** What it held when it said so. */
  readonly holding: Decimal
  /** What its server was heard to say, where it has one. */
  readonly consulted: StrategyConsulted | undefined
}

/** Writes the candle and all that follows from it, decided on the ledger as it is when the group is written. */
export const takeCandle = async (executor: Executor, candle: Candle): Promise<void> => {
  const { engine, keeper, desk } = executor
  const { symbol, timeframe, close, closeTime } = candle
  engine.log.info(
    { symbol, timeframe, close },
    `new candle ${symbol} ${timeframe} ${closeTime} close ${close}`,
  )
  const market = marketEvents(executor, candle)
  const said = await ask(executor, candle)
  executor.decidedAlready.add((market.at(-1) as Proposed<BookEvent>).id)
  // Another process may write in between: what is free to be sold, say, because an order has turned out to be none. What
  // was said still holds, and the wishes that follow from it are worked out again.
  while ((await keeper.append(groupOn(executor, candle, market, said), true)) === false) {
    await keeper.catchUp()
    if (
      said.some(
        ({ seat, holding }) => positionOf(desk.book, seat.champion.champion, symbol).quantity !== holding,
      )
    )
      throw new Stop(
        exit.tryAgain,
        'a fill was recorded by another process in the middle of a decision; start again',
      )
  }
  for (const { seat, consulted } of said) if (consulted !== undefined) await hear(executor, seat, consulted)
}

/** The candle, behind the gap before it where there is one. */
const marketEvents = ({ engine, desk }: Executor, candle: Candle): readonly Proposed<BookEvent>[] => {
  const { symbol, timeframe, openTime } = candle
  const stream = candleStream(symbol, timeframe)
  const before = desk.book.lastCandles.get(seriesKey(symbol, timeframe))
  const gap =
    before === undefined || engine.config.calendar === 'nyse' ? undefined : gapBetween(before, candle)
  const closed = propose(outside(`${stream} ${openTime}`), CandleClosed(candle))
  return gap === undefined ? [closed] : [propose(outside(`${stream} gap ${openTime}`), gap), closed]
}

/** Each seat at this market in turn. Those that the run leaves out see the candle, as they will in a replay, and are silent. */
const ask = async ({ engine, desk, venue }: Executor, candle: Candle): Promise<readonly Said[]> => {
  const { symbol } = candle
  const rules = venue.rules(symbol)
  const said: Said[] = []
  for (const seat of seatsAt(desk, candle)) {
    const { champion, source } = seat.champion
    if (!isChampionSource(source))
      throw new Stop(exit.refused, `champion ${champion} comes from ${source}: a baseline is never traded`)
    if (!isChosen(seat, engine.config.execute.strategies)) {
      seeCandle(desk, seat, candle, rules)
      continue
    }
    const consulted = await consult(engine, seat, candle, questionOn(desk.book, seat, candle, rules))
    const holding = positionOf(desk.book, champion, symbol).quantity
    const evaluation = evaluationBy(desk, seat, candle, rules, consulted?.data)
    remember(seat, candle)
    said.push({ seat, evaluation, holding, consulted })
    const { action, signal, confidence } = evaluation
    engine.log.info(
      { champion, action, signal, confidence },
      `evaluation ${champion}: ${action}, signal ${signal}, confidence ${confidence.toFixed(3)}`,
    )
  }
  return said
}

/** Every event has as its cause the one that it follows from. */
const groupOn = (
  { engine, desk, venue }: Executor,
  candle: Candle,
  market: readonly Proposed<BookEvent>[],
  said: readonly Said[],
): readonly Write[] => {
  const { symbol, timeframe } = candle
  const closed = market.at(-1) as Proposed<BookEvent>
  const writes: Write[] = [{ stream: candleStream(symbol, timeframe), events: market }]
  let written = market.length
  for (const { seat, evaluation, consulted } of said) {
    const { champion } = seat.champion
    const { evaluated, intent } = decisionOn(
      desk.book,
      seat,
      candle,
      evaluation,
      venue.rules(symbol),
      sessions(engine),
    )
    const events: Proposed<BookEvent>[] = []
    const follow = (event: BookEvent | undefined, index?: string) => {
      if (event === undefined) return
      const before = events.at(-1)
      const cause =
        before === undefined
          ? becauseOf(closed, market.length - 1)
          : becauseOf(before, written + events.length - 1)
      events.push(propose(cause, event, index))
    }
    follow(consulted, champion)
    follow(evaluated, champion)
    follow(intent)
    written += events.length
    writes.push({ stream: strategyStream(champion), events })
  }
  return writes
}

const hear = async (executor: Executor, seat: Seat, consulted: StrategyConsulted): Promise<void> => {
  const { url, champion, failure, latencyMs } = consulted.data
  if (failure !== undefined)
    executor.engine.log.warn(
      { champion, reason: failure.reason, latencyMs },
      `no answer of the strategy server at ${url}, nothing is ordered: ${failure.reason}, ${failure.detail}`,
    )
  await refuseBaseline(executor, seat, consulted)
}
