// The deliberate bugs of the fault suite and of the simulation still fit the program: each of their runs takes a quarter of an
// hour, and a bug that has lost its place is found here.

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mutations as ofTheStore } from './faults/mutations.ts'
import { mutations as ofTheEngine } from './simulation/mutations.ts'

interface Bug {
  readonly name: string
  readonly file: string
  readonly find: string
  /** The part of the fault suite that is asked first. */
  readonly soonest?: string
  readonly also?: { readonly file?: string; readonly find: string }
}

describe.each([
  ['of the store', ofTheStore],
  ['of the engine', ofTheEngine],
] as const)('the bugs %s', (_, bugs: readonly Bug[]) => {
  test.each(bugs.map(bug => [bug.name, bug] as const))('%s', (_name, { file, find, soonest, also }) => {
    if (soonest !== undefined)
      expect(existsSync(`${import.meta.dirname}/faults/${soonest}.test.ts`), soonest).toBe(true)
    for (const edit of [{ file, find }, ...(also === undefined ? [] : [{ file, ...also }])]) {
      const places =
        readFileSync(`${import.meta.dirname}/../${edit.file}`, 'utf8').split(edit.find).length - 1
      expect(places, `${edit.file}: ${edit.find}`).toBe(1)
    }
  })
})
