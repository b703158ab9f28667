// The port that every strategy implements, and the event that records what it said.
//
// A strategy is asked once per closed candle, in order. It sees that candle, everything it saw before, its own
// position and nothing else: no clock, no future, no ledger. It answers with an evaluation; it never orders.

import * as z from 'zod'
import { type Bar, SymbolName } from './candle.ts'
import { DecimalText } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import type { StrategyConsulted } from './strategy-server.ts'
import { InstantText } from './time.ts'
import { Timeframe } from './timeframe.ts'

/** What the strategy holds in the market it is asked about, as measurements. */
export interface Holding {
  /** In the base currency or shares; 0 when flat. Never negative: strategies are long or flat. */
  readonly quantity: number
  /** Average price paid; 0 when flat. */
  readonly entryPrice: number
}

export interface Evaluation {
  /** 'buy' asks for a position, 'sell' asks to close it, 'none' asks for nothing. */
  readonly action: 'buy' | 'sell' | 'none'
  /** The view behind the action: 1 long, -1 short or out, 0 none. */
  readonly signal: -1 | 0 | 1
  /** 0 … 1 */
  readonly confidence: number
  /** Short sentences for a person who asks why. */
  readonly reasons: readonly string[]
  /** The numbers that decided; empty while warming up. */
  readonly indicators: Readonly<Record<string, number>>
  /** A resting entry at this price instead of a market order; the book's rules put it on the venue's tick. */
  readonly limitPrice?: number
}

/**
 * One running strategy in one market. It keeps what it needs of the past inside. `consulted` is what a strategy server
 * was heard to say about this bar, for a strategy that has one.
 */
export type Evaluate = (bar: Bar, holding: Holding, consulted?: StrategyConsulted['data']) => Evaluation

/** Another process that decides, and how it is asked. */
export interface ServerTerms {
  readonly url: string
  /** Candles in a question. */
  readonly candles: number
  readonly deadlineMs: number
}

export interface Strategy<Parameters = unknown> {
  readonly name: string
  /** Checks what a champion file says; every parameter has bounds. */
  readonly parameters: z.ZodType<Parameters>
  /** Candles it must have seen before its first opinion. */
  readonly warmUp: (parameters: Parameters) => number
  /** A fresh instance that has seen nothing. The same candles and holdings give the same evaluations, always. */
  readonly start: (parameters: Parameters) => Evaluate
  /** Whom to ask before each evaluation; absent where the strategy decides by itself. */
  readonly server?: (parameters: Parameters) => ServerTerms
}

export const StrategyEvaluated = event('StrategyEvaluated', 1, {
  /** Which champion: 'ema-cross@BTC/USDT-5m'. */
  champion: z.string(),
  symbol: SymbolName,
  timeframe: Timeframe,
  /** Open time of the candle it was asked about. */
  openTime: InstantText,
  action: z.enum(['buy', 'sell', 'none']),
  signal: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
  confidence: z.number().min(0).max(1),
  reasons: z.array(z.string()).readonly(),
  /** Measurements in binary floating point, printed so that they read back to the same bits. */
  indicators: z.record(z.string(), z.number()).readonly(),
  /** What the champion held when it was asked. */
  holding: DecimalText,
})
export type StrategyEvaluated = EventOf<typeof StrategyEvaluated>
