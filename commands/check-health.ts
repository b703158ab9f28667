// veritape check health   0 healthy, 1 degraded, 2 unhealthy. Gathers what is known, lets the rules judge, and records
// every check with its verdict.

import { sessionAt, sessionOn } from '../domain/calendar.ts'
import { outside, propose } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { HealthChecked } from '../domain/health.ts'
import {
  type Check,
  checksOf,
  type HealthFacts,
  type UnitFact,
  type Verdict,
  verdictOf,
} from '../domain/health-rules.ts'
import { healthStream } from '../domain/stream.ts'
import { dateIn, type Instant, instantAt, millisecondsOf } from '../domain/time.ts'
import { settingsOf } from '../domain/unit-file.ts'
import { bookFile } from '../domain/units.ts'
import { unknownOrders } from '../projections/orders.ts'
import { feed } from '../projections/projection.ts'
import { status as projection, type Status } from '../projections/status.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'

const codes: Record<Verdict, number> = { ok: exit.done, degraded: 1, unhealthy: 2 }

export const checkHealth: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { screen, config } = engine
    const seen = await lookAtLedger(engine)
    const facts = await gather(engine, seen)
    let checks = checksOf(facts)
    const objection = seen.objection === undefined ? await record(engine, checks) : undefined
    if (objection !== undefined) checks = checksOf({ ...facts, ledgerObjection: objection })
    const verdict = verdictOf(checks)
    const colour = { ok: screen.style.good, degraded: screen.style.warn, unhealthy: screen.style.bad }
    screen.heading(`${config.book}: ${colour[verdict](verdict.toUpperCase())}`)
    screen.table(
      ['check', 'verdict', 'saw'],
      checks.map(({ name, verdict: each, saw }) => [name, colour[each](each), saw]),
    )
    screen.result({ book: config.book, verdict, checks })
    return codes[verdict]
  },
}

interface Seen {
  readonly status: Status
  readonly head: number
  readonly orders: HealthFacts['orders']
  readonly cadence: HealthFacts['cadence']
  readonly scanned: ReadonlySet<string>
  readonly objection: string | undefined
}

/** Folds the ledger; one that cannot be read is a finding, not an error. */
const lookAtLedger = async (engine: Engine): Promise<Seen> => {
  let status = projection.initial()
  const orders = { sent: 0, failed: 0 }
  const cadence = { candles: 0, evaluations: 0 }
  const scanned = new Set<string>()
  const dayAgo = millisecondsOf(engine.clock.now()) - 86_400_000
  let head = 0
  let store: EventStore | undefined
  try {
    store = await engine.readLedger()
    for await (const recorded of store.readAll()) {
      status = feed(projection, status, recorded)
      const { event, at } = recorded
      if (event.type === 'ScanStarted') scanned.add(event.data.session)
      if (millisecondsOf(at) < dayAgo) continue
      if (event.type === 'OrderRequested') orders.sent++
      if (event.type === 'OrderRejected' || event.type === 'OrderOutcomeUnknown') orders.failed++
      if (event.type === 'CycleCompleted') {
        cadence.candles += event.data.candles
        cadence.evaluations += event.data.evaluations
      }
    }
    head = (await store.head()).seq
    return { status, head, orders, cadence, scanned, objection: undefined }
  } catch (error) {
    const objection = error instanceof Error ? error.message : String(error)
    return { status, head, orders, cadence, scanned, objection }
  } finally {
    await store?.close()
  }
}

