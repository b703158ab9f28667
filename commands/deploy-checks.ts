// What a release must show of a book before it may run: a configuration that it accepts, the data that the book needs,
// a ledger that it reads, and the decisions of a day, made again.

import { type Installed, objectionsIn, type Releases, readProof } from '../domain/release.ts'
import type { CalendarDate } from '../domain/time.ts'
import type { Place } from '../domain/unit-file.ts'
import type { Engine } from './engine.ts'

/** A book with units on this machine. */
export interface DeployedBook extends Place {
  readonly book: string
  readonly credentials: readonly string[]
  /** Path of its configuration. */
  readonly configuration: string
}

export interface Looked {
  /** Sentences; none when the release may run the book. */
  readonly objections: readonly string[]
  /** How many decisions of the day it would have made otherwise. */
  readonly changed: number
}

/** Asks the release itself, in the sandbox of the book's units; says what it found. Changes nothing. */
export const lookAt = async (
  { screen }: Engine,
  releases: Releases,
  program: Installed,
  book: DeployedBook,
  day: CalendarDate | undefined,
): Promise<Looked> => {
  const { good, bad } = screen.style
  const ask = (...argv: readonly string[]) =>
    releases.run(program, [...argv, '--json', '--config', book.configuration], book)
  const progress = screen.progress(`${book.book}: configuration, data, ledger, proof`, 2)
  try {
    const preflight = await ask('check', 'preflight', '--mode', 'all')
    const objections = objectionsIn(preflight.stdout)
    if (objections === undefined) return { objections: [lastWords(preflight)], changed: 0 }
    if (objections.length > 0) return { objections, changed: 0 }
    screen.say(`${book.book}: ${good('configuration, universe, bars and ledger are in order')}`)
    progress.at(1)
    if (day === undefined) {
      screen.say(`${book.book}: nothing was ever recorded, so there is nothing to prove`)
      return { objections: [], changed: 0 }
    }
    const replay = await ask('replay', day, '--prove')
    const proof = readProof(replay.stdout)
    if (proof === undefined) return { objections: [`no proof of ${day}: ${lastWords(replay)}`], changed: 0 }
    const { decisions, identical, differences } = proof
    if (differences.length === 0) {
      screen.say(`${book.book}: ${good(`${identical} of ${decisions} decisions of ${day} are made again`)}`)
      return { objections: [], changed: 0 }
    }
    screen.say(`${book.book}: ${bad(`${differences.length} decisions of ${day} would be others:`)}`)
    for (const { seq, kind, recorded, again } of differences.slice(0, shown)) {
      screen.say(`seq ${seq} (${kind}):`)
      screen.say(`  recorded ${recorded.slice(0, width)}`)
      screen.say(`  now      ${again.slice(0, width)}`)
    }
    if (differences.length > shown) screen.say(`… and ${differences.length - shown} more`)
    return { objections: [], changed: differences.length }
  } finally {
    progress.stop()
  }
}

const shown = 5
const width = 300

/** What a program said last that is not for programs. */
const lastWords = ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): string => {
  const last = `${stdout.trim().startsWith('{') ? '' : stdout}\n${stderr}`.trim().split('\n').at(-1) ?? ''
  return `${last === '' ? 'it said nothing' : last} (exit ${code})`
}
