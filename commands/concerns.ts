// What stands out of a book's status: one line each, that says what it is and what to do about it. The most urgent
// comes first; no line, no worry.

import type { Mode } from '../domain/event-store.ts'
import type { Halts } from '../domain/safety.ts'
import type { DriftFound } from '../domain/truth.ts'
import type { Run } from '../projections/heartbeat.ts'
import { duration, mebibytes, type Surroundings } from './surroundings.ts'

/** What the ledger adds to it. */
export interface Recorded {
  readonly mode: Mode
  /** It trades at the world's time: then ages mean something. */
  readonly livesNow: boolean
  readonly head: number
  readonly run: Run | undefined
  /** Milliseconds since the last cycle, and since the last candle closed. */
  readonly cycleAge: number | undefined
  readonly halts: Halts
  readonly unknown: readonly string[]
  readonly drift: readonly DriftFound['data'][]
  readonly health: { readonly at: string; readonly verdict: 'ok' | 'degraded' | 'unhealthy' } | undefined
}

/** The executor records a heartbeat each minute: three that are missing are no accident. */
const cycleAgeMax = 180_000
/** As of check health: less is degraded. */
const diskFreeMin = 2 ** 30
/** As of check health. */
const lagMax = 1000

export const concernsOf = (around: Surroundings, recorded: Recorded | undefined): readonly string[] => [
  ...poisoned(around),
  ...halted(around, recorded),
  ...(recorded === undefined ? [] : [...inDoubt(recorded), ...executing(around, recorded)]),
  ...aroundIt(around, recorded),
]

const poisoned = ({ poison, ledgerPath }: Surroundings): readonly string[] =>
  poison === undefined
    ? []
    : [
        `POISON: a sync failed and nobody may write. Check the disk, stop the processes of this book, then veritape repair; ${ledgerPath}/POISON says what happened`,
      ]

const halted = ({ killed }: Surroundings, recorded: Recorded | undefined): readonly string[] => [
  ...(killed === undefined
    ? []
    : [
        `KILL file: ${killed.level}, ${killed.reason}${killed.reason.includes('cannot be read') ? '' : '; veritape resume removes it'}`,
      ]),
  ...(recorded?.halts ?? []).map(
    ({ level, by, seq, reason }) => `${level} by ${by} (seq ${seq}): ${reason}; veritape resume lifts it`,
  ),
]

const inDoubt = ({ unknown, drift, health }: Recorded): readonly string[] => [
  ...(unknown.length === 0
    ? []
    : [`unknown at the venue: ${unknown.join(', ')}; veritape execute and veritape reconcile ask by our id`]),
  ...drift.map(
    ({ subject, name, ledger, venue }) =>
      `drift of ${subject} ${name}: ledger ${ledger}, venue ${venue}; veritape reconcile compares again, --adopt explains it`,
  ),
  ...(health === undefined || health.verdict === 'ok'
    ? []
    : [`${health.verdict} at ${health.at}; veritape check health looks again and says why`]),
]

const executing = (
  { executor }: Surroundings,
  { mode, livesNow, run, cycleAge }: Recorded,
): readonly string[] => {
  if (executor === 'nobody') {
    if (run === undefined)
      return mode === 'backtest' ? [] : ['no executor has run yet; veritape execute starts one']
    if (run.stopped === undefined)
      return [
        'no executor runs, and the last one did not say goodbye: it was killed. Start it again, it goes on behind the last line',
      ]
    return livesNow && mode !== 'backtest' ? ['no executor runs; veritape execute starts one'] : []
  }
  if (executor === undefined || cycleAge === undefined || cycleAge <= cycleAgeMax) return []
  return [
    `the executor (${executor}) completed no cycle for ${duration(cycleAge)}; its log says where it hangs`,
  ]
}

const aroundIt = ({ disk, views }: Surroundings, recorded: Recorded | undefined): readonly string[] => {
  const found: string[] = []
  if ('failure' in disk) found.push(`the disk cannot be looked at: ${disk.failure}`)
  else if (disk.free < diskFreeMin)
    found.push(`the disk is nearly full: ${mebibytes(disk.free)} MiB free; free some space`)
  if ('failure' in views) found.push(`the views cannot be read: ${views.failure}`)
  else if (recorded !== undefined) {
    if (views.asOf === undefined) found.push(`no views in ${views.path}; veritape project writes them`)
    else if (recorded.head - views.asOf > lagMax)
      found.push(`the views are ${recorded.head - views.asOf} events behind; is veritape project running?`)
  }
  return found
}
