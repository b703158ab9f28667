// Champions: chosen by somebody, known to the program, with parameters that it understands.

import { describe, expect, test } from 'vitest'
import {
  type Champion,
  ChampionFile,
  ChampionRefused,
  championId,
  championObjection,
  isChampionSource,
} from '../../domain/champion.ts'
import { strategies } from '../../domain/strategies.ts'

const champion: Champion = {
  strategy: 'ema-cross',
  symbol: 'BTC/USDT',
  timeframe: '5m',
  merged_config: { orderValue: '2000', parameters: { fast: 12, slow: 48 } },
  chosen: 'by hand',
  source: 'champions/BTC-USDT_5m.ema-cross.json',
  sha256: '0'.repeat(64),
}
const { source: _, sha256: __, ...file } = champion

test('a champion is named by strategy and market', () => {
  expect(championId('ema-cross', 'BTC/USDT', '5m')).toBe('ema-cross@BTC/USDT-5m')
})

test('a champion that was chosen, is known and parses is not objected to', () => {
  expect(championObjection(champion, strategies)).toBeUndefined()
})

describe('baseline-fallback', () => {
  test.each([
    'baseline',
    '<fallback>',
    'strategies/ema-cross.json',
    'champions/fallback/ema.json',
    'champions/baseline.json',
    '',
  ])('%j is not the file of a champion', source => {
    expect(isChampionSource(source)).toBe(false)
    expect(championObjection({ ...champion, source }, strategies)?.reason).toBe('baseline-fallback')
  })

  test.each(['champions/a.json', '/srv/veritape/champions/crypto/a.json', 'my-champions/a.json'])(
    '%j may be',
    source => {
      expect(isChampionSource(source)).toBe(true)
    },
  )
})

test('strategy-unknown names the ones there are', () => {
  const objection = championObjection({ ...champion, strategy: 'crystal-ball' }, strategies)
  expect(objection?.reason).toBe('strategy-unknown')
  expect(objection?.detail).toContain('crystal-ball')
  expect(objection?.detail).toContain('ema-cross')
})

test.each([
  { fast: 12 },
  { fast: 12, slow: 48, magic: 1 },
  { fast: '12', slow: 48 },
  { fast: 0, slow: 48 },
  { fast: 48, slow: 12 },
])('parameters-refused: %j', parameters => {
  const objection = championObjection(
    { ...champion, merged_config: { ...champion.merged_config, parameters } },
    strategies,
  )
  expect(objection?.reason).toBe('parameters-refused')
  expect(objection?.detail).toMatch(/fast|slow|magic/)
})

test('every reason that a file can be refused for can be recorded', () => {
  for (const reason of [
    'baseline-fallback',
    'strategy-unknown',
    'parameters-refused',
    'changed-since-start',
  ] as const)
    expect(ChampionRefused({ champion: 'x', source: 'y', reason, detail: 'z' }).data.reason).toBe(reason)
})

describe('a champion file', () => {
  test('names one symbol or leaves it to the watchlist', () => {
    expect(ChampionFile.safeParse(file).success).toBe(true)
    expect(ChampionFile.safeParse({ ...file, symbol: '*' }).success).toBe(true)
    expect(ChampionFile.safeParse({ ...file, symbol: 'BTC*' }).success).toBe(false)
  })

  test.each([
    { ...file, timeframe: '7m' },
    { ...file, note: 'x' },
    { ...file, merged_config: { ...file.merged_config, orderValue: 2000 } },
    { ...file, merged_config: { ...file.merged_config, restCandles: 0 } },
    { ...file, merged_config: { ...file.merged_config, stop: '1' } },
    { ...file, merged_config: undefined },
    { ...file, chosen: undefined },
  ])('is refused when it is not one (%#)', wrong => {
    expect(ChampionFile.safeParse(wrong).success).toBe(false)
  })
})
