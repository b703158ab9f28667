// The cast of the tests: one market, one champion, one order, the same everywhere. BTC/USDT on five minutes, on
// 24 March 2023. Everything is made with the constructors of the domain, so nobody here can say what does not parse.

import { BookOpened } from '../domain/account.ts'
import { CandleClosed } from '../domain/candle.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { championId } from '../domain/champion.ts'
import type { Decimal } from '../domain/decimal.ts'
import { type Cause, outside, propose, type Seq, type StreamName } from '../domain/event.ts'
import type { Expected, Group, Identity, StreamWrite } from '../domain/event-store.ts'
import { IntentDenied, IntentRaised } from '../domain/intent.ts'
import { OrderAccepted, OrderFilled, OrderRequested } from '../domain/order.ts'
import { orderIdOf, orderPrefix } from '../domain/order-id.ts'
import { RunStarted } from '../domain/run.ts'
import { TradingHalted } from '../domain/safety.ts'
import { ScanStarted } from '../domain/scan.ts'
import { StrategyEvaluated } from '../domain/strategy.ts'
import {
  candleStream,
  controlStream,
  orderStream,
  runStream,
  scanStream,
  strategyStream,
} from '../domain/stream.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'

export const symbol = 'BTC/USDT'
export const timeframe = '5m'
export const champion = championId('ema-cross', symbol, timeframe)
/** When candle 0 opens. */
export const morning: Instant = '2023-03-24T11:40:00.000Z'
const minute = 60_000

export const identity: Identity = {
  ledgerId: '0b1c2d3e-4f50-4a61-8b72-9c83a4d5e6f7',
  book: 'cast',
  mode: 'dry-run',
  epoch: morning,
  zone: 'UTC',
}

/** A clock that shows the time it was last set to. */
export const handClock = (start: Instant = morning) => {
  let now = start
  return {
    now: () => now,
    set: (instant: Instant) => {
      now = instant
    },
    advance: (milliseconds: number) => {
      now = instantOf(millisecondsOf(now) + milliseconds)
    },
  }
}

// ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const candles = candleStream(symbol, timeframe)
export const strategy = strategyStream(champion)
export const control = controlStream
export const runs = runStream('execute')
export const scanOfTheDay = scanStream('2023-03-24')
export const prefix = orderPrefix(identity.book, identity.epoch)
export const orderOf = (intent: Seq): StreamName => orderStream(prefix, intent)

// ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Candle `n`, counted from 0; its close goes up by 10 each time. */
export const candleClosed = (n: number, volume: Decimal = '12.5') => {
  const openTime = instantOf(millisecondsOf(morning) + n * 5 * minute)
  const closeTime = instantOf(millisecondsOf(openTime) + 5 * minute)
  const close = 28_000 + n * 10
  const text = (value: number): Decimal => `${value}`
  return CandleClosed({
    symbol,
    timeframe,
    openTime,
    closeTime,
    open: text(close - 5),
    high: text(close + 10),
    low: text(close - 20),
    close: text(close),
    volume,
  })
}

export const evaluated = (n: number, reasons: readonly string[] = ['fast average crossed above slow']) =>
  StrategyEvaluated({
    champion,
    symbol,
    timeframe,
    openTime: candleClosed(n).data.openTime,
    action: 'buy',
    signal: 1,
    confidence: 0.75,
    reasons: [...reasons],
    indicators: { fast: 28_004.25, slow: 27_999.5 },
    holding: '0',
  })

const terms = {
  symbol,
  side: 'buy',
  type: 'limit',
  quantity: '0.25',
  limitPrice: '28010',
  timeInForce: 'GTC',
  reduceOnly: false,
} as const

export const intentRaised = IntentRaised({
  source: 'strategy',
  by: champion,
  ...terms,
  referencePrice: '28010',
  expiresAt: '2023-03-24T11:50:00.000Z',
  reason: 'fast average crossed above slow',
})

export const intentDenied = (intent: Seq) =>
  IntentDenied({
    intent,
    reason: 'trading-halted',
    detail: 'trading is halted; veritape resume lifts it',
    decided: '2023-03-24T11:45:00.000Z',
  })

export const orderRequested = (intent: Seq) =>
  OrderRequested({
    orderId: orderIdOf(prefix, intent),
    intent,
    by: champion,
    ...terms,
    decided: '2023-03-24T11:45:00.000Z',
  })

export const orderAccepted = (intent: Seq) =>
  OrderAccepted({ orderId: orderIdOf(prefix, intent), venueOrderId: 'v-1' })

/** The venue's trade `trade` of the order. */
export const orderFilled = (intent: Seq, trade: string, quantity: Decimal = '0.25') =>
  OrderFilled({
    orderId: orderIdOf(prefix, intent),
    by: champion,
    tradeId: trade,
    symbol,
    side: 'buy',
    price: '28010',
    quantity,
    fee: '0.7',
    liquidity: 'maker',
    venueTime: '2023-03-24T11:46:00.000Z',
  })

export const tradingHalted = TradingHalted({ by: 'operator', reason: 'lunch', level: 'halted' })

export const bookOpened = BookOpened({ currency: 'USDT', cash: '100000', calendar: 'always', zone: 'UTC' })

export const runStarted = RunStarted({
  command: 'execute',
  mode: 'dry-run',
  version: '0.1.0',
  codeHash: 'c0de',
  configHash: 'c0f1',
  node: '20.20.2',
  icu: '74.1',
  tzdata: '2025b',
  clock: morning,
})

export const scanStarted = ScanStarted({
  session: '2023-03-24',
  clock: morning,
  universe: 2,
  dataset: 'da7a',
  lastBar: '2023-03-23',
  rules: { minimumPrice: 5 },
})

// ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const market = (n: number): Cause => outside(`candle ${symbol} ${timeframe} ${n}`)

export const write = (
  stream: StreamName,
  expected: Expected,
  ...events: readonly (readonly [Cause, BookEvent])[]
): StreamWrite => ({
  stream,
  expected,
  events: events.map(([cause, event]) => propose(cause, event)),
})

/** What a writer expects who has seen this many events of the stream. */
export const expectedAfter = (count: number): Expected =>
  count === 0 ? 'no-stream' : { revision: count - 1 }

export const group = (...writes: readonly StreamWrite[]): Group => ({ run: 0, writes })

/** Candle `n` as the next of a stream that has candles 0 … n - 1. */
export const candleGroup = (n: number): Group =>
  group(write(candles, expectedAfter(n), [market(n), candleClosed(n)]))

/** An evaluation as the first event of any strategy's stream. */
export const outsideGroup = (stream: StreamName): Group =>
  group(write(stream, 'no-stream', [outside(stream), evaluated(0)]))
