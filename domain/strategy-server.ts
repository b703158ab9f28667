// A strategy server: another process that decides, asked over HTTP about each closed candle.
//
//   question ──POST /strategy/evaluate──▶ reply ──heard──▶ StrategyConsulted ──evaluationOf──▶ Evaluation
//
// The network ends at the reply. What was heard is an event of its own; the evaluation is a function of that event and
// of the position, so that a replay asks nobody. Whatever is not an answer by the schema asks for nothing.

import * as z from 'zod'
import { type Candle, SymbolName } from './candle.ts'
import { isChampionSource } from './champion.ts'
import type { Decimal } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import { objectionsIn } from './objections.ts'
import type { Evaluation, Holding } from './strategy.ts'
import { InstantText } from './time.ts'
import { Timeframe } from './timeframe.ts'

/** What the server is sent, as JSON. Prices and quantities are decimal text. */
export interface Question {
  readonly symbol: string
  readonly timeframe: Timeframe
  /** Closed candles, oldest first; the last one is asked about. */
  readonly candles: readonly Candle[]
  readonly position: {
    /** In the base currency or shares; '0' when flat. */
    readonly quantity: Decimal
    /** Average price paid; '0' when flat. */
    readonly entryPrice: Decimal
  }
}

const Name = z.string().regex(/^(?!__proto__$)[\w .%-]{1,40}$/, 'a name of at most 40 letters and digits')

/** What it answers. An unknown field is an answer to another question. */
export const ServerAnswer = z.strictObject({
  /** Which candle it speaks of. */
  symbol: SymbolName,
  timeframe: Timeframe,
  openTime: InstantText,
  action: z.enum(['buy', 'sell', 'none']),
  signal: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
  confidence: z.number().min(0).max(1),
  reasons: z.array(z.string().min(1).max(300)).min(1).max(10).readonly(),
  indicators: z
    .record(Name, z.number())
    .refine(values => Object.keys(values).length <= 40, 'more than 40')
    .readonly(),
  /** A resting entry at this price instead of a market order. */
  limitPrice: z.number().positive().optional(),
  /** Where the parameters that it decided with came from: must contain 'champions'. */
  champion: z.strictObject({ source: z.string().min(1).max(300) }),
})
export type ServerAnswer = z.infer<typeof ServerAnswer>

export const failures = [
  /** Nobody listens there, the name is not known, or the connection broke. */
  'unreachable',
  'timeout',
  'bad-status',
  'too-large',
  'not-json',
  'outside-schema',
  'wrong-candle',
  /** The server decided with parameters that nobody chose. */
  'baseline-fallback',
] as const
export type Failure = { readonly reason: (typeof failures)[number]; readonly detail: string }

/** What came back over the wire; nothing of it is believed yet. */
export interface Reply {
  /** From the first byte sent to the last byte heard, whole milliseconds. */
  readonly latencyMs: number
  readonly said: { readonly json: unknown } | { readonly failure: Failure }
}

export interface StrategyServer {
  /** Asks once. Never throws: whatever goes wrong is the reply. */
  ask(url: string, deadlineMs: number, question: Question): Promise<Reply>
}

/** What was heard from the server about one candle: its answer, or why there is none. */
export const StrategyConsulted = event('StrategyConsulted', 1, {
  champion: z.string(),
  symbol: SymbolName,
  timeframe: Timeframe,
  /** Open time of the candle it was asked about. */
  openTime: InstantText,
  url: z.string(),
  latencyMs: z.int().nonnegative(),
  answer: ServerAnswer.optional(),
  failure: z.strictObject({ reason: z.enum(failures), detail: z.string().max(300) }).optional(),
})
export type StrategyConsulted = EventOf<typeof StrategyConsulted>

/** A ladder: the first objection is the failure. Only an answer by the schema, about this candle, by a champion is one. */
export const heard = (
  champion: string,
  url: string,
  { symbol, timeframe, openTime }: Candle,
  { latencyMs, said }: Reply,
): StrategyConsulted => {
  const common = { champion, symbol, timeframe, openTime, url, latencyMs }
  const failed = (reason: Failure['reason'], detail: string) =>
    StrategyConsulted({ ...common, failure: { reason, detail: detail.slice(0, 300) } })
  if ('failure' in said) return failed(said.failure.reason, said.failure.detail)
  const parsed = ServerAnswer.safeParse(said.json)
  if (!parsed.success) return failed('outside-schema', objectionsIn(parsed.error))
  const answer = parsed.data
  if (answer.symbol !== symbol || answer.timeframe !== timeframe || answer.openTime !== openTime)
    return failed(
      'wrong-candle',
      `it speaks of ${answer.symbol} ${answer.timeframe} ${answer.openTime}, asked was ${symbol} ${timeframe} ${openTime}`,
    )
  if (!isChampionSource(answer.champion.source))
    return failed('baseline-fallback', `it decided by '${answer.champion.source}', which is no champion`)
  return StrategyConsulted({ ...common, answer })
}

const silent = (reason: string): Evaluation => ({
  action: 'none',
  signal: 0,
  confidence: 0,
  reasons: [reason],
  indicators: {},
})

/** Nobody was asked: a warm-up, or a candle that the run of another process took. */
export const notConsulted: Evaluation = Object.freeze(silent('no strategy server was asked'))

/**
 * What the recorded answer says about the candle that opened at `openTime` (ms since 1970 UTC). Strategies are long or
 * flat: an answer that buys what is held already, or sells what is not, asks for nothing.
 */
export const evaluationOf = (
  consulted: StrategyConsulted['data'] | undefined,
  openTime: number,
  { quantity }: Holding,
): Evaluation => {
  if (consulted === undefined) return notConsulted
  const { answer, failure } = consulted
  if (answer === undefined || failure !== undefined)
    return silent(`no answer of the strategy server: ${failure?.reason ?? 'none'}, ${failure?.detail ?? ''}`)
  if (Date.parse(answer.openTime) !== openTime || !isChampionSource(answer.champion.source))
    return silent('the recorded answer is not one to this question')
  const { action, signal, confidence, reasons, indicators, limitPrice } = answer
  const rest = { signal, confidence, indicators }
  if (action === 'buy' && quantity > 0)
    return { ...rest, action: 'none', reasons: [...reasons, 'it is held already: nothing to buy'] }
  if (action === 'sell' && !(quantity > 0))
    return { ...rest, action: 'none', reasons: [...reasons, 'nothing is held: nothing to sell'] }
  return {
    ...rest,
    action,
    reasons,
    ...(limitPrice === undefined || action !== 'buy' ? {} : { limitPrice }),
  }
}
