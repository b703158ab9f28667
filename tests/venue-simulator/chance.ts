// Chance by a seed: the same numbers on every machine.

/** mulberry32: numbers in [0, 1). */
export const seeded = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One number in [0, 1) for a place in a sequence, without walking there. */
export const noise = (seed: number, place: number): number =>
  seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(place | 0, 0x85ebca6b))()
