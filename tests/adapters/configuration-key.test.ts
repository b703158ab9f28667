// The keys of the configuration are read from its schema, and each can say what it expects.

import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  configurationKeys,
  expectationOf,
  isPath,
  isSection,
  keyNamed,
  schemaAt,
  wantsText,
} from '../../adapters/configuration-key.ts'
import { Path } from '../../domain/config.ts'
import { DecimalText } from '../../domain/decimal.ts'

test('sections are taken apart, lists and tables by name are not', () => {
  const keys = configurationKeys.map(({ key }) => key)
  expect(keys).toEqual(
    expect.arrayContaining(['book', 'limits.openOrdersMax', 'market.files', 'venue.markets']),
  )
  expect(keys).not.toContain('limits')
  expect(new Set(keys.map(key => key.toLowerCase())).size).toBe(keys.length)
})

test('every key says what it expects', () => {
  for (const { key, schema } of configurationKeys) expect(expectationOf(schema), key).not.toBe('')
})

test.each<[z.ZodType, string]>([
  [Path, 'a path'],
  [DecimalText, 'a decimal as text, such as "12.5"'],
  [z.int().min(1).max(5), 'a whole number of at least 1 and at most 5'],
  [z.number().positive(), 'a number above 0'],
  [z.number(), 'a number'],
  [z.boolean(), 'true or false'],
  [z.enum(['a', 'b']).default('a'), '"a" or "b"'],
  [z.union([z.string(), z.literal('*')]).optional(), 'text or "*"'],
  [z.array(z.string()), 'a list, each text'],
  [z.record(z.string(), z.number()), 'a table by name, each a number'],
])('a schema is %#: named in words', (schema, words) => {
  expect(expectationOf(schema)).toBe(words)
})

test('a kind of value without words is a bug that shows itself', () => {
  expect(() => expectationOf(z.date())).toThrow('has no name here: date')
})

test('a section is no key, and a key no section', () => {
  expect([isSection('limits'), isSection('limits.openOrdersMax'), isSection('limit')]).toEqual([
    true,
    false,
    false,
  ])
  expect(keyNamed('limits')).toBeUndefined()
})

test('a path leads to the schema of a part', () => {
  const files = keyNamed('market.files')?.schema as z.ZodType
  expect(isPath(schemaAt(files, [3, 'path']) as z.ZodType)).toBe(true)
  expect(isPath(schemaAt(files, [3, 'symbol']) as z.ZodType)).toBe(false)
  expect(schemaAt(files, [3, 'none'])).toBeUndefined()
})

test('text and decimals are taken as text, counts and lists are not', () => {
  expect(
    ['book', 'mode', 'cash', 'limits.openOrdersMax', 'execute.symbols'].map(key =>
      wantsText(keyNamed(key)?.schema as z.ZodType),
    ),
  ).toEqual([true, true, true, false, false])
})
