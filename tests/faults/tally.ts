// What was injected, how often, and what came of it: every test of the suite adds to it, the full run prints it.

import { appendFileSync, readFileSync } from 'node:fs'

export const full = process.env.VERITAPE_FAULTS === 'full'

export interface Row {
  /** What was done to the ledger. */
  readonly fault: string
  readonly times: number
  /** What followed, and how often. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly proven: string
}

/** Counts outcomes under names; `row` hands them in. */
export const counting = () => {
  const outcomes: Record<string, number> = {}
  let times = 0
  return {
    add: (outcome: string, count = 1) => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count
      times += count
    },
    outcomes,
    /** Puts the row into the tally of a full run. */
    row: (fault: string, proven: string) => record({ fault, times, outcomes, proven }),
  }
}

/** For measurements and single cases: what was done once and what was seen. */
export const record = (row: Row): void => {
  const file = process.env.VERITAPE_FAULTS_TALLY
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`)
}

export const readTally = (file: string): readonly Row[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Row)
