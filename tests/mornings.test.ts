// Scans of consecutive sessions, twice, in different time zones of the machine: the same ledger, event by event. A few
// sessions here; `npm run test:morning` takes more than a hundred.

import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openJsonlReader } from '../adapters/jsonl-store.ts'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import { main } from '../commands/main.ts'
import { nextSession } from '../domain/calendar.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import type { CalendarDate } from '../domain/time.ts'
import { capturedScreen } from './commands/captured-screen.ts'
import { files } from './recorded-bars.ts'

const count = Number(process.env.VERITAPE_MORNINGS ?? 4)
const machine = process.env.TZ
afterEach(() => {
  if (machine === undefined) delete process.env.TZ
  else process.env.TZ = machine
})

const sessionsFrom = (first: CalendarDate): readonly CalendarDate[] => {
  const dates = [first]
  while (dates.length < count) {
    const next = nextSession(nyseCalendar, dates.at(-1) as CalendarDate)
    if (next === 'unknown') throw new Error('the calendar ends')
    dates.push(next.date)
  }
  return dates
}

/** The events of a book after these scans; ids of the ledger itself are another matter. */
const scanned = async (zone: string, dates: readonly CalendarDate[]) => {
  process.env.TZ = zone
  const folder = mkdtempSync(join(tmpdir(), 'veritape-mornings-'))
  const bars = join(folder, 'bars.csv.gz')
  copyFileSync(files.sp500.file, bars)
  const config = join(folder, 'book.json')
  writeFileSync(
    config,
    JSON.stringify({
      book: 'mornings',
      mode: 'paper',
      calendar: 'nyse',
      zone: 'America/New_York',
      ledger: 'ledger',
      state: 'state',
      market: { files: [{ symbol: '*', timeframe: '1D', path: 'bars.csv.gz' }] },
      execute: { symbols: [], timeframe: '1D' },
      warnings: { index: 'MSFT' },
    }),
  )
  for (const date of dates) {
    const { screen } = capturedScreen()
    const argv = ['scan', '--as-of', `${date}T08:30`, '--config', config]
    expect(await main(argv, new AbortController().signal, screen)).toBe(0)
  }
  const store = await openJsonlReader(join(folder, 'ledger/mornings'))
  const events: Recorded<BookEvent>[] = []
  for await (const each of store.readAll()) events.push(each)
  await store.close()
  return { offset: new Date(2015, 0, 1).getTimezoneOffset(), events }
}

/** Who holds a ledger and when it was made is the ledger's own; everything else must be the same. */
const told = (events: readonly Recorded<BookEvent>[]): readonly string[] =>
  events
    .filter(({ stream }) => stream !== 'ledger')
    .map(({ seq, stream, revision, at, cause, event }) =>
      JSON.stringify([seq, stream, revision, at, cause, event]),
    )

test(`${count} consecutive sessions, in Tokyo and in Honolulu: the same events at the same places`, async () => {
  const dates = sessionsFrom('2015-03-04') // across the change of the clocks on 8 March
  const tokyo = await scanned('Asia/Tokyo', dates)
  const honolulu = await scanned('Pacific/Honolulu', dates)
  expect([tokyo.offset, honolulu.offset]).toEqual([-540, 600]) // the machine really was elsewhere
  expect(told(honolulu.events)).toEqual(told(tokyo.events))
  const published = tokyo.events.filter(({ event }) => event.type === 'WatchlistPublished')
  expect(published.map(({ event }) => (event.data as { session: string }).session)).toEqual(dates)
  const started = tokyo.events.filter(({ event }) => event.type === 'ScanStarted')
  const hours = new Set(started.map(({ event }) => (event.data as { clock: string }).clock.slice(11)))
  expect(hours).toEqual(new Set(['13:30:00.000Z', '12:30:00.000Z']))
})
