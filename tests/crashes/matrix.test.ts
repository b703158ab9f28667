// The crash matrix: the real program is killed with SIGKILL at every durable event and every network step of an order's
// life, against a venue that keeps books of its own. A few cells here; all of them with npm run test:crashes.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import type { VenueName } from '../venue-simulator/script.ts'
import { cell } from './cell.ts'
import { type Place, places } from './places.ts'
import { theatre } from './stage.ts'

const full = process.env.VERITAPE_CRASHES === 'full'
const venues = (process.env.VERITAPE_CRASH_VENUES ?? 'binance').split(',') as VenueName[]
/** Only places whose name contains this: repeats a cell. */
const only = process.env.VERITAPE_CRASH_ONLY
const tally = process.env.VERITAPE_CRASHES_TALLY
/** What run.ts calls the program; kept with each outcome. */
const program = process.env.VERITAPE_CRASH_PROGRAM
/** 'i/n': the i-th of n parts, from 0, that run beside each other. */
const [part = 0, parts = 1] = (process.env.VERITAPE_CRASH_PART ?? '0/1').split('/').map(Number)

/** Whether an earlier run that was interrupted has told of this cell. */
const isTold = (venue: string, { life, where }: Place): boolean =>
  tally !== undefined &&
  existsSync(tally) &&
  readFileSync(tally, 'utf8').includes(JSON.stringify({ venue, life, where }).slice(0, -1))

/** An order asked for and never sent, one sent whose answer nobody heard, and a fill half written. */
const few = [
  'market order, OrderRequested: durable',
  'market order, place: done, the answer on its way',
  'market order, find, the order is there: sent, never arrives',
  'market order, OrderFilled (2.): half written',
]

const nameOf = ({ life, where }: Place) => `${life}, ${where}`
const wanted = places.filter(
  (place, index) =>
    index % parts === part &&
    (full || only !== undefined || few.includes(nameOf(place))) &&
    (only === undefined || nameOf(place).includes(only)),
)

test('the few are among the places, and no place is there twice', () => {
  expect(few.filter(name => !places.some(place => nameOf(place) === name))).toEqual([])
  expect(new Set(places.map(nameOf)).size).toBe(places.length)
})

const cellsOf = (venue: VenueName) => wanted.filter(place => !isTold(venue, place))

describe.each(venues.filter(venue => cellsOf(venue).length > 0))('an order at %s', venue => {
  const on = theatre(venue, temporaryFolder())
  test.each(cellsOf(venue).map(place => [nameOf(place), place] as const))(
    'is there once: killed at %s',
    { timeout: 300_000 },
    async (_, place) => {
      const { life, where } = place
      const tell = (outcome: string) => {
        const line = JSON.stringify({ venue, life, where, outcome, program })
        if (tally !== undefined) appendFileSync(tally, `${line}\n`)
      }
      try {
        tell(await cell(on, place))
      } catch (error) {
        tell('BROKEN')
        throw error
      }
    },
  )
})
