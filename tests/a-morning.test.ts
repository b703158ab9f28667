// A whole morning on a simulated clock, 08:25 to 09:35 New York, by the commands that timers and operators start: on an
// ordinary day, on the first sessions after both changes of the clocks, on a holiday, before an early close.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openJsonlReader } from '../adapters/jsonl-store.ts'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import { main } from '../commands/main.ts'
import { previousSession } from '../domain/calendar.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import type { CalendarDate } from '../domain/time.ts'
import { capturedScreen } from './commands/captured-screen.ts'
import { named } from './engine-in-memory.ts'
import { pullback } from './equity-world.ts'
import { redatedCsv } from './redated-bars.ts'

const tickers = [
  'ADI',
  'BMY',
  'COF',
  'EOG',
  'FB',
  'GE',
  'LLY',
  'MCD',
  'MO',
  'MSFT',
  'NKE',
  'PCLN',
  'SBUX',
  'XOM',
]
/** The last recorded session stands for this day, so that there are bars up to the end of November. */
const bars = redatedCsv(tickers, '2026-12-04')

interface Said {
  readonly code: number
  readonly json: Record<string, unknown>
  readonly text: string
}

const stage = () => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-a-morning-'))
  writeFileSync(join(folder, 'bars.csv'), bars)
  writeFileSync(join(folder, 'list.txt'), `# the universe\n${tickers.join('\n')}\n`)
  mkdirSync(join(folder, 'champions'))
  const { source: _source, sha256: _hash, ...champion } = pullback
  writeFileSync(join(folder, 'champions/any.json'), JSON.stringify(champion))
  writeFileSync(
    join(folder, 'book.json'),
    JSON.stringify({
      book: 'morning',
      mode: 'paper',
      currency: 'USD',
      cash: '100000',
      calendar: 'nyse',
      zone: 'America/New_York',
      logLevel: 'silent',
      ledger: 'ledger',
      state: 'state',
      market: { files: [{ symbol: '*', timeframe: '1D', path: 'bars.csv' }] },
      venue: { markets: { '*': { tick: '0.01', lot: '1', minimumQuantity: '1' } }, participation: '0.01' },
      execute: { symbols: [], timeframe: '1D', champions: 'champions' },
      limits: {
        orderValueMax: '12000',
        symbolExposureMax: '15000',
        grossExposureMax: '90000',
        lossPerDayMax: '3000',
        candleAgeMaxMs: 432_000_000,
      },
      universe: { lists: ['list.txt'], bars: 'store' },
      warnings: { index: 'MSFT', breadthMin: 0 },
    }),
  )
  const run = async (...argv: readonly string[]): Promise<Said> => {
    const { screen, stdout, stderr } = capturedScreen(true)
    const all = [...argv, '--json', '--config', join(folder, 'book.json')]
    const code = await main(all, new AbortController().signal, screen)
    const text = stdout()
    return {
      code,
      json: JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>,
      text: text + stderr(),
    }
  }
  const events = async (): Promise<readonly Recorded<BookEvent>[]> => {
    const store = await openJsonlReader(join(folder, 'ledger/morning'))
    const all: Recorded<BookEvent>[] = []
    for await (const each of store.readAll()) all.push(each)
    await store.close()
    return all
  }
  return { folder, run, events, view: (name: string) => join(folder, 'state/morning', name) }
}

const linesOf = ({ json }: Said) =>
  Object.fromEntries(
    (json.lines as { name: string; verdict: string; saw: string }[]).map(({ name, verdict, saw }) => [
      name,
      `${verdict} ${saw}`,
    ]),
  )

/** The session before, whole: so that there is a watchlist of yesterday. */
const yesterday = async ({ run }: ReturnType<typeof stage>, date: CalendarDate) => {
  const before = previousSession(nyseCalendar, date)
  if (before === 'unknown') throw new Error(`no session before ${date}`)
  for (const argv of [
    ['scan', '--as-of', `${before.date}T08:30`],
    ['project', '--once'],
    ['execute', '--paper', '--once', '--as-of', `${before.date}T08:40`],
  ])
    expect((await run(...argv)).code).toBe(0)
  return before.date
}

