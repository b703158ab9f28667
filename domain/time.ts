// Instants, zones and dates. Domain code gets the time as an input; this file only converts it.
// luxon does the zone arithmetic; its clock (`DateTime.now`, `local`) is never used here.

import { DateTime } from 'luxon'
import * as z from 'zod'

/** UTC with milliseconds: '2023-03-24T11:40:00.000Z'. Text order is time order. */
export type Instant = string

/** A calendar date of a book's or an exchange's zone: '2015-08-24'. */
export type CalendarDate = string

export const NewYork = 'America/New_York'

/** Whether it names a moment that exists and is written in the one form that orders as text: no 30 February. */
const isInstant = (text: string): boolean => {
  const milliseconds = Date.parse(text)
  return text.length === 24 && !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === text
}

export const InstantText = z.string().refine(isInstant, 'not a UTC instant')
export const DateText = z
  .string()
  .refine(date => isInstant(`${date}T00:00:00.000Z`), 'not a date such as 2015-08-24')

export const instantOf = (milliseconds: number): Instant => new Date(milliseconds).toISOString()
export const millisecondsOf = (instant: Instant): number => Date.parse(instant)

/** The date that a clock on the wall of `zone` shows at `instant`. */
export const dateIn = (zone: string, instant: Instant): CalendarDate => {
  if (zone === 'UTC') return instant.slice(0, 10)
  return DateTime.fromISO(instant, { zone }).toFormat('yyyy-MM-dd')
}

/** The time of day that a clock on the wall of `zone` shows: '08:30'. */
export const timeOfDayIn = (zone: string, instant: Instant): string =>
  DateTime.fromISO(instant, { zone }).toFormat('HH:mm')

/** The instant at which a wall clock of `zone` shows this date and time of day ('09:30'). */
export const instantAt = (zone: string, date: CalendarDate, timeOfDay: string): Instant =>
  instantOf(DateTime.fromISO(`${date}T${timeOfDay}`, { zone }).toMillis())

/** 1 Monday … 7 Sunday. */
export const weekdayOf = (date: CalendarDate): number => DateTime.fromISO(date, { zone: 'UTC' }).weekday

export const addDays = (date: CalendarDate, days: number): CalendarDate =>
  instantOf(Date.parse(`${date}T00:00:00.000Z`) + days * 86_400_000).slice(0, 10)

/** Calendar days from one date to the other; negative when it lies before. */
export const daysBetween = (from: CalendarDate, to: CalendarDate): number =>
  (Date.parse(`${to}T00:00:00.000Z`) - Date.parse(`${from}T00:00:00.000Z`)) / 86_400_000

/**
 * Reads an instant or a local time as a person writes it: '2023-03-24T11:40Z', '2015-08-24T08:30' (in `zone`),
 * '2015-08-24' (midnight in `zone`). Undefined when it is none of these: a time without a date would mean today.
 */
export const readInstant = (text: string, zone: string): Instant | undefined => {
  if (!/^\d{4}-\d\d-\d\d(T|$)/.test(text)) return undefined
  const read = DateTime.fromISO(text, { zone })
  return read.isValid ? instantOf(read.toMillis()) : undefined
}

export const isZone = (zone: string): boolean => zone === 'UTC' || DateTime.fromMillis(0, { zone }).isValid

const recordedForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/**
 * Microseconds since 1970 UTC of a recorded time such as '2023-03-24T11:40:00.000123Z': a date of JavaScript ends at
 * milliseconds. Exact until the year 2255.
 */
export const microsecondsOf = (at: string): number => {
  if (!recordedForm.test(at)) throw new Error(`'${at}' is no recorded time`)
  return Date.parse(`${at.slice(0, 23)}Z`) * 1000 + Number(at.slice(23, 26))
}

/** A day of a zone as it is compared with recorded times: from `from` on, up to but not including `to`. */
export interface DayRange {
  readonly from: string
  readonly to: string
}

/** Recorded times have microseconds: without their Z the bounds are prefixes of them, so that text order is time order. */
export const dayRange = (zone: string, day: CalendarDate): DayRange => ({
  from: instantAt(zone, day, '00:00').slice(0, -1),
  to: instantAt(zone, addDays(day, 1), '00:00').slice(0, -1),
})

/** Every day there is. */
export const allDays: DayRange = { from: '', to: '~' }

export const isDate = (text: string): boolean => {
  if (!DateText.safeParse(text).success) return false
  const read = DateTime.fromISO(text, { zone: 'UTC' })
  return read.isValid
}
