// The clock is wrong, is put right, sleeps for a week, or lives through the days on which clocks change: recorded
// times go up, segments go forward, none is empty, none is made twice.

import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { instantOf } from '../../domain/time.ts'
import { handClock } from '../cast.ts'
import { folderInMemory } from './folders.ts'
import { seeds, withSeed } from './seeded.ts'
import { create, groupOf, openBook } from './story.ts'
import { counting, full } from './tally.ts'
import {
  type Acknowledged,
  acknowledgedOf,
  damagesIn,
  requireAcknowledged,
  segmentsIn,
  witness,
} from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

const second = 1000
const hour = 3_600_000
const day = 24 * hour

/** A book with a hand clock. */
const bookOf = async (start: string, zone = 'UTC') => {
  const folder = `${folderInMemory()}/book`
  const clock = handClock(start)
  const open = () => openBook(folder, clock.now, { create: { ...create, zone } })
  let store = await open()
  let next = 0
  const acknowledged: Acknowledged[] = []
  return {
    folder,
    clock,
    append: async () => {
      const answer = await store.append(groupOf(next))
      if (answer._tag === 'Left') throw new Error(answer.left.kind)
      acknowledged.push(...answer.right.events.map(acknowledgedOf))
      next++
    },
    restart: async () => {
      await store.close()
      store = await open()
    },
    end: async () => {
      await store.close()
      requireForward(folder)
      requireAcknowledged(witness(folder), acknowledged)
      expect(await damagesIn(folder)).toEqual([])
    },
  }
}

/** Segments as their lines tell: each begins once, with its own name, after the one before it has closed with it. */
const requireForward = (folder: string) => {
  const names = segmentsIn(folder)
  const own = witness(folder).filter(({ stream }) => stream === 'ledger') // and recorded times go up
  expect(own.filter(({ type }) => type === 'SegmentOpened').map(({ data }) => data.segment)).toEqual(names)
  expect(own.filter(({ type }) => type === 'SegmentClosed').map(({ data }) => data.nextSegment)).toEqual(
    names.slice(1),
  )
  for (const name of names) expect(fs.statSync(`${folder}/${name}`).size).toBeGreaterThan(1000)
}

/** The date in a zone, as the platform says it and not as the program does. */
const dateIn = (zone: string, instant: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(new Date(instant))

for (const [name, jump] of [
  ['one second back', -second],
  ['an hour back', -hour],
  ['a day back', -day],
  ['a year forward', 365 * day],
] as const)
  test(`a clock that is put ${name}, and put right again`, async () => {
    const count = counting()
    for (const restarts of [false, true]) {
      const book = await bookOf('2023-03-24T00:00:00.500Z')
      await book.append()
      for (const step of [jump, second, -jump, second, jump, -jump]) {
        book.clock.advance(step)
        if (restarts) await book.restart()
        await book.append()
        count.add('append')
      }
      await book.end()
      const forward = jump > 0 ? ['2023-03-24.jsonl', '2024-03-23.jsonl'] : ['2023-03-24.jsonl']
      expect(segmentsIn(book.folder)).toEqual(forward)
    }
    count.row(`clock put ${name}`, 'G12: recorded times increase, no segment backwards')
  })

/** Zones and days on which a clock changes; Cairo's goes from midnight to one: its day has no midnight. */
const changes = [
  ['America/New_York', '2023-03-10T00:00:00.000Z', '2023-03-12', 23],
  ['America/New_York', '2023-11-03T00:00:00.000Z', '2023-11-05', 25],
  ['Africa/Cairo', '2023-04-26T00:00:00.000Z', '2023-04-28', 23],
  ['Australia/Lord_Howe', '2023-03-31T00:00:00.000Z', '2023-04-02', 24.5],
] as const

for (const [zone, start, changing, hours] of changes)
  test(`midnight of ${zone} around ${changing}, a day of ${hours} hours`, async () => {
    const book = await bookOf(start, zone)
    const dates = new Set<string>()
    const half = hour / 2 // Lord Howe's clock moves by so much
    let ofTheDay = 0
    for (let at = 0; at < 5 * day; at += half) {
      for (const instant of [at - 1, at]) {
        book.clock.set(instantOf(Date.parse(start) + instant))
        await book.append()
        dates.add(dateIn(zone, book.clock.now()))
      }
      if (dateIn(zone, book.clock.now()) === changing) ofTheDay++
    }
    await book.end()
    expect(segmentsIn(book.folder)).toEqual([...dates].sort().map(date => `${date}.jsonl`))
    expect(ofTheDay / 2).toBe(hours)
    const count = counting()
    count.add('a segment for each date', dates.size)
    count.row(`midnights of ${zone} around a day of ${hours} hours`, 'G3: no empty, no double segment')
  })

test('a week off closes one segment and opens one', async () => {
  for (const restarts of [false, true]) {
    const book = await bookOf('2023-03-24T20:00:00.000Z', 'America/New_York')
    await book.append()
    book.clock.advance(9 * day)
    if (restarts) await book.restart()
    await book.append()
    await book.end()
    expect(segmentsIn(book.folder)).toEqual(['2023-03-24.jsonl', '2023-04-02.jsonl'])
  }
  const count = counting()
  count.add('one segment closed, one opened', 2)
  count.row('nine days without an append', 'G3')
})

test('a clock that jumps at random', async () => {
  const count = counting()
  for (const seed of seeds(20, 400))
    await withSeed(seed, async chance => {
      const zone = chance.pick(['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati'])
      const book = await bookOf('2023-03-11T04:59:59.000Z', zone)
      for (let step = 0; step < 12; step++) {
        const far = chance.pick([1, second, hour, day, 30 * day])
        book.clock.advance((chance.below(2000) / 1000 - 0.7) * far)
        if (chance.once(5)) await book.restart()
        await book.append()
        count.add('append')
      }
      await book.end()
    })
  count.row('a clock that jumps at random, in four zones', 'G3 G12')
})
