// A benchmark: one thing done by us and one done by somebody else, in turns, in the same process, on the same machine.
//
// Seconds mean nothing on somebody else's computer and little on a busy one. What two neighbours did one after the
// other in the same second can be compared: a ratio for each round, and the median of the rounds.

/** How much to do: 'quick' shows that everything runs, its ratios mean nothing. */
export type Size = 'full' | 'quick'

export interface Pair {
  /** Does our part once; gives how many milliseconds one unit of work took. */
  readonly ours: () => Promise<number> | number
  readonly theirs: () => Promise<number> | number
  readonly rounds: number
  /** What is counted: 'event', 'start'. */
  readonly unit: string
  /** What the data of our part takes in memory, where that is worth telling. */
  readonly memoryBytes?: number
  readonly close?: () => Promise<void> | void
}

/** Why there is nothing to measure. */
export interface Skipped {
  readonly skipped: string
}

export interface Benchmark {
  /** As in the table: 'filter_vs_jsonparse'. */
  readonly name: string
  readonly ours: string
  readonly theirs: string
  /** 'speed' is theirs / ours in time, more is better; 'cost' is ours / theirs, less is better. */
  readonly ratio: 'speed' | 'cost'
  /** undefined: for information. */
  readonly target: number | undefined
  /** `folder` is empty and goes away afterwards. */
  readonly prepare: (folder: string, size: Size) => Promise<Pair | Skipped>
}

export interface Measured {
  readonly ratio: number
  /** Quarter and three quarters of the rounds. */
  readonly low: number
  readonly high: number
  readonly rounds: number
  /** Milliseconds for one unit, medians. */
  readonly ours: number
  readonly theirs: number
  readonly unit: string
  readonly memoryBytes?: number
}

/** A B A B …, after one round that is not counted. */
export const measure = async ({ ratio }: Benchmark, pair: Pair): Promise<Measured> => {
  const ratios: number[] = []
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= pair.rounds; round++) {
    globalThis.gc?.()
    const own = await pair.ours()
    globalThis.gc?.()
    const other = await pair.theirs()
    if (round === 0) continue
    ours.push(own)
    theirs.push(other)
    ratios.push(ratio === 'speed' ? other / own : own / other)
  }
  return {
    ratio: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
    rounds: pair.rounds,
    ours: quantile(ours, 0.5),
    theirs: quantile(theirs, 0.5),
    unit: pair.unit,
    ...(pair.memoryBytes === undefined ? {} : { memoryBytes: pair.memoryBytes }),
  }
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] as number

export const meets = (target: number, kind: Benchmark['ratio'], ratio: number): boolean =>
  kind === 'speed' ? ratio >= target : ratio <= target

/** Milliseconds that some work took. */
export const timed = async (work: () => unknown): Promise<number> => {
  const before = performance.now()
  await work()
  return performance.now() - before
}
