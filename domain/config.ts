// The configuration of a book: everything that can change a decision, with defaults an operator of such a runner
// knows. Where a value comes from (file, environment, flag) is the business of adapters/configuration.ts.

import * as z from 'zod'
import { ScanRules } from './avwap-scan.ts'
import { SymbolName } from './candle.ts'
import { DecimalText } from './decimal.ts'
import { GuardRules, guardDefaults } from './guard-rules.ts'
import { NotifyRules, notifyDefaults } from './notify-rules.ts'
import { isZone } from './time.ts'
import { Timeframe } from './timeframe.ts'
import type { MarketRules } from './venue.ts'
import { WarningRules } from './warning.ts'

const MarketRulesConfig = z.strictObject({
  tick: DecimalText,
  lot: DecimalText,
  minimumQuantity: DecimalText,
  minimumNotional: DecimalText.optional(),
  priceDigits: z.int().positive().max(20).optional(),
})

/** As ccxt writes it: 'binance', 'kraken'. */
const ExchangeName = z.string().regex(/^[a-z0-9-]{0,40}$/, "an exchange's name such as kraken")

/** Orders and keys that go to an address from a file must not leave the machine. */
const LoopbackUrl = z
  .string()
  .regex(
    /^(https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?)?$/,
    'for tests only: http://127.0.0.1:PORT, or empty',
  )

/** A folder or file. In a config file it is relative to that file, elsewhere to the working directory. */
export const Path = z.string().min(1).meta({ path: true })

