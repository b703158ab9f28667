// Seating: before a candle of a market is taken, its champions are verified and warmed up, and the book says so.

import { type Book, liveOrders, seriesKey } from '../domain/book.ts'
import { tradingDate } from '../domain/calendar.ts'
import { HistoryLoaded, printCandle } from '../domain/candle.ts'
import {
  type Champion,
  ChampionRefused,
  ChampionVerified,
  championId,
  championObjection,
} from '../domain/champion.ts'
import { type Desk, isSeated } from '../domain/desk.ts'
import { outside, propose } from '../domain/event.ts'
import { sha256 } from '../domain/hash.ts'
import type { MarketData } from '../domain/market-data.ts'
import { strategyStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import type { Timeframe } from '../domain/timeframe.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'
import type { Executor } from './executor.ts'
import { exit, Stop } from './exit.ts'
import { sessions } from './sessions.ts'

/** What the book trades now: its own symbols, or today's watchlist and whatever it still holds, has on order or had in this cycle. */
export const tradedSymbols = (engine: Engine, book: Book, now: Instant): readonly string[] => {
  const { symbols } = engine.config.execute
  if (symbols.length > 0) return symbols
  const session = tradingDate(sessions(engine), now)
  const listed = session !== undefined && book.watchlist?.session === session ? book.watchlist.tickers : []
  const held = [...book.holdings]
    .filter(([, { quantity }]) => quantity !== '0')
    .map(([key]) => key.slice(key.lastIndexOf(' ') + 1))
  const ordered = liveOrders(book).map(({ order }) => order.request.symbol)
  return [...new Set([...listed, ...held, ...ordered, ...book.endedSinceCycle])].sort()
}

/** Champions of the configuration that may trade this symbol on the book's timeframe. */
const championsFor = (engine: Engine, champions: readonly Champion[], symbol: string, timeframe: Timeframe) =>
  champions.filter(
    champion =>
      (champion.symbol === symbol || champion.symbol === '*') &&
      champion.timeframe === timeframe &&
      (engine.config.execute.strategies.length === 0 ||
        engine.config.execute.strategies.includes(champion.strategy)),
  )

/**
 * Verifies and warms up the champions of one market. `after` is where the book's candles of this market end or
 * begin: the warm-up ends there. Stops with 78 when a champion is refused, and records that too.
 */
export const seatChampions = async (
  engine: Engine,
  keeper: Bookkeeper,
  desk: Desk,
  champions: readonly Champion[],
  market: MarketData,
  symbol: string,
  timeframe: Timeframe,
  after: Instant,
): Promise<void> => {
  for (const champion of championsFor(engine, champions, symbol, timeframe)) {
    const id = championId(champion.strategy, symbol, timeframe)
    const { source, sha256: fileHash } = champion
    const { orderValue, restCandles, protectiveStop, parameters } = champion.merged_config
    const objection = championObjection(champion, desk.strategies)
    const stream = strategyStream(id)
    const key = `${stream} ${fileHash} ${desk.book.revisions.get(stream) ?? -1}`
    if (objection !== undefined) {
      const refused = ChampionRefused({ champion: id, source, ...objection })
      await keeper.append([{ stream, events: [propose(outside(key), refused)] }])
      throw new Stop(
        exit.refused,
        `champion ${id} refused: ${objection.detail}. Mend ${source} or choose another`,
      )
    }
    const verified = ChampionVerified({
      champion: id,
      strategy: champion.strategy,
      symbol,
      timeframe,
      source,
      sha256: fileHash,
      orderValue,
      ...(restCandles === undefined ? {} : { restCandles }),
      ...(protectiveStop === undefined ? {} : { protectiveStop }),
      parameters,
    })
    if (!isSeated(desk, verified.data)) {
      await keeper.append([{ stream, events: [propose(outside(key), verified)] }])
      engine.log.info({ champion: id, source }, `champion verified: ${id} from ${source}`)
    }
    const seat = desk.seats.get(id)
    if (seat === undefined || seat.warmedUp) continue
    await loadHistory(engine, keeper, market, seat.champion, seat.warmUp, after)
  }
}

/** A champion file that changes under a running executor was chosen by nobody yet: verify it by a restart. */
export const requireSameChampions = async ({
  engine,
  keeper,
  desk,
  championStamp,
}: Pick<Executor, 'engine' | 'keeper' | 'desk' | 'championStamp'>): Promise<void> => {
  if ((await engine.championStamp()) === championStamp) return
  const files = new Set((await engine.champions()).map(({ sha256: fileHash }) => fileHash))
  for (const { champion } of desk.seats.values()) {
    if (files.has(champion.sha256)) continue
    const { champion: id, source } = champion
    const stream = strategyStream(id)
    const detail = `${source} is not the file that was verified when this run began`
    const refused = ChampionRefused({ champion: id, source, reason: 'changed-since-start', detail })
    const key = `${stream} changed ${desk.book.revisions.get(stream) ?? -1}`
    await keeper.append([{ stream, events: [propose(outside(key), refused)] }])
    throw new Stop(exit.refused, `champion ${id} refused: ${detail}. Start again to verify the new one`)
  }
}

const loadHistory = async (
  engine: Engine,
  keeper: Bookkeeper,
  market: MarketData,
  { champion, symbol, timeframe, sha256: fileHash }: ChampionVerified['data'],
  count: number,
  upTo: Instant,
) => {
  const candles = await market.history(symbol, timeframe, count, upTo)
  const loaded = HistoryLoaded({
    champion,
    symbol,
    timeframe,
    dataset: await engine.recorded.keep(symbol, timeframe, candles),
    from: candles[0]?.openTime ?? upTo,
    to: candles.at(-1)?.closeTime ?? upTo,
    candles: candles.length,
    digest: sha256(candles.map(printCandle).join('\n')),
  })
  const stream = strategyStream(champion)
  await keeper.append([
    { stream, events: [propose(outside(`${stream} history ${fileHash} ${upTo}`), loaded)] },
  ])
}

/** Where the book's candles of a market end, or where they shall begin when it has none yet. */
export const startOf = async (
  engine: Engine,
  book: Book,
  market: MarketData,
  symbol: string,
  timeframe: Timeframe,
  begin: Instant,
): Promise<Instant> => {
  const last = book.lastCandles.get(seriesKey(symbol, timeframe))
  if (last !== undefined) return last.closeTime
  if (engine.config.execute.symbols.length > 0) return begin
  // A ticker that is new on the watchlist is judged by its last session, which closed before the book saw it.
  const [before] = await market.history(symbol, timeframe, 2, begin)
  return before?.closeTime ?? begin
}
