// The schedule of the scan, folded from the ledger and held against the calendar.

import { describe, expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { ScanFailed, ScanStarted, WatchlistPublished } from '../../domain/scan.ts'
import { instantAt, NewYork } from '../../domain/time.ts'
import { fold } from '../../projections/projection.ts'
import { type ScheduledDay, schedule, scheduleOf } from '../../projections/schedule.ts'

const at = (date: string, time: string) => instantAt(NewYork, date, time)
const ran = (session: string, time = '08:30'): readonly BookEvent[] => [
  ScanStarted({
    session,
    clock: at(session, time),
    universe: 1,
    dataset: 'd',
    lastBar: session,
    rules: {},
  }),
  WatchlistPublished({ session, tickers: ['GE'] }),
]
const failed = (session: string, time = '08:30') =>
  ScanFailed({ session, clock: at(session, time), detail: 'no bars' })
const daysOf = (events: readonly BookEvent[], now: string, dueBy?: string) => {
  const recorded = events.map((event, index) => ({ seq: index + 1, event }) as Recorded<BookEvent>)
  const days = scheduleOf(fold(schedule, recorded), nyseCalendar, now, dueBy)
  if (days === 'unknown') return days
  return days.map(({ session, verdict }: ScheduledDay) => `${session} ${verdict}`)
}

test('a week over the change of the clocks: ran, late, failed, missed', () => {
  const events = [
    ...ran('2026-03-05'),
    failed('2026-03-06'),
    ...ran('2026-03-09', '09:31'),
    failed('2026-03-10'),
    ...ran('2026-03-10', '08:50'),
  ]
  expect(daysOf(events, at('2026-03-12', '08:45'))).toEqual([
    '2026-03-05 ran',
    '2026-03-06 failed',
    '2026-03-09 ran-late',
    '2026-03-10 ran',
    '2026-03-11 missed',
    '2026-03-12 missed',
  ])
})

test('today is due until its time, and missed after it', () => {
  const events = ran('2026-11-02')
  expect(daysOf(events, at('2026-11-03', '08:39'))).toEqual(['2026-11-02 ran', '2026-11-03 due'])
  expect(daysOf(events, at('2026-11-03', '08:40'))).toEqual(['2026-11-02 ran', '2026-11-03 missed'])
  expect(daysOf(events, at('2026-11-03', '08:40'), '09:00')).toEqual(['2026-11-02 ran', '2026-11-03 due'])
})

describe('days without a session are nobody’s fault', () => {
  test('Thanksgiving and the weekend', () => {
    const events = [...ran('2026-11-25'), ...ran('2026-11-27')]
    expect(daysOf(events, at('2026-11-29', '12:00'))).toEqual(['2026-11-25 ran', '2026-11-27 ran'])
  })
  test('Sunday evening, when it is Monday in UTC', () => {
    expect(daysOf(ran('2026-11-27'), at('2026-11-29', '20:00'))).toEqual(['2026-11-27 ran'])
  })
})

test('a book without a scan has no schedule; outside the table nobody can say', () => {
  expect(daysOf([], at('2026-03-09', '12:00'))).toEqual([])
  expect(daysOf(ran('2028-12-29'), '2029-01-03T14:00:00.000Z')).toBe('unknown')
})

test('each day says what was seen', () => {
  const recorded = [failed('2026-03-06'), failed('2026-03-06', '08:35')].map(
    (event, index) => ({ seq: index + 1, event }) as Recorded<BookEvent>,
  )
  const days = scheduleOf(fold(schedule, recorded), nyseCalendar, at('2026-03-09', '09:00'))
  expect((days as readonly ScheduledDay[]).map(({ saw }) => saw)).toEqual([
    'failed 2 times, last at 2026-03-06T13:35:00.000Z: no bars',
    'nothing in the ledger: the scan was never started',
  ])
})
