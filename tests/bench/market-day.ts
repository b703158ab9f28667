// A trading market to fill ledgers with: two symbols on one-minute candles, a champion each, and what comes of them.
// The same seed gives the same events. Everything is made with the constructors of the domain.
//
// Of 1000 events about 396 are candles, 396 evaluations, 198 cycles, and the rest is six wishes to trade with their
// answers, of which one is denied and the others are filled. They take about 345 bytes of envelope and hashes and
// 150 of data each.

import { BookOpened } from '../../domain/account.ts'
import { CandleClosed } from '../../domain/candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { championId } from '../../domain/champion.ts'
import type { Decimal } from '../../domain/decimal.ts'
import { becauseOf, outside, type Proposed, propose, type Seq } from '../../domain/event.ts'
import type { Group, StreamWrite } from '../../domain/event-store.ts'
import { IntentDenied, IntentRaised } from '../../domain/intent.ts'
import { OrderAccepted, OrderFilled, OrderRequested } from '../../domain/order.ts'
import { orderIdOf } from '../../domain/order-id.ts'
import { CycleCompleted } from '../../domain/run.ts'
import { StrategyEvaluated } from '../../domain/strategy.ts'
import { accountStream, candleStream, orderStreamOf, runStream, strategyStream } from '../../domain/stream.ts'
import { type Instant, instantOf } from '../../domain/time.ts'

const minute = 60_000
const timeframe = '1m'
const symbols = ['BTC/USDT', 'ETH/USDT'] as const
const prefix = 'k3x9p2q'
/** Turns of the loop between two wishes to trade: one fill in a hundred events. */
const turnsPerWish = 19

export interface Market {
  /** The next groups, of at least this many events; `first` is the seq that the first event will have. */
  groups(events: number, first: Seq): readonly Group[]
  /** What the market's clock shows. */
  now(): Instant
  /** Lets the clock begin another day. */
  tomorrow(): void
}

/** xorshift32: the same numbers everywhere, for ever. */
export const numbers = (seed: number) => () => {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) / 2 ** 32
}

const day = 86_400_000

