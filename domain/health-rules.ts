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
  /** Close time of the newest candle. */
  readonly lastCandle: Instant | undefined
  readonly timeframe: Timeframe
  /** Whether candles are expected now: always, or in a session. */
  readonly marketOpen: boolean
  readonly halts: readonly string[]
  readonly unknownOrders: readonly string[]
  readonly driftCount: number
  /** Orders of the last day that the venue was sent, and those of them that it refused or lost. */
  readonly orders: { readonly sent: number; readonly failed: number }
  /** Candles and evaluations of the last day, as the heartbeats counted them. */
  readonly cadence: { readonly candles: number; readonly evaluations: number }
  /** The scan of today, where the book trades one and it is due. */
  readonly scan: { readonly session: string; readonly done: boolean } | undefined
  /** Units of the book as systemd knows them. */
  readonly units: readonly UnitFact[]
  readonly venue: VenueFact | undefined
}

export interface UnitFact {
  readonly name: string
  readonly enabled: boolean
  readonly failed: boolean
  readonly active: boolean
  readonly restarts: number
}

export interface VenueFact {
  /** Why it could not be reached. */
  readonly unreachable: string | undefined
  /** Whether it took our credentials; undefined without any. */
  readonly credentials: boolean | undefined
  /** Its clock minus ours. */
  readonly skewMs: number
}

type Rule = (facts: HealthFacts) => Check | undefined

const check = (name: string, verdict: Verdict, saw: string): Check => ({ name, verdict, saw })

const ledger: Rule = ({ ledgerObjection, head }) =>
  ledgerObjection === undefined
    ? check('ledger', 'ok', `readable and writable, seq ${head}`)
    : check('ledger', 'unhealthy', ledgerObjection)

/** A day of the busiest book is some hundred megabytes. */
const disk: Rule = ({ disk: { free, total } }) => {
  const share = `${Math.floor(free / 2 ** 20)} MB free, ${Math.floor((free / total) * 100)} %`
  if (free < 200 * 2 ** 20) return check('disk', 'unhealthy', share)
  return check('disk', free < 2 ** 30 ? 'degraded' : 'ok', share)
}

const views: Rule = ({ viewsAt, head }) => {
  if (viewsAt === undefined) return check('views', 'degraded', 'none are written; start veritape project')
  const lag = head - viewsAt
  return check('views', lag > 1000 ? 'degraded' : 'ok', `${lag} events behind`)
}

/** The executor records a heartbeat each minute, whatever happens. */
const heartbeat: Rule = ({ expectsExecutor, lastCycle, now }) => {
  if (!expectsExecutor) return undefined
  if (lastCycle === undefined) return check('heartbeat', 'unhealthy', 'the executor has completed no cycle')
  const age = ageOf(lastCycle, now)
  const saw = `last cycle ${seconds(age)} ago`
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

const cadence: Rule = ({ cadence: { candles: closed, evaluations } }) =>
  closed === 0
    ? undefined
    : check(
        'evaluations',
        evaluations === 0 ? 'degraded' : 'ok',
        `${evaluations} of ${closed} candles in a day`,
      )

const submissions: Rule = ({ orders: { sent, failed } }) => {
  if (sent === 0) return undefined
  const verdict = failed * 2 > sent && sent >= 4 ? 'unhealthy' : failed > 0 ? 'degraded' : 'ok'
  return check('submissions', verdict, `${sent - failed} of ${sent} orders of a day reached the venue`)
}

const unknown: Rule = ({ unknownOrders }) =>
  unknownOrders.length === 0
    ? check('unknown orders', 'ok', 'none')
    : check('unknown orders', 'unhealthy', unknownOrders.join(', '))

const drift: Rule = ({ driftCount }) =>
  driftCount === 0
    ? check('drift', 'ok', 'none known')
    : check('drift', 'unhealthy', `${driftCount} unresolved`)

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

const units: Rule = ({ units: all }) => {
  if (all.length === 0) return undefined
  const failed = all.filter(each => each.failed).map(({ name }) => name)
  if (failed.length > 0) return check('units', 'unhealthy', `failed: ${failed.join(', ')}`)
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

const reachable: Rule = ({ venue }) =>
  venue === undefined
    ? undefined
    : check('venue', venue.unreachable === undefined ? 'ok' : 'unhealthy', venue.unreachable ?? 'reachable')

const credentials: Rule = ({ venue }) =>
  venue?.credentials === undefined
    ? undefined
    : check('credentials', venue.credentials ? 'ok' : 'unhealthy', venue.credentials ? 'accepted' : 'refused')

/** Exchanges refuse requests that are some seconds off. */
const skew: Rule = ({ venue }) => {
  if (venue === undefined || venue.unreachable !== undefined) return undefined
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
