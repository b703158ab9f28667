// Each thing that can be wrong with a well-formed configuration is found, named, and comes with what to do.

import { expect, test } from 'vitest'
import {
  type ConfigCheck,
  championChecks,
  limitsCheck,
  modeCheck,
  pollCheck,
  seriesCheck,
  venueCheck,
} from '../../commands/config-checks.ts'
import type { Champion } from '../../domain/champion.ts'
import { type Config, defaults } from '../../domain/config.ts'

const limits = (changes: Partial<Config['limits']>): Config => ({
  ...defaults,
  limits: { ...defaults.limits, ...changes },
})
const venue = (changes: Partial<Config['venue']>): Config => ({
  ...defaults,
  venue: { ...defaults.venue, ...changes },
})
const execute = (changes: Partial<Config['execute']>): Config => ({
  ...defaults,
  execute: { ...defaults.execute, ...changes },
})

const failed = (check: ConfigCheck, saw: RegExp, todo: RegExp) => {
  expect(check.verdict).toBe('FAIL')
  expect(check.saw).toMatch(saw)
  expect(check.todo).toMatch(todo)
}

test('the defaults pass', () => {
  for (const check of [limitsCheck, venueCheck, modeCheck, pollCheck])
    expect(check(defaults)).toMatchObject({ verdict: 'PASS' })
})

