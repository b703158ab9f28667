// EMA cross: in when the fast average of the close crosses above the slow one, out while it is below.
//
// Confidence is the distance between the two averages in ATRs (14 bars), at most 1.

import * as z from 'zod'
import { figure } from '../figure.ts'
import { atr } from '../indicators/atr.ts'
import { ema } from '../indicators/ema.ts'
import { rsi } from '../indicators/rsi.ts'
import type { Evaluation, Strategy } from '../strategy.ts'
import { warmingUp } from './warming-up.ts'

const parameters = z
  .strictObject({
    /** Lengths of the averages, in candles. */
    fast: z.int().min(2).max(500),
    slow: z.int().min(3).max(2000),
    /** When given, a cross is let pass unless RSI is below `buyBelow`. */
    rsi: z.strictObject({ length: z.int().min(2).max(200), buyBelow: z.number().min(1).max(100) }).optional(),
  })
  .refine(({ fast, slow }) => fast < slow, { path: ['fast'], error: 'must be shorter than slow' })
type Parameters = z.infer<typeof parameters>

const atrLength = 14

/** Four lengths of the slow average, so that its seed no longer shows: a restart decides as if there had been none. */
const warmUp = ({ slow, rsi: filter }: Parameters): number =>
  4 * Math.max(slow, atrLength, filter?.length ?? 0)

const above: readonly string[] = Object.freeze(['the fast EMA is above the slow EMA'])
const below: readonly string[] = Object.freeze(['the fast EMA is not above the slow EMA'])

export const emaCross: Strategy<Parameters> = {
  name: 'ema-cross',
  parameters,
  warmUp,
  start: given => {
    const fastEma = ema(given.fast)
    const slowEma = ema(given.slow)
    const range = atr(atrLength)
    const strength = given.rsi === undefined ? undefined : rsi(given.rsi.length)
    const buyBelow = given.rsi?.buyBelow ?? 100
    const needed = warmUp(given)
    let seen = 0
    let wasAbove = false

    return (bar, holding): Evaluation => {
      const fast = fastEma(bar.close)
      const slow = slowEma(bar.close)
      const barRange = range(bar)
      const rsiNow = strength?.(bar.close)
      seen += 1
      if (fast === undefined || slow === undefined || barRange === undefined) return warmingUp
      const isAbove = fast > slow
      const crossed = isAbove && !wasAbove
      wasAbove = isAbove
      if (seen <= needed) return warmingUp

      const spread = Math.abs(fast - slow)
      const confidence = spread === 0 ? 0 : Math.min(1, spread / barRange)
      const indicators =
        rsiNow === undefined ? { fast, slow, atr: barRange } : { fast, slow, atr: barRange, rsi: rsiNow }
      const signal = isAbove ? 1 : spread === 0 ? 0 : -1

      if (holding.quantity > 0 && signal === -1) {
        const reason = `EMA ${given.fast} ${figure(fast)} is below EMA ${given.slow} ${figure(slow)}`
        return { action: 'sell', signal, confidence, reasons: [reason], indicators }
      }
      if (holding.quantity === 0 && crossed) {
        const cross = `EMA ${given.fast} ${figure(fast)} crossed above EMA ${given.slow} ${figure(slow)}`
        const strong = rsiNow === undefined || rsiNow < buyBelow
        const reasons = [cross]
        if (rsiNow !== undefined)
          reasons.push(
            `RSI ${given.rsi?.length} ${figure(rsiNow)} is ${strong ? 'below' : 'not below'} ${buyBelow}`,
          )
        return { action: strong ? 'buy' : 'none', signal, confidence, reasons, indicators }
      }
      return { action: 'none', signal, confidence, reasons: isAbove ? above : below, indicators }
    }
  },
}
