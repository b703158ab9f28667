// The script of a simulated venue: its markets and their prices, the account, its keys, its clock. JSON, checked at the
// door, so that a misspelt field stops the simulator and not the test that relied on it.

import { z } from 'zod'
import { type Decimal, readDecimal } from '../../domain/decimal.ts'
import { clockSettings } from './clock.ts'
import { faultRule } from './faults.ts'

export const venueNames = ['binance', 'kraken', 'bitfinex', 'kucoin', 'alpaca'] as const
export type VenueName = (typeof venueNames)[number]

const decimal = z.custom<Decimal>(
  value => typeof value === 'string' && readDecimal(value) !== undefined,
  'not a plain decimal as text, such as "12.5"',
)

/** Open time (ms since 1970 UTC), open, high, low, close, volume: the row that ccxt's fetchOHLCV gives. */
const candleRow = z.tuple([z.number().int(), decimal, decimal, decimal, decimal, decimal])
export type CandleRow = z.infer<typeof candleRow>

export const marketScript = z
  .strictObject({
    /** As ccxt writes it: 'BTC/USDT'; an equity is 'AAPL/USD'. */
    symbol: z.string().regex(/^[A-Z0-9.]+\/[A-Z0-9]+$/),
    class: z.enum(['crypto', 'us_equity']).default('crypto'),
    tick: decimal,
    lot: decimal,
    minimumQuantity: decimal,
    /** Price times quantity, in the quote currency. */
    minimumCost: decimal.default('0'),
    /** Shares of the traded value: '0.001' is 0.1 %. */
    makerFee: decimal.default('0'),
    takerFee: decimal.default('0'),
    /** Recorded candles of one minute (or of `candleMs`), oldest first. Before the first and after the last nothing trades. */
    candles: z.array(candleRow).readonly().optional(),
    candleMs: z.number().int().positive().default(60_000),
    /** Without recorded candles: an endless wave of prices around this one, a function of seed and time. */
    around: decimal.optional(),
    /** Half the height of the wave, as a share of `around`. */
    amplitude: z.number().min(0).max(0.5).default(0.02),
    /** How long before the venue's first start the wave begins: 36 hours, and for shares six days, so that it has a session. */
    historyMs: z.number().int().positive().optional(),
    /** Both sides of the book: so many ticks between the last price and the best one, then a level at each `gapTicks`. */
    book: z
      .strictObject({
        spreadTicks: z.number().int().min(0).default(1),
        gapTicks: z.number().int().positive().default(1),
        /** Quantity on each level, best first; an order that takes more than all finds nobody for the rest. */
        levels: z.array(decimal).min(1).default(['1000000']),
      })
      .prefault({}),
    /** What one point of the price's path fills of a resting order at most; absent, all of it. */
    fillPerPoint: decimal.optional(),
  })
  .refine(market => (market.candles === undefined) !== (market.around === undefined), {
    message: 'give a market either `candles` or `around`',
  })
export type Market = z.infer<typeof marketScript>

export const venueScript = z.strictObject({
  seed: z.number().int().default(1),
  clock: clockSettings.prefault({ mode: 'real' }),
  markets: z.array(marketScript).min(1).optional(),
  /** What the account holds when the venue starts for the first time, by currency; an equity by its symbol. */
  balances: z.record(z.string(), decimal).optional(),
  keys: z
    .strictObject({
      key: z.string().default('simulated-key'),
      /** Base64, because kraken's secrets are. */
      secret: z.string().default('c2ltdWxhdGVkLXNlY3JldC1vZi1hLXNpbXVsYXRlZC12ZW51ZQ=='),
      /** kucoin's passphrase. */
      passphrase: z.string().default('simulated-passphrase'),
    })
    .prefault({}),
  faults: z.array(faultRule).default([]),
  /** Trades on one page where the venue lets the caller ask for more; each venue's own figure when absent. */
  tradesPerPage: z.number().int().positive().optional(),
  /** An order and its trades are shown only so long after they happened: venues answer reads from copies. */
  readLagMs: z.number().int().min(0).default(0),
  /** Dates in New York on which US shares do not trade, besides those of the calendar. */
  closedDays: z.array(z.iso.date()).default([]),
  /** Whether kucoin says in words that it knows no such order, or with `"data":null`: both have been seen. */
  kucoin: z.strictObject({ unknownOrder: z.enum(['error', 'null']).default('error') }).prefault({}),
})
/** As it is written by people. */
export type VenueScript = z.input<typeof venueScript>
/** As it is used: every default in its place. */
export type Script = Omit<z.output<typeof venueScript>, 'markets' | 'balances'> & {
  readonly markets: readonly Market[]
  readonly balances: Readonly<Record<string, Decimal>>
}