describe.each([
  ['an ordinary day', '2026-09-15', '12:30', '13:30', '20:00'],
  ['the Monday after the clocks went forward', '2026-03-09', '12:30', '13:30', '20:00'],
  ['the Monday after the clocks went back', '2026-11-02', '13:30', '14:30', '21:00'],
  ['the day after Thanksgiving, which closes at 13:00', '2026-11-27', '13:30', '14:30', '18:00'],
] as const)('%s, %s', (_, date, scanUtc, opensUtc, closesUtc) => {
  test('scan, gates, execution, and nothing before its time', async () => {
    const book = stage()
    const { run, events, view } = book
    const before = await yesterday(book, date)

    // 08:25: there is a session; yesterday's list is refused, also by the preflight.
    const session = await run('check', 'session', '--as-of', `${date}T08:25`)
    expect(session.code).toBe(0)
    expect(session.json.session).toMatchObject({
      open: `${date}T${opensUtc}:00.000Z`,
      close: `${date}T${closesUtc}:00.000Z`,
    })
    const stale = await run('watchlist', 'check', '--as-of', `${date}T08:25`)
    expect(stale.code).toBe(1)
    expect(stale.json.objection).toBe(`the watchlist is of ${before}, today is ${date}; run veritape scan`)
    const early = await run('check', 'preflight', '--mode', 'execution', '--as-of', `${date}T08:25`)
    expect(early.code).toBe(1)
    expect(linesOf(early).watchlist).toBe(`FAIL the watchlist is of ${before}, today is ${date}`)
    const scanReady = await run('check', 'preflight', '--mode', 'scan', '--as-of', `${date}T08:25`)
    expect([scanReady.code, linesOf(scanReady)['scan schedule']]).toEqual([
      2, // the bars of yesterday are not fetched yet
      expect.stringMatching(/^PASS .*is due by /),
    ])

    // 08:30: the scan; twice is once.
    expect((await run('scan', '--as-of', `${date}T08:30`)).code).toBe(0)
    const head = (await events()).length
    expect((await run('scan', '--as-of', `${date}T08:31`)).code).toBe(0)
    expect(await events()).toHaveLength(head)
    const started = named(await events(), 'ScanStarted').at(-1)?.event.data
    expect(started).toMatchObject({
      session: date,
      lastBar: before,
      clock: `${date}T${scanUtc}:00.000Z`,
      universe: 14,
    })

    // 08:31: the event is of today and the files are not yet: refused. Then the views follow.
    const behind = await run('watchlist', 'check', '--as-of', `${date}T08:31`)
    expect([behind.code, behind.json.objection]).toEqual([
      1,
      'daily_candidates.csv is not what the ledger says; run veritape project --once',
    ])
    expect((await run('project', '--once')).code).toBe(0)
    expect((await run('watchlist', 'check', '--as-of', `${date}T08:32`)).code).toBe(0)
    const list = readFileSync(view('tradingview_watchlist.txt'), 'utf8')
    expect(list.split('\n')[0]).toBe(`###${date}`)
    writeFileSync(view('tradingview_watchlist.txt'), list.replace('\n', '\nZZZZ\n'))
    const altered = await run('watchlist', 'check', '--as-of', `${date}T08:33`)
    expect([altered.code, altered.json.objection]).toEqual([
      1,
      'tradingview_watchlist.txt is not what the ledger says; run veritape project --once',
    ])
    writeFileSync(view('tradingview_watchlist.txt'), list)

    // 08:35: all is well.
    const preflight = await run('check', 'preflight', '--as-of', `${date}T08:35`)
    const lines = linesOf(preflight)
    expect(Object.entries(lines).filter(([, saw]) => saw.startsWith('FAIL'))).toEqual([])
    expect(lines.watchlist).toMatch(`PASS of ${date}, `)
    expect(lines['scan schedule']).toMatch(`last ${date}: ran at ${date}T${scanUtc}:00.000Z`)
    const again = await run('check', 'preflight', '--as-of', `${date}T08:35`)
    expect(again.text).toBe(preflight.text) // deterministic, and without side effects

    // 08:40: execution. Every order of the day stands on the list of the day.
    expect((await run('execute', '--paper', '--once', '--as-of', `${date}T08:40`)).code).toBe(0)
    const all = await events()
    const listed = named(all, 'WatchlistPublished').at(-1)?.event.data.tickers ?? []
    const today = named(all, 'OrderRequested').filter(({ event }) => event.data.decided > `${date}T00`)
    expect(today.length).toBeGreaterThan(0)
    for (const { event } of today) if (!event.data.reduceOnly) expect(listed).toContain(event.data.symbol)
    expect(named(all, 'CandleClosed').every(({ event }) => event.data.closeTime < date)).toBe(true)

    // 09:35: the bell has rung; no bar of today is closed, so nothing is decided on it.
    expect((await run('execute', '--paper', '--once', '--as-of', `${date}T09:35`)).code).toBe(0)
    expect(named(await events(), 'CandleClosed').every(({ event }) => event.data.closeTime < date)).toBe(true)
    expect((await run('verify')).code).toBe(0)
    expect((await run('replay', '--prove')).code).toBe(0)
  })
})

