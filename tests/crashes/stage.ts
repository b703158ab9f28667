// The stage of one column of the matrix: a venue at a fixed address, a live book on it, and snapshots of both from which
// each death begins: the order wished, or resting and its cancel wished.

import { randomInt } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Decimal } from '../../domain/decimal.ts'
import { type LedgerLine, linesOf } from '../cli/files.ts'
import { type Ended, type Running, start, veritape } from '../cli/veritape.ts'
import { currenciesOf } from '../venue-simulator/books.ts'
import type { VenueName, VenueScript } from '../venue-simulator/script.ts'
import { startVenue, type Venue } from '../venue-simulator/venue.ts'
import type { Life } from './places.ts'

export const quantity = '0.01'
/** Far below the wave of prices: it rests. */
const limit = '30000'
/** Another build than dist/: one with a guard that was broken on purpose. */
const build = process.env.VERITAPE_CRASH_DIST === undefined ? {} : { dist: process.env.VERITAPE_CRASH_DIST }
const patienceMs = 150_000

/**
 * What a taker pays, as a share of what is traded. Of a purchase binance, bitfinex and alpaca take it in what was bought,
 * kraken and kucoin in money (docs/live.md says who says so). Odd digits show where one was lost.
 */
export const takerFees: Readonly<Record<VenueName, Decimal>> = {
  binance: '0.00111',
  kraken: '0.004',
  bitfinex: '0.00222',
  kucoin: '0.001',
  alpaca: '0.0025',
}

export interface Stage {
  readonly symbol: string
  /** What the account held before anything was ordered, by currency. */
  readonly opening: Readonly<Record<string, Decimal>>
  readonly venue: Venue
  readonly folder: string
  lines(): readonly LedgerLine[]
  /** The view of this name as the program writes it now: 'portfolio.json'. Throws when it cannot. */
  view(name: string): Promise<Readonly<Record<string, unknown>>>
  run(argv: readonly string[], env?: Record<string, string>): Promise<Ended>
  start(argv: readonly string[], env?: Record<string, string>): Running
  /** The operator's wish of this life, always under the same id. */
  wish(env?: Record<string, string>): Promise<Ended>
  /** The operator's wish to cancel the one order. */
  cancel(env?: Record<string, string>): Promise<Ended>
  close(): Promise<void>
}

/** Resolves when `is` says so; throws with `what` when it takes too long. */
export const until = async (what: string, is: () => Promise<boolean> | boolean): Promise<void> => {
  for (const since = performance.now(); !(await is()); await sleep(15))
    if (performance.now() - since > patienceMs) throw new Error(`waited in vain until ${what}`)
}

/** What the account holds before anything is ordered, by currency. */
const openingOf = (symbol: string): Readonly<Record<string, Decimal>> => {
  const [base, money] = currenciesOf(symbol)
  return { [base]: '0.5', [money]: '10000' }
}

/** Markets of the venue with a thin first level, so that one market order is filled in two parts. */
const scriptOf = (name: VenueName, symbol: string): VenueScript => ({
  markets: [
    {
      symbol,
      tick: '0.1',
      lot: name === 'bitfinex' ? '0.00000001' : '0.00001', // as adapters/ccxt-rules.ts takes it
      minimumQuantity: '0.0001',
      minimumCost: '5',
      makerFee: '0',
      takerFee: takerFees[name],
      around: '42000',
      book: { levels: ['0.004', '1000000'] },
    },
  ],
  balances: openingOf(symbol),
})

/** Of a market that the book does not trade: only the operator wishes for anything. */
const elsewhere = {
  strategy: 'ema-cross',
  symbol: 'ETH/EUR',
  timeframe: '1D',
  merged_config: { orderValue: '100', parameters: { fast: 2, slow: 4 } },
  chosen: 'to do nothing',
}

const symbolOf = (name: VenueName): string =>
  name === 'binance' || name === 'kucoin' ? 'BTC/USDT' : 'BTC/USD'

