// Relative strength index.

import { wilder } from './wilder.ts'

/**
 * RSI = 100 - 100 / (1 + average gain / average loss), 0 … 100, both averages Wilder's; undefined until `length`
 * changes were seen, which takes length + 1 values. 100 when there was no loss, 50 when nothing moved at all.
 * Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978).
 */
export const rsi = (length: number): ((value: number) => number | undefined) => {
  const gains = wilder(length)
  const losses = wilder(length)
  let previous: number | undefined
  return value => {
    const change = previous === undefined ? undefined : value - previous
    previous = value
    if (change === undefined) return undefined
    const gain = gains(Math.max(change, 0))
    const loss = losses(Math.max(-change, 0))
    if (gain === undefined || loss === undefined) return undefined
    if (loss === 0) return gain === 0 ? 50 : 100
    return 100 - 100 / (1 + gain / loss)
  }
}
