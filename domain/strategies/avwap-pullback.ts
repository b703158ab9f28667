// AVWAP pullback: buys a rising market that has come back to the anchored VWAP, with an order that rests near it.
//
//   high  ─────────── at least reachAtr ATRs above AVWAP, within the last windowBars: the price had left
//   band  ─ ─ ─ ─ ─ ─ AVWAP + bandAtr × ATR: the close is back below it
//   limit ─────────── AVWAP + limitAtr × ATR, or the close when that is lower
//   AVWAP ═══════════
//   stop  ─ ─ ─ ─ ─ ─ AVWAP - bandAtr × ATR: a close below it sells, as does one targetAtr ATRs above the entry
//
// The anchor can move, and AVWAP with it; a slide in small steps would take the stop down for ever. So the stop of a
// position is never farther below its entry than limitAtr + bandAtr ATRs, which is where it was when the limit was
// filled. AVWAP is the one that stood when the candle opened: a new low is not judged by an AVWAP that begins with it.
//
// Confidence of an entry is 1 at AVWAP and 0 at the edge of the band; an exit has 1, everything else 0.

import * as z from 'zod'
import { figure } from '../figure.ts'
import { atr } from '../indicators/atr.ts'
import { dayVwap } from '../indicators/day-vwap.ts'
import { ema } from '../indicators/ema.ts'
import { extreme } from '../indicators/extreme.ts'
import { swingLowVwap } from '../indicators/swing-low-vwap.ts'
import type { Evaluation, Strategy } from '../strategy.ts'
import { warmingUp } from './warming-up.ts'

const parameters = z
  .strictObject({
    /**
     * Where AVWAP begins: the lowest low of the last `windowBars`, or the first candle of the UTC day. With 'day' the
     * window should hold a day of candles: else a run that starts late in the day has no opinion before midnight.
     */
    anchor: z.enum(['swing-low', 'day']),
    windowBars: z.int().min(5).max(2000),
    /** Length of the EMA that must rise. */
    trendBars: z.int().min(2).max(1000),
    atrBars: z.int().min(2).max(500),
    /** The rest are distances in ATRs; the picture above says from where. */
    bandAtr: z.number().min(0.1).max(10),
    reachAtr: z.number().min(0.1).max(50),
    limitAtr: z.number().min(0).max(10),
    targetAtr: z.number().min(0.1).max(50),
  })
  .refine(({ limitAtr, bandAtr }) => limitAtr <= bandAtr, {
    path: ['limitAtr'],
    error: 'must not be above bandAtr',
  })
  .refine(({ reachAtr, bandAtr }) => reachAtr > bandAtr, {
    path: ['reachAtr'],
    error: 'must be above bandAtr: nothing comes back that has not left',
  })
type Parameters = z.infer<typeof parameters>

/** Four lengths of the averages, so that their seeds hardly show. */
const warmUp = ({ windowBars, trendBars, atrBars }: Parameters): number =>
  Math.max(windowBars, 4 * trendBars, 4 * atrBars)

const holds: readonly string[] = Object.freeze(['the close is between the stop and the target'])
const falling: readonly string[] = Object.freeze(['the trend EMA is not rising'])
const underneath: readonly string[] = Object.freeze(['the close is below AVWAP'])
const tooFar: readonly string[] = Object.freeze(['the close is above the band around AVWAP'])
const neverLeft: readonly string[] = Object.freeze(['the price has not left the band lately'])

export const avwapPullback: Strategy<Parameters> = {
  name: 'avwap-pullback',
  parameters,
  warmUp,
  start: given => {
    const vwap = given.anchor === 'day' ? dayVwap() : swingLowVwap(given.windowBars)
    const trendEma = ema(given.trendBars)
    const range = atr(given.atrBars)
    const highest = extreme(given.windowBars, 'highest')
    const needed = warmUp(given)
    let seen = 0
    let avwapNow: number | undefined
    let trendNow: number | undefined

    return (bar, holding): Evaluation => {
      const avwap = avwapNow
      avwapNow = vwap(bar)
      const barRange = range(bar)
      const before = trendNow
      const trend = trendEma(bar.close)
      trendNow = trend
      highest.add(bar.high)
      const high = highest.value()
      seen += 1
      if (seen <= needed) return warmingUp
      // AVWAP may still be missing: no day has started yet, or nothing was traded since the anchor.
      if (avwap === undefined || barRange === undefined || high === undefined) return warmingUp
      if (trend === undefined || before === undefined) return warmingUp

      const { close } = bar
      const band = given.bandAtr * barRange
      const rising = trend > before

      if (holding.quantity > 0) {
        const farthest = holding.entryPrice - (given.limitAtr + given.bandAtr) * barRange
        const stop = Math.max(avwap - band, farthest)
        const target = holding.entryPrice + given.targetAtr * barRange
        const indicators = { avwap, atr: barRange, trend, high, stop, target }
        const sell = (reason: string): Evaluation => ({
          action: 'sell',
          signal: -1,
          confidence: 1,
          reasons: [reason],
          indicators,
        })
        if (close < stop)
          return sell(`close ${figure(close)} is below the stop ${figure(stop)}; AVWAP is ${figure(avwap)}`)
        if (close >= target) return sell(`close ${figure(close)} reached the target ${figure(target)}`)
        return { action: 'none', signal: 1, confidence: 0, reasons: holds, indicators }
      }

      const indicators = { avwap, atr: barRange, trend, high, stop: avwap - band }
      const none = (signal: 0 | -1, reasons: readonly string[]): Evaluation => ({
        action: 'none',
        signal,
        confidence: 0,
        reasons,
        indicators,
      })
      if (close < avwap) return none(close < avwap - band ? -1 : 0, underneath)
      if (!rising) return none(0, falling)
      if (barRange === 0 || close > avwap + band) return none(0, tooFar)
      if (high < avwap + given.reachAtr * barRange) return none(0, neverLeft)
      return {
        action: 'buy',
        signal: 1,
        confidence: 1 - (close - avwap) / band,
        reasons: [
          `close ${figure(close)} is ${((close - avwap) / barRange).toFixed(2)} ATR above AVWAP ${figure(avwap)}`,
          `the ${given.trendBars}-bar EMA rises to ${figure(trend)}`,
          `it came back from ${figure(high)}`,
        ],
        indicators,
        limitPrice: Math.min(close, avwap + given.limitAtr * barRange),
      }
    }
  },
}
