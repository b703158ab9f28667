// The table of the New York Stock Exchange, against its rules and against recorded sessions.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nyseCalendar, readNyseTable } from '../../adapters/nyse-calendar.ts'
import { sessionOn } from '../../domain/calendar.ts'
import { addDays, type CalendarDate, dateIn, instantOf, NewYork, weekdayOf } from '../../domain/time.ts'
import { seriesOf } from '../recorded-bars.ts'

// ── the rules, written for this test and from no table ──────────────────────────────────────────────────────────

const monday = 1
const thursday = 4
const saturday = 6
const sunday = 7

const day = (year: number, month: number, date: number): CalendarDate =>
  instantOf(Date.UTC(year, month - 1, date)).slice(0, 10)

/** The first, second … of a weekday in a month. */
const nth = (count: number, weekday: number, year: number, month: number): CalendarDate => {
  const first = day(year, month, 1)
  return addDays(first, ((weekday - weekdayOf(first) + 7) % 7) + 7 * (count - 1))
}

const lastMondayOfMay = (year: number): CalendarDate => {
  const last = day(year, 5, 31)
  return addDays(last, -((weekdayOf(last) - monday + 7) % 7))
}

/** Easter by the tables of the Gregorian reform: golden number, century corrections, epact (Knuth, TAOCP 1.3.2). */
const easter = (year: number): CalendarDate => {
  const golden = (year % 19) + 1
  const century = Math.floor(year / 100) + 1
  const leaps = Math.floor((3 * century) / 4) - 12
  const moons = Math.floor((8 * century + 5) / 25) - 5
  const sundays = Math.floor((5 * year) / 4) - leaps - 10
  let epact = (((11 * golden + 20 + moons - leaps) % 30) + 30) % 30
  if ((epact === 25 && golden > 11) || epact === 24) epact += 1
  let full = 44 - epact
  if (full < 21) full += 30
  const date = full + 7 - ((sundays + full) % 7)
  return day(year, 3, date)
}

/** On a Saturday the Friday before is off, on a Sunday the Monday after. */
const observed = (date: CalendarDate): CalendarDate => {
  const weekday = weekdayOf(date)
  if (weekday === saturday) return addDays(date, -1)
  return weekday === sunday ? addDays(date, 1) : date
}

/** Days that no rule gives, with the cause: adapters/nyse-calendar.SOURCE.md says where each is known from. */
const unforeseen: Readonly<Record<CalendarDate, string>> = {
  '2001-09-11': 'the attacks of 11 September',
  '2001-09-12': 'the attacks of 11 September',
  '2001-09-13': 'the attacks of 11 September',
  '2001-09-14': 'the attacks of 11 September',
  '2004-06-11': 'mourning for Ronald Reagan',
  '2007-01-02': 'mourning for Gerald Ford',
  '2012-10-29': 'hurricane Sandy',
  '2012-10-30': 'hurricane Sandy',
  '2018-12-05': 'mourning for George H. W. Bush',
  '2025-01-09': 'mourning for Jimmy Carter',
}
/** Short by a decision of that year alone. */
const shortOnce: Readonly<Record<CalendarDate, string>> = { '2003-12-26': 'the Friday after Christmas' }

const holidaysOf = (year: number): ReadonlySet<CalendarDate> => {
  const newYear = day(year, 1, 1)
  return new Set([
    // The last business day of a year is never given for the year after.
    ...(weekdayOf(newYear) === saturday ? [] : [observed(newYear)]),
    nth(3, monday, year, 1),
    nth(3, monday, year, 2),
    addDays(easter(year), -2),
    lastMondayOfMay(year),
    ...(year >= 2022 ? [observed(day(year, 6, 19))] : []),
    observed(day(year, 7, 4)),
    nth(1, monday, year, 9),
    nth(4, thursday, year, 11),
    observed(day(year, 12, 25)),
    ...Object.keys(unforeseen).filter(date => date.startsWith(`${year}-`)),
  ])
}

const closesEarly = (date: CalendarDate): boolean => {
  const year = Number(date.slice(0, 4))
  if (date === addDays(nth(4, thursday, year, 11), 1)) return true
  if (date.endsWith('-12-24') || date in shortOnce) return true
  // Independence Day on a Thursday: until 2012 the Friday after it was short, since 2013 the Wednesday before.
  const independence = weekdayOf(day(year, 7, 4))
  if (independence === thursday && year < 2013) return date.endsWith('-07-05')
  return date.endsWith('-07-03') && independence < saturday
}

// ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────

test('Easter is right in years that everyone can look up', () => {
  expect([1998, 2000, 2008, 2010, 2018, 2024, 2025, 2027].map(easter)).toEqual([
    '1998-04-12',
    '2000-04-23',
    '2008-03-23',
    '2010-04-04',
    '2018-04-01',
    '2024-03-31',
    '2025-04-20',
    '2027-03-28',
  ])
})

test('the table agrees with the rules of the exchange on every day from 1998 to 2028', () => {
  const differences: string[] = []
  for (let date = nyseCalendar.from; date <= nyseCalendar.to; date = addDays(date, 1)) {
    const off = weekdayOf(date) >= saturday || holidaysOf(Number(date.slice(0, 4))).has(date)
    const expected = off ? 'closed' : closesEarly(date) ? 'early' : 'full'
    const session = sessionOn(nyseCalendar, date)
    const actual = typeof session === 'string' ? session : session.closesEarly ? 'early' : 'full'
    if (actual !== expected) differences.push(`${date} is ${actual}, by the rules ${expected}`)
  }
  expect([nyseCalendar.from, nyseCalendar.to]).toEqual(['1998-01-01', '2028-12-31'])
  expect(differences).toEqual([])
})

test('every day that no rule gives is listed with its source', () => {
  const source = readFileSync('adapters/nyse-calendar.SOURCE.md', 'utf8')
  const row = /^\| (?<date>\d{4}-\d\d-\d\d) \| (?<kind>closed|early) \| [^|]+ \| [^|]+ \|$/gm
  const listed = [...source.matchAll(row)].map(({ groups }) => `${groups?.date} ${groups?.kind}`)
  const expected = [
    ...Object.keys(unforeseen).map(date => `${date} closed`),
    ...Object.keys(shortOnce).map(date => `${date} early`),
  ]
  expect(listed).toEqual(expected.sort())
})

test('SPY traded on exactly the sessions of 2007 to 2013', () => {
  const { openTime } = seriesOf('spy')
  const traded = Array.from(openTime, time => dateIn(NewYork, instantOf(time)))
  const sessions: CalendarDate[] = []
  for (let date = '2007-01-01'; date <= '2013-12-31'; date = addDays(date, 1))
    if (typeof sessionOn(nyseCalendar, date) !== 'string') sessions.push(date)
  expect(traded).toEqual(sessions)
})

test('no closed day of the table is a weekend, and no day is both closed and short', () => {
  for (const date of nyseCalendar.holidays) expect(weekdayOf(date), date).toBeLessThan(saturday)
  for (const date of nyseCalendar.earlyCloses) expect(nyseCalendar.holidays.has(date), date).toBe(false)
})

test('a table with a missing year or a stray line does not load', () => {
  expect(() => readNyseTable('2024 closed 01-01\n2026 closed 01-01')).toThrow('has 2026 after 2024')
  expect(() => readNyseTable('2024 closed 01-01 x')).toThrow('not a line of the NYSE table')
})
