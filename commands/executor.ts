// The executor: one turn of the trading loop, in the order of the money.
//
//   what the venue reports ─▶ closed candles ─▶ evaluations ─▶ intents, stops ─▶ answers ─▶ orders ─▶ heartbeat
//
// Each candle with its evaluations and intents is one write group; each answer is one of its own, because the order
// id needs the intent's seq; the venue hears of an order only after its request is durable. Everything it knows is
// the fold of the ledger, so it may be killed anywhere and started again.

import { answerTo, type Circumstances } from '../domain/answer.ts'
import { equityOf } from '../domain/book.ts'
import { isDayKnown, isOpen, tradingDate } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { Champion } from '../domain/champion.ts'
import { compare, divide, isPositive, subtract } from '../domain/decimal.ts'
import type { Desk } from '../domain/desk.ts'
import { because, outside, propose, type Recorded } from '../domain/event.ts'
import { hasExpired, type Intent, type IntentRaised } from '../domain/intent.ts'
import type { MarketData } from '../domain/market-data.ts'
import { CycleCompleted, isMaterial } from '../domain/run.ts'
import { DrawdownBreached, TradingHalted } from '../domain/safety.ts'
import { orderStream, runStream, safetyStream } from '../domain/stream.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import type { Venue } from '../domain/venue.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Reconnector } from './connection.ts'
import { requireServers } from './consultation.ts'
import type { Engine } from './engine.ts'
import type { OrderDesk } from './order-desk.ts'
import { makeWay, noteAttribution, raiseProtections } from './positions.ts'
import { requireSameChampions, seatChampions, startOf, tradedSymbols } from './seating.ts'
import { sessions } from './sessions.ts'
import { takeCandle } from './take-candle.ts'

export interface Executor {
  readonly engine: Engine
  readonly keeper: Bookkeeper
  readonly desk: Desk
  readonly market: MarketData
  readonly venue: Venue
  readonly orders: OrderDesk
  /** Obeys a guardian that asks for new connections; absent where there is none to hear. */
  readonly reconnect?: Reconnector | undefined
  /** Compares the account with the ledger; absent where the venue has none that the ledger does not explain. */
  readonly reconcile?: ((now: Instant) => Promise<void>) | undefined
  readonly champions: readonly Champion[]
  /** Of the champion files, when the run began. */
  readonly championStamp: string
  readonly dryRun: boolean
  readonly prefix: string
  /** Where the candles of a book without any begin. */
  readonly begin: Instant
  /** Ids of candles that the seats have seen in the decision that is being written. */
  readonly decidedAlready: Set<string>
  /** Champions whose strategy servers have answered this process. */
  readonly serversHeard: Set<string>
}

/** One turn at the book's time `now`. Doing it again at the same time changes nothing. */
export const turn = async (executor: Executor, now: Instant): Promise<void> => {
  const { keeper, orders } = executor
  await keeper.catchUp()
  await executor.reconnect?.obey(keeper)
  await haltOnKillFile(executor)
  await requireSameChampions(executor)
  await orders.settle(now)
  const candles = await newCandles(executor, now)
  for (const closeTime of [...new Set(candles.map(candle => candle.closeTime))].sort()) {
    await orders.takeReports(closeTime)
    for (const candle of candles) if (candle.closeTime === closeTime) await takeCandle(executor, candle)
  }
  const heard = await orders.takeReports(now)
  await orders.withdraw() // behind the reports: what was filled before the cancel is a fill
  if (orders.inDoubt()) await executor.reconcile?.(now)
  await raiseProtections(executor)
  if (heard) await answerIntents(executor) // a venue that is not heard may have filled what we count on
  await completeCycle(executor, now)
  if (heard) await orders.stayAlive()
}

/** A KILL file made by hand becomes an event, so that the halt can be explained and lifted by name. */
const haltOnKillFile = async ({ engine, keeper, desk }: Executor) => {
  const kill = engine.kill.read()
  if (kill === undefined) return
  const known = desk.book.halts.some(({ level }) => level === kill.level || level === 'halted')
  if (known) return
  const halted = TradingHalted({ by: 'KILL file', reason: kill.reason, level: kill.level })
  const key = `${safetyStream} ${desk.book.revisions.get(safetyStream) ?? -1}`
  await keeper.append([{ stream: safetyStream, events: [propose(outside(key), halted)] }])
}

/** Closed candles of every traded market that the book does not have yet, in the order they closed. */
const newCandles = async (executor: Executor, now: Instant): Promise<readonly Candle[]> => {
  const { engine, keeper, desk, market, champions, begin } = executor
  const { timeframe } = engine.config.execute
  const found: Candle[] = []
  for (const symbol of tradedSymbols(engine, desk.book, now)) {
    const after = await startOf(engine, desk.book, market, symbol, timeframe, begin)
    const candles = await market.closedCandles(symbol, timeframe, after, now)
    if (candles.length > 0) {
      await seatChampions(engine, keeper, desk, champions, market, symbol, timeframe, after)
      await requireServers(executor, symbol)
    }
    found.push(...candles)
  }
  return found.sort((a, b) =>
    a.closeTime === b.closeTime ? (a.symbol < b.symbol ? -1 : 1) : a.closeTime < b.closeTime ? -1 : 1,
  )
}

