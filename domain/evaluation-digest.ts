// A running digest over evaluations: a long backtest proves all of them without writing each one down.
//
// Each evaluation adds doubles, little-endian: open time, action (-1 sell, 0 none, 1 buy), signal, confidence, the
// number of indicators, then their values in the order of the record. The digest of a block is the SHA-256 of the
// digest before it (64 hex digits; zeros at first) followed by the block's bytes.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import { type EventOf, event } from './event.ts'
import { sha256 } from './hash.ts'
import type { Evaluation } from './strategy.ts'
import { InstantText } from './time.ts'
import { Timeframe } from './timeframe.ts'

/** What a backtest is run over: recorded once, at its start. */
export const BacktestStarted = event('BacktestStarted', 1, {
  champion: z.string(),
  symbol: SymbolName,
  timeframe: Timeframe,
  /** SHA-256 of the candle file in the data folder: the bars are kept by reference. */
  dataset: z.string(),
  /** Open time of the first candle that is evaluated; the ones before only warm up. */
  from: InstantText,
  /** Close time of the last one. */
  to: InstantText,
  candles: z.int().nonnegative(),
})
export type BacktestStarted = EventOf<typeof BacktestStarted>

export const EvaluationsDigested = event('EvaluationsDigested', 1, {
  champion: z.string(),
  /** Close time of the last candle in it. */
  to: InstantText,
  /** Since the beginning. */
  evaluations: z.int().nonnegative(),
  digest: z.string(),
})
export type EvaluationsDigested = EventOf<typeof EvaluationsDigested>

/** Evaluations between two EvaluationsDigested. */
export const evaluationsPerDigest = 65_536

const action = { buy: 1, sell: -1, none: 0 } as const
const blockDoubles = 16_384
const largestEvaluation = 64

export interface EvaluationDigest {
  add(openTime: number, evaluation: Evaluation): void
  /** The digest so far. */
  value(): string
}

export const evaluationDigest = (): EvaluationDigest => {
  const block = new Float64Array(blockDoubles)
  const bytes = new Uint8Array(block.buffer)
  let used = 0
  let digest = '0'.repeat(64)

  const close = () => {
    digest = sha256(Buffer.concat([Buffer.from(digest, 'latin1'), bytes.subarray(0, used * 8)]))
    used = 0
  }

  return {
    add: (openTime, evaluation) => {
      if (used + largestEvaluation > blockDoubles) close()
      block[used++] = openTime
      block[used++] = action[evaluation.action]
      block[used++] = evaluation.signal
      block[used++] = evaluation.confidence
      const counted = used++
      let count = 0
      for (const name in evaluation.indicators) {
        block[used++] = evaluation.indicators[name] as number
        count++
      }
      block[counted] = count
    },
    value: () => {
      if (used > 0) close()
      return digest
    },
  }
}
