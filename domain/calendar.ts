// The sessions of an exchange, from a table of its closed days.
//
// The table decides, no rule does: exchanges close for storms and funerals too. What it does not cover is 'unknown',
// and whoever asks treats unknown as closed.

import { addDays, type CalendarDate, dateIn, type Instant, instantAt, weekdayOf } from './time.ts'

/** What is known about an exchange's days. Dates are those of its own zone. */
export interface Calendar {
  readonly zone: string
  /** First and last date that the table covers. */
  readonly from: CalendarDate
  readonly to: CalendarDate
  /** Time of day in the zone: '09:30'. */
  readonly opens: string
  readonly closes: string
  readonly closesEarly: string
  /** Weekdays without a session. */
  readonly holidays: ReadonlySet<CalendarDate>
  readonly earlyCloses: ReadonlySet<CalendarDate>
}

/** A decision needs a session that the table does not know: nothing is traded on a guess. */
export class CalendarEnds extends Error {
  constructor(date: CalendarDate) {
    super(`the exchange calendar does not know the session after ${date}; update veritape`)
    this.name = 'CalendarEnds'
  }
}

export interface Session {
  readonly date: CalendarDate
  readonly open: Instant
  /** The first instant after the session. */
  readonly close: Instant
  readonly closesEarly: boolean
}

const isCovered = ({ from, to }: Calendar, date: CalendarDate): boolean => date >= from && date <= to

/** The session of a date; 'closed' on weekends and holidays, 'unknown' outside the table. */
export const sessionOn = (calendar: Calendar, date: CalendarDate): Session | 'closed' | 'unknown' => {
  if (!isCovered(calendar, date)) return 'unknown'
  if (weekdayOf(date) > 5 || calendar.holidays.has(date)) return 'closed'
  const closesEarly = calendar.earlyCloses.has(date)
  return {
    date,
    open: instantAt(calendar.zone, date, calendar.opens),
    close: instantAt(calendar.zone, date, closesEarly ? calendar.closesEarly : calendar.closes),
    closesEarly,
  }
}

const nearest = (calendar: Calendar, date: CalendarDate, step: 1 | -1): Session | 'unknown' => {
  for (let day = addDays(date, step); ; day = addDays(day, step)) {
    const session = sessionOn(calendar, day)
    if (session !== 'closed') return session
  }
}

/** The last session before a date; 'unknown' when the table does not reach that far. */
export const previousSession = (calendar: Calendar, date: CalendarDate): Session | 'unknown' =>
  isCovered(calendar, date) ? nearest(calendar, date, -1) : 'unknown'

/** The first session after a date; 'unknown' when the table does not reach that far. */
export const nextSession = (calendar: Calendar, date: CalendarDate): Session | 'unknown' =>
  isCovered(calendar, date) ? nearest(calendar, date, 1) : 'unknown'

/** The session that is on at an instant: from its open up to, not including, its close. */
export const sessionAt = (calendar: Calendar, now: Instant): Session | 'closed' | 'unknown' => {
  const session = sessionOn(calendar, dateIn(calendar.zone, now))
  if (session === 'closed' || session === 'unknown') return session
  return now >= session.open && now < session.close ? session : 'closed'
}

/** Whether the exchange is known to be open. Unknown is not open. */
export const isOpen = (calendar: Calendar, now: Instant): boolean => {
  const session = sessionAt(calendar, now)
  return session !== 'closed' && session !== 'unknown'
}

/**
 * The date that a book trades on: that of the exchange's session, or of the UTC day where the market never closes
 * (`calendar` undefined). Undefined on a day without a session and outside the table.
 */
export const tradingDate = (calendar: Calendar | undefined, now: Instant): CalendarDate | undefined =>
  calendar === undefined ? dateIn('UTC', now) : dateInSession(calendar, now)

/** The trading date before one; 'unknown' when the table does not reach that far. */
export const tradingDateBefore = (
  calendar: Calendar | undefined,
  date: CalendarDate,
): CalendarDate | 'unknown' => {
  if (calendar === undefined) return addDays(date, -1)
  const before = previousSession(calendar, date)
  return before === 'unknown' ? before : before.date
}

/** The last trading date whose bar is closed at `now`; 'unknown' when the table does not reach that far. */
export const lastClosedDate = (calendar: Calendar | undefined, now: Instant): CalendarDate | 'unknown' => {
  const today = dateIn(calendar?.zone ?? 'UTC', now)
  const session = calendar === undefined ? 'closed' : sessionOn(calendar, today)
  if (session === 'unknown') return session
  return session !== 'closed' && now >= session.close ? today : tradingDateBefore(calendar, today)
}

/** Whether the table has a word on the day: a market that never closes needs none. */
export const isDayKnown = (calendar: Calendar | undefined, now: Instant): boolean =>
  calendar === undefined || sessionOn(calendar, dateIn(calendar.zone, now)) !== 'unknown'

/** The date whose session is on, was or will be today; undefined on a day without one and outside the table. */
export const dateInSession = (calendar: Calendar, now: Instant): CalendarDate | undefined => {
  const session = sessionOn(calendar, dateIn(calendar.zone, now))
  return session === 'closed' || session === 'unknown' ? undefined : session.date
}