/** Opens stages of one venue, below a folder. Snapshots are made when they are first needed. */
export const theatre = (name: VenueName, below: string) => {
  const symbol = symbolOf(name)
  const script = scriptOf(name, symbol)
  const adapter = name === 'alpaca' ? 'alpaca-crypto' : name
  let port = 0
  let env: Record<string, string> = {}

  const open = async (folder: string, life: Life): Promise<Stage> => {
    const venue = await startVenue(name, { folder: join(folder, 'venue'), script, port })
    const file = join(folder, 'book.json')
    const options = { cwd: folder, ...build }
    const run = (argv: readonly string[], extra: Record<string, string> = {}) =>
      veritape([...argv, '--config', file], { ...options, env: { ...env, ...extra } })
    const ledger = join(folder, 'ledger/book')
    const lines = () => (existsSync(join(ledger, 'HEAD')) ? linesOf(ledger) : [])
    const price = life === 'market order' ? [] : ['--limit', limit]
    return {
      venue,
      folder,
      lines,
      view: async file => {
        done(await run(['project', '--once']))
        return JSON.parse(readFileSync(join(folder, 'state/book', file), 'utf8'))
      },
      run,
      start: (argv, extra = {}) =>
        start([...argv, '--config', file], { ...options, env: { ...env, ...extra } }),
      wish: extra =>
        run(
          ['intent', 'buy', symbol, '--quantity', quantity, '--id', 'wish', '--expires', '3000', ...price],
          extra,
        ),
      symbol,
      opening: openingOf(symbol),
      cancel: extra => run(['intent', 'cancel', orderIdIn(lines()), '--id', 'no-more'], extra),
      close: async () => {
        await venue.stop()
      },
    }
  }

  /** A live book with a few candles, at a venue that has heard of no order. */
  const first = async (): Promise<string> => {
    const folder = join(below, 'opened')
    mkdirSync(join(folder, 'champions'), { recursive: true })
    // The venue comes back at this port again and again: one that the system does not give away in between.
    port = randomInt(10_000, 32_768)
    const { url, stop } = await startVenue(name, { folder: join(folder, 'venue'), script, port })
    const keys = keysOf(name, url)
    const config = {
      book: 'book',
      currency: symbol.split('/')[1],
      mode: 'live',
      market: { source: 'ccxt', exchange: adapter === 'alpaca-crypto' ? 'alpaca' : name, url },
      venue: { name: adapter, url },
      orders: { settleSeconds: 2 },
      execute: { symbols: [symbol], timeframe: '1m', pollSeconds: 0.2, champions: 'champions' },
    }
    const file = join(folder, 'book.json')
    writeFileSync(file, JSON.stringify(config))
    writeFileSync(join(folder, 'champions/elsewhere.json'), JSON.stringify(elsewhere))
    const asked = await veritape(['check', 'preflight', '--mode', 'live', '--config', file], {
      cwd: folder,
      env: keys,
    })
    const token = /LIVE_CONFIRM=([0-9a-f-]{19})/.exec(asked.stdout)?.[1]
    if (token === undefined) throw new Error(`no token: ${asked.stdout}${asked.stderr}`)
    env = { ...keys, LIVE_TRADING: '1', LIVE_CONFIRM: token }
    const from = new Date(Date.now() - 600_000).toISOString()
    const ran = await veritape(['execute', '--live', '--once', '--from', from, '--config', file], {
      cwd: folder,
      env,
    })
    if (ran.code !== 0) throw new Error(`the book could not be opened: ${ran.stderr}`)
    await stop()
    return folder
  }

  const snapshots = new Map<string, Promise<string>>()
  const snapshot = (what: string, make: () => Promise<string>): Promise<string> => {
    const known = snapshots.get(what) ?? make()
    snapshots.set(what, known)
    return known
  }
  const opened = () => snapshot('opened', first)

  /** A copy of a snapshot, taken one step further and kept as the next one. */
  const further = (
    life: Life,
    what: string,
    from: () => Promise<string>,
    step: (stage: Stage) => Promise<void>,
  ) =>
    snapshot(`${life} ${what}`, async () => {
      const folder = join(below, `${life} ${what}`.replaceAll(' ', '-'))
      cpSync(await from(), folder, { recursive: true })
      const stage = await open(folder, life)
      await step(stage)
      await stage.close()
      return folder
    })
  const wished = (life: Life) =>
    further(life, 'wished', opened, async stage => {
      done(await stage.wish())
    })
  const resting = () =>
    further(
      'cancel',
      'resting',
      () => wished('cancel'),
      async stage => {
        done(await stage.run(['execute', '--live', '--once']))
        if (!stage.lines().some(({ t }) => t === 'OrderAccepted')) throw new Error('the order does not rest')
      },
    )
  const cancelWished = () =>
    further('cancel', 'cancel wished', resting, async stage => {
      done(await stage.cancel())
    })

  let count = 0
  return {
    /** A stage just before a command of this life dies: before the operator's wish, or behind it. */
    stage: async (life: Life, dies: 'intent' | 'execute'): Promise<Stage> => {
      const wish = dies === 'intent'
      const from = life === 'cancel' ? (wish ? resting() : cancelWished()) : wish ? opened() : wished(life)
      const folder = join(below, `cell-${count++}`)
      cpSync(await from, folder, { recursive: true })
      return open(folder, life)
    },
    clear: (stage: Stage) => rmSync(stage.folder, { recursive: true, force: true }),
  }
}

export const done = ({ code, stderr }: Ended): void => {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`)
}

/** The id of the one order; throws when there is none. */
const orderIdIn = (lines: readonly LedgerLine[]): string => {
  const requested = lines.find(({ t }) => t === 'OrderRequested')
  if (requested === undefined) throw new Error('no order was requested')
  return String(requested.d.orderId)
}

const secret = 'c2ltdWxhdGVkLXNlY3JldC1vZi1hLXNpbXVsYXRlZC12ZW51ZQ=='

/** Alpaca's say which host they are for. */
const keysOf = (name: VenueName, url: string): Record<string, string> =>
  name === 'alpaca'
    ? {
        APCA_API_KEY_ID: 'simulated-key',
        APCA_API_SECRET_KEY: secret,
        APCA_API_BASE_URL: url,
      }
    : {
        [`${name.toUpperCase()}_API_KEY`]: 'simulated-key',
        [`${name.toUpperCase()}_API_SECRET`]: secret,
        ...(name === 'kucoin' ? { KUCOIN_API_PASSWORD: 'simulated-passphrase' } : {}),
      }