const gather = async (engine: Engine, seen: Seen): Promise<HealthFacts> => {
  const { config, calendar, clock, kill } = engine
  const { status, head, orders, cadence, objection } = seen
  // A recorded book has no other now than where it stands.
  if (status.heartbeat.lastCycle !== undefined) engine.simulated?.jumpTo(status.heartbeat.lastCycle.clock)
  const now = clock.now()
  const units = unitFacts(engine)
  const enabled = units.some(({ name, enabled: yes }) => name.startsWith('veritape-execute@') && yes)
  const { run, lastCycle, lastCandle } = status.heartbeat
  const killed = kill.read()
  return {
    now,
    ledgerObjection: objection,
    head,
    viewsAt: await viewsAt(engine),
    disk: engine.diskOfLedger(),
    expectsExecutor: enabled || (run !== undefined && run.stopped === undefined),
    lastCycle: lastCycle?.clock,
    lastCandle,
    timeframe: config.execute.timeframe,
    marketOpen: config.calendar === 'always' || marketIsOpen(engine, now),
    halts: [
      ...status.halts.map(({ level, by, reason }) => `${level} by ${by}: ${reason}`),
      ...(killed === undefined ? [] : [`KILL file: ${killed.reason}`]),
    ],
    unknownOrders: unknownOrders(status.orders).map(({ order }) => order.request.orderId),
    driftCount: status.drift.size,
    orders,
    cadence,
    scan: scanDue(config, calendar, now, seen.scanned),
    units,
    venue: undefined,
  }
}

const marketIsOpen = ({ calendar }: Engine, now: Instant): boolean => {
  const session = sessionAt(calendar, now)
  return session !== 'closed' && session !== 'unknown'
}

/** The scan runs at 08:30; ten minutes later it must be in the ledger. */
const scanDue = (
  { calendar: sessions, execute }: Engine['config'],
  calendar: Engine['calendar'],
  now: Instant,
  scanned: ReadonlySet<string>,
): HealthFacts['scan'] => {
  if (sessions !== 'nyse' || execute.symbols.length > 0) return undefined
  const date = dateIn(calendar.zone, now)
  const session = sessionOn(calendar, date)
  if (session === 'closed' || session === 'unknown' || now < instantAt(calendar.zone, date, '08:40'))
    return undefined
  return { session: date, done: scanned.has(date) }
}

const viewsAt = async ({ views }: Engine): Promise<number | undefined> => {
  const text = await views.read('views.json')
  if (text === undefined) return undefined
  const { asOf } = JSON.parse(text) as { asOf?: unknown }
  return typeof asOf === 'number' ? asOf : undefined
}

/** Those of the book, where systemd runs it. The check itself and the guardian are not judged by what they found before. */
const unitFacts = ({ units, config: { book } }: Engine): readonly UnitFact[] => {
  const installed = [...units.installed().keys()]
  if (!installed.includes(bookFile(book))) return []
  return installed
    .filter(
      name =>
        /@\.(?:service|timer|path)$/.test(name) && !/^veritape-(?:health|guardian)@\.service$/.test(name),
    )
    .map(name => name.replace('@.', `@${book}.`))
    .map(name => {
      const { said } = units.control('show', name, '-p', 'ActiveState,UnitFileState,NRestarts')
      const of = new Map(settingsOf(said).map(({ key, value }) => [key, value]))
      const active = of.get('ActiveState') ?? ''
      return {
        name,
        enabled: of.get('UnitFileState') === 'enabled',
        failed: active === 'failed',
        active: /^(?:active|activating|reloading)$/.test(active),
        restarts: Number(of.get('NRestarts') ?? 0),
      }
    })
}

/** Gives why it could not be recorded. */
const record = async (engine: Engine, checks: readonly Check[]): Promise<string | undefined> => {
  try {
    const store = await engine.writeLedger('health')
    try {
      const { bookkeeper } = await import('./bookkeeper.ts')
      let before = 0
      const keeper = bookkeeper(engine, store, 'health', async ({ stream }) => {
        if (stream === healthStream) before++
      })
      await keeper.catchUp()
      const checked = HealthChecked({ verdict: verdictOf(checks), checks })
      await keeper.append([
        { stream: healthStream, events: [propose(outside(`${healthStream} ${before}`), checked)] },
      ])
      return undefined
    } finally {
      await store.close()
    }
  } catch (error) {
    return `not written: ${error instanceof Error ? error.message : String(error)}`
  }
}
