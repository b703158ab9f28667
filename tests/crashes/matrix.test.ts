// The crash matrix: the real program is killed with SIGKILL at every durable event and every network step of an order's
// life, against a venue that keeps books of its own. A cell of two venues here; all of them with npm run test:crashes.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import { type VenueName, venueNames } from '../venue-simulator/script.ts'
import { cell } from './cell.ts'
import { type Place, places } from './places.ts'
import { theatre } from './stage.ts'

const full = process.env.VERITAPE_CRASHES === 'full'
const venuesAskedFor = process.env.VERITAPE_CRASH_VENUES?.split(',') as VenueName[] | undefined
/** Only places whose name contains this: repeats a cell. */
const only = process.env.VERITAPE_CRASH_ONLY
const isSample = !full && only === undefined
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

/**
 * A question on its way at a venue that takes its fee in what is bought, and an order that the next process is told of late at one
 * that takes money. At the others ccxt spaces its requests so far apart that a cell takes half a minute and more.
 */
const sample: Partial<Record<VenueName, string>> = {
  binance: 'market order, find, the order is there: sent, never arrives',
  kucoin: 'market order, place: done, the next process is told late',
}

const nameOf = ({ life, where }: Place) => `${life}, ${where}`
const isWanted = (venue: VenueName, place: Place): boolean =>
  isSample ? sample[venue] === nameOf(place) : only === undefined || nameOf(place).includes(only)

test('the sample is of the places, and no place is there twice', () => {
  const names = new Set(places.map(nameOf))
  expect(Object.values(sample).filter(name => !names.has(name))).toEqual([])
  expect(names.size).toBe(places.length)
})

const cellsOf = (venue: VenueName) =>
  places.filter((place, index) => index % parts === part && isWanted(venue, place) && !isTold(venue, place))

// Cells of one venue share its port; those of the sample are each of another.
const venues = venuesAskedFor ?? (isSample ? (Object.keys(sample) as VenueName[]) : venueNames)
const columns = isSample ? describe.concurrent : describe
columns.each(venues.filter(venue => cellsOf(venue).length > 0))('an order at %s', venue => {
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
