// The rules of a book's health: each looks at the facts and gives one verdict with what it saw, or nothing where it
// does not apply. Ordered as a person would ask.

import { type Instant, millisecondsOf } from './time.ts'
import type { Timeframe } from './timeframe.ts'
import { millisecondsIn } from './timeframe.ts'

export type Verdict = 'ok' | 'degraded' | 'unhealthy'

export interface Check {
  readonly name: string
  readonly verdict: Verdict
  /** What was seen, with its numbers. */
  readonly saw: string
}

/** What is known about a book at one moment. Undefined: there is nothing to know, or nobody to ask. */
export interface HealthFacts {
  readonly now: Instant
  /** Why the ledger could not be read or written. */
  readonly ledgerObjection: string | undefined
  readonly head: number
  /** Seq that the views show; undefined when there are none. */
  readonly viewsAt: number | undefined
  /** Bytes on the disk of the ledger. */
  readonly disk: { readonly free: number; readonly total: number }
  /** Whether the executor is meant to run: its unit is enabled, or its last run has no end. */
  readonly expectsExecutor: boolean
  readonly lastCycle: Instant | undefined
  /** Number of the last cycle; it only grows. */
  readonly cycle: number
  /** Close time of the newest candle. */
  readonly lastCandle: Instant | undefined
  readonly timeframe: Timeframe
  /** Whether candles are expected now: always, or in a session. */
  readonly marketOpen: boolean
  readonly halts: readonly string[]
  readonly unknownOrders: readonly string[]
  readonly driftCount: number
  /** How long the ledger and the venue have disagreed, now and in all; undefined when they were never compared. */
  readonly driftMinutes: { readonly current: number; readonly total: number } | undefined
  /** Orders of the last day that the venue was sent, and those of them that it refused or lost. */
  readonly orders: { readonly sent: number; readonly failed: number }
  /** Candles of the last day that were judged, and how many the timeframe asks for; undefined when too few to tell. */
  readonly cadence: { readonly judged: number; readonly expected: number } | undefined
  /** Of the executor's process, where it can be seen. */
  readonly memory: MemoryFact | undefined
  /** The scan of today, where the book trades one and it is due. */
  readonly scan: { readonly session: string; readonly done: boolean } | undefined
  /** Units of the book as systemd knows them. */
  readonly units: readonly UnitFact[]
  readonly venue: VenueFact | NotAsked
}

export interface MemoryFact {
  readonly pid: number
  /** Resident set size. */
  readonly rssBytes: number
}

export interface UnitFact {
  readonly name: string
  readonly enabled: boolean
  readonly failed: boolean
  readonly active: boolean
  /** It crashed, and systemd waits before it starts it again. */
  readonly crashed: boolean
  /** A timer runs it, and will run it again. */
  readonly timed: boolean
  readonly restarts: number
}

/** Why nobody was asked: that is no fault, and it is told. */
export interface NotAsked {
  readonly notAsked: string
}

export interface VenueFact {
  readonly name: string
  /** Why it could not be reached. */
  readonly unreachable: string | undefined
  readonly credentials: 'accepted' | 'refused' | NotAsked
  /** Its clock minus ours; undefined when it does not tell its time. */
  readonly skewMs: number | undefined
}

type Rule = (facts: HealthFacts) => Check | undefined

const check = (name: string, verdict: Verdict, saw: string): Check => ({ name, verdict, saw })

const ledger: Rule = ({ ledgerObjection, head }) =>
  ledgerObjection === undefined
    ? check('ledger', 'ok', `readable and writable, seq ${head}`)
    : check('ledger', 'unhealthy', ledgerObjection)

/** A day of the busiest book is some hundred megabytes. */
const disk: Rule = ({ disk: { free, total } }) => {
  const share = `${Math.floor(free / 2 ** 20)} MiB free, ${Math.floor((free / total) * 100)} %`
  if (free < 200 * 2 ** 20) return check('disk', 'unhealthy', share)
  return check('disk', free < 2 ** 30 ? 'degraded' : 'ok', share)
}

const views: Rule = ({ viewsAt, head }) => {
  if (viewsAt === undefined) return check('views', 'degraded', 'none are written; start veritape project')
  const lag = head - viewsAt
  return check('views', lag > 1000 ? 'degraded' : 'ok', `${lag} events behind`)
}

/** The executor records a heartbeat each minute, whatever happens. */
const heartbeat: Rule = ({ expectsExecutor, lastCycle, cycle, now }) => {
  if (!expectsExecutor) return undefined
  if (lastCycle === undefined) return check('heartbeat', 'unhealthy', 'the executor has completed no cycle')
  const age = ageOf(lastCycle, now)
  const saw = `last cycle ${seconds(age)} ago, number ${cycle}`
  return check('heartbeat', age > 300_000 ? 'unhealthy' : age > 130_000 ? 'degraded' : 'ok', saw)
}

const candles: Rule = ({ expectsExecutor, marketOpen, lastCandle, timeframe, now }) => {
  if (!expectsExecutor || !marketOpen || timeframe === '1D') return undefined
  const length = millisecondsIn(timeframe)
  if (lastCandle === undefined) return check('candles', 'degraded', 'none yet')
  const age = ageOf(lastCandle, now)
  const saw = `last one closed ${seconds(age)} ago, they come every ${seconds(length)}`
  return check('candles', age > 5 * length ? 'unhealthy' : age > 2 * length ? 'degraded' : 'ok', saw)
}

/** A few candles may be missing where nobody traded; a twentieth may not. */
const cadence: Rule = ({ cadence: judged }) => {
  if (judged === undefined) return undefined
  const { judged: done, expected } = judged
  const saw = `${done} of ${expected} candles that the timeframe asks for in a day`
  return check(
    'evaluations',
    done * 2 < expected ? 'unhealthy' : done < expected * 0.95 ? 'degraded' : 'ok',
    saw,
  )
}

