// The five figures of a candle as a venue tells them: exact, complete, and such as one market can have had.

import { type Candle, candleObjection } from '../domain/candle.ts'
import { exactDecimal } from './exact-decimal.ts'

export type Figures = Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume'>

/** `told` is open, high, low, close, volume. Throws what `bad` makes of the objection; nothing of such an answer is believed. */
export const figuresOf = (told: readonly unknown[], at: string, bad: (why: string) => Error): Figures => {
  const [open, high, low, close, volume] = told.map(exactDecimal)
  if (
    open === undefined ||
    high === undefined ||
    low === undefined ||
    close === undefined ||
    volume === undefined
  )
    throw bad(`the candle of ${at} lacks a figure`)
  const figures = { open, high, low, close, volume }
  const objection = candleObjection(figures)
  if (objection !== undefined) throw bad(`the candle of ${at} cannot be: ${objection}`)
  return figures
}
