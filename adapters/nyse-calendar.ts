// The calendar of the New York Stock Exchange, 1998 to 2028, from the table beside this file.

import type { Calendar } from '../domain/calendar.ts'
import { type CalendarDate, NewYork } from '../domain/time.ts'
import { nyseTable } from './nyse-calendar-table.ts'

const line = /^(?<year>\d{4}) closed(?<closed>( \d\d-\d\d)+)( early(?<early>( \d\d-\d\d)+))?$/

/** Reads the table: '2015 closed 01-01 01-19 … early 11-27 12-24', one line a year without a gap. */
export const readNyseTable = (table: string): Calendar => {
  const holidays = new Set<CalendarDate>()
  const earlyCloses = new Set<CalendarDate>()
  const years: number[] = []
  for (const text of table.trim().split('\n')) {
    const { year, closed, early } = line.exec(text)?.groups ?? {}
    if (year === undefined || closed === undefined) throw new Error(`not a line of the NYSE table: ${text}`)
    const last = years.at(-1)
    if (last !== undefined && Number(year) !== last + 1)
      throw new Error(`the NYSE table has ${year} after ${last}`)
    years.push(Number(year))
    for (const day of closed.trim().split(' ')) holidays.add(`${year}-${day}`)
    for (const day of early?.trim().split(' ') ?? []) earlyCloses.add(`${year}-${day}`)
  }
  return {
    zone: NewYork,
    from: `${years.at(0)}-01-01`,
    to: `${years.at(-1)}-12-31`,
    opens: '09:30',
    closes: '16:00',
    closesEarly: '13:00',
    holidays,
    earlyCloses,
  }
}

export const nyseCalendar: Calendar = readNyseTable(nyseTable)