/** An executor of ours lies at some hundred megabytes; one that only grows is restarted before the kernel does it. */
const memory: Rule = ({ memory: seen }) => {
  if (seen === undefined) return undefined
  const megabytes = Math.ceil(seen.rssBytes / 2 ** 20)
  const verdict = megabytes > 2048 ? 'unhealthy' : megabytes > 1024 ? 'degraded' : 'ok'
  return check('memory', verdict, `${megabytes} MB resident, pid ${seen.pid}`)
}

const submissions: Rule = ({ orders: { sent, failed } }) => {
  if (sent === 0) return undefined
  const verdict = failed * 2 > sent && sent >= 4 ? 'unhealthy' : failed > 0 ? 'degraded' : 'ok'
  return check('submissions', verdict, `${sent - failed} of ${sent} orders of a day reached the venue`)
}

const unknown: Rule = ({ unknownOrders }) =>
  unknownOrders.length === 0
    ? check('unknown orders', 'ok', 'none')
    : check('unknown orders', 'unhealthy', unknownOrders.join(', '))

const drift: Rule = ({ driftCount, driftMinutes }) => {
  const spent = driftMinutes === undefined ? 'never compared' : `${tenths(driftMinutes.total)} minutes in all`
  if (driftCount === 0) return check('drift', 'ok', `none known, ${spent}`)
  const since = driftMinutes === undefined ? '' : ` for ${tenths(driftMinutes.current)} minutes`
  return check('drift', 'unhealthy', `${driftCount} unresolved${since}, ${spent}`)
}

/** A halt is somebody's decision: it is told, it is no fault. */
const halt: Rule = ({ halts }) =>
  halts.length === 0 ? check('halt', 'ok', 'none') : check('halt', 'degraded', halts.join('; '))

const scan: Rule = ({ scan: due }) =>
  due === undefined
    ? undefined
    : check(
        'scan',
        due.done ? 'ok' : 'unhealthy',
        `${due.session}: ${due.done ? 'done' : 'due and not done'}`,
      )

/**
 * A job whose last run failed is told, and its timer runs it again; what it should have done is judged by checks of its
 * own. Only what should be running is ill when it is not: to restart the executor heals no report and no audit.
 */
const units: Rule = ({ units: all }) => {
  if (all.length === 0) return undefined
  const failed = all.filter(each => each.failed)
  const down = failed.filter(({ timed }) => !timed).map(({ name }) => name)
  if (down.length > 0) return check('units', 'unhealthy', `failed: ${down.join(', ')}`)
  const crashed = all.filter(each => each.crashed).map(({ name }) => name)
  if (crashed.length > 0) return check('units', 'unhealthy', `crashed: ${crashed.join(', ')}`)
  if (failed.length > 0)
    return check('units', 'degraded', `last run failed: ${failed.map(({ name }) => name).join(', ')}`)
  const idle = all.filter(({ enabled, active }) => enabled && !active).map(({ name }) => name)
  if (idle.length > 0) return check('units', 'degraded', `enabled and not active: ${idle.join(', ')}`)
  return check('units', 'ok', `${all.length} as they should be`)
}

/** A crash every two minutes trips no start limit: only the count tells. */
const restarts: Rule = ({ units: all }) => {
  const often = all.filter(each => each.restarts > 0)
  if (all.length === 0) return undefined
  const saw = often.map(({ name, restarts: count }) => `${name} ${count}`).join(', ') || 'none'
  return check('restarts', often.some(each => each.restarts > 2) ? 'degraded' : 'ok', saw)
}

const reachable: Rule = ({ venue }) => {
  if ('notAsked' in venue) return check('venue', 'ok', `not asked: ${venue.notAsked}`)
  const { name, unreachable } = venue
  return check('venue', unreachable === undefined ? 'ok' : 'unhealthy', unreachable ?? `${name} answers`)
}

const credentials: Rule = ({ venue }) => {
  if ('notAsked' in venue) return undefined
  const { credentials: seen, name } = venue
  if (typeof seen === 'object') return check('credentials', 'ok', `not asked: ${seen.notAsked}`)
  return check('credentials', seen === 'accepted' ? 'ok' : 'unhealthy', `${seen} by ${name}`)
}

/** Exchanges refuse requests that are some seconds off. */
const skew: Rule = ({ venue }) => {
  if ('notAsked' in venue || venue.skewMs === undefined) return undefined
  const off = Math.abs(venue.skewMs)
  return check(
    'clock',
    off > 5000 ? 'unhealthy' : off > 1000 ? 'degraded' : 'ok',
    `${venue.skewMs} ms off the venue's`,
  )
}

const rules: readonly Rule[] = [
  ledger,
  disk,
  views,
  heartbeat,
  memory,
  candles,
  cadence,
  submissions,
  unknown,
  drift,
  halt,
  scan,
  units,
  restarts,
  reachable,
  credentials,
  skew,
]

/** Every check that applies. */
export const checksOf = (facts: HealthFacts): readonly Check[] =>
  rules.flatMap(rule => {
    const found = rule(facts)
    return found === undefined ? [] : [found]
  })

/** The worst of them. */
export const verdictOf = (checks: readonly Check[]): Verdict =>
  checks.some(({ verdict }) => verdict === 'unhealthy')
    ? 'unhealthy'
    : checks.some(({ verdict }) => verdict === 'degraded')
      ? 'degraded'
      : 'ok'

const ageOf = (then: Instant, now: Instant): number => millisecondsOf(now) - millisecondsOf(then)
const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`
const tenths = (minutes: number): string => `${Math.round(minutes * 10) / 10}`
