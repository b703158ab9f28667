// Donchian channel: the range that a breakout leaves.

import type { Bar } from '../candle.ts'
import { extreme } from './extreme.ts'

export interface Channel {
  readonly upper: number
  readonly lower: number
}

/**
 * Highest high and lowest low of the last `length` bars before the current one, so that a bar can leave the
 * channel; undefined until there are that many. Source: R. Donchian's four-week rule (1960).
 */
export const channel = (length: number): ((bar: Pick<Bar, 'high' | 'low'>) => Channel | undefined) => {
  const highest = extreme(length, 'highest')
  const lowest = extreme(length, 'lowest')
  return ({ high, low }) => {
    const upper = highest.value()
    const lower = lowest.value()
    highest.add(high)
    lowest.add(low)
    return upper === undefined || lower === undefined ? undefined : { upper, lower }
  }
}
