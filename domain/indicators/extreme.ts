// The highest or lowest of the last values of a series, and how long ago it was.

export interface Extreme {
  /** Takes the next value and drops the one that leaves the window. */
  add(value: number): void
  /** The extreme of the window; the latest one when several are equal. Undefined until the window is full. */
  value(): number | undefined
  /** How many values came after it: 0 when it is the last one. */
  age(): number
}

/** Highest or lowest of the last `length` values. The window is searched again only when its extreme leaves it. */
export const extreme = (length: number, which: 'highest' | 'lowest'): Extreme => {
  // Lowest is highest with the sign turned: one comparison for both.
  const sign = which === 'highest' ? 1 : -1
  const window = new Float64Array(length)
  let seen = 0
  let best = Number.NEGATIVE_INFINITY
  let bestAge = 0
  return {
    add: value => {
      const signed = value * sign
      window[seen % length] = signed
      seen += 1
      bestAge += 1
      if (signed >= best) {
        best = signed
        bestAge = 0
        return
      }
      if (bestAge < length) return
      best = Number.NEGATIVE_INFINITY
      for (let age = length - 1; age >= 0; age -= 1) {
        const each = window[(seen - 1 - age) % length] as number
        if (each < best) continue
        best = each
        bestAge = age
      }
    },
    value: () => (seen < length ? undefined : best * sign),
    age: () => bestAge,
  }
}
