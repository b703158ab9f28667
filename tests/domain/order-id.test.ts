// Order ids: a function of book, epoch and intent, readable back, short enough for every venue.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { intentOf, numberOf, orderIdFrom, orderIdOf, orderPrefix } from '../../domain/order-id.ts'
import { instantOf } from '../../domain/time.ts'

const books = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/)
const epochs = fc.integer({ min: 0, max: 4_000_000_000_000 }).map(instantOf)
const seqs = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 9_999_999_999 }))

test('an order id leads back to its intent and has 18 characters at most', () => {
  fc.assert(
    fc.property(books, epochs, seqs, (book, epoch, seq) => {
      const prefix = orderPrefix(book, epoch)
      const id = orderIdOf(prefix, seq)
      expect(intentOf(prefix, id)).toBe(seq)
      expect(id.length).toBeLessThanOrEqual(18)
      expect(id).toMatch(/^[0-9a-z]{7}-[1-9]\d*$/)
    }),
  )
})

test('an order id is the same on every machine and in every version', () => {
  expect(orderIdOf(orderPrefix('demo-crypto', '2023-03-24T11:40:00.000Z'), 1044)).toBe('67b1snx-1044')
})

test('no two epochs and no two books share an order id', () => {
  const prefixes = new Set<string>()
  for (let day = 0; day < 2_000; day++)
    for (const book of ['paper', 'live']) prefixes.add(orderPrefix(book, instantOf(day * 86_400_000)))
  expect(prefixes.size).toBe(4_000)
})

test("another epoch's order is not ours", () => {
  const ours = orderPrefix('paper', '2023-03-24T00:00:00.000Z')
  const theirs = orderPrefix('paper', '2023-03-25T00:00:00.000Z')
  expect(intentOf(ours, orderIdOf(theirs, 12))).toBeUndefined()
})

test.each([
  '',
  '12',
  'PREFIX',
  'PREFIX-',
  'PREFIX-0',
  'PREFIX-012',
  'PREFIX-1.5',
  'PREFIX-12x',
  'xPREFIX-12',
  'PREFIX--1',
])('%s is no order of ours', form => {
  const prefix = orderPrefix('paper', '2023-03-24T00:00:00.000Z')
  expect(intentOf(prefix, form.replace('PREFIX', prefix))).toBeUndefined()
})

describe('as a number of 45 bits', () => {
  const prefixes = fc.tuple(fc.string(), fc.string()).map(([book, epoch]) => orderPrefix(book, epoch))
  const small = fc.integer({ min: 1, max: 2 ** 27 - 1 })

  test('it reads back as the id that it was made of', () => {
    fc.assert(
      fc.property(prefixes, small, (prefix, seq) => {
        const number = numberOf(orderIdOf(prefix, seq)) as number
        expect(number).toBeLessThan(2 ** 45)
        expect(Number.isSafeInteger(number) && number > 0).toBe(true)
        expect(orderIdFrom(prefix, number)).toBe(orderIdOf(prefix, seq))
      }),
    )
  })

  test('two intents of a book never share one', () => {
    fc.assert(
      fc.property(prefixes, small, small, (prefix, one, other) => {
        fc.pre(one !== other)
        expect(numberOf(orderIdOf(prefix, one))).not.toBe(numberOf(orderIdOf(prefix, other)))
      }),
    )
  })

  test("another epoch's number is not ours", () => {
    const [ours, theirs] = [orderPrefix('crypto-1', 'one'), orderPrefix('crypto-1', 'two')]
    expect(orderIdFrom(ours, numberOf(orderIdOf(theirs, 1044)) as number)).toBeUndefined()
  })

  test('its place in a table of other systems does not change', () => {
    expect(numberOf('k3x9p2q-1044')).toBe(16_087_068_443_668)
  })

  test.each(['k3x9p2q-134217728', 'k3x9p2q-0', 'K3X9P2Q-1', 'k3x9p2q', '1044', ''])('%s has none', id => {
    expect(numberOf(id)).toBeUndefined()
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 53, 2 ** 45])('%s is nobody', number => {
    expect(orderIdFrom('k3x9p2q', number)).toBeUndefined()
  })
})
