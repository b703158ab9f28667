// The schedule of the scan: for each session the ledger says that the scan ran, when, and why not if not.
//
//   none ──ScanFailed──▶ failed ──WatchlistPublished──▶ ran
//     └──────────────────WatchlistPublished─────────────▶ ran
//
// What the ledger cannot say, that nothing ever started, follows from the calendar: `scheduleOf` puts both together.
// A health check reads it as it is: days that are 'missed' or 'failed' are what to complain about.

import { type Calendar, tradingDate, tradingDateBefore } from '../domain/calendar.ts'
import { type CalendarDate, dateIn, type Instant, instantAt } from '../domain/time.ts'
import type { Projection } from './projection.ts'

interface Told {
  /** The book's clock when the scan began that published. */
  ranAt?: Instant
  /** Attempts that failed, and what the last one said. */
  failures: number
  lastFailure?: string
  lastFailureAt?: Instant
}

export interface Schedule {
  /** By session. */
  readonly told: Map<CalendarDate, Told>
  /** Scans that began and have not published, by session. */
  readonly begun: Map<CalendarDate, Instant>
}

export const schedule: Projection<Schedule, 'ScanStarted' | 'ScanFailed' | 'WatchlistPublished'> = {
  name: 'schedule',
  types: ['ScanStarted', 'ScanFailed', 'WatchlistPublished'],
  initial: () => ({ told: new Map(), begun: new Map() }),
  apply: (state, { event: { type, data } }) => {
    const told = state.told.get(data.session) ?? { failures: 0 }
    state.told.set(data.session, told)
    switch (type) {
      case 'ScanStarted':
        state.begun.set(data.session, data.clock)
        return state
      case 'ScanFailed':
        told.failures += 1
        told.lastFailure = data.detail
        told.lastFailureAt = data.clock
        return state
      case 'WatchlistPublished': {
        const at = state.begun.get(data.session)
        if (at !== undefined) told.ranAt = at
        return state
      }
    }
  },
}

/** One session day. 'due' is today before its time. */
export interface ScheduledDay {
  readonly session: CalendarDate
  readonly verdict: 'ran' | 'ran-late' | 'failed' | 'missed' | 'due'
  /** When it ran, or when it last failed. */
  readonly at?: Instant
  readonly failures: number
  /** One sentence. */
  readonly saw: string
}

/**
 * Every session from the book's first scan, but at most the last `days` ones, up to `now`, oldest first. A scan counts
 * as late when it began after the session's open (a market that never closes has no open, and no scan of it is late).
 * 'due' is the session of today until `dueBy`, a time of day in the calendar's zone. 'unknown' when the calendar does
 * not cover the time: then nobody can say what should have run.
 */
export const scheduleOf = (
  { told }: Schedule,
  calendar: Calendar | undefined,
  now: Instant,
  dueBy = '08:40',
  days = 250,
): readonly ScheduledDay[] | 'unknown' => {
  const [first] = [...told.keys()].sort()
  if (first === undefined) return []
  const today = lastTradingDate(calendar, now)
  if (today === undefined) return 'unknown'
  const found: ScheduledDay[] = []
  for (let date: CalendarDate | 'unknown' = today; date >= first; date = tradingDateBefore(calendar, date)) {
    if (date === 'unknown') return 'unknown'
    found.unshift(dayOf(date, told.get(date), calendar, now, dueBy))
    if (found.length >= days) break
  }
  return found
}

/** Today's trading date, or the last one before. */
const lastTradingDate = (calendar: Calendar | undefined, now: Instant): CalendarDate | undefined => {
  const today = tradingDate(calendar, now)
  if (today !== undefined || calendar === undefined) return today
  const before = tradingDateBefore(calendar, dateIn(calendar.zone, now))
  return before === 'unknown' ? undefined : before
}

const dayOf = (
  session: CalendarDate,
  told: Told | undefined,
  calendar: Calendar | undefined,
  now: Instant,
  dueBy: string,
): ScheduledDay => {
  const { ranAt, failures = 0, lastFailure, lastFailureAt } = told ?? {}
  const opens = calendar === undefined ? undefined : instantAt(calendar.zone, session, calendar.opens)
  if (ranAt !== undefined) {
    const late = opens !== undefined && ranAt >= opens
    const tries = failures === 0 ? '' : `, after ${failures} failed`
    const saw = `ran ${late ? 'late, ' : ''}at ${ranAt}${tries}`
    return { session, verdict: late ? 'ran-late' : 'ran', at: ranAt, failures, saw }
  }
  if (lastFailureAt !== undefined)
    return {
      session,
      verdict: 'failed',
      at: lastFailureAt,
      failures,
      saw: `failed ${failures === 1 ? 'once' : `${failures} times`}, last at ${lastFailureAt}: ${lastFailure}`,
    }
  const due = instantAt(calendar?.zone ?? 'UTC', session, dueBy)
  if (now < due) return { session, verdict: 'due', failures: 0, saw: `is due by ${due}` }
  return { session, verdict: 'missed', failures: 0, saw: 'nothing in the ledger: the scan was never started' }
}
