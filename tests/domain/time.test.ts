// Instants, zones and dates, across the days on which New York changes its clocks.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDays,
  DateText,
  dateIn,
  InstantText,
  instantAt,
  instantOf,
  isZone,
  millisecondsOf,
  NewYork,
  readInstant,
  timeOfDayIn,
  weekdayOf,
} from '../../domain/time.ts'

const instants = fc
  .integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) })
  .map(milliseconds => instantOf(milliseconds))

describe('when New York changes its clocks', () => {
  test('the session opens an hour earlier in UTC after the spring change', () => {
    expect(instantAt(NewYork, '2023-03-10', '09:30')).toBe('2023-03-10T14:30:00.000Z')
    expect(instantAt(NewYork, '2023-03-13', '09:30')).toBe('2023-03-13T13:30:00.000Z')
  })

  test('the day of the spring change has 23 hours, that of the autumn change 25', () => {
    const hours = (date: string) =>
      (millisecondsOf(instantAt(NewYork, addDays(date, 1), '00:00')) -
        millisecondsOf(instantAt(NewYork, date, '00:00'))) /
      3_600_000
    expect(hours('2023-03-11')).toBe(24)
    expect(hours('2023-03-12')).toBe(23)
    expect(hours('2023-11-05')).toBe(25)
  })

  test('the date is that of the wall clock, on both sides of midnight', () => {
    expect(dateIn(NewYork, '2023-03-12T04:59:59.999Z')).toBe('2023-03-11')
    expect(dateIn(NewYork, '2023-03-12T05:00:00.000Z')).toBe('2023-03-12')
    expect(dateIn(NewYork, '2023-03-13T03:59:59.999Z')).toBe('2023-03-12')
    expect(dateIn(NewYork, '2023-03-13T04:00:00.000Z')).toBe('2023-03-13')
    expect(dateIn(NewYork, '2023-11-06T04:59:59.999Z')).toBe('2023-11-05')
  })

  test('the hour that the spring change skips is the one after it', () => {
    const skipped = instantAt(NewYork, '2023-03-12', '02:30')
    expect(skipped).toBe('2023-03-12T07:30:00.000Z')
    expect(timeOfDayIn(NewYork, skipped)).toBe('03:30')
  })

  test('both hours of the autumn change read the same on the wall', () => {
    expect(timeOfDayIn(NewYork, '2023-11-05T05:30:00.000Z')).toBe('01:30')
    expect(timeOfDayIn(NewYork, '2023-11-05T06:30:00.000Z')).toBe('01:30')
    expect(dateIn(NewYork, '2023-11-05T06:30:00.000Z')).toBe('2023-11-05')
  })

  test('a wall clock that shows an instant leads back to it, except in a repeated hour', () => {
    fc.assert(
      fc.property(instants, instant => {
        const minute = `${instant.slice(0, 16)}:00.000Z`
        const back = instantAt(NewYork, dateIn(NewYork, minute), timeOfDayIn(NewYork, minute))
        const hoursApart = (millisecondsOf(minute) - millisecondsOf(back)) / 3_600_000
        expect([0, 1]).toContain(hoursApart)
        if (hoursApart === 1) expect(minute.slice(5, 7)).toMatch(/10|11/)
      }),
    )
  })
})

describe('instants', () => {
  test('text order is time order', () => {
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        expect(a < b).toBe(millisecondsOf(a) < millisecondsOf(b))
        expect(instantOf(millisecondsOf(a))).toBe(a)
      }),
    )
  })

  test.each([
    '2023-03-24T11:40:00Z',
    '2023-03-24T11:40:00.000',
    '2023-03-24T11:40:00.000+00:00',
    '2023-03-24 11:40:00.000Z',
    '2023-13-01T00:00:00.000Z',
    '2023-03-24T24:61:00.000Z',
    '2023-02-29T00:00:00.000Z',
    '+010000-01-01T00:00:00.000Z',
    '',
  ])('%j is no UTC instant', text => {
    expect(InstantText.safeParse(text).success).toBe(false)
  })

  test.each(['2023-02-29', '2023-13-01', '2023-00-10', '2023-3-1', '20230301', '2023-03-24T00:00', ''])(
    '%j is no date',
    text => {
      expect(DateText.safeParse(text).success).toBe(false)
    },
  )

  test('29 February is a date in a leap year', () => {
    expect(DateText.parse('2024-02-29')).toBe('2024-02-29')
    expect(InstantText.parse('2024-02-29T23:59:59.999Z')).toBe('2024-02-29T23:59:59.999Z')
  })
})

describe('dates', () => {
  test('days are added across months, leap days and clock changes', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29')
    expect(addDays('2023-12-31', 1)).toBe('2024-01-01')
    expect(addDays('2023-03-13', -2)).toBe('2023-03-11')
    fc.assert(
      fc.property(instants, fc.integer({ min: -400, max: 400 }), (instant, days) => {
        const date = instant.slice(0, 10)
        expect(addDays(addDays(date, days), -days)).toBe(date)
      }),
    )
  })

  test('a week begins on Monday', () => {
    expect(weekdayOf('2023-03-20')).toBe(1)
    expect(weekdayOf('2023-03-26')).toBe(7)
  })

  test('in UTC the date is the beginning of the instant', () => {
    expect(dateIn('UTC', '2023-03-24T23:59:59.999Z')).toBe('2023-03-24')
  })
})

describe('what a person writes', () => {
  test('is read in the zone of the book unless it says another', () => {
    expect(readInstant('2015-08-24', NewYork)).toBe('2015-08-24T04:00:00.000Z')
    expect(readInstant('2015-08-24T08:30', NewYork)).toBe('2015-08-24T12:30:00.000Z')
    expect(readInstant('2015-08-24T08:30Z', NewYork)).toBe('2015-08-24T08:30:00.000Z')
    expect(readInstant('2015-08-24T08:30+02:00', NewYork)).toBe('2015-08-24T06:30:00.000Z')
  })

  // A time without a date would be one of today, and today is a clock.
  test.each([
    '08:30',
    'T08:30',
    '2015',
    '2015-08',
    '2015-W35',
    '2015-236',
    '20150824',
    'today',
    '',
    '2015-02-29',
  ])('%j is neither a date nor an instant', text => {
    expect(readInstant(text, NewYork)).toBeUndefined()
  })

  test('a zone is a name of the IANA table', () => {
    expect(isZone(NewYork)).toBe(true)
    expect(isZone('UTC')).toBe(true)
    expect(isZone('America/Gotham')).toBe(false)
    expect(isZone('')).toBe(false)
  })
})
