// Events: one declaration is constructor and parser, and an id is a function of its cause.

import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type Decimal, DecimalText } from '../../domain/decimal.ts'
import { because, becauseOf, type EventOf, event, eventId, outside, propose } from '../../domain/event.ts'

const Weighed = event('Weighed', 2, { what: z.string(), grams: DecimalText, note: z.string().optional() })

describe('a declaration', () => {
  test('makes events that carry their type and version', () => {
    expect(Weighed({ what: 'gold', grams: '31.1' })).toEqual({
      type: 'Weighed',
      version: 2,
      data: { what: 'gold', grams: '31.1' },
    })
  })

  test('has the type of the events that it makes', () => {
    expectTypeOf<EventOf<typeof Weighed>['type']>().toEqualTypeOf<'Weighed'>()
    expectTypeOf<EventOf<typeof Weighed>['data']['grams']>().toEqualTypeOf<Decimal>()
  })

  test('an unknown field stops us, in the constructor too', () => {
    const data = { what: 'gold', grams: '31.1', karat: 24 } as unknown as { what: string; grams: Decimal }
    expect(() => Weighed(data)).toThrow('karat')
    expect(Weighed.data.safeParse(data).success).toBe(false)
  })

  test('a number where a decimal belongs stops us', () => {
    expect(() => Weighed({ what: 'gold', grams: 31.1 as unknown as Decimal })).toThrow('grams')
  })

  test('a missing field stops us', () => {
    expect(() => Weighed({ what: 'gold' } as unknown as { what: string; grams: Decimal })).toThrow('grams')
  })
})

describe('an event id', () => {
  const rfc9562version8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

  test('has the form of RFC 9562, version 8, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.oneof(fc.nat(), fc.string()), (cause, type, index) => {
        expect(eventId(cause, type, index)).toMatch(rfc9562version8)
        expect(eventId(cause, type, index)).toBe(eventId(cause, type, index))
      }),
    )
  })

  test('is the same on every machine and in every version', () => {
    expect(eventId('candle BTC/USDT 5m 0', 'CandleClosed', 0)).toBe('eeab2921-04da-84f4-b595-92d246a09a88')
  })

  test('another cause, type or index is another id', () => {
    const ids = ['a', 'b'].flatMap(cause =>
      ['A', 'B'].flatMap(type => [0, 1, 't-1'].map(index => eventId(cause, type, index))),
    )
    expect(new Set(ids).size).toBe(12)
  })
})

describe('a proposal', () => {
  const weighed = Weighed({ what: 'gold', grams: '31.1' })
  const link = { seq: 7, id: eventId('x', 'X', 0), correlation: 3 }

  test('proposed twice has one id', () => {
    expect(propose(because(link), weighed)).toEqual(propose(because(link), weighed))
    expect(propose(outside('scale 1'), weighed).id).not.toBe(propose(outside('scale 2'), weighed).id)
  })

  test('has the same id whether its cause is recorded already or still in its group', () => {
    const cause = propose(outside('scale 1'), weighed)
    const inGroup = propose(becauseOf(cause, 4), weighed)
    const afterwards = propose(because({ seq: 9, id: cause.id, correlation: 9 }), weighed)
    expect(inGroup.id).toBe(afterwards.id)
    expect(inGroup.cause).toEqual({ from: 'group', index: 4, id: cause.id })
  })

  test('several of one type with one cause are told apart by their index', () => {
    expect(propose(because(link), weighed, 't-1').id).not.toBe(propose(because(link), weighed, 't-2').id)
    expect(propose(because(link), weighed).id).toBe(propose(because(link), weighed, 0).id)
  })
})
