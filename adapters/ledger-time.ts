// The recorded time of events: UTC with microseconds, strictly increasing within a book whatever the clock does.

import { type CalendarDate, dateIn, type Instant, microsecondsOf } from '../domain/time.ts'

/** Gives each event its time: the clock's, or one microsecond after the event before. */
export interface RecordedTime {
  /** Reads the clock once for all events of a write group. */
  tick(): void
  next(): string
  /** Continues after an event that is already in the ledger. */
  continueAfter(at: string): void
}

export const recordedTime = (clock: () => Instant): RecordedTime => {
  let now = 0
  let last = -1
  let millisecond = -1
  let prefix = ''
  return {
    tick: () => {
      now = Date.parse(clock()) * 1000
      if (Number.isNaN(now)) throw new Error(`the clock says '${clock()}', which is no instant`)
    },
    next: () => {
      last = now > last ? now : last + 1
      const ms = Math.floor(last / 1000)
      if (ms !== millisecond) {
        millisecond = ms
        prefix = new Date(ms).toISOString().slice(0, 23)
      }
      return `${prefix}${String(last - ms * 1000).padStart(3, '0')}Z`
    },
    continueAfter: at => {
      last = Math.max(last, microsecondsOf(at))
    },
  }
}

/** The date of the clock in a zone; worked out once a minute, since no zone changes its date within one. */
export const datesOf = (clock: () => Instant, zone: string): (() => CalendarDate) => {
  let minute = ''
  let date: CalendarDate = ''
  return () => {
    const now = clock()
    if (now.slice(0, 16) === minute) return date
    minute = now.slice(0, 16)
    date = dateIn(zone, now)
    return date
  }
}
