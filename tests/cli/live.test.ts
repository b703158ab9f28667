// The built program on live data: a dry run that cannot trade, the two keys of a live start, and an order at a venue that
// keeps books of its own.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startVenue, type Venue } from '../venue-simulator/venue.ts'
import { linesOf } from './files.ts'
import { start, veritape } from './veritape.ts'

const cwd = mkdtempSync(join(tmpdir(), 'veritape-live-'))
let venue: Venue

const champion = {
  strategy: 'ema-cross',
  symbol: 'BTC/USDT',
  timeframe: '1m',
  merged_config: { orderValue: '2000', parameters: { fast: 2, slow: 4 } },
  chosen: 'for a test',
}

const config = (name: string, given: object) => {
  const file = join(cwd, `${name}.json`)
  const execute = { symbols: ['BTC/USDT'], timeframe: '1m', pollSeconds: 1, champions: 'champions' }
  writeFileSync(file, JSON.stringify({ book: name, execute, ...given }))
  return file
}
const market = () => ({ source: 'ccxt', exchange: 'binance', url: venue.url })
const atBinance = () => ({ market: market(), venue: { name: 'binance', url: venue.url } })
const secret = 'c2ltdWxhdGVkLXNlY3JldC1vZi1hLXNpbXVsYXRlZC12ZW51ZQ=='
const keys = { BINANCE_API_KEY: 'simulated-key', BINANCE_API_SECRET: secret }

/** The token as an operator gets it: from the preflight of a live start. */
const tokenOf = async (file: string): Promise<string> => {
  const ran = await veritape(['check', 'preflight', '--mode', 'live', '--config', file], { cwd, env: keys })
  return (
    /LIVE_TRADING=1 LIVE_CONFIRM=([0-9a-f-]{19})/.exec(ran.stdout)?.[1] ?? `none: ${ran.stdout}${ran.stderr}`
  )
}

beforeAll(async () => {
  venue = await startVenue('binance', { folder: join(cwd, 'venue') })
  mkdirSync(join(cwd, 'champions'))
  writeFileSync(join(cwd, 'champions/BTC-USDT_1m.ema-cross.json'), JSON.stringify(champion))
}, 120_000)
afterAll(() => venue.stop())

const tenMinutesAgo = () => new Date(Date.now() - 600_000).toISOString()

test('a dry run on live candles back-fills in order, asks for no key, sends nothing and can be proven', async () => {
  const file = config('dry', { market: market() })
  const ran = await veritape(['execute', '--config', file, '--from', tenMinutesAgo(), '--once'], { cwd })
  expect(ran).toMatchObject({ code: 0 })
  const candles = linesOf(join(cwd, 'ledger/dry'))
    .filter(({ t }) => t === 'CandleClosed')
    .map(({ d }) => Date.parse((d as { openTime: string }).openTime))
  expect(candles.length).toBeGreaterThanOrEqual(9)
  expect(candles).toEqual(candles.map((_, index) => (candles[0] as number) + index * 60_000))
  const requests = await venue.requests()
  expect(new Set(requests.map(({ operation }) => operation))).not.toContain('place')
  // One request for the candles of the book, one for those that warmed the champion up.
  expect(requests.filter(({ operation }) => operation === 'candles').length).toBeLessThanOrEqual(2)
  const day = new Date().toISOString().slice(0, 10)
  const proof = await veritape(['replay', day, '--prove', '--config', file, '--json'], { cwd })
  expect(proof.code).toBe(0)
  expect(readFileSync(join(cwd, 'ledger/dry', `${day}.jsonl`), 'utf8')).not.toContain('SIMULATED')
})

test('a new book says where it begins, and nothing of before is in it', async () => {
  const file = config('fresh', { market: market() })
  const ran = await veritape(['execute', '--config', file, '--once'], { cwd })
  expect(ran.stderr).toContain('new book: it begins with the first candle that closes after')
  expect(linesOf(join(cwd, 'ledger/fresh')).some(({ t }) => t === 'CandleClosed')).toBe(false)
})

