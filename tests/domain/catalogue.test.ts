// The catalogue: whatever is declared can be written, and nothing else.

import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { declarationOf, declarations, parseEvent, UnknownEvent } from '../../domain/catalogue.ts'
import { candleClosed, intentRaised, orderRequested } from '../cast.ts'

const folder = new URL('../../domain/', import.meta.url)

const isDeclaration = (value: unknown): value is { readonly type: string; readonly version: number } =>
  typeof value === 'function' && 'type' in value && 'version' in value && 'data' in value

test('every event that a file of the domain declares is in the catalogue', async () => {
  const files = readdirSync(folder).filter(name => name.endsWith('.ts') && name !== 'catalogue.ts')
  const declared: string[] = []
  for (const file of files)
    for (const value of Object.values((await import(new URL(file, folder).href)) as object))
      if (isDeclaration(value)) declared.push(`${value.type}/${value.version}`)
  expect(declared.sort()).toEqual(declarations.map(({ type, version }) => `${type}/${version}`).sort())
})

test('a type and version is declared once', () => {
  const names = declarations.map(({ type, version }) => `${type}/${version}`)
  expect(new Set(names).size).toBe(names.length)
})

test('names of events are in the past tense of English, in one word', () => {
  for (const { type } of declarations)
    expect(type).toMatch(/^[A-Z][A-Za-z]+(ed|Found|Unknown|Taken|Sent|Withheld)$/)
})

describe('parsing', () => {
  test.each([candleClosed(0), intentRaised, orderRequested(7)])('$type reads back as itself', made => {
    expect(parseEvent(JSON.parse(JSON.stringify(made)))).toEqual(made)
    expect(declarationOf(made.type, made.version)?.type).toBe(made.type)
  })

  test('an unknown type or version says that this program is too old', () => {
    expect(() => parseEvent({ type: 'CandleClosed', version: 2, data: {} })).toThrow(UnknownEvent)
    expect(() => parseEvent({ type: 'CandleClosed', version: 2, data: {} })).toThrow('update veritape')
    expect(() => parseEvent({ type: 'MoonLanded', version: 1, data: {} })).toThrow(UnknownEvent)
    expect(declarationOf('toString', 1)).toBeUndefined()
  })

  test('data of another shape does not parse', () => {
    const { data } = candleClosed(0)
    const parse = (changed: object) => () =>
      parseEvent({ type: 'CandleClosed', version: 1, data: { ...data, ...changed } })
    expect(parse({ close: 28_000 })).toThrow('close')
    expect(parse({ colour: 'green' })).toThrow('colour')
    expect(parse({ symbol: 'btc usdt' })).toThrow('symbol')
    expect(parse({ openTime: '2023-03-24T11:40Z' })).toThrow('openTime')
  })
})