export const market = (seed = 1): Market => {
  const random = numbers(seed)
  const revisions = new Map<string, number>()
  const prices = new Map<string, number>([
    ['BTC/USDT', 28_000],
    ['ETH/USDT', 1_800],
  ])
  let time = Date.parse('2024-01-01T00:00:00.000Z')
  let seq: Seq = 0
  let cycle = 0
  let wishes = 0
  /** The intent that the next turn answers. */
  let wish: { readonly intent: Seq; readonly by: string; readonly terms: Terms } | undefined
  const held = new Set<string>()

  const write = (stream: string, events: readonly Proposed<BookEvent>[]): StreamWrite => {
    const revision = revisions.get(stream) ?? -1
    revisions.set(stream, revision + events.length)
    seq += events.length
    return { stream, expected: revision < 0 ? 'no-stream' : { revision }, events }
  }

  const group = (...writes: readonly StreamWrite[]): Group => ({ run: 1, writes })

  const money = (value: number): Decimal => value.toFixed(2) as Decimal

  const candleOf = (symbol: string): BookEvent => {
    const open = prices.get(symbol) as number
    const close = open * (1 + (random() - 0.5) / 500)
    prices.set(symbol, close)
    return CandleClosed({
      symbol,
      timeframe,
      openTime: instantOf(time - minute),
      closeTime: instantOf(time),
      open: money(open),
      high: money(Math.max(open, close) * (1 + random() / 2000)),
      low: money(Math.min(open, close) * (1 - random() / 2000)),
      close: money(close),
      volume: (random() * 40).toFixed(5) as Decimal,
    })
  }

  /** A candle, what the champion says to it and, when `wishing`, the wish. */
  const turnOf = (symbol: string, wishing: boolean): readonly StreamWrite[] => {
    const champion = championId('ema-cross', symbol, timeframe)
    const close = prices.get(symbol) as number
    const side = held.has(symbol) ? ('sell' as const) : ('buy' as const)
    const candle = propose(outside(`${symbol} ${timeframe} ${instantOf(time)}`), candleOf(symbol))
    const candles = write(candleStream(symbol, timeframe), [candle])
    const evaluated = propose(
      becauseOf(candle, 0),
      StrategyEvaluated({
        champion,
        symbol,
        timeframe,
        openTime: instantOf(time - minute),
        action: wishing ? side : 'none',
        signal: wishing ? (side === 'buy' ? 1 : -1) : 0,
        confidence: wishing ? 0.75 : 0,
        reasons: wishing ? ['fast average crossed slow'] : ['no cross'],
        indicators: { fast: close * (1 + random() / 5000), slow: close * (1 - random() / 5000) },
        holding: held.has(symbol) ? '0.25' : '0',
      }),
    )
    if (!wishing) return [candles, write(strategyStream(champion), [evaluated])]
    const terms = termsOf(symbol, side, money(close))
    wish = { intent: seq + 2, by: champion, terms }
    const raised = IntentRaised({
      source: 'strategy',
      by: champion,
      ...terms,
      referencePrice: money(close),
      expiresAt: instantOf(time + 5 * minute),
      reason: 'fast average crossed slow',
    })
    return [candles, write(strategyStream(champion), [evaluated, propose(becauseOf(evaluated, 1), raised)])]
  }

  const answer = (): readonly Group[] => {
    if (wish === undefined) return []
    const { intent, by, terms } = wish
    wish = undefined
    wishes++
    const orderId = orderIdOf(prefix, intent)
    const stream = orderStreamOf(orderId)
    const cause = outside(orderId)
    const decided = instantOf(time)
    if (wishes % 6 === 0) {
      const detail = 'the order would be worth more than one order may be'
      const denied = IntentDenied({ intent, reason: 'order-value-too-large', detail, decided })
      return [group(write(stream, [propose(cause, denied)]))]
    }
    const { symbol, side, quantity, limitPrice } = terms
    if (side === 'buy') held.add(symbol)
    else held.delete(symbol)
    const requested = OrderRequested({ orderId, intent, by, ...terms, decided })
    const accepted = OrderAccepted({ orderId, venueOrderId: `v-${intent}`, venueTime: decided })
    const fill = { orderId, by, tradeId: `t-${intent}`, symbol, side, quantity } as const
    const fee = money(Number(limitPrice) * 0.00025)
    const filled = OrderFilled({ ...fill, price: limitPrice, fee, liquidity: 'taker', venueTime: decided })
    return [
      group(write(stream, [propose(cause, requested)])),
      group(write(stream, [propose(cause, accepted), propose(cause, filled)])),
    ]
  }

  const turn = (): readonly Group[] => {
    time += minute
    cycle++
    const first = answer()
    const wishing = cycle % turnsPerWish === 0
    const which = symbols[(cycle / turnsPerWish) % 2]
    const groups = symbols.map(symbol => group(...turnOf(symbol, wishing && symbol === which)))
    const completed = CycleCompleted({
      cycle,
      clock: instantOf(time),
      sessionOpen: true,
      candles: 2,
      evaluations: 2,
      intents: wishing ? 1 : 0,
      denials: 0,
      orders: first.length > 1 ? 1 : 0,
      fills: first.length > 1 ? 1 : 0,
      errors: 0,
      lastCandle: instantOf(time),
    })
    const cycles = write(runStream('execute'), [propose(outside(`cycle ${cycle}`), completed)])
    return [...first, ...groups, group(cycles)]
  }

  return {
    groups: (events, first) => {
      seq = first - 1
      const all: Group[] = []
      if (cycle === 0) {
        const opened = BookOpened({ currency: 'USDT', cash: '100000', calendar: 'always', zone: 'UTC' })
        all.push(group(write(accountStream, [propose(outside('opening'), opened)])))
      }
      while (seq < first - 1 + events) all.push(...turn())
      return all
    },
    now: () => instantOf(time),
    tomorrow: () => {
      time = Math.ceil((time + 1) / day) * day
    },
  }
}

type Terms = ReturnType<typeof termsOf>

const termsOf = (symbol: string, side: 'buy' | 'sell', limitPrice: Decimal) =>
  ({
    symbol,
    side,
    type: 'limit',
    quantity: '0.25',
    limitPrice,
    timeInForce: 'GTC',
    reduceOnly: side === 'sell',
  }) as const
