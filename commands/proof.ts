// The replay proof: every decision in the ledger is made again, by the code that runs now, from what the ledger says
// was known at that moment; each is then compared with what was recorded, byte for byte.
//
// Proved are: evaluations, strategies' intents, answers to intents, candidates and rejections of scans. What a strategy
// server answered is taken from the record: proved is everything behind the answer, not the answer.

import { answerTo } from '../domain/answer.ts'
import { isDayKnown, tradingDate } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { type Config, rulesOf } from '../domain/config.ts'
import {
  type CandleDecision,
  decideCandle,
  decisionOn,
  emptyDesk,
  evaluationBy,
  isChosen,
  seatsAt,
  witness,
} from '../domain/desk.ts'
import type { Event, Recorded, Seq } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { isProtective } from '../domain/intent.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { protectionOf } from '../domain/protection.ts'
import { recordScan } from '../domain/scan-record.ts'
import { strategies } from '../domain/strategies.ts'
import type { StrategyConsulted } from '../domain/strategy-server.ts'
import { warningsStream } from '../domain/stream.ts'
import { allDays, type DayRange, type Instant } from '../domain/time.ts'
import type { Engine } from './engine.ts'
import { warmUpCandles } from './execute.ts'
import { exit, Stop } from './exit.ts'
import { scanData } from './scan-data.ts'

export type Kind = 'evaluations' | 'intents' | 'answers' | 'scan verdicts'

export interface Difference {
  readonly seq: Seq
  readonly kind: Kind
  readonly recorded: string
  readonly again: string
}

export interface Proof {
  readonly counts: Record<Kind, { decisions: number; identical: number }>
  readonly differences: Difference[]
  /** Evaluations that rest on the recorded answer of a strategy server. */
  answeredElsewhere: number
}

export const noProof = (): Proof => ({
  counts: {
    evaluations: { decisions: 0, identical: 0 },
    intents: { decisions: 0, identical: 0 },
    answers: { decisions: 0, identical: 0 },
    'scan verdicts': { decisions: 0, identical: 0 },
  },
  differences: [],
  answeredElsewhere: 0,
})

/** What of a run's configuration its decisions depended on. */
export type Decisive = Pick<Config, 'limits' | 'venue' | 'execute' | 'calendar'>

/** A decision made again, on its way to be compared. */
interface Pending extends CandleDecision {
  readonly candle: Candle
  /** Of its candle. */
  readonly seq: Seq
  readonly at: string
  /** Whether the ledger has the evaluation. */
  readonly recorded: boolean
}

