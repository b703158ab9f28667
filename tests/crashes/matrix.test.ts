// The crash matrix: the real program is killed with SIGKILL at every durable event and every network step of an order's
// life, against a venue that keeps books of its own. A few cells here; all of them with npm run test:crashes.

import { appendFileSync } from 'node:fs'
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

/** One of each kind of death: an order asked for and never sent, one that arrives late, a torn fill, a cancel in doubt. */
const few = [
  'market order, OrderRequested: durable',
  'market order, place: arrives 300 ms after the death',
  'market order, OrderFilled (2.): half written',
  'cancel, cancel: done, the answer on its way',
]

const nameOf = ({ life, where }: Place) => `${life}, ${where}`
const wanted = places.filter(
  place =>
    (full || only !== undefined || few.includes(nameOf(place))) &&
    (only === undefined || nameOf(place).includes(only)),
)

test('the few are among the places, and no place is there twice', () => {
  expect(few.filter(name => !places.some(place => nameOf(place) === name))).toEqual([])
  expect(new Set(places.map(nameOf)).size).toBe(places.length)
})

describe.each(venues)('an order at %s', venue => {
  const on = theatre(venue, temporaryFolder())
  test.each(wanted.map(place => [nameOf(place), place] as const))(
    'is there once: killed at %s',
    { timeout: 300_000 },
    async (_, place) => {
      const { life, where } = place
      const tell = (outcome: string) => {
        if (tally !== undefined)
          appendFileSync(tally, `${JSON.stringify({ venue, life, where, outcome })}\n`)
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
