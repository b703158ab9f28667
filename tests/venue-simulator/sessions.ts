// The trading hours of US shares as the simulated broker keeps them: the project's own table, and the days that a script closes
// on top of it, so that a client can be shown a calendar that disagrees with its own.

import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { sessionOn } from '../../domain/calendar.ts'

export interface Session {
  /** In New York: '2026-11-25'. */
  readonly date: string
  /** ms since 1970 UTC; the close is the first moment after it. */
  readonly open: number
  readonly close: number
}

export interface Sessions {
  /** Undefined on a day without a session. Throws for a date that the table does not cover. */
  on(date: string): Session | undefined
  isOpenAt(at: number): boolean
  /** The first session that closes after the time. */
  endingAfter(at: number): Session
  /** Those whose dates lie in [start, end]. */
  between(start: string, end: string): readonly Session[]
}

const day = 86_400_000

export const sessions = (closedDays: readonly string[]): Sessions => {
  const known = new Map<string, Session | undefined>()
  const look = (date: string): Session | undefined => {
    const found = closedDays.includes(date) ? 'closed' : sessionOn(nyseCalendar, date)
    if (found === 'unknown') throw new Error(`the calendar of US shares does not cover ${date}`)
    return found === 'closed'
      ? undefined
      : { date, open: Date.parse(found.open), close: Date.parse(found.close) }
  }
  const on = (date: string): Session | undefined => {
    if (!known.has(date)) known.set(date, look(date))
    return known.get(date)
  }
  const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
  return {
    on,
    isOpenAt: at => {
      const session = on(newYorkDate(at))
      return session !== undefined && at >= session.open && at < session.close
    },
    endingAfter: at => {
      for (let noon = Date.parse(`${newYorkDate(at)}T12:00:00Z`); ; noon += day) {
        const session = on(dateOf(noon))
        if (session !== undefined && session.close > at) return session
      }
    },
    between: (start, end) => {
      const found: Session[] = []
      for (let noon = Date.parse(`${start}T12:00:00Z`); noon <= Date.parse(`${end}T12:00:00Z`); noon += day) {
        const session = on(dateOf(noon))
        if (session !== undefined) found.push(session)
      }
      return found
    },
  }
}

const inNewYork = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

const behindByHour = new Map<number, number>()

/** How far New York is behind UTC at the time, in ms: the same for a whole hour. */
const behind = (at: number): number => {
  const hour = Math.floor(at / 3_600_000)
  const known = behindByHour.get(hour)
  if (known !== undefined) return known
  const start = hour * 3_600_000
  const part = Object.fromEntries(
    inNewYork.formatToParts(start).map(({ type, value }) => [type, Number(value)]),
  )
  const local = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second)
  behindByHour.set(hour, start - local)
  return start - local
}

/** A time in New York as the broker writes it: '2026-11-25T09:30:00-05:00'. */
export const newYorkText = (at: number): string => {
  const offset = behind(at)
  return `${new Date(at - offset).toISOString().slice(0, 19)}-${String(offset / 3_600_000).padStart(2, '0')}:00`
}

/** The date in New York. */
export const newYorkDate = (at: number): string => new Date(at - behind(at)).toISOString().slice(0, 10)