export const Config = z.strictObject({
  /** One account in one mode; names the folder of its ledger. */
  book: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes'),
  mode: z.enum(['dry-run', 'paper', 'live', 'backtest']),
  currency: z.string().regex(/^[A-Z0-9]{2,10}$/),
  /** Cash that a new dry-run, paper or backtest book opens with. */
  cash: DecimalText,
  calendar: z.enum(['always', 'nyse']),
  /** Zone of the book's days and of its segments. */
  zone: z.string().refine(isZone, 'not an IANA zone such as America/New_York'),
  ledger: Path,
  state: Path,
  store: z.string(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
  market: z.strictObject({
    /** Where candles come from. */
    source: z.enum(['recorded', 'ccxt', 'alpaca']),
    /** For source ccxt: the exchange by ccxt's name, 'binance'. Empty means the one of `venue.name`. */
    exchange: ExchangeName,
    /** For tests: a server on this machine that stands for the exchange. Empty means the exchange itself. */
    url: LoopbackUrl,
    /** 'recording': the book lives at its recording's time. 'wall': it lives now, and a candle is not known before its close. */
    clock: z.enum(['recording', 'wall']),
    /** Recorded candle files by series; `symbol` '*' is a file with a ticker column. */
    files: z.array(
      z.strictObject({ symbol: z.union([SymbolName, z.literal('*')]), timeframe: Timeframe, path: Path }),
    ),
  }),
  venue: z.strictObject({
    /** 'paper'; 'alpaca' for US equities; else an exchange of ccxt, where 'alpaca-crypto' is Alpaca's. */
    name: z.string().regex(/^[a-z0-9-]{1,40}$/, "'paper' or an exchange's name such as kraken"),
    /** Trade on the exchange's test system, with its play money. */
    sandbox: z.boolean(),
    /** As `market.url`. */
    url: LoopbackUrl,
    makerFee: DecimalText,
    takerFee: DecimalText,
    slippage: DecimalText,
    participation: DecimalText,
    /** By symbol; '*' is every other one. */
    markets: z.record(z.string(), MarketRulesConfig),
  }),
  execute: z.strictObject({
    /** What is traded; empty means whatever the watchlist names. */
    symbols: z.array(SymbolName),
    timeframe: Timeframe,
    pollSeconds: z.number().positive().max(3600),
    /** Folder of champion files. */
    champions: Path,
    /** Only these strategies of the folder; empty means all. */
    strategies: z.array(z.string()),
  }),
  orders: z.strictObject({
    /** How long after a doubt a remote venue that does not know an order is asked again before it is believed. */
    settleSeconds: z.number().nonnegative().max(3600),
    /** How long after its request an order that the venue never had may be sent again. */
    resendSeconds: z.number().nonnegative().max(86_400),
    /** More orders than this whose outcome stays unknown halt the book. */
    unknownHaltMax: z.int().nonnegative(),
    /** 0 is off. */
    deadMansSwitchSeconds: z.int().nonnegative().max(86_400),
  }),
  limits: z.strictObject({
    orderValueMax: DecimalText,
    symbolExposureMax: DecimalText,
    grossExposureMax: DecimalText,
    openOrdersMax: z.int().nonnegative(),
    ordersPerDayMax: z.int().nonnegative(),
    unknownOutcomesMax: z.int().nonnegative(),
    lossPerDayMax: DecimalText,
    drawdownMax: DecimalText,
    candleAgeMaxMs: z.int().positive(),
  }),
  scan: ScanRules,
  /** What the scan looks at. */
  universe: z.strictObject({
    /** Files of tickers; none means every ticker of the bars. */
    lists: z.array(Path),
    /** 'recorded' reads market.files; 'store' fetches into the book's own store and reads that. */
    bars: z.enum(['recorded', 'store']),
    /** Daily bars that a ticker new to the store begins with. */
    history: z.int().min(2).max(5000),
    /** Files of earnings dates. */
    earnings: z.array(Path),
  }),
  /** Checks that fail open. */
  warnings: WarningRules,
  /** What the guardian may do. No decision reads it. */
  guard: GuardRules,
  /** What is told to people outside. No decision reads it. */
  notify: NotifyRules,
})
export type Config = z.infer<typeof Config>

export const defaults: Config = {
  book: 'paper',
  mode: 'dry-run',
  currency: 'USDT',
  cash: '10000',
  calendar: 'always',
  zone: 'UTC',
  ledger: 'ledger',
  state: 'state',
  store: 'jsonl',
  logLevel: 'info',
  market: { source: 'recorded', clock: 'recording', exchange: '', url: '', files: [] },
  venue: {
    name: 'paper',
    sandbox: false,
    url: '',
    makerFee: '0.001',
    takerFee: '0.001',
    slippage: '0.0005',
    participation: '0.1',
    markets: { '*': { tick: '0.01', lot: '0.00001', minimumQuantity: '0.00001' } },
  },
  execute: {
    symbols: ['BTC/USDT'],
    timeframe: '1h',
    pollSeconds: 10,
    champions: 'champions',
    strategies: [],
  },
  orders: { settleSeconds: 15, resendSeconds: 120, unknownHaltMax: 3, deadMansSwitchSeconds: 0 },
  limits: {
    orderValueMax: '2500',
    symbolExposureMax: '5000',
    grossExposureMax: '10000',
    openOrdersMax: 10,
    ordersPerDayMax: 50,
    unknownOutcomesMax: 0,
    lossPerDayMax: '500',
    drawdownMax: '0.2',
    candleAgeMaxMs: 3_600_000,
  },
  scan: ScanRules.parse({}),
  universe: { lists: [], bars: 'recorded', history: 800, earnings: [] },
  warnings: WarningRules.parse({}),
  guard: guardDefaults,
  notify: notifyDefaults,
}

/** What the venue demands in a market: its own entry, or that of '*'. Throws when there is neither. */
export const rulesOf =
  (markets: Config['venue']['markets']) =>
  (symbol: string): MarketRules => {
    const rules = markets[symbol] ?? markets['*']
    if (rules === undefined) throw new Error(`venue.markets has no entry for ${symbol} and none for '*'`)
    return rules
  }

/** One value of the configuration with where it came from: 'default', 'file …', 'environment …', 'flag --…'. */
export interface ConfigValue {
  readonly key: string
  readonly value: unknown
  readonly source: string
}