/** Two markets and some money, with the figures that the venue publishes for them. */
const usual: Record<
  VenueName,
  { markets: readonly z.input<typeof marketScript>[]; balances: Record<string, Decimal> }
> = {
  binance: {
    markets: [
      {
        symbol: 'BTC/USDT',
        tick: '0.01',
        lot: '0.00001',
        minimumQuantity: '0.00001',
        minimumCost: '5',
        makerFee: '0.001',
        takerFee: '0.001',
        around: '42000',
      },
      {
        symbol: 'ETH/USDT',
        tick: '0.01',
        lot: '0.0001',
        minimumQuantity: '0.0001',
        minimumCost: '5',
        makerFee: '0.001',
        takerFee: '0.001',
        around: '2300',
      },
    ],
    balances: { USDT: '10000', BTC: '0.5', ETH: '0' },
  },
  kraken: {
    markets: [
      {
        symbol: 'BTC/USD',
        tick: '0.1',
        lot: '0.00000001',
        minimumQuantity: '0.00005',
        minimumCost: '0.5',
        makerFee: '0.0025',
        takerFee: '0.004',
        around: '42000',
      },
      {
        symbol: 'ETH/USD',
        tick: '0.01',
        lot: '0.00000001',
        minimumQuantity: '0.001',
        minimumCost: '0.5',
        makerFee: '0.0025',
        takerFee: '0.004',
        around: '2300',
      },
    ],
    balances: { USD: '10000', BTC: '0.5', ETH: '0' },
  },
  bitfinex: {
    markets: [
      {
        symbol: 'BTC/USD',
        tick: '1',
        lot: '0.00000001',
        minimumQuantity: '0.00004',
        makerFee: '0.001',
        takerFee: '0.002',
        around: '42000',
      },
      {
        symbol: 'ETH/USD',
        tick: '0.1',
        lot: '0.00000001',
        minimumQuantity: '0.0006',
        makerFee: '0.001',
        takerFee: '0.002',
        around: '2300',
      },
    ],
    balances: { USD: '10000', BTC: '0.5', ETH: '0' },
  },
  kucoin: {
    markets: [
      {
        symbol: 'BTC/USDT',
        tick: '0.1',
        lot: '0.00000001',
        minimumQuantity: '0.00001',
        minimumCost: '0.1',
        makerFee: '0.001',
        takerFee: '0.001',
        around: '42000',
      },
      {
        symbol: 'ETH/USDT',
        tick: '0.01',
        lot: '0.0000001',
        minimumQuantity: '0.0001',
        minimumCost: '0.1',
        makerFee: '0.001',
        takerFee: '0.001',
        around: '2300',
      },
    ],
    balances: { USDT: '10000', BTC: '0.5', ETH: '0' },
  },
  alpaca: {
    markets: [
      {
        symbol: 'BTC/USD',
        tick: '0.01',
        lot: '0.000000001',
        minimumQuantity: '0.00002',
        minimumCost: '10',
        makerFee: '0.0015',
        takerFee: '0.0025',
        around: '42000',
      },
      {
        symbol: 'AAPL/USD',
        class: 'us_equity',
        tick: '0.01',
        lot: '0.000000001',
        minimumQuantity: '0.000000001',
        minimumCost: '1',
        around: '190',
      },
      {
        symbol: 'SPY/USD',
        class: 'us_equity',
        tick: '0.01',
        lot: '0.000000001',
        minimumQuantity: '0.000000001',
        minimumCost: '1',
        around: '560',
      },
    ],
    balances: { USD: '10000', BTC: '0.5' },
  },
}

/** Checks a script and fills in what it leaves open. Throws a ZodError that names the field. */
export const readScript = (venue: VenueName, given: unknown): Script => {
  const { markets, balances, ...rest } = venueScript.parse(given)
  return {
    ...rest,
    markets: markets ?? usual[venue].markets.map(market => marketScript.parse(market)),
    balances: balances ?? usual[venue].balances,
  }
}
