// The replay proof of a backtest: it is run again from what the ledger says it was run with, and every event that it
// plans, with its seq, id and data, must be the recorded one. The digests stand for the evaluations between.

import { backtest, isConsultation, type Planned } from '../domain/backtest.ts'
import { emptyBook, evolveBook } from '../domain/book.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { ChampionVerified } from '../domain/champion.ts'
import type { BacktestStarted } from '../domain/evaluation-digest.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import type { EventStore, Identity } from '../domain/event-store.ts'
import type { StrategyConsulted } from '../domain/strategy-server.ts'
import { controlStream, ledgerStream } from '../domain/stream.ts'
import { backtestInput } from './backtest.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { configOf, type Decisive, type Kind, noProof, type Proof } from './proof.ts'

export const proveBacktest = async (
  engine: Engine,
  store: EventStore,
  onEvent: (seq: Seq) => void,
): Promise<Proof> => {
  const proof = noProof()
  const book = emptyBook()
  /** A restored book is in another epoch than the one in which the backtest ran. */
  let { epoch } = store.identity
  let config: Decisive | undefined
  let champion: ChampionVerified['data'] | undefined
  let planned: Plan | undefined
  let digested = 0

  const compare = (recorded: Recorded<BookEvent>, plan: Planned | undefined) => {
    const { seq, id, event } = recorded
    const kind = kindOf(event)
    const again = plan?.recorded
    const same =
      again?.seq === seq && again.id === id && JSON.stringify(again.event) === JSON.stringify(event)
    if (kind !== undefined) {
      const decisions = event.type === 'EvaluationsDigested' ? event.data.evaluations - digested : 1
      if (event.type === 'EvaluationsDigested') digested = event.data.evaluations
      proof.counts[kind].decisions += decisions
      if (same) proof.counts[kind].identical += decisions
    }
    if (!same)
      proof.differences.push({
        seq,
        kind: kind ?? 'answers',
        recorded: `${event.type} ${JSON.stringify(event.data)}`,
        again: again === undefined ? 'nothing' : `${again.event.type} ${JSON.stringify(again.event.data)}`,
      })
  }

  for await (const recorded of store.readAll()) {
    const { event, stream, seq } = recorded
    onEvent(seq)
    if (planned !== undefined) {
      // A restored backtest was halted by an operator's act; that is no part of it.
      if (stream !== ledgerStream && stream !== controlStream) compare(recorded, plannedAt(planned, recorded))
      if (event.type === 'StrategyConsulted') proof.answeredElsewhere++
      continue
    }
    if (event.type === 'SegmentOpened' || event.type === 'LedgerRestored') epoch = event.data.epoch
    if (event.type === 'RunStarted') config = await configOf(engine, event.data.configHash)
    if (event.type === 'ChampionVerified') champion = event.data
    evolveBook(book, recorded)
    if (event.type !== 'BacktestStarted') continue
    if (config === undefined || champion === undefined)
      throw new Stop(exit.badData, 'the backtest began before its run and its champion were recorded')
    planned = await planOf(engine, { ...store.identity, epoch }, config, champion, event, book)
  }
  const missing = planned?.next(undefined)
  if (missing !== undefined && !missing.done)
    proof.differences.push({
      seq: book.asOf,
      kind: 'answers',
      recorded: 'nothing',
      again: 'the backtest goes on; it was interrupted',
    })
  return proof
}

const planOf = async (
  engine: Engine,
  identity: Identity,
  config: Decisive,
  champion: ChampionVerified['data'],
  { data }: BacktestStarted,
  book: ReturnType<typeof emptyBook>,
): Promise<Plan> => {
  const bars = await engine.recorded.columns(data.symbol, data.timeframe, data.dataset)
  const input = backtestInput(config, identity, champion, data, bars, book, engine)
  return (function* () {
    const plan = backtest(input)
    for (let step = plan.next(undefined); !step.done; ) {
      if (isConsultation(step.value)) step = plan.next(yield 'what was heard')
      else {
        for (const each of step.value) yield each
        step = plan.next(undefined)
      }
    }
  })()
}

type Plan = Generator<Planned | 'what was heard', void, StrategyConsulted | undefined>

/** The planned event for a recorded one. What a strategy server said is taken from the record. */
const plannedAt = (plan: Plan, { event }: Recorded<BookEvent>): Planned | undefined => {
  let { value } = plan.next(undefined)
  if (value === 'what was heard')
    value = plan.next(event.type === 'StrategyConsulted' ? event : undefined).value
  return typeof value === 'object' ? value : undefined
}

const kindOf = ({ type }: BookEvent): Kind | undefined => {
  switch (type) {
    case 'EvaluationsDigested':
      return 'evaluations'
    case 'IntentRaised':
      return 'intents'
    case 'IntentDenied':
    case 'IntentExpired':
    case 'OrderRequested':
      return 'answers'
    default:
      return undefined
  }
}
