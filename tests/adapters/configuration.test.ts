// Where each value of the configuration comes from, and what is said when one is wrong.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type Configuration,
  type ConfigurationSources,
  readConfiguration,
} from '../../adapters/configuration.ts'
import { ConfigurationError } from '../../adapters/configuration-problem.ts'
import { defaults } from '../../domain/config.ts'
import { sha256 } from '../../domain/hash.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veritape-configuration-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (sources: Partial<ConfigurationSources> = {}): Configuration =>
  readConfiguration({ environment: {}, flags: {}, workingFolder: '/srv/trading', ...sources })

const file = (text: string, name = 'book.json'): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const sourceOf = (configuration: Configuration, key: string): string | undefined =>
  configuration.values.find(each => each.key === key)?.source

const problems = (sources: Partial<ConfigurationSources>): readonly string[] => {
  try {
    read(sources)
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.map(each => each.replaceAll(`${folder}/`, ''))
    throw error
  }
  return []
}

test('without sources everything is default, with paths in the working folder', () => {
  const { config, values } = read()
  expect(config).toEqual({
    ...defaults,
    ledger: '/srv/trading/ledger',
    state: '/srv/trading/state',
    execute: { ...defaults.execute, champions: '/srv/trading/champions' },
  })
  expect(new Set(values.map(({ source }) => source))).toEqual(new Set(['default']))
})

test('the later source wins, value by value, and each value knows its own', () => {
  const path = file(
    '{"book": "from-file", "cash": "1", "limits": {"openOrdersMax": 1, "ordersPerDayMax": 7}}',
  )
  const configuration = read({
    file: path,
    environment: { VERITAPE__CASH: '2', VERITAPE__LIMITS__OPENORDERSMAX: '2' },
    flags: { 'limits.openOrdersMax': { value: 3, flag: '--open-orders-max' } },
  })
  const { book, cash, limits } = configuration.config
  expect([book, cash, limits.openOrdersMax, limits.ordersPerDayMax]).toEqual(['from-file', '2', 3, 7])
  expect(sourceOf(configuration, 'book')).toBe(`file ${path}`)
  expect(sourceOf(configuration, 'cash')).toBe('environment VERITAPE__CASH')
  expect(sourceOf(configuration, 'limits.openOrdersMax')).toBe('flag --open-orders-max')
  expect(sourceOf(configuration, 'limits.lossPerDayMax')).toBe('default')
})

test('a flag that was not given changes nothing', () => {
  const configuration = read({ flags: { book: { value: undefined, flag: '--book' } } })
  expect(configuration.config.book).toBe(defaults.book)
  expect(sourceOf(configuration, 'book')).toBe('default')
})

test.each(['OPENORDERSMAX', 'OPEN_ORDERS_MAX', 'openOrdersMax'])(
  'VERITAPE__LIMITS__%s is the same key',
  name => {
    expect(read({ environment: { [`VERITAPE__LIMITS__${name}`]: '4' } }).config.limits.openOrdersMax).toBe(4)
  },
)

test('a variable of text is text even when it looks like a number, and a list is JSON', () => {
  const { config } = read({
    environment: { VERITAPE__BOOK: '7', VERITAPE__CASH: '1000', VERITAPE__EXECUTE__SYMBOLS: '["ETH/USDT"]' },
  })
  expect([config.book, config.cash, config.execute.symbols]).toEqual(['7', '1000', ['ETH/USDT']])
})

test('lists and tables are replaced as a whole', () => {
  const rules = '{"tick": "1", "lot": "1", "minimumQuantity": "1"}'
  const { config } = read({
    file: file(`{"execute": {"symbols": ["A", "B"]}, "venue": {"markets": {"A": ${rules}}}}`),
    environment: { VERITAPE__EXECUTE__SYMBOLS: '["C"]' },
  })
  expect(config.execute.symbols).toEqual(['C'])
  expect(Object.keys(config.venue.markets)).toEqual(['A'])
})

test('paths in a file start at the file, all others at the working folder', () => {
  const { config } = read({
    file: file(
      `{"ledger": "l", "market": {"files": [{"symbol": "*", "timeframe": "1D", "path": "../d.csv"}]}}`,
    ),
    environment: { VERITAPE__STATE: 's' },
    flags: { 'execute.champions': { value: '/etc/champions', flag: '--champions' } },
  })
  expect(config.ledger).toBe(join(folder, 'l'))
  expect(config.market.files[0]?.path).toBe(join(folder, '..', 'd.csv'))
  expect(config.state).toBe('/srv/trading/s')
  expect(config.execute.champions).toBe('/etc/champions')
})

