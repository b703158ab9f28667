// docs/configuration.md names every key, with what the schema expects and the default that is used.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readCommentedJson } from '../../adapters/commented-json.ts'
import { readConfiguration, variableOf } from '../../adapters/configuration.ts'
import { configurationKeys, expectationOf } from '../../adapters/configuration-key.ts'
import { defaults } from '../../domain/config.ts'
import { tableRows } from './markdown-table.ts'

const path = 'docs/configuration.md'
const text = readFileSync(path, 'utf8')

const defaultOf = (key: string): string => {
  const value = key
    .split('.')
    .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], defaults)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

test('the tables are the schema: every key, in its order, with what it expects and its default', () => {
  const rows = tableRows(path, ['key', 'expects', 'default', 'meaning'])
  expect(rows.map(([key, expects, value]) => [key, expects, value])).toEqual(
    configurationKeys.map(({ key, schema }) => [
      `\`${key}\``,
      expectationOf(schema),
      `\`${defaultOf(key)}\``,
    ]),
  )
})

test('every key has a meaning', () => {
  for (const [key, , , meaning] of tableRows(path, ['key', 'expects', 'default', 'meaning']))
    expect(meaning, key).toMatch(/^\S.{5,}\.$/)
})

test('the variable of the example is the one that is read', () => {
  expect(text).toContain(`\`limits.openOrdersMax\` is \`${variableOf('limits.openOrdersMax')}\``)
})

test('the example of a file is a configuration', () => {
  const [, example = ''] = /```jsonc\n(.*?)```/s.exec(text) ?? []
  const given = readCommentedJson(example).value as Record<string, unknown>
  expect(given).toMatchObject({ book: 'crypto-1', limits: { orderValueMax: '1000' } })
  const flags = Object.fromEntries(
    configurationKeys.flatMap(({ key }) => {
      const value = key
        .split('.')
        .reduce<unknown>((part, name) => (part as Record<string, unknown>)?.[name], given)
      return value === undefined ? [] : [[key, { value, flag: `--${key}` }]]
    }),
  )
  expect(Object.keys(flags)).toHaveLength(7)
  const { config } = readConfiguration({ environment: {}, flags, workingFolder: '/' })
  expect(config.book).toBe('crypto-1')
})

test('the examples of the environment are read as they say', () => {
  const [, example = ''] = /```dotenv\n(.*?)```/s.exec(text) ?? []
  const environment = Object.fromEntries(
    example
      .trim()
      .split('\n')
      .map(line => [
        line.slice(0, line.indexOf('=')),
        line.slice(line.indexOf('=') + 1).replace(/^'|'$/g, ''),
      ]),
  )
  const { config } = readConfiguration({ environment, flags: {}, workingFolder: '/' })
  expect(config.limits.openOrdersMax).toBe(5)
  expect(config.limits.orderValueMax).toBe('1000')
  expect(config.execute.symbols).toEqual(['BTC/USDT', 'ETH/USDT'])
})