describe('a start that is refused', () => {
  let refusals = 0
  test.each<readonly [string, string[], object, Record<string, string>, string]>([
    ['live on the paper venue', ['--live'], {}, keys, 'needs a live venue and both keys'],
    ['without a key', ['--live'], { venue: { name: 'binance' } }, {}, 'BINANCE_API_KEY is not set'],
    [
      'on paper, at a real exchange',
      ['--paper'],
      { venue: { name: 'binance' } },
      keys,
      'would trade real money',
    ],
    [
      'live, in a sandbox',
      ['--live'],
      { venue: { name: 'binance', sandbox: true } },
      keys,
      'not for a sandbox',
    ],
    [
      'in a sandbox that is none',
      ['--paper'],
      { venue: { name: 'kraken', sandbox: true } },
      { KRAKEN_API_KEY: 'key-of-kraken', KRAKEN_API_SECRET: 'secret' },
      'kraken has no sandbox',
    ],
    [
      'at an exchange that is none',
      ['--dry-run'],
      { market: { source: 'ccxt', exchange: 'atlantis' } },
      {},
      "no exchange 'atlantis'",
    ],
    [
      'with a URL that leaves the machine',
      ['--dry-run'],
      { market: { source: 'ccxt', exchange: 'binance', url: 'http://example.com' } },
      {},
      'for tests only',
    ],
    [
      'on candles of Alpaca without its key',
      ['--dry-run'],
      { market: { source: 'alpaca' } },
      {},
      'APCA_API_KEY_ID is not set',
    ],
    [
      'at Alpaca without its secret',
      ['--paper'],
      { market: { source: 'alpaca' }, venue: { name: 'alpaca' } },
      { APCA_API_KEY_ID: 'id-of-alpaca', APCA_API_BASE_URL: 'https://paper-api.alpaca.markets' },
      'APCA_API_SECRET_KEY is not set',
    ],
    [
      'at the live host of Alpaca, on paper',
      ['--paper'],
      { market: { source: 'alpaca' }, venue: { name: 'alpaca' } },
      {
        APCA_API_KEY_ID: 'id-of-alpaca',
        APCA_API_SECRET_KEY: 'secret-of-alpaca',
        APCA_API_BASE_URL: 'https://api.alpaca.markets',
      },
      'APCA_API_BASE_URL is not',
    ],
    [
      'at Alpaca without its host',
      ['--paper'],
      { venue: { name: 'alpaca' } },
      { APCA_API_KEY_ID: 'id', APCA_API_SECRET_KEY: 'secret' },
      'APCA_API_BASE_URL is not set',
    ],
    [
      'at the paper host of Alpaca, live',
      ['--live'],
      { venue: { name: 'alpaca' } },
      {
        APCA_API_KEY_ID: 'id',
        APCA_API_SECRET_KEY: 'secret',
        APCA_API_BASE_URL: 'https://paper-api.alpaca.markets',
      },
      'APCA_API_BASE_URL is not',
    ],
  ])('%s: 78, and nothing is written', async (_, flags, given, env, says) => {
    refusals += 1
    const book = `refused-${refusals}`
    const file = config(book, { market: market(), ...given })
    const ran = await veritape(['execute', '--config', file, '--once', ...flags], { cwd, env })
    expect(ran.stderr).toContain(says)
    expect(ran.code).toBe(78)
    for (const value of Object.values(env)) if (value.length > 6) expect(ran.stderr).not.toContain(value)
    expect(existsSync(join(cwd, 'ledger', book, 'LEDGER.json'))).toBe(false)
  })

  test.each([
    ['without the wish', {}, 'LIVE_TRADING is not 1'],
    ['without the token', { LIVE_TRADING: '1' }, 'LIVE_CONFIRM is not set'],
    ['with the token of another', { LIVE_TRADING: '1', LIVE_CONFIRM: '1111-2222-3333-4444' }, 'another book'],
  ])('live %s: 78, on record, and the venue hears of no order', async (_, env, says) => {
    const file = config('gated', atBinance())
    const ran = await veritape(['execute', '--config', file, '--live', '--once'], {
      cwd,
      env: { ...keys, ...env },
    })
    expect(ran.stderr).toContain(says)
    expect(ran.code).toBe(78)
    const [refused] = linesOf(join(cwd, 'ledger/gated'))
      .filter(({ t }) => t === 'LiveGateRefused')
      .slice(-1)
    expect(refused?.d).toMatchObject({ reason: expect.stringContaining(says) })
    expect((await venue.requests()).some(({ operation }) => operation === 'place')).toBe(false)
  })
})

