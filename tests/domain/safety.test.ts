// Halts: they add up, and are lifted by name.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventId, type Recorded } from '../../domain/event.ts'
import {
  evolveHalts,
  type Halts,
  type SafetyEvent,
  TradingHalted,
  TradingResumed,
  tradingOf,
} from '../../domain/safety.ts'

const at = (seq: number, event: SafetyEvent): Recorded<SafetyEvent> => ({
  seq,
  id: eventId(`${seq}`, event.type, 0),
  correlation: seq,
  stream: 'control',
  revision: seq - 1,
  at: '2023-03-24T11:40:00.000000Z',
  cause: 0,
  run: 0,
  event,
})
const halt = (level: 'reducing' | 'halted', reason = 'lunch') =>
  TradingHalted({ by: 'operator', reason, level })
const resume = (...lifts: readonly number[]) =>
  TradingResumed({ by: 'operator', reason: 'back', lifts: [...lifts] })

const haltsAfter = (...events: readonly SafetyEvent[]): Halts =>
  events.reduce<Halts>((halts, event, index) => evolveHalts(halts, at(index + 1, event)), [])

test('a book trades until it is halted', () => {
  expect(tradingOf([])).toBe('active')
  expect(tradingOf(haltsAfter(halt('reducing')))).toBe('reducing')
  expect(tradingOf(haltsAfter(halt('halted')))).toBe('halted')
})

test('the strictest halt that stands decides', () => {
  expect(tradingOf(haltsAfter(halt('reducing'), halt('halted')))).toBe('halted')
  expect(tradingOf(haltsAfter(halt('halted'), halt('reducing')))).toBe('halted')
  expect(tradingOf(haltsAfter(halt('reducing'), halt('halted'), resume(2)))).toBe('reducing')
})

test('a halt that the resume has not seen stands', () => {
  const halts = haltsAfter(halt('halted', 'lunch'), halt('halted', 'overfill'), resume(1))
  expect(halts).toEqual([{ seq: 2, by: 'operator', reason: 'overfill', level: 'halted' }])
  expect(tradingOf(halts)).toBe('halted')
})

test('a resume lifts what it names and nothing that comes after it', () => {
  expect(tradingOf(haltsAfter(halt('halted'), resume(1, 3), halt('halted')))).toBe('halted')
  expect(haltsAfter(resume(1, 2, 3))).toEqual([])
})

test('a book is active exactly when every halt was named by a later resume', () => {
  const steps = fc.array(
    fc.oneof(
      fc.constantFrom(halt('reducing'), halt('halted')),
      fc.array(fc.integer({ min: 1, max: 20 })).map(lifts => resume(...lifts)),
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(steps, events => {
      const standing = events.flatMap((event, index) => {
        if (event.type !== 'TradingHalted') return []
        const later = events.slice(index + 1)
        const lifted = later.some(
          ({ type, data }) => type === 'TradingResumed' && data.lifts.includes(index + 1),
        )
        return lifted ? [] : [index + 1]
      })
      const halts = haltsAfter(...events)
      expect(halts.map(({ seq }) => seq)).toEqual(standing)
      expect(tradingOf(halts) === 'active').toBe(standing.length === 0)
    }),
  )
})