test('the store is a name or a URL, never a path', () => {
  expect(read({ environment: { VERITAPE__STORE: 'jsonl' } }).config.store).toBe('jsonl')
})

test.each([
  [
    '{\n"limits": {\n"openOrderMax": 3 }}',
    'book.json, line 3: limits.openOrderMax is no key of the configuration; did you mean limits.openOrdersMax? ' +
      'Else remove it (veritape config show lists them all)',
  ],
  [
    '{"limits":\n{"openOrdersMax": "ten"}}',
    'book.json, line 2: limits.openOrdersMax expects a whole number of at least 0, found "ten"; ' +
      'correct it in the file',
  ],
  [
    '{"cash": 1000}',
    'book.json, line 1: cash expects a decimal as text, such as "12.5", found 1000; ' +
      'write it in quotes: "1000" (money is never a floating-point number)',
  ],
  [
    '{"mode": "real"}',
    'book.json, line 1: mode expects "dry-run" or "paper" or "live" or "backtest", found "real"; ' +
      'correct it in the file',
  ],
  [
    '{"zone": "Mars/Olympus"}',
    'book.json, line 1: zone expects an IANA zone such as America/New_York, found "Mars/Olympus"; ' +
      'correct it in the file',
  ],
  ['{"limits": 3}', 'book.json, line 1: limits expects an object, found 3; write { … } with its keys'],
  ['[1]', 'book.json, line 1: the configuration expects an object, found [1]; write { … } with its keys'],
  [
    '{"market": {"files": [\n{"symbol": "btc", "timeframe": "5m",\n"path": "x"}]}}',
    'book.json, line 2: market.files.0.symbol expects a symbol such as BTC/USDT or AAPL, found "btc"; ' +
      'correct it in the file',
  ],
  [
    '{"market": {"files": [{"symbol": 5, "timeframe": "5m", "path": "x"}]}}',
    'book.json, line 1: market.files.0.symbol expects text or "*", found 5; correct it in the file',
  ],
  [
    '{"market": {"files": [\n{"symbol": "BTC/USDT", "timeframe": "5m"}]}}',
    'book.json, line 2: market.files.0.path is missing; it expects a path; add it',
  ],
  [
    '{"venue": {"markets": {"*": {"tick": "1", "lot": "1", "minimumQuantity": "1",\n "step": 1}}}}',
    'book.json, line 2: venue.markets.*.step is no key of the configuration; ' +
      'it expects an object of tick, lot, minimumQuantity, minimumNotional, priceDigits; remove it',
  ],
  [
    '{"cash": "1",\n"cash": "2"}',
    'book.json, line 2: the key "cash" is there twice; write JSON (comments and a last comma are allowed)',
  ],
])('the file %j is refused in one sentence', (text, sentence) => {
  expect(problems({ file: file(text) })).toEqual([sentence])
})

test('a file that cannot be read is named, with the reason', () => {
  expect(problems({ file: join(folder, 'none.json') })).toEqual([
    'none.json cannot be read (ENOENT); check the path after --config and its permissions',
  ])
})

test('every problem is told at once', () => {
  const environment = { VERITAPE__BOOK: 'A B', VERITAPE__CASH: 'much' }
  expect(problems({ file: file('{"mode": 1}'), environment })).toHaveLength(3)
})

test.each([
  [
    { VERITAPE__LIMITS__OPENORDERSMAX: '2.5' },
    'VERITAPE__LIMITS__OPENORDERSMAX: limits.openOrdersMax expects a whole number of at least 0, found 2.5; ' +
      'correct or unset the variable',
  ],
  [
    { VERITAPE__LIMITS__OPENMAX: '2' },
    'VERITAPE__LIMITS__OPENMAX: limits.openmax is no key of the configuration; remove it ' +
      '(veritape config show lists them all)',
  ],
  [
    { VERITAPE__LIMITS: '{}' },
    'VERITAPE__LIMITS names a section; set one of its keys, such as VERITAPE__LIMITS__ORDERVALUEMAX, or use a file',
  ],
  [
    { VERITAPE__LIMITS__OPENORDERSMAX: '1', VERITAPE__LIMITS__OPEN_ORDERS_MAX: '2' },
    'VERITAPE__LIMITS__OPENORDERSMAX and VERITAPE__LIMITS__OPEN_ORDERS_MAX both set limits.openOrdersMax; ' +
      'unset one of them',
  ],
  [
    { VERITAPE__EXECUTE__SYMBOLS: 'BTC/USDT' },
    'VERITAPE__EXECUTE__SYMBOLS: execute.symbols expects a list, each text, found "BTC/USDT"; ' +
      'correct or unset the variable',
  ],
])('the environment %j is refused in one sentence', (environment, sentence) => {
  expect(problems({ environment })).toEqual([sentence])
})

