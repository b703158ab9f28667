// One text for one meaning.

import { expect, test } from 'vitest'
import { z } from 'zod'
import { changePaths, decidingText, nested } from '../../adapters/configuration-text.ts'
import { Path } from '../../domain/config.ts'

test('keys become sections', () => {
  expect(
    nested([
      { key: 'a.b', value: 1 },
      { key: 'c', value: 2 },
      { key: 'a.d', value: [3] },
    ]),
  ).toEqual({
    a: { b: 1, d: [3] },
    c: 2,
  })
})

test('paths are changed wherever they are, and nothing else is', () => {
  const schema = z.strictObject({
    list: z.array(z.strictObject({ path: Path, name: z.string() })),
    table: z.record(z.string(), Path),
    none: Path.optional(),
  })
  const value = { list: [{ path: 'p', name: 'p' }], table: { p: 'p' }, none: undefined }
  expect(changePaths(schema, value, path => `/${path}`)).toEqual({
    list: [{ path: '/p', name: 'p' }],
    table: { p: '/p' },
    none: undefined,
  })
})

test('the text has sorted keys at every depth, no spaces, and of a path the last name', () => {
  const rules = { tick: '1', lot: '2', minimumQuantity: '3' }
  const text = decidingText([
    { key: 'venue.markets', value: { B: rules, A: rules } },
    { key: 'ledger', value: '/var/ledger' },
    { key: 'execute.champions', value: '/etc/veritape/champions' },
    { key: 'market.files', value: [{ symbol: 'B', timeframe: '1h', path: '/data/b.csv' }] },
    { key: 'book', value: 'x' },
  ])
  expect(text).toBe(
    '{"book":"x","execute":{"champions":"champions"},' +
      '"market":{"files":[{"path":"b.csv","symbol":"B","timeframe":"1h"}]},' +
      '"venue":{"markets":{"A":{"lot":"2","minimumQuantity":"3","tick":"1"},' +
      '"B":{"lot":"2","minimumQuantity":"3","tick":"1"}}}}',
  )
})
