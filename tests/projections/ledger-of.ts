// Ledgers for tests of projections: domain events in order become recorded ones, with seq, revision and links; and
// short hands for the events of a small cast (BTC/USDT, ETH/USDT, one champion, one operator).

import { BookOpened } from '../../domain/account.ts'
import { CandleClosed } from '../../domain/candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Decimal } from '../../domain/decimal.ts'
import { eventId, type Recorded, type StreamName } from '../../domain/event.ts'
import { IntentDenied, IntentExpired, IntentRaised } from '../../domain/intent.ts'
import { type Fill, OrderFilled, OrderRequested, OrderWithheld } from '../../domain/order.ts'
import { CycleCompleted, RunStarted, RunStopped } from '../../domain/run.ts'
import { StrategyEvaluated } from '../../domain/strategy.ts'
import { type Instant, instantOf, millisecondsOf } from '../../domain/time.ts'

/** Every event is caused by the one before it, and written under the last run that started. */
export const ledgerOf = (events: readonly BookEvent[], streamOf = usualStream): Recorded<BookEvent>[] => {
  const revisions = new Map<StreamName, number>()
  let run = 0
  return events.map((event, index) => {
    const seq = index + 1
    const stream = streamOf(event)
    const revision = (revisions.get(stream) ?? -1) + 1
    revisions.set(stream, revision)
    if (event.type === 'RunStarted') run = seq
    return {
      seq,
      id: eventId(`event ${seq}`, event.type, 0),
      correlation: 1,
      stream,
      revision,
      at: `2023-03-24T00:00:00.${String(seq).padStart(6, '0')}Z`,
      cause: index,
      run,
      event,
    }
  })
}

const usualStream = ({ type }: BookEvent): StreamName =>
  type === 'RunStarted' || type === 'RunStopped' || type === 'CycleCompleted' ? 'run-execute' : 'test'

export const champion = 'ema-cross@BTC/USDT-5m'
export const noon = '2023-03-24T12:00:00.000Z'
export const later = (minutes: number, start: Instant = noon): Instant =>
  instantOf(millisecondsOf(start) + minutes * 60_000)

export const opened = (given: Partial<Parameters<typeof BookOpened>[0]> = {}) =>
  BookOpened({ currency: 'USDT', cash: '10000', calendar: 'always', zone: 'UTC', ...given })

/** A 5m candle that closes at `closeTime`, flat at one price. */
export const candle = (symbol: string, close: Decimal, closeTime: Instant = noon) =>
  CandleClosed({
    symbol,
    timeframe: '5m',
    openTime: later(-5, closeTime),
    closeTime,
    open: close,
    high: close,
    low: close,
    close,
    volume: '1',
  })

export const fill = (given: Partial<Fill> = {}) =>
  OrderFilled({
    orderId: 'k3x9p2q-1',
    by: champion,
    tradeId: 't-1',
    symbol: 'BTC/USDT',
    side: 'buy',
    price: '100',
    quantity: '1',
    fee: '0',
    liquidity: 'taker',
    venueTime: noon,
    ...given,
  })

export const buy = (quantity: Decimal, price: Decimal, given: Partial<Fill> = {}) =>
  fill({ quantity, price, ...given })
export const sell = (quantity: Decimal, price: Decimal, given: Partial<Fill> = {}) =>
  fill({ side: 'sell', quantity, price, ...given })

export const intent = (given: Partial<Parameters<typeof IntentRaised>[0]> = {}) =>
  IntentRaised({
    source: 'strategy',
    by: champion,
    symbol: 'BTC/USDT',
    side: 'buy',
    type: 'market',
    quantity: '1',
    timeInForce: 'GTC',
    reduceOnly: false,
    referencePrice: '100',
    expiresAt: later(5),
    reason: 'fast above slow',
    ...given,
  })

const order = (intent: number, given: Partial<Parameters<typeof OrderRequested>[0]>) => ({
  orderId: `k3x9p2q-${intent}`,
  intent,
  by: champion,
  symbol: 'BTC/USDT',
  side: 'buy' as const,
  type: 'market' as const,
  quantity: '1' as const,
  timeInForce: 'GTC' as const,
  reduceOnly: false,
  decided: noon,
  ...given,
})
export const requested = (intent: number, given: Partial<Parameters<typeof OrderRequested>[0]> = {}) =>
  OrderRequested(order(intent, given))
export const withheld = (intent: number, given: Partial<Parameters<typeof OrderRequested>[0]> = {}) =>
  OrderWithheld(order(intent, given))

export const denied = (intent: number, reason: 'trading-halted' | 'not-enough-cash' = 'trading-halted') =>
  IntentDenied({ intent, reason, detail: 'as the test wants it', decided: noon })
export const expired = (intent: number) => IntentExpired({ intent, expiresAt: noon, decided: later(1) })

export const cycle = (given: Partial<Parameters<typeof CycleCompleted>[0]> = {}) =>
  CycleCompleted({
    cycle: 1,
    clock: noon,
    sessionOpen: true,
    candles: 0,
    evaluations: 0,
    intents: 0,
    denials: 0,
    orders: 0,
    fills: 0,
    errors: 0,
    ...given,
  })

export const started = (given: Partial<Parameters<typeof RunStarted>[0]> = {}) =>
  RunStarted({
    command: 'execute',
    mode: 'paper',
    version: '0.1.0',
    codeHash: 'c0de',
    configHash: 'c0ff',
    node: '20.20.2',
    icu: '74.1',
    tzdata: '2025b',
    clock: noon,
    ...given,
  })
export const stopped = (clock: Instant = noon) => RunStopped({ reason: 'signal', detail: 'SIGTERM', clock })

export const evaluated = (
  action: 'buy' | 'sell' | 'none',
  openTime: Instant,
  given: Partial<Parameters<typeof StrategyEvaluated>[0]> = {},
) =>
  StrategyEvaluated({
    champion,
    symbol: 'BTC/USDT',
    timeframe: '5m',
    openTime,
    action,
    signal: 0,
    confidence: 0.5,
    reasons: ['as the test wants it'],
    indicators: {},
    holding: '0',
    ...given,
  })
