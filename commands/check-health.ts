// veritape check health   0 healthy, 1 degraded, 2 unhealthy. Gathers what is known, lets the rules judge, and records
// every check with its verdict.

import { sessionAt, sessionOn } from '../domain/calendar.ts'
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
import { isSome } from '../domain/result.ts'
import { healthStream } from '../domain/stream.ts'
import { type CalendarDate, dateIn, type Instant, instantAt } from '../domain/time.ts'
import { millisecondsIn } from '../domain/timeframe.ts'
import { settingsOf } from '../domain/unit-file.ts'
import { bookFile } from '../domain/units.ts'
import { driftMinutes } from '../projections/drift-time.ts'
import { cadenceOf, lastDay, type Vitals, vitals } from '../projections/vitals.ts'
import { appendNext } from './append-next.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'
import { foldFromKept } from './kept-fold.ts'

const codes: Record<Verdict, number> = { ok: exit.done, degraded: 1, unhealthy: 2 }

export const checkHealth: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { screen, config } = engine
    const seen = await lookAtLedger(engine)
    const facts = await gather(engine, seen)
    let checks = checksOf(facts)
    const objection = seen.objection === undefined ? await record(engine, seen.vitals, checks) : undefined
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
  readonly vitals: Vitals
  readonly head: number
  readonly objection: string | undefined
}

/** What was written since the last look; a ledger that cannot be read is a finding, not an error. */
const lookAtLedger = async (engine: Engine): Promise<Seen> => {
  let seen = vitals.initial()
  let head = 0
  let store: EventStore | undefined
  try {
    store = await engine.readLedger()
    head = (await store.head()).seq
    seen = await foldFromKept(engine, store, vitals)
    return { vitals: seen, head, objection: undefined }
  } catch (error) {
    return { vitals: seen, head, objection: error instanceof Error ? error.message : String(error) }
  } finally {
    await store?.close()
  }
}

const gather = async (engine: Engine, seen: Seen): Promise<HealthFacts> => {
  const { config, calendar, clock, kill } = engine
  const { vitals: state, head, objection } = seen
  const { run, lastCycle, lastCandle } = state.heartbeat
  // A recorded book has no other now than where it stands.
  if (lastCycle !== undefined) engine.simulated?.jumpTo(lastCycle.clock)
  const now = clock.now()
  const units = unitFacts(engine)
  const enabled = units.some(({ name, enabled: yes }) => name.startsWith('veritape-execute@') && yes)
  const killed = kill.read()
  const { current, total } = driftMinutes(state.driftTime)
  return {
    now,
    ledgerObjection: objection,
    head,
    viewsAt: await viewsAt(engine),
    disk: engine.diskOfLedger(),
    expectsExecutor: enabled || (run !== undefined && run.stopped === undefined),
    lastCycle: lastCycle?.clock,
    cycle: lastCycle?.cycle ?? 0,
    lastCandle,
    timeframe: config.execute.timeframe,
    marketOpen: config.calendar === 'always' || marketIsOpen(engine, now),
    halts: [
      ...state.halts.map(({ level, by, reason }) => `${level} by ${by}: ${reason}`),
      ...(killed === undefined ? [] : [`KILL file: ${killed.reason}`]),
    ],
    unknownOrders: [...state.live].flatMap(([id, { status }]) => (status === 'unknown' ? [id] : [])),
    driftCount: state.driftTime.open.size,
    driftMinutes:
      isSome(current) && isSome(total) ? { current: current.value, total: total.value } : undefined,
    orders: lastDay(state, now),
    cadence: cadence(engine, state, now),
    memory: engine.executorMemory() ?? toldMemory(engine),
    scan: scanDue(config, calendar, now, state.lastScan),
    units,
    venue: await engine.askVenue(),
  }
}

/** As the executor tells systemd with its progress, where its process is hidden from this one. */
const toldMemory = ({ units, config: { book } }: Engine): HealthFacts['memory'] => {
  if (!units.installed().has(bookFile(book))) return undefined
  const { said } = units.control('show', `veritape-execute@${book}.service`, '-p', 'MainPID,StatusText')
  const of = new Map(settingsOf(said).map(({ key, value }) => [key, value]))
  const megabytes = /, (\d+) MB$/.exec(of.get('StatusText') ?? '')?.[1]
  const pid = Number(of.get('MainPID'))
  return megabytes === undefined || !(pid > 0) ? undefined : { pid, rssBytes: Number(megabytes) * 2 ** 20 }
}

/** Only a market that never closes has a candle for every stretch of its timeframe. */
const cadence = ({ config }: Engine, state: Vitals, now: Instant): HealthFacts['cadence'] => {
  const { symbols, timeframe } = config.execute
  if (config.calendar !== 'always' || symbols.length === 0) return undefined
  return cadenceOf(state, now, symbols.length, millisecondsIn(timeframe))
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
  lastScan: CalendarDate | undefined,
): HealthFacts['scan'] => {
  if (sessions !== 'nyse' || execute.symbols.length > 0) return undefined
  const date = dateIn(calendar.zone, now)
  const session = sessionOn(calendar, date)
  if (session === 'closed' || session === 'unknown' || now < instantAt(calendar.zone, date, '08:40'))
    return undefined
  return { session: date, done: lastScan !== undefined && lastScan >= date }
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
        /@\.(?:service|timer|path)$/.test(name) &&
        !/^veritape-(?:health|guardian|all-clear)@\.service$/.test(name),
    )
    .map(template => {
      const name = template.replace('@.', `@${book}.`)
      const { said } = units.control('show', name, '-p', 'ActiveState,SubState,UnitFileState,NRestarts')
      const of = new Map(settingsOf(said).map(({ key, value }) => [key, value]))
      const active = of.get('ActiveState') ?? ''
      return {
        name,
        enabled: of.get('UnitFileState') === 'enabled',
        failed: active === 'failed',
        active: /^(?:active|activating|reloading)$/.test(active),
        crashed: /^auto-restart/.test(of.get('SubState') ?? ''),
        timed: template.endsWith('.service') && installed.includes(template.replace('.service', '.timer')),
        restarts: Number(of.get('NRestarts') ?? 0),
      }
    })
}

/** Gives why it could not be recorded. */
const record = async (
  engine: Engine,
  { healthRevision }: Vitals,
  checks: readonly Check[],
): Promise<string | undefined> => {
  try {
    const store = await engine.writeLedger('health')
    try {
      const checked = HealthChecked({ verdict: verdictOf(checks), checks })
      await appendNext(store, healthStream, healthRevision, checked, engine.clock.now())
      return undefined
    } finally {
      await store.close()
    }
  } catch (error) {
    return `not written: ${error instanceof Error ? error.message : String(error)}`
  }
}