test('a holiday, 2026-11-26: every command says so, and nothing is scanned, ordered or called missed', async () => {
  const book = stage()
  const { run, events } = book
  const date = '2026-11-26'
  await yesterday(book, date)
  const known = (await events()).length
  expect((await run('check', 'session', '--as-of', `${date}T08:25`)).code).toBe(10)
  expect(await run('scan', '--as-of', `${date}T08:30`)).toMatchObject({ code: 0, json: { session: null } })
  expect(await events()).toHaveLength(known)
  const check = await run('watchlist', 'check', '--as-of', `${date}T08:35`)
  expect([check.code, check.json.objection]).toEqual([1, `there is no session today (${date})`])
  const preflight = await run('check', 'preflight', '--mode', 'scan', '--as-of', `${date}T08:35`)
  expect(preflight.code).toBe(2)
  expect(linesOf(preflight).session).toBe('WARN no session today')
  expect(
    (await run('check', 'preflight', '--mode', 'scan', '--strict', '--as-of', `${date}T08:35`)).code,
  ).toBe(1)
  expect((await run('execute', '--paper', '--once', '--as-of', `${date}T08:40`)).code).toBe(0)
  const entries = named(await events(), 'OrderRequested').filter(
    ({ event }) => event.data.decided > date && !event.data.reduceOnly,
  )
  expect(entries).toEqual([])
  // The day after, nobody misses a scan of the holiday.
  await run('scan', '--as-of', '2026-11-27T08:30')
  const next = await run('check', 'preflight', '--mode', 'scan', '--as-of', '2026-11-27T08:45')
  expect(linesOf(next)['scan schedule']).toMatch(/^PASS 2 sessions/)
})

test('a missed scan is told the day after, a failed one with its reason', async () => {
  const book = stage()
  const { run, folder } = book
  await yesterday(book, '2026-09-15')
  await run('scan', '--as-of', '2026-09-16T08:30') // the 15th was slept through
  const missed = await run('check', 'preflight', '--mode', 'scan', '--as-of', '2026-09-16T08:45')
  expect(linesOf(missed)['scan schedule']).toBe(
    'WARN 1 of the last 3 sessions without a scan, first 2026-09-15: nothing in the ledger: the scan was never started',
  )
  writeFileSync(join(folder, 'list.txt'), 'not a ticker\n')
  expect((await run('scan', '--as-of', '2026-09-17T08:30')).code).toBe(65)
  const failed = await run('check', 'preflight', '--mode', 'scan', '--as-of', '2026-09-17T08:45')
  expect(failed.code).toBe(1)
  expect(linesOf(failed)['scan schedule']).toMatch(
    /^FAIL 2026-09-17: failed once, last at 2026-09-17T12:30.*is no ticker/,
  )
  writeFileSync(join(folder, 'list.txt'), `${tickers.join('\n')}\n`)
  expect((await run('scan', '--as-of', '2026-09-17T08:50')).code).toBe(0)
  const mended = await run('check', 'preflight', '--mode', 'scan', '--as-of', '2026-09-17T08:55')
  expect(linesOf(mended)['scan schedule']).toMatch(
    /2026-09-17: ran at 2026-09-17T12:50:00.000Z, after 1 failed|WARN/,
  )
})

test('outside the table nothing is assumed: session, scan, watchlist and preflight refuse', async () => {
  const { run } = stage()
  expect((await run('check', 'session', '--as-of', '2029-01-03T08:30')).code).toBe(78)
  expect((await run('scan', '--as-of', '2029-01-03T08:30')).code).toBe(78)
  const preflight = await run('check', 'preflight', '--as-of', '2029-01-03T08:30')
  expect(preflight.code).toBe(1)
  expect(linesOf(preflight)['market clock']).toMatch(/^FAIL the calendar covers 1998-01-01 to 2028-12-31/)
})
