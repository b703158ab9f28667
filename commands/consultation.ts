// Consultation: before a seat with a strategy server evaluates a candle, its server is asked. What was heard becomes an
// event; a server that decides by a baseline that nobody chose ends the run.

import type { Candle } from '../domain/candle.ts'
import { ChampionRefused } from '../domain/champion.ts'
import { type Desk, isChosen, questionOn, type Seat } from '../domain/desk.ts'
import { outside, propose } from '../domain/event.ts'
import { heard, type Question, type StrategyConsulted } from '../domain/strategy-server.ts'
import { strategyStream } from '../domain/stream.ts'
import { type Venue, VenueUnavailable } from '../domain/venue.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

/** What the seat's server says about a candle that it has not seen; undefined where the strategy decides by itself. */
export const consult = async (
  { strategyServer }: Pick<Engine, 'strategyServer'>,
  { champion, server }: Seat,
  candle: Candle,
  question: Question,
): Promise<StrategyConsulted | undefined> => {
  if (server === undefined) return undefined
  return heard(
    champion.champion,
    server.url,
    candle,
    await strategyServer.ask(server.url, server.deadlineMs, question),
  )
}

/**
 * Asks the servers of a market's seats once in the life of a process, about the last candle that they were warmed up
 * with: one that is down at the start is found before a candle is spent on it. Throws VenueUnavailable, or Stop 78.
 */
export const requireServers = async (
  executor: {
    readonly engine: Engine
    readonly keeper: Bookkeeper
    readonly desk: Desk
    readonly venue: Pick<Venue, 'rules'>
    readonly serversHeard: Set<string>
  },
  symbol: string,
): Promise<void> => {
  const { engine, desk, venue, serversHeard } = executor
  for (const seat of desk.seats.values()) {
    const { champion } = seat.champion
    const last = seat.recent.at(-1)
    if (seat.champion.symbol !== symbol || serversHeard.has(champion)) continue
    if (!isChosen(seat, engine.config.execute.strategies) || last === undefined) continue
    const before = { ...seat, recent: seat.recent.slice(0, -1) }
    const question = questionOn(desk.book, before, last, venue.rules(symbol))
    const consulted = await consult(engine, before, last, question)
    if (consulted === undefined) continue
    await refuseBaseline(executor, seat, consulted)
    const { failure, url } = consulted.data
    if (failure !== undefined)
      throw new VenueUnavailable(
        `the strategy server of ${champion} at ${url} gives no usable answer: ${failure.reason}, ${failure.detail}; start it first`,
      )
    serversHeard.add(champion)
    engine.log.info(
      { champion, latencyMs: consulted.data.latencyMs },
      `strategy server of ${champion} answers, by ${consulted.data.answer?.champion.source}`,
    )
  }
}

/** A baseline is recorded as refused and ends the run: whoever chose the champion wants to know at once. */
export const refuseBaseline = async (
  { keeper, desk }: { readonly keeper: Bookkeeper; readonly desk: Desk },
  { champion: { champion, source } }: Seat,
  { data: { failure, openTime } }: StrategyConsulted,
): Promise<void> => {
  if (failure?.reason !== 'baseline-fallback') return
  const stream = strategyStream(champion)
  const refused = ChampionRefused({
    champion,
    source,
    reason: 'baseline-fallback',
    detail: `its strategy server: ${failure.detail}`,
  })
  const key = `${stream} baseline ${openTime} ${desk.book.revisions.get(stream) ?? -1}`
  await keeper.append([{ stream, events: [propose(outside(key), refused)] }])
  throw new Stop(
    exit.refused,
    `champion ${champion} refused: ${failure.detail}. Make the server load the champion, then start again`,
  )
}
