// A champion: the one strategy, with its parameters, that may trade a symbol on a timeframe.
//
// It comes from a file with a `merged_config`. A strategy that runs on built-in defaults instead ("baseline",
// "fallback") is refused at start and at every evaluation: nobody chose it.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import { compare, DecimalText, isPositive } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import { objectionsIn } from './objections.ts'
import type { Strategy } from './strategy.ts'
import { Timeframe } from './timeframe.ts'

export const ChampionFile = z.strictObject({
  strategy: z.string(),
  /** One symbol, or '*' for whatever the book's watchlist names. */
  symbol: z.union([SymbolName, z.literal('*')]),
  timeframe: Timeframe,
  merged_config: z.strictObject({
    /** Money for one entry, in the book's currency. */
    orderValue: DecimalText,
    /** How many candles a resting entry may wait; 1 when the file says nothing. */
    restCandles: z.int().positive().max(1000).optional(),
    /** Where a stop rests at the venue, as a share below the entry price: '0.08' is 8 %. None when the file says nothing. */
    protectiveStop: DecimalText.optional(),
    parameters: z.record(z.string(), z.unknown()),
  }),
  /** Where the choice came from: a sweep, a person, a date. Free text for the audit. */
  chosen: z.string(),
})
export type ChampionFile = z.infer<typeof ChampionFile>

export interface Champion extends ChampionFile {
  /** Must contain 'champions': 'champions/BTC-USDT_5m.ema-cross.json'. */
  readonly source: string
  /** SHA-256 of the file's bytes. */
  readonly sha256: string
}

/** 'ema-cross@BTC/USDT-5m': names a champion in one market in events, streams and reports. */
export const championId = (strategy: string, symbol: string, timeframe: Timeframe): string =>
  `${strategy}@${symbol}-${timeframe}`

export const ChampionVerified = event('ChampionVerified', 2, {
  champion: z.string(),
  strategy: z.string(),
  symbol: SymbolName,
  timeframe: Timeframe,
  source: z.string(),
  sha256: z.string(),
  orderValue: DecimalText,
  restCandles: z.int().positive().max(1000).optional(),
  protectiveStop: DecimalText.optional(),
  parameters: z.record(z.string(), z.unknown()),
})
export type ChampionVerified = EventOf<typeof ChampionVerified>

export type ChampionRefusal =
  | 'baseline-fallback'
  | 'strategy-unknown'
  | 'parameters-refused'
  | 'changed-since-start'

export const ChampionRefused = event('ChampionRefused', 1, {
  champion: z.string(),
  source: z.string(),
  reason: z.enum(['baseline-fallback', 'strategy-unknown', 'parameters-refused', 'changed-since-start']),
  detail: z.string(),
})
export type ChampionRefused = EventOf<typeof ChampionRefused>

/** A champion comes from a champions folder; anything that calls itself a baseline or fallback was chosen by nobody. */
export const isChampionSource = (source: string): boolean =>
  source.includes('champions') && !/baseline|fallback/.test(source)

/** A ladder: the first objection is the answer. */
export const championObjection = (
  champion: Champion,
  strategies: ReadonlyMap<string, Strategy>,
): { readonly reason: ChampionRefusal; readonly detail: string } | undefined => {
  if (!isChampionSource(champion.source))
    return { reason: 'baseline-fallback', detail: `${champion.source} is not a champion file` }
  const strategy = strategies.get(champion.strategy)
  if (strategy === undefined)
    return {
      reason: 'strategy-unknown',
      detail: `${champion.strategy} is none of ${[...strategies.keys()].join(', ')}`,
    }
  const parsed = strategy.parameters.safeParse(champion.merged_config.parameters)
  if (!parsed.success) return { reason: 'parameters-refused', detail: objectionsIn(parsed.error) }
  const { protectiveStop } = champion.merged_config
  if (protectiveStop !== undefined && (!isPositive(protectiveStop) || compare(protectiveStop, '1') >= 0))
    return {
      reason: 'parameters-refused',
      detail: `protectiveStop ${protectiveStop} is no share between 0 and 1: '0.08' is 8 %`,
    }
  return undefined
}
