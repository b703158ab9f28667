// Breakout: in when a candle closes above the channel of the bars before it, out when one closes below the exit
// channel or below a stop that trails the market.
//
// The stop is a chandelier (C. Le Beau): the highest high of the last `exitBars` minus `trailAtr` ATRs. It follows
// from candles alone, never from the entry, so that a restarted run has the same stop.
//
// Confidence is how far the close stands beyond the level that decided, in ATRs, at most 1; 0 when nothing did.

import * as z from 'zod'
import { figure } from '../figure.ts'
import { atr } from '../indicators/atr.ts'
import { channel } from '../indicators/channel.ts'
import { extreme } from '../indicators/extreme.ts'
import type { Evaluation, Strategy } from '../strategy.ts'
import { warmingUp } from './warming-up.ts'

const parameters = z.strictObject({
  /** Length of the channel that an entry leaves, in candles. */
  entryBars: z.int().min(2).max(2000),
  /** Length of the channel that an exit leaves, and the reach of the stop. */
  exitBars: z.int().min(2).max(2000),
  atrBars: z.int().min(2).max(500),
  /** Distance of the stop from the highest high, in ATRs. */
  trailAtr: z.number().min(0.5).max(20),
})
type Parameters = z.infer<typeof parameters>

/** Four lengths of the ATR, so that its seed hardly shows (below 2 %). */
const warmUp = ({ entryBars, exitBars, atrBars }: Parameters): number =>
  Math.max(entryBars, exitBars, 4 * atrBars)

const inside: readonly string[] = Object.freeze(['the close is inside the channel'])
const holds: readonly string[] = Object.freeze(['the close is above the exit channel and the stop'])

export const breakout: Strategy<Parameters> = {
  name: 'breakout',
  parameters,
  warmUp,
  start: given => {
    const entryChannel = channel(given.entryBars)
    const exitChannel = channel(given.exitBars)
    const highest = extreme(given.exitBars, 'highest')
    const range = atr(given.atrBars)
    const needed = warmUp(given)
    let seen = 0

    return (bar, holding): Evaluation => {
      const entry = entryChannel(bar)
      const exit = exitChannel(bar)
      const barRange = range(bar)
      highest.add(bar.high)
      const top = highest.value()
      seen += 1
      if (seen <= needed) return warmingUp
      if (entry === undefined || exit === undefined || barRange === undefined || top === undefined)
        return warmingUp

      const { close } = bar
      const stop = top - given.trailAtr * barRange
      const indicators = { upper: entry.upper, lower: exit.lower, stop, atr: barRange }
      const beyond = (distance: number) => (distance === 0 ? 0 : Math.min(1, distance / barRange))

      if (holding.quantity > 0) {
        if (close >= exit.lower && close >= stop)
          return { action: 'none', signal: 1, confidence: 0, reasons: holds, indicators }
        const level = Math.max(exit.lower, stop)
        const name =
          level === stop ? `the stop ${figure(stop)}` : `the ${given.exitBars}-bar low ${figure(level)}`
        return {
          action: 'sell',
          signal: -1,
          confidence: beyond(level - close),
          reasons: [`close ${figure(close)} is below ${name}`],
          indicators,
        }
      }
      if (close <= entry.upper)
        return { action: 'none', signal: 0, confidence: 0, reasons: inside, indicators }
      const left = `close ${figure(close)} is above the ${given.entryBars}-bar high ${figure(entry.upper)}`
      // A long wick can put the stop above the close: such an entry would be sold by the next candle.
      if (close < stop)
        return {
          action: 'none',
          signal: 0,
          confidence: 0,
          reasons: [left, `it is below the stop ${figure(stop)}`],
          indicators,
        }
      return {
        action: 'buy',
        signal: 1,
        confidence: beyond(close - entry.upper),
        reasons: [left],
        indicators,
      }
    }
  },
}
