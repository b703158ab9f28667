// Chance that can be repeated: the same seed gives the same run.

export interface Chance {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number
  /** True once in `times`. */
  once(times: number): boolean
  pick<T>(from: readonly T[]): T
}

/** Mulberry32, as published by Tommy Ettinger into the public domain. */
export const chanceOf = (seed: number): Chance => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (bound: number) => next() % bound
  return {
    below,
    once: times => below(times) === 0,
    pick: from => from[below(from.length)] as (typeof from)[number],
  }
}

/** The quick suite is the same every time; the full one begins anywhere. SEED=… repeats a run of either. */
export const firstSeed = (): number => {
  const given = process.env.SEED
  if (given !== undefined) return Number(given)
  return process.env.VERITAPE_FAULTS === 'full' ? Date.now() % 1_000_000_000 : 1
}

/** How many seeds a test runs: one when a person repeats it, else many or few. */
export const seeds = (quick: number, full: number): readonly number[] => {
  const count = process.env.SEED !== undefined ? 1 : process.env.VERITAPE_FAULTS === 'full' ? full : quick
  return Array.from({ length: count }, (_, index) => firstSeed() + index)
}

/** Runs `work` with chance of this seed; a failure begins with the seed that repeats it. */
export const withSeed = async (seed: number, work: (chance: Chance) => Promise<void>): Promise<void> => {
  try {
    await work(chanceOf(seed))
  } catch (error) {
    throw new Error(`SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
