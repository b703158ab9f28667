// Simple moving average.

/**
 * The mean of the last `length` values; undefined until there are that many. Source: the definition.
 * The window is summed anew once per turn of the ring, so that rounding errors do not pile up over a long run.
 */
export const sma = (length: number): ((value: number) => number | undefined) => {
  const window = new Float64Array(length)
  let seen = 0
  let place = 0
  let total = 0
  return value => {
    total += value - (window[place] as number)
    window[place] = value
    place += 1
    seen += 1
    if (place === length) {
      place = 0
      total = 0
      for (const each of window) total += each
    }
    return seen < length ? undefined : total / length
  }
}
