// The sessions of an exchange.

import { expect, test } from 'vitest'
import { nyseCalendar as nyse } from '../../adapters/nyse-calendar.ts'
import { isOpen, nextSession, previousSession, sessionAt, sessionOn } from '../../domain/calendar.ts'

test('a session lasts from 09:30 to 16:00 in New York, which is another UTC hour in summer', () => {
  expect(sessionOn(nyse, '2024-03-08')).toEqual({
    date: '2024-03-08',
    open: '2024-03-08T14:30:00.000Z',
    close: '2024-03-08T21:00:00.000Z',
    closesEarly: false,
  })
  expect(sessionOn(nyse, '2024-03-11')).toMatchObject({
    open: '2024-03-11T13:30:00.000Z',
    close: '2024-03-11T20:00:00.000Z',
  })
})

test('the day after Thanksgiving closes at 13:00', () => {
  expect(sessionOn(nyse, '2024-11-29')).toMatchObject({
    close: '2024-11-29T18:00:00.000Z',
    closesEarly: true,
  })
})

test.each([
  ['a Saturday', '2024-03-09'],
  ['a holiday', '2024-12-25'],
  ['a day of mourning', '2025-01-09'],
])('there is no session on %s', (_, date) => {
  expect(sessionOn(nyse, date)).toBe('closed')
})

test.each(['1997-12-31', '2029-01-02'])('%s is outside the table: unknown, not open', date => {
  expect(sessionOn(nyse, date)).toBe('unknown')
  expect(nextSession(nyse, date)).toBe('unknown')
  expect(previousSession(nyse, date)).toBe('unknown')
  expect(sessionAt(nyse, `${date}T15:00:00.000Z`)).toBe('unknown')
  expect(isOpen(nyse, `${date}T15:00:00.000Z`)).toBe(false)
})

test('the sessions around a long weekend are found', () => {
  expect(previousSession(nyse, '2024-01-16')).toMatchObject({ date: '2024-01-12' })
  expect(nextSession(nyse, '2024-01-12')).toMatchObject({ date: '2024-01-16' })
  expect(nextSession(nyse, '2024-01-13')).toMatchObject({ date: '2024-01-16' })
})

test('at the edges of the table the neighbours are unknown', () => {
  expect(previousSession(nyse, '1998-01-02')).toBe('unknown')
  expect(nextSession(nyse, '2028-12-29')).toBe('unknown')
})

test('a session is on from its first instant to just before its close', () => {
  const day = sessionOn(nyse, '2024-03-08')
  expect(sessionAt(nyse, '2024-03-08T14:29:59.999Z')).toBe('closed')
  expect(sessionAt(nyse, '2024-03-08T14:30:00.000Z')).toEqual(day)
  expect(sessionAt(nyse, '2024-03-08T20:59:59.999Z')).toEqual(day)
  expect(sessionAt(nyse, '2024-03-08T21:00:00.000Z')).toBe('closed')
  expect(isOpen(nyse, '2024-03-08T15:00:00.000Z')).toBe(true)
  expect(isOpen(nyse, '2024-03-09T15:00:00.000Z')).toBe(false)
})

test('the date is that of New York, not of UTC', () => {
  expect(sessionAt(nyse, '2024-12-25T02:00:00.000Z')).toBe('closed')
  expect(sessionOn({ ...nyse, closes: '23:00' }, '2024-03-08')).toEqual(
    sessionAt({ ...nyse, closes: '23:00' }, '2024-03-09T03:00:00.000Z'),
  )
})