test.each<[Partial<Config['limits']>, RegExp, RegExp]>([
  [
    { orderValueMax: '5000.01' },
    /orderValueMax 5000\.01 > symbolExposureMax 5000/,
    /raise limits\.symbolExposureMax/,
  ],
  [{ symbolExposureMax: '10001' }, /symbolExposureMax 10001 > grossExposureMax 10000/, /raise limits\.gross/],
  [{ orderValueMax: '0' }, /orderValueMax 0 lets nothing through/, /above 0/],
  [{ lossPerDayMax: '-1' }, /lossPerDayMax -1/, /above 0/],
  [{ drawdownMax: '20' }, /drawdownMax 20 is never reached/, /share below 1/],
  [{ lossPerDayMax: '10001' }, /more than the book's cash 10000/, /lower limits\.lossPerDayMax/],
  [{ openOrdersMax: 0 }, /openOrdersMax 0/, /veritape halt/],
  [{ candleAgeMaxMs: 9999 }, /candleAgeMaxMs 9999 < execute\.pollSeconds 10/, /raise limits\.candleAgeMaxMs/],
])('limits %j fail', (changes, saw, todo) => {
  failed(limitsCheck(limits(changes)), saw, todo)
})

test('limits that are just equal pass', () => {
  const equal = limits({
    orderValueMax: '5',
    symbolExposureMax: '5.0',
    grossExposureMax: '5',
    candleAgeMaxMs: 10_000,
  })
  expect(limitsCheck(equal).verdict).toBe('PASS')
})

const rules = { tick: '0.01', lot: '1', minimumQuantity: '1' } as const

test.each<[Partial<Config['venue']>, RegExp, RegExp]>([
  [{ markets: {} }, /no entry for BTC\/USDT/, /add it to venue\.markets/],
  [{ markets: { 'ETH/USDT': rules } }, /no entry for BTC\/USDT/, /'\*'/],
  [{ markets: { '*': { ...rules, lot: '0' } } }, /lot of \* is 0/, /above 0/],
  [{ takerFee: '1' }, /takerFee 1/, /as a share/],
  [{ slippage: '-0.1' }, /slippage -0\.1/, /0 or more/],
  [{ participation: '0' }, /participation 0/, /at most 1/],
  [{ participation: '1.5' }, /participation 1\.5/, /at most 1/],
])('venue %j fails', (changes, saw, todo) => {
  failed(venueCheck(venue(changes)), saw, todo)
})

test('a book that trades a watchlist needs rules for any symbol', () => {
  const config = venue({ markets: { AAPL: rules } })
  failed(venueCheck({ ...config, execute: { ...config.execute, symbols: [] } }), /no entry '\*'/, /watchlist/)
})

test('live on the paper venue fails, and so does a book without cash', () => {
  failed(modeCheck({ ...defaults, mode: 'live' }), /live on the paper venue/, /mode paper/)
  failed(modeCheck({ ...defaults, cash: '0' }), /cash 0/, /some cash/)
})

test('a poll that is slower than the candles fails', () => {
  failed(
    pollCheck(execute({ timeframe: '1m', pollSeconds: 61 })),
    /61 s is longer than a candle of 1m/,
    /lower it/,
  )
})

test('every traded symbol needs candles of its timeframe', () => {
  const files = [{ symbol: 'BTC/USDT', timeframe: '1h', path: '/a.csv' }] as const
  const config = { ...defaults, market: { ...defaults.market, files: [...files] } }
  expect(seriesCheck(config).verdict).toBe('PASS')
  failed(seriesCheck(defaults), /no 1h candles of BTC\/USDT/, /add their file/)
  const both = { ...config, execute: { ...config.execute, symbols: ['BTC/USDT', 'ETH/USDT'] } }
  failed(seriesCheck(both), /no 1h candles of ETH\/USDT/, /add their file/)
  const watchlist = { ...config, execute: { ...config.execute, symbols: [] } }
  failed(seriesCheck(watchlist), /candles of \*/, /add their file/)
})

const champion = (changes: Partial<Champion> = {}): Champion => ({
  strategy: 'ema-cross',
  symbol: 'BTC/USDT',
  timeframe: '1h',
  merged_config: { orderValue: '1000', parameters: { fast: 9, slow: 21 } },
  chosen: 'by hand',
  source: 'champions/btc.json',
  sha256: '0'.repeat(64),
  ...changes,
})

const verdicts = (config: Config, champions: readonly Champion[]) =>
  championChecks(config, champions).map(({ verdict, saw }) => `${verdict} ${saw}`)

test('a champion that is verified passes with its file', () => {
  expect(verdicts(defaults, [champion()])).toEqual(['PASS champions/btc.json, orderValue 1000'])
})

test.each<[string, Champion, RegExp]>([
  ['of an unknown strategy', champion({ strategy: 'moon' }), /strategy-unknown/],
  ['that is a baseline', champion({ source: 'champions/baseline.json' }), /baseline-fallback/],
  [
    'with refused parameters',
    champion({ merged_config: { orderValue: '1000', parameters: { fast: 21, slow: 9 } } }),
    /parameters-refused: .*must be shorter than slow/s,
  ],
  [
    'with orders above the limit',
    champion({ merged_config: { orderValue: '2501', parameters: { fast: 9, slow: 21 } } }),
    /orderValue 2501 is not above 0 and at most limits\.orderValueMax 2500/,
  ],
])('a champion %s fails', (_, given, saw) => {
  const [check] = championChecks(defaults, [given])
  failed(check as ConfigCheck, saw, /choose another|change one/)
})

test('a champion that is there twice fails the second time', () => {
  const twice = [champion(), champion({ source: 'champions/again.json' })]
  expect(verdicts(defaults, twice)).toEqual([
    'PASS champions/btc.json, orderValue 1000',
    'FAIL there twice, the second time in champions/again.json',
  ])
})

test('only chosen strategies are looked at, and a chosen one that is not there fails', () => {
  const config = execute({ strategies: ['ema-cross', 'breakout'] })
  expect(verdicts(config, [champion(), champion({ strategy: 'moon' })])).toEqual([
    'PASS champions/btc.json, orderValue 1000',
    'FAIL no champion of breakout',
  ])
})

test('a symbol without a champion of the timeframe fails, and a champion of any symbol covers it', () => {
  const config = execute({ symbols: ['BTC/USDT', 'ETH/USDT'] })
  expect(verdicts(config, [champion()])[1]).toBe('FAIL none of 1h for ETH/USDT')
  expect(verdicts(config, [champion(), champion({ symbol: '*', strategy: 'breakout' })])).not.toContain(
    'FAIL none of 1h for ETH/USDT',
  )
  expect(verdicts(defaults, [champion({ timeframe: '5m' })])[1]).toBe('FAIL none of 1h for BTC/USDT')
  expect(verdicts(execute({ symbols: [] }), [])).toEqual(['FAIL none of 1h for any symbol'])
})