const answerIntents = async (executor: Executor): Promise<void> => {
  const { desk, engine } = executor
  for (const seq of [...desk.book.openIntents.keys()].sort((a, b) => a - b)) {
    await haltOnKillFile(executor)
    const intent = desk.book.openIntents.get(seq)
    // Not the time at which the turn began: orders before this one may have waited long for their answers.
    const now = engine.clock.now()
    if (intent === undefined || isHeldUp(executor, intent.event.data, now)) continue
    if (!(await makeWay(executor, intent.event.data, now))) continue
    await answer(executor, intent, now)
  }
}

/** An entry waits, until it expires, for an order in its market that the venue cannot say anything about. */
const isHeldUp = ({ orders }: Executor, { symbol, reduceOnly, expiresAt }: Intent, now: Instant): boolean =>
  !reduceOnly && orders.isUnheard(symbol) && !hasExpired({ expiresAt }, now)

/** Decides, writes, and only then acts. What the decision read must still be so when it is written. */
const answer = async (executor: Executor, intent: Recorded<IntentRaised>, now: Instant): Promise<void> => {
  const { engine, keeper, desk, orders, prefix } = executor
  while (desk.book.openIntents.has(intent.seq)) {
    const answered = answerTo(desk.book, intent, circumstances(executor, now))
    const stream = orderStream(prefix, intent.seq)
    const written = await keeper.append([{ stream, events: [propose(because(intent), answered)] }], true)
    if (written === false) {
      await keeper.catchUp()
      continue
    }
    const { side, quantity, symbol, by } = intent.event.data
    const wish = `${side} ${quantity} ${symbol} for ${by}`
    switch (answered.type) {
      case 'IntentDenied':
        engine.log.info(
          { intent: intent.seq, reason: answered.data.reason },
          `denied: ${wish}: ${answered.data.reason}, ${answered.data.detail}`,
        )
        return
      case 'IntentExpired':
        engine.log.info({ intent: intent.seq }, `expired: ${wish}, good until ${answered.data.expiresAt}`)
        return
      case 'OrderWithheld':
        engine.log.info({ intent: intent.seq }, `dry run, not sent: ${wish} (${answered.data.type})`)
        return
      case 'OrderRequested':
        await noteAttribution(executor, intent)
        await orders.send(answered.data.orderId, now)
        return
    }
  }
}

export const circumstances = (
  { engine, venue, dryRun, prefix }: Pick<Executor, 'engine' | 'venue' | 'dryRun' | 'prefix'>,
  now: Instant,
): Circumstances => ({
  now,
  limits: engine.config.limits,
  rules: venue.rules,
  watchlist:
    engine.config.execute.symbols.length > 0 ? undefined : { session: tradingDate(sessions(engine), now) },
  marketClockKnown: isDayKnown(sessions(engine), now),
  dryRun,
  prefix,
})

/** The heartbeat: when something happened since the last one, else once a minute of the book's clock. */
const completeCycle = async (executor: Executor, now: Instant): Promise<void> => {
  const { engine, keeper, desk } = executor
  const { book } = desk
  await noteDrawdown(executor)
  const { lastCandle, ...counts } = book.sinceCycle
  const completed = CycleCompleted({
    cycle: book.cycles + 1,
    clock: now,
    sessionOpen: engine.config.calendar === 'always' || isOpen(engine.calendar, now),
    ...counts,
    ...(lastCandle === undefined ? {} : { lastCandle }),
  })
  const happened =
    counts.candles > 0 || (isMaterial(completed) && Object.values(counts).some(count => count > 0))
  const due = book.lastCycle === undefined || millisecondsOf(now) - millisecondsOf(book.lastCycle) >= 60_000
  if (!happened && !due) return
  const stream = runStream('execute')
  await keeper.append([{ stream, events: [propose(outside(`cycle ${completed.data.cycle}`), completed)] }])
  const { cycle, evaluations, intents, orders } = completed.data
  engine.log.info(
    counts,
    `heartbeat: cycle ${cycle}, evaluations ${evaluations}, intents ${intents}, orders ${orders}`,
  )
}

const noteDrawdown = async ({ engine, keeper, desk: { book } }: Executor) => {
  if (book.drawdownBreached || !isPositive(book.peakEquity)) return
  const equity = equityOf(book)
  const drawdown = divide(subtract(book.peakEquity, equity), book.peakEquity)
  const limit = engine.config.limits.drawdownMax
  if (compare(drawdown, limit) < 0) return
  const breached = DrawdownBreached({ equity, peak: book.peakEquity, drawdown, limit })
  const key = `drawdown ${book.revisions.get(safetyStream) ?? -1}`
  await keeper.append([{ stream: safetyStream, events: [propose(outside(key), breached)] }])
}
