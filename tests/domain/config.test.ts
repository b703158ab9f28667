// The configuration: its defaults parse, unknown keys do not, and every market has rules.

import { describe, expect, test } from 'vitest'
import { Config, defaults, rulesOf } from '../../domain/config.ts'

test('the defaults are a configuration', () => {
  expect(Config.parse(defaults)).toEqual(defaults)
})

test('a book is a dry run until somebody says otherwise', () => {
  expect(defaults.mode).toBe('dry-run')
})

const withValue = (path: string, value: unknown): unknown => {
  const config = structuredClone(defaults) as unknown as Record<string, unknown>
  const keys = path.split('.')
  const last = keys.pop() as string
  let at = config
  for (const key of keys) at = at[key] as Record<string, unknown>
  at[last] = value
  return config
}

describe('refused', () => {
  test.each<readonly [path: string, value: unknown]>([
    ['book', 'My Book'],
    ['book', '../elsewhere'],
    ['book', ''],
    ['book', '-paper'],
    ['book', 'a'.repeat(41)],
    ['mode', 'real'],
    ['currency', 'usd'],
    ['cash', 10_000],
    ['cash', '1e4'],
    ['calendar', 'lse'],
    ['zone', 'Mars/Olympus'],
    ['logLevel', 'loud'],
    ['market.source', 'moon'],
    ['venue.name', 'Man in the Moon'],
    ['venue.slippage', 0.0005],
    ['execute.timeframe', '7m'],
    ['execute.pollSeconds', 0],
    ['execute.symbols', ['btc usdt']],
    ['limits.openOrdersMax', 1.5],
    ['limits.openOrdersMax', -1],
    ['limits.candleAgeMaxMs', 0],
    ['limits.orderValueMax', null],
    ['limits.orderValueMaximum', '100'],
    ['surprise', true],
  ])('%s = %j', (path, value) => {
    const parsed = Config.safeParse(withValue(path, value))
    expect(parsed.success).toBe(false)
    const said = JSON.stringify(parsed.error?.issues)
    expect(said).toContain(path.split('.').at(-1))
  })
})

describe('rules of a market', () => {
  const own = { tick: '0.5', lot: '0.001', minimumQuantity: '0.01' } as const
  const usual = { tick: '0.01', lot: '1', minimumQuantity: '1' } as const

  test('are its own, else those of every other market', () => {
    const rules = rulesOf({ 'BTC/USDT': own, '*': usual })
    expect(rules('BTC/USDT')).toEqual(own)
    expect(rules('AAPL')).toEqual(usual)
  })

  test('a market without rules is not traded', () => {
    expect(() => rulesOf({ 'BTC/USDT': own })('AAPL')).toThrow("no entry for AAPL and none for '*'")
  })
})