test('a variable of another program is none of ours', () => {
  expect(problems({ environment: { VERITAPE: 'x', VERITAPE_BOOK: 'x', PATH: '/bin' } })).toEqual([])
})

test('a wrong flag is named', () => {
  expect(problems({ flags: { mode: { value: 'real', flag: '--mode' } } })).toEqual([
    '--mode: mode expects "dry-run" or "paper" or "live" or "backtest", found "real"; correct the flag',
  ])
})

test.each(['apiKey', 'api_secret', 'token', 'password'])('%s is refused without being shown', name => {
  const inFile = problems({ file: file(`{"venue": {"${name}": "hunter2"}}`) })
  const inEnvironment = problems({ environment: { [`VERITAPE__VENUE__${name.toUpperCase()}`]: 'hunter2' } })
  const nestedIn = problems({
    file: file(
      `{"market": {"files": [{"symbol": "A", "timeframe": "1h", "path": "p", "${name}": "hunter2"}]}}`,
    ),
  })
  for (const found of [inFile, inEnvironment, nestedIn]) {
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('looks like a secret')
    expect(found[0]).toContain('environment variable of its own or as a systemd credential')
    expect(found[0]).not.toContain('hunter2')
  }
})

test("credentials in the URL of the store are sent to the credentials' own variable, and never shown", () => {
  const store = 'esdb://admin:hunter2@localhost:2113?tls=false'
  for (const found of [
    problems({ file: file(`{"store": "${store}"}`) }),
    problems({ flags: { store: { value: store, flag: '--store' } } }),
  ]) {
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('VERITAPE_ESDB_CREDENTIALS')
    expect(found[0]).not.toContain('hunter2')
  }
  const allowed = read({ environment: { VERITAPE__STORE: store } })
  expect(allowed.config.store).toBe(store)
  expect(JSON.stringify(allowed.values)).not.toContain('hunter2')
  expect(allowed.text).not.toContain('hunter2')
})

test.each([
  ['MARKET__URL', 'https://user:hunter2@example.com'],
  ['VENUE__URL', 'https://example.com/?token=hunter2'],
  ['MARKET__EXCHANGE', 'PKHUNTER2HUNTER2HUNTER2'],
  ['LIMITS__OPENORDERSMAX', 'c2VjcmV0LW9mLWh1bnRlcjItaHVudGVyMi1odW50ZXIyLWh1bnRlcjI='],
])('a secret in VERITAPE__%s is refused, and not shown', (name, value) => {
  const found = problems({ environment: { [`VERITAPE__${name}`]: value } })
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(`VERITAPE__${name}`)
  expect(found[0]).toContain('[redacted]')
  expect(found[0]).not.toContain(value)
  expect(found[0]?.toLowerCase()).not.toContain('hunter2')
})

test('the hash changes with whatever can change a decision, and only then', () => {
  const base = read()
  const environments = {
    same: [
      { VERITAPE__LEDGER: '/elsewhere' },
      { VERITAPE__STATE: '/elsewhere' },
      { VERITAPE__STORE: 'memory' },
      { VERITAPE__LOG_LEVEL: 'trace' },
      { VERITAPE__EXECUTE__CHAMPIONS: '/another/place/champions' },
    ],
    other: [
      { VERITAPE__BOOK: 'other' },
      { VERITAPE__LIMITS__DRAWDOWN_MAX: '0.3' },
      { VERITAPE__EXECUTE__CHAMPIONS: '/srv/trading/other-champions' },
      { VERITAPE__VENUE__MARKETS: '{}' },
    ],
  }
  for (const environment of environments.same) expect(read({ environment }).hash).toBe(base.hash)
  for (const environment of environments.other) expect(read({ environment }).hash).not.toBe(base.hash)
})

test('the text is canonical: sorted keys, whatever the order they were written in', () => {
  const one = read({ file: file('{"cash": "5", "book": "x", "venue": {"slippage": "0", "makerFee": "0"}}') })
  const two = read({ file: file('{"venue": {"makerFee": "0", "slippage": "0"}, "book": "x", "cash": "5"}') })
  expect(two.text).toBe(one.text)
  expect(one.hash).toBe(sha256(one.text))
  expect(
    one.text.startsWith('{"book":"x","calendar":"always","cash":"5","currency":"USDT","execute":{'),
  ).toBe(true)
  expect(Object.keys(JSON.parse(one.text) as object)).toEqual(
    Object.keys(JSON.parse(one.text) as object).sort(),
  )
})