/** Decisions recorded before `from` are only followed, those in [from, to) are proved. */
export const prove = async (
  engine: Engine,
  store: EventStore,
  { from = allDays.from, to = allDays.to }: Partial<DayRange>,
  onEvent: (seq: Seq) => void,
): Promise<Proof> => {
  const desk = emptyDesk(strategies)
  const proof = noProof()
  // A restored book has more than one epoch; its segments say which order ids they are written with.
  let prefix = orderPrefix(store.identity.book, store.identity.epoch)
  const dryRun = store.identity.mode === 'dry-run'
  /** By run: other processes of the book may run with other limits at the same time. */
  const configs = new Map<Seq, Decisive>()
  /** What the seats decide on the last candle of each champion's market, and where that candle stands. */
  const decided = new Map<string, Pending>()
  let scan: readonly BookEvent[] = []
  let scanned = 0

  const compare = (kind: Kind, { seq, at, event }: Recorded<BookEvent>, again: Event | undefined) => {
    if (at < from || at >= to) return
    const [recorded, now] = [JSON.stringify(event.data), JSON.stringify(again?.data ?? null)]
    const count = proof.counts[kind]
    count.decisions++
    if (recorded === now && event.type === again?.type) count.identical++
    else
      proof.differences.push({
        seq,
        kind,
        recorded: `${event.type} ${recorded}`,
        again: `${again?.type ?? 'nothing'} ${now}`,
      })
  }

  const configBehind = ({ run, seq }: Recorded): Decisive => {
    const config = configs.get(run)
    if (config === undefined)
      throw new Stop(exit.badData, `the ledger holds a decision, seq ${seq}, of no run that was started`)
    return config
  }

  const onCandle = (candle: Candle, recorded: Recorded<BookEvent>) => {
    const { seq, at } = recorded
    const { venue, calendar, execute } = configBehind(recorded)
    const rules = rulesOf(venue.markets)(candle.symbol)
    for (const seat of seatsAt(desk, candle)) {
      missing(decided.get(seat.champion.champion))
      const sessions = calendar === 'nyse' ? engine.calendar : undefined
      const decision = decideCandle(desk, seat, candle, rules, sessions)
      if (isChosen(seat, execute.strategies))
        decided.set(seat.champion.champion, { ...decision, candle, seq, at, recorded: false })
      else decided.delete(seat.champion.champion)
    }
  }

  for await (const recorded of store.readAll()) {
    const { event } = recorded
    switch (event.type) {
      case 'RunStarted':
        configs.set(recorded.seq, await configOfRun(engine, recorded.seq, event.data.configHash))
        break
      case 'SegmentOpened':
      case 'LedgerRestored':
        prefix = orderPrefix(event.data.book, event.data.epoch)
        break
      case 'ScanStarted':
        scan = recordScan(event.data, await scanData(engine, event.data))
        scanned = 0
        break
      case 'CandidateFound':
      case 'TickerRejected':
      case 'ScanCompleted':
      case 'WarningRaised':
      case 'WatchlistPublished':
        if (recorded.stream === warningsStream) break // of the executor: it looks and decides nothing
        compare('scan verdicts', recorded, scan[scanned++])
        break
      case 'StrategyConsulted':
        takeConsultation(event.data, recorded)
        break
      case 'StrategyEvaluated':
        takeEvaluation(event.data.champion, recorded)
        break
      case 'IntentRaised':
        if (event.data.source === 'operator') break
        if (isProtective(event.data)) compare('intents', recorded, protectionAgain(event.data.by, recorded))
        else takeIntent(event.data.by, recorded)
        break
      case 'IntentDenied':
      case 'IntentExpired':
      case 'OrderRequested':
      case 'OrderWithheld':
        compare('answers', recorded, answerAgain(recorded, event.data.intent, event.data.decided))
        break
    }
    await witness(
      desk,
      recorded,
      loaded => warmUpCandles(engine, loaded),
      candle => onCandle(candle, recorded),
    )
    onEvent(recorded.seq)
  }
  for (const last of decided.values()) missing(last)
  return proof

  /** The seat decides on what was heard, as it did then. */
  function takeConsultation(consulted: StrategyConsulted['data'], recorded: Recorded<BookEvent>) {
    const pending = decided.get(consulted.champion)
    if (pending === undefined) return
    const { venue, calendar } = configBehind(recorded)
    const { seat, candle } = pending
    const sessions = calendar === 'nyse' ? engine.calendar : undefined
    const rules = rulesOf(venue.markets)(candle.symbol)
    const evaluation = evaluationBy(desk, seat, candle, rules, consulted)
    decided.set(consulted.champion, {
      ...pending,
      ...decisionOn(desk.book, seat, candle, evaluation, rules, sessions),
    })
    if (recorded.at >= from && recorded.at < to) proof.answeredElsewhere++
  }

  function takeEvaluation(champion: string, recorded: Recorded<BookEvent>) {
    const pending = decided.get(champion)
    compare('evaluations', recorded, pending?.evaluated)
    if (pending !== undefined) decided.set(champion, { ...pending, recorded: true })
  }

  /** A protective stop follows from the book alone; any other wish from what was said about a candle. */
  function protectionAgain(champion: string, recorded: Recorded<BookEvent>) {
    const seat = desk.seats.get(champion)?.champion
    const { venue, calendar } = configBehind(recorded)
    const sessions = calendar === 'nyse' ? engine.calendar : undefined
    if (seat === undefined) return undefined
    return protectionOf(desk.book, seat, rulesOf(venue.markets)(seat.symbol), sessions)
  }

  function takeIntent(champion: string, recorded: Recorded<BookEvent>) {
    const pending = decided.get(champion)
    compare('intents', recorded, pending?.intent)
    if (pending !== undefined) decided.set(champion, { ...pending, intent: undefined })
  }

  /** What the code of today would have said or wished, and the ledger does not have. */
  function missing(last: Pending | undefined) {
    if (last === undefined || last.at < from || last.at >= to) return
    const { seq, evaluated, intent, recorded } = last
    for (const [kind, event] of [
      ['evaluations', recorded ? undefined : evaluated],
      ['intents', intent],
    ] as const) {
      if (event === undefined) continue
      proof.counts[kind].decisions++
      const again = `${event.type} ${JSON.stringify(event.data)}`
      proof.differences.push({ seq, kind, recorded: 'nothing', again })
    }
  }

  function answerAgain(answer: Recorded, intent: Seq, now: Instant) {
    const open = desk.book.openIntents.get(intent)
    if (open === undefined) return undefined // answered twice, or never raised
    const { limits, venue, execute, calendar } = configBehind(answer)
    const sessions = calendar === 'nyse' ? engine.calendar : undefined
    const watchlist = execute.symbols.length > 0 ? undefined : { session: tradingDate(sessions, now) }
    return answerTo(desk.book, open, {
      now,
      limits,
      rules: rulesOf(venue.markets),
      watchlist,
      marketClockKnown: isDayKnown(sessions, now),
      dryRun,
      prefix,
    })
  }
}

/** The same, of a run whose decisions are to be made again. */
const configOfRun = async (engine: Engine, seq: Seq, hash: string): Promise<Decisive> => {
  try {
    return await configOf(engine, hash)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Stop(
      exit.badData,
      `what the run of seq ${seq} decided cannot be decided again without its configuration: ${why}`,
    )
  }
}

/** The configuration that a run recorded by its hash. */
export const configOf = async (engine: Engine, hash: string): Promise<Decisive> =>
  JSON.parse(Buffer.from(await engine.data.get(hash)).toString('utf8')) as Decisive
