// What a run of many seeds must have met: every kind of fault, and every kind with an order in each state in which it can
// be. reachable.json says which: what a long run met often (main.ts --claim writes it). A change after which one of them is
// never met any more has made the simulation blind there.

import { readFileSync } from 'node:fs'

/** How often it happened, by 'what | last event of the order it happened to'. */
export type Hits = Readonly<Record<string, number>>

interface Reachable {
  /** Met within so many seeds from seed 1 on, whatever the state. */
  readonly kinds: readonly string[]
  /** As in `Hits`. */
  readonly cells: readonly string[]
}

const file = 'tests/simulation/reachable.json'
/** With fewer seeds nothing is demanded; with fewer than the second, kinds only. */
export const seedsForKinds = 240
export const seedsForCells = 1500
/** A cell is claimed to be reachable that 1500 seeds met so often: by chance alone hardly any 1500 miss it. */
const often = 25
/** A kind is claimed to be met by the fewer seeds above that 1500 met so often: some five times in 240. */
const oftenEnoughForFew = 30

export const kindOf = (cell: string): string => cell.split(' | ')[0] as string

export const kindsIn = (hits: Hits): ReadonlySet<string> => new Set(Object.keys(hits).map(kindOf))

const reachable = (): Reachable => JSON.parse(readFileSync(file, 'utf8'))

/** What is claimed to be reachable and was not met. */
export const unmet = (hits: Hits, seeds: number): readonly string[] => {
  if (seeds < seedsForKinds) return []
  const { kinds, cells } = reachable()
  const met = kindsIn(hits)
  const missing = kinds.filter(kind => !met.has(kind))
  return seeds < seedsForCells ? missing : [...missing, ...cells.filter(cell => hits[cell] === undefined)]
}

/** The text of reachable.json after a run: kinds that its first seeds met too, cells from all of them. */
export const claim = (first: Hits, all: Hits): string => {
  const cells = Object.entries(all).filter(([, times]) => times >= often)
  const times = new Map<string, number>()
  for (const [cell, met] of Object.entries(all)) times.set(kindOf(cell), (times.get(kindOf(cell)) ?? 0) + met)
  const kinds = [...kindsIn(first)].filter(kind => (times.get(kind) ?? 0) >= oftenEnoughForFew)
  const text: Reachable = { kinds: kinds.sort(), cells: cells.map(([cell]) => cell).sort() }
  return `${JSON.stringify(text, undefined, 2)}\n`
}

export { file as reachableFile }
