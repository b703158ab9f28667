// Wilder's smoothing, the average inside RSI and ATR.

/**
 * The mean of the first `length` values, then previous + (value - previous) / length; undefined until there are
 * `length` values. Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978).
 */
export const wilder = (length: number): ((value: number) => number | undefined) => {
  let seen = 0
  let average = 0
  return value => {
    seen += 1
    if (seen < length) {
      average += value
      return undefined
    }
    average = seen === length ? (average + value) / length : average + (value - average) / length
    return average
  }
}
