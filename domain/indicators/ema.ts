// Exponential moving average.

/**
 * EMA with alpha = 2 / (length + 1), seeded with the first value; undefined until `length` values were seen.
 * Source: P. N. Haurlan, Measuring Trend Values (1968). After 4 × length values the seed weighs less than 0.04 %.
 */
export const ema = (length: number): ((value: number) => number | undefined) => {
  const alpha = 2 / (length + 1)
  let seen = 0
  let average = 0
  return value => {
    average = seen === 0 ? value : value * alpha + average * (1 - alpha)
    seen += 1
    return seen < length ? undefined : average
  }
}
