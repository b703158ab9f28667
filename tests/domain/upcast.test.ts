// Old shapes are read as today's. The declarations here are the tests' own: nothing in the catalogue has a second
// version yet.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { declarations, UnknownEvent } from '../../domain/catalogue.ts'
import { compare, DecimalText, readDecimal } from '../../domain/decimal.ts'
import { type Event, event } from '../../domain/event.ts'
import { type Former, former, formerShapes, upcast, upcasterOf } from '../../domain/upcast.ts'
import { candleClosed, orderFilled } from '../cast.ts'

// A deposit, told in three ways as the years went by.
const First = event('MoneyDeposited', 1, { amount: DecimalText, note: z.string() })
const Second = event('MoneyDeposited', 2, {
  money: z.strictObject({ amount: DecimalText }),
  note: z.string(),
})
const Third = event('MoneyDeposited', 3, {
  money: z.strictObject({ amount: DecimalText, currency: z.string().optional() }),
  notes: z.array(z.string()),
})
const one = former(First, Second, ({ amount, note }) => ({ money: { amount }, note }))
const two = former(Second, Third, ({ money, note }) => ({ money, notes: [note] }))

const stored = (amount: string): Event => ({
  type: 'MoneyDeposited',
  version: 1,
  data: { amount, note: 'rent' },
})

describe('a chain of steps', () => {
  const up = upcasterOf([Third], [two, one])

  test('leads from every version to the one of today', () => {
    const today = {
      type: 'MoneyDeposited',
      version: 3,
      data: { money: { amount: '12.50' }, notes: ['rent'] },
    }
    expect(up(stored('12.50'))).toEqual(today)
    expect(up(Second({ money: { amount: '12.50' }, note: 'rent' }))).toEqual(today)
  })

  test('leaves an event of today as it is', () => {
    const now = Third({ money: { amount: '1' }, notes: [] })
    expect(up(now)).toBe(now)
  })

  test('does not touch what it is given', () => {
    const before = Object.freeze(stored('3'))
    Object.freeze(before.data)
    up(before)
    expect(before).toEqual(stored('3'))
  })

  test('parses, when asked, what was stored by the declaration of its time', () => {
    expect(up.parsed(stored('12.50'))).toEqual(up(stored('12.50')))
    expect(() => up.parsed(stored('12,50'))).toThrow('not a plain decimal')
    expect(() => up.parsed({ ...stored('1'), data: { amount: '1', note: 'rent', more: 1 } })).toThrow('more')
  })

  test('parses, when asked, what comes out by the declaration of today', () => {
    const broken: Former = { ...two, up: data => ({ ...data }) }
    expect(() => upcasterOf([Third], [one, broken]).parsed(stored('1'))).toThrow('notes')
  })

  test.each([
    ['a newer version', { ...stored('1'), version: 4 }],
    ['no version at all', { ...stored('1'), version: 0 }],
    ['an unknown type', { ...stored('1'), type: 'MoneyInvented' }],
  ])('stops at %s and says what to do', (_, unknown) => {
    expect(() => up(unknown)).toThrow(UnknownEvent)
    expect(() => up.parsed(unknown)).toThrow(
      `the ledger holds ${unknown.type} version ${unknown.version}, which this program does not know; update veritape`,
    )
  })
})

describe('a program does not start', () => {
  test.each([
    ['when a step is missing', [Third], [one], 'no step leads up from MoneyDeposited version 2'],
    ['when the first step is missing', [Third], [two], 'no step leads up from MoneyDeposited version 1'],
    [
      'when two steps begin at one version',
      [Third],
      [one, one, two],
      'two steps lead up from MoneyDeposited',
    ],
    ['when a shape is both former and of today', [Second], [one, two], 'is no former shape: it is written'],
    ['when a type was dropped', [], [one], 'is no former shape'],
  ])('%s', (_, current, formers, sentence) => {
    expect(() => upcasterOf(current, formers)).toThrow(sentence)
  })
})

// ── money ───────────────────────────────────────────────────────────────────────────────────────────────────────

const decimalsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return readDecimal(value) === undefined ? [] : [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(decimalsIn) : []
}

/** The decimals of a result that were not in the data. */
const calculated = (before: object, after: object): string[] =>
  decimalsIn(after).filter(
    text => !decimalsIn(before).some(each => compare(each as `${number}`, text as `${number}`) === 0),
  )

const anyDecimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.stringMatching(/^\d{0,12}$/))
  .map(([whole, places]) => (places === '' ? `${whole}` : `${whole}.${places}`))

/** Data for a declaration with decimals in every place where it takes them: from its JSON schema. */
const anyOf = (schema: z.core.JSONSchema.JSONSchema): fc.Arbitrary<unknown> => {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map(each => anyOf(each as z.core.JSONSchema.JSONSchema)))
  switch (schema.type) {
    case 'string':
      return schema.pattern === undefined ? fc.string() : anyDecimal
    case 'integer':
    case 'number':
      return fc.nat()
    case 'array':
      return fc.array(anyOf(schema.items as z.core.JSONSchema.JSONSchema), { maxLength: 3 })
    case 'object': {
      const properties = Object.entries(schema.properties ?? {})
      return fc.record(
        Object.fromEntries(
          properties.map(([name, each]) => [name, anyOf(each as z.core.JSONSchema.JSONSchema)]),
        ),
        { requiredKeys: schema.required ?? [] },
      )
    }
    case 'boolean':
      return fc.boolean()
    default:
      throw new Error(`no data for ${JSON.stringify(schema)} yet: add it here`)
  }
}

const moneyLaw = ({ declaration, up }: Former) => {
  const schema = z.toJSONSchema(declaration.data as unknown as z.ZodType, { unrepresentable: 'any' })
  return fc.property(anyOf(schema), data => {
    expect(calculated(data as object, up(data as object))).toEqual([])
  })
}

describe('money is said in other words, never calculated', () => {
  test.each(
    [...formerShapes, one, two].map(
      each => [`${each.declaration.type} ${each.declaration.version}`, each] as const,
    ),
  )('%s', (_, each) => fc.assert(moneyLaw(each)))

  test('the law sees a step that calculates', () => {
    const cents = former(First, Second, ({ amount, note }) => ({
      money: { amount: `${BigInt(amount.split('.')[0] ?? '') * 100n}` as `${number}` },
      note,
    }))
    expect(() => fc.assert(moneyLaw(cents))).toThrow()
  })

  test('another form of the same value is allowed', () => {
    const longer = former(First, Second, ({ amount, note }) => ({
      money: { amount: (amount.includes('.') ? `${amount}0` : `${amount}.0`) as `${number}` },
      note,
    }))
    fc.assert(moneyLaw(longer))
  })
})

test('events of the catalogue are of today, and pass as they are', () => {
  for (const declaration of declarations) {
    const given = { type: declaration.type, version: declaration.version, data: {} }
    expect(upcast(given)).toBe(given)
  }
  for (const given of [candleClosed(0), orderFilled(1, 't')]) expect(upcast(given)).toBe(given)
})
