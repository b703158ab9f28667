// veritape audit, as typed, of a live book at a venue that keeps books of its own: all is well, a fill that the ledger
// has not heard of, money that went without a trade, a venue that is gone. It writes nothing, whatever it finds.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startVenue, type Venue } from '../venue-simulator/venue.ts'
import { bytesOf, linesOf, temporaryFolder } from './files.ts'
import { type Ended, veritape } from './veritape.ts'

const cwd = temporaryFolder()
const file = join(cwd, 'audited.json')
const ledger = join(cwd, 'ledger/audited')
const secret = 'c2ltdWxhdGVkLXNlY3JldC1vZi1hLXNpbXVsYXRlZC12ZW51ZQ=='
const env: Record<string, string> = { BINANCE_API_KEY: 'simulated-key', BINANCE_API_SECRET: secret }
let venue: Venue
let isThere = true

const typed = (...argv: readonly string[]): Promise<Ended> =>
  veritape([...argv, '--config', file], { cwd, env })
const done = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await typed(...argv)
  expect(code, `${argv.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout
}
const turn = () => done('execute', '--live', '--once')

interface Check {
  readonly check: string
  readonly verdict: string
  readonly found: readonly string[]
}
/** Its exit code and what it says of the venue; the ledger is as it was. */
const audited = async () => {
  const before = bytesOf(ledger)
  const asJson = await typed('audit', '--json')
  expect(bytesOf(ledger)).toEqual(before)
  const { checks } = JSON.parse(asJson.stdout) as { checks: readonly Check[] }
  expect(checks.find(({ check }) => check === 'ledger')).toMatchObject({ verdict: 'holds' })
  return { code: asJson.code, venue: checks.find(({ check }) => check === 'venue') as Check }
}

beforeAll(async () => {
  venue = await startVenue('binance', { folder: join(cwd, 'venue') })
  mkdirSync(join(cwd, 'champions'))
  writeFileSync(
    join(cwd, 'champions/BTC-USDT_1m.ema-cross.json'),
    JSON.stringify({
      strategy: 'ema-cross',
      symbol: 'BTC/USDT',
      timeframe: '1m',
      merged_config: { orderValue: '2000', parameters: { fast: 20, slow: 80 } },
      chosen: 'for a test',
    }),
  )
  writeFileSync(
    file,
    JSON.stringify({
      book: 'audited',
      mode: 'live',
      market: { source: 'ccxt', exchange: 'binance', url: venue.url },
      venue: { name: 'binance', url: venue.url },
      execute: { symbols: ['BTC/USDT'], timeframe: '1m', pollSeconds: 1, champions: 'champions' },
    }),
  )
  const { stdout, stderr } = await typed('check', 'preflight', '--mode', 'live')
  const [, token] = /LIVE_TRADING=1 LIVE_CONFIRM=([0-9a-f-]{19})/.exec(stdout) ?? []
  if (token === undefined) throw new Error(`no token: ${stdout}${stderr}`)
  Object.assign(env, { LIVE_TRADING: '1', LIVE_CONFIRM: token })
}, 120_000)
afterAll(async () => {
  if (isThere) await venue.stop()
})

const wish = (id: string, ...terms: readonly string[]) =>
  done('intent', 'buy', 'BTC/USDT', '--quantity', '0.01', '--id', id, ...terms)
/** Id of the operator's order that was requested last. */
const lastOrder = (): string => {
  const requested = linesOf(ledger).filter(({ t, d }) => t === 'OrderRequested' && d.by === 'operator')
  return `${requested.at(-1)?.d.orderId}`
}

test('a book that has traded and agrees with its venue: 0', { timeout: 120_000 }, async () => {
  await done('execute', '--live', '--once', '--from', new Date(Date.now() - 600_000).toISOString())
  await wish('at-the-market')
  await turn()
  const isFilled = () => linesOf(ledger).some(({ t, d }) => t === 'OrderFilled' && d.by === 'operator')
  for (let n = 0; n < 10 && !isFilled(); n++) await turn()
  expect(isFilled()).toBe(true)
  await done('reconcile')
  const { code, venue: said } = await audited()
  expect(said).toMatchObject({ verdict: 'holds', found: [] })
  expect(code).toBe(0)
})

test('a fill that the ledger has not heard of: 1, with the order; heard of, 0 again', {
  timeout: 120_000,
}, async () => {
  const price = `${Math.floor(Number(await venue.price('BTC/USDT')) * 0.9)}`
  await wish('resting', '--limit', price)
  await turn()
  const order = lastOrder()
  expect((await audited()).code).toBe(0)
  await venue.fill({ clientId: order, quantity: '0.01', price })
  const { code, venue: said } = await audited()
  expect(said.verdict).toBe('does not hold')
  expect(said.found).toContain(`the ledger lacks of ${order}: fill; veritape reconcile records it`)
  expect(code).toBe(1)
  const asText = await typed('audit')
  expect(asText.code).toBe(1)
  expect(asText.stdout).toContain(`venue: the ledger lacks of ${order}: fill; veritape reconcile records it`)
  await done('reconcile')
  expect(await audited()).toMatchObject({ code: 0, venue: { verdict: 'holds' } })
})

test('money that went without a trade: 1, with what both say', { timeout: 60_000 }, async () => {
  await venue.pay({ currency: 'USDT', amount: '-50' })
  const { code, venue: said } = await audited()
  expect(said.verdict).toBe('does not hold')
  expect(said.found).toHaveLength(1)
  const [, ours, theirs] = /^balance USDT: ledger ([\d.]+), venue ([\d.]+)$/.exec(said.found[0] ?? '') ?? []
  expect(Number(ours) - Number(theirs)).toBeCloseTo(50, 6)
  expect(code).toBe(1)
})

test('a venue that is gone: 69, which is no verdict about the account', { timeout: 60_000 }, async () => {
  isThere = false
  await venue.stop()
  const { code, venue: said } = await audited()
  expect(said).toMatchObject({ verdict: 'no answer', found: [] })
  expect(code).toBe(69)
})
