// check config: one line a check, exit 0 or 78, and a word about what it does not look at.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readChampions } from '../../adapters/champion-folder.ts'
import { checkConfig } from '../../commands/check-config.ts'
import type { Engine } from '../../commands/engine.ts'
import { type Config, defaults } from '../../domain/config.ts'
import { capturedScreen } from './captured-screen.ts'

let folder: string
let config: Config
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veritape-check-'))
  const champions = join(folder, 'champions')
  mkdirSync(champions)
  writeFileSync(join(folder, 'btc.csv'), 'time,open,high,low,close,volume\n')
  writeFileSync(
    join(champions, 'btc.json'),
    JSON.stringify({
      strategy: 'ema-cross',
      symbol: 'BTC/USDT',
      timeframe: '1h',
      merged_config: { orderValue: '1000', parameters: { fast: 9, slow: 21 } },
      chosen: 'by hand',
    }),
  )
  config = {
    ...defaults,
    ledger: join(folder, 'var', 'ledger'),
    state: folder,
    market: {
      source: 'recorded',
      clock: 'recording',
      files: [{ symbol: 'BTC/USDT', timeframe: '1h', path: join(folder, 'btc.csv') }],
    },
    execute: { ...defaults.execute, champions },
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

const check = async (given: Config, json = false) => {
  const { screen, stdout } = capturedScreen(json)
  const engine = {
    config: given,
    configValues: [{ key: 'book', value: given.book, source: 'default' }],
    screen,
    champions: async () => readChampions(given.execute.champions),
  } as Partial<Engine> as Engine
  const code = await checkConfig.run(engine, {})
  return { code, text: stdout(), lines: stdout().split('\n') }
}

const failures = (lines: readonly string[]) => lines.filter(line => line.startsWith('FAIL  '))

test('a sound configuration passes with 0, and nothing is made on the way', async () => {
  const { code, lines, text } = await check(config)
  expect(failures(lines)).toEqual([])
  expect(code).toBe(0)
  expect(text).toContain('PASS  ledger: ')
  expect(text).toContain('PASS  champion ema-cross@BTC/USDT-1h: ')
  expect(text).toMatch(/PASS: \d+ checks/)
  expect(readdirSync(folder).sort()).toEqual(['btc.csv', 'champions'])
})

test('it says what it does not check', async () => {
  const { text } = await check(config)
  const said = text.slice(text.indexOf('Not checked here:'))
  for (const word of ['fresh', 'venue', 'funds', 'calendar', 'session']) expect(said).toContain(word)
})

test.each<[string, (sound: Config) => Config, RegExp]>([
  [
    'a market file that is not there',
    sound => ({
      ...sound,
      market: {
        source: 'recorded',
        clock: 'recording',
        files: [{ symbol: '*', timeframe: '1h', path: join(folder, 'none.csv') }],
      },
    }),
    /^FAIL {2}market file: .*none\.csv is not there; fetch it/,
  ],
  [
    'a market file that is a folder',
    sound => ({
      ...sound,
      market: {
        source: 'recorded',
        clock: 'recording',
        files: [{ symbol: '*', timeframe: '1h', path: folder }],
      },
    }),
    /^FAIL {2}market file: .* is no file; /,
  ],
  [
    'a ledger below a file',
    sound => ({ ...sound, ledger: join(folder, 'btc.csv', 'ledger') }),
    /^FAIL {2}ledger: .*btc\.csv is no folder; choose another/,
  ],
  [
    'a champions folder that is not there',
    sound => ({ ...sound, execute: { ...sound.execute, champions: join(folder, 'champions', 'none') } }),
    /^FAIL {2}champions: .*none/,
  ],
  [
    'limits that contradict each other',
    sound => ({ ...sound, limits: { ...sound.limits, orderValueMax: '6000' } }),
    /^FAIL {2}limits: /,
  ],
])('%s fails with 78 and says what to do', async (_, change, line) => {
  const { code, lines, text } = await check(change(config))
  expect(code).toBe(78)
  expect(failures(lines)).toHaveLength(1)
  expect(failures(lines)[0]).toMatch(line)
  expect(text).toMatch(/FAIL: 1 of \d+ checks/)
})

test('an empty market file fails', async () => {
  writeFileSync(join(folder, 'btc.csv'), '')
  expect((await check(config)).lines.join('\n')).toMatch(
    /FAIL {2}market file: .*btc\.csv is empty; fetch it again/,
  )
})

test('for programs the verdict is JSON, and the exit code the same', async () => {
  const good = await check(config, true)
  const bad = await check({ ...config, mode: 'live' }, true)
  expect([good.code, bad.code]).toEqual([0, 78])
  expect(JSON.parse(good.text)).toMatchObject({ verdict: 'PASS' })
  const { verdict, checks } = JSON.parse(bad.text) as { verdict: string; checks: { verdict: string }[] }
  expect(verdict).toBe('FAIL')
  expect(checks.filter(each => each.verdict === 'FAIL')).toEqual([
    {
      name: 'mode',
      verdict: 'FAIL',
      saw: 'live on the paper venue',
      todo: 'use mode paper, or a venue that is real',
    },
  ])
})

test('an error of another kind is not turned into a verdict', async () => {
  const { screen } = capturedScreen()
  const engine = {
    config,
    configValues: [],
    screen,
    champions: async () => {
      throw new TypeError('a bug')
    },
  } as Partial<Engine> as Engine
  await expect(checkConfig.run(engine, {})).rejects.toThrow('a bug')
})