test('with both keys an operator order reaches the venue once, is filled, and no secret is anywhere', async () => {
  const file = config('real', atBinance())
  const env = { ...keys, LIVE_TRADING: '1', LIVE_CONFIRM: await tokenOf(file) }
  const running = start(['execute', '--config', file, '--live'], { cwd, env })
  const told = (what: string) =>
    expect.poll(() => linesIfThere('real').some(({ t }) => t === what), { timeout: 30_000 }).toBe(true)
  await told('BookOpened')
  // Up to a minute: a wish before the first candle is refused as stale.
  await expect
    .poll(() => linesIfThere('real').some(({ t }) => t === 'CandleClosed'), { timeout: 60_000 })
    .toBe(true)
  const wished = await veritape(
    ['intent', 'buy', 'BTC/USDT', '--quantity', '0.01', '--id', 'once', '--config', file],
    { cwd },
  )
  expect(wished.code).toBe(0)
  // The champion may have bought something of its own meanwhile: the operator's own fill is waited for.
  const isFilled = () => linesIfThere('real').some(({ t, d }) => t === 'OrderFilled' && d.by === 'operator')
  await expect.poll(isFilled, { timeout: 30_000 }).toBe(true)
  running.process.kill('SIGTERM')
  const ended = await running.ended
  expect(ended.code).toBe(0)
  expect(linesOf(join(cwd, 'ledger/real')).at(-1)).toMatchObject({ t: 'RunStopped' })
  const { byClientId, orders } = await venue.books()
  for (const [id, each] of Object.entries(byClientId)) expect(each.orders, id).toHaveLength(1)
  expect(orders.filter(({ quantity }) => Number(quantity) === 0.01)).toHaveLength(1)
  expect(linesOf(join(cwd, 'ledger/real')).some(({ t }) => t === 'LiveGateOpened')).toBe(true)
  for (const text of [ended.stderr, ended.stdout, JSON.stringify(linesOf(join(cwd, 'ledger/real')))]) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain('simulated-key')
  }
}, 150_000)

test('a venue that is gone ends a single turn with 69', async () => {
  const file = config('away', { market: { source: 'ccxt', exchange: 'kraken', url: 'http://127.0.0.1:9' } })
  const ran = await veritape(['execute', '--config', file, '--once'], { cwd })
  expect(ran).toMatchObject({ code: 69 })
  expect(ran.stderr).toContain('kraken gives no usable answer (its markets)')
  expect(existsSync(join(cwd, 'ledger/away'))).toBe(false)
})

test('a book that runs waits for a venue that is gone at its start, says so, and begins when it is back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-back-'))
  const first = await startVenue('binance', { folder })
  const port = Number(new URL(first.url).port)
  await first.stop()
  const file = config('patient', { market: { source: 'ccxt', exchange: 'binance', url: first.url } })
  const running = start(['execute', '--config', file, '--from', tenMinutesAgo()], { cwd })
  let said = ''
  running.process.stderr?.on('data', part => {
    said += part
  })
  await expect.poll(() => said, { timeout: 30_000 }).toContain('waiting, asked again in 5 s')
  const back = await startVenue('binance', { folder, port })
  await expect
    .poll(() => linesIfThere('patient').some(({ t }) => t === 'CandleClosed'), { timeout: 60_000 })
    .toBe(true)
  running.process.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ code: 0 })
  await back.stop()
}, 120_000)

test('told to stop while it waits, it ends with 0 and has written nothing', async () => {
  const file = config('gone', { market: { source: 'ccxt', exchange: 'kraken', url: 'http://127.0.0.1:9' } })
  const running = start(['execute', '--config', file], { cwd })
  let said = ''
  running.process.stderr?.on('data', part => {
    said += part
  })
  await expect.poll(() => said, { timeout: 30_000 }).toContain('waiting, asked again')
  running.process.kill('SIGTERM')
  const ended = await running.ended
  expect(ended.stderr).toContain('stopped while waiting for the venue; nothing was traded')
  expect(ended.code).toBe(0)
  expect(existsSync(join(cwd, 'ledger/gone'))).toBe(false)
}, 60_000)

const linesIfThere = (book: string) =>
  existsSync(join(cwd, 'ledger', book, 'HEAD')) ? linesOf(join(cwd, 'ledger', book)) : []
