// The book's own store of bars, filled from a scripted source through the commands that operators type.

import { expect, test } from 'vitest'
import { addBars } from '../../adapters/bar-parts.ts'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { exit } from '../../commands/exit.ts'
import { fetchCommand } from '../../commands/fetch.ts'
import { scan } from '../../commands/scan.ts'
import type { Candle } from '../../domain/candle.ts'
import { instantOf } from '../../domain/time.ts'
import { badTickerFiles, badTickers } from '../../projections/bad-tickers.ts'
import { fold } from '../../projections/projection.ts'
import { named } from '../engine-in-memory.ts'
import { type EquityWorld, equityConfig, equityWorld, scanAt, scripted } from '../equity-world.ts'
import { redatedCandles } from '../redated-bars.ts'

const tickers = ['ADI', 'BMY', 'EOG', 'FB', 'GE', 'LLY', 'MCD', 'PCLN', 'XOM']
const day = '2026-03-09'
const last = '2026-03-06'
const all = redatedCandles(tickers, '2026-03-31')

const fetchAt = (book: EquityWorld, date = day, again = false) =>
  fetchCommand.run(book.at(date, '08:25'), { again })
const stored = async (book: EquityWorld) =>
  named(await book.events(), 'BarsStored').map(each => each.event.data)
const barsOf = async (book: EquityWorld) => {
  const dataset = (await stored(book)).at(-1)?.dataset as string
  return book.at(day, '08:30').recorded.daily(dataset)
}

test('a first fetch stores every bar up to the last session, digit by digit', async () => {
  const book = equityWorld(scripted(all), tickers)
  expect(await fetchAt(book)).toBe(exit.done)
  expect(await stored(book)).toMatchObject([{ wanted: 9, current: 9, lastBar: last, restated: [] }])
  expect((await stored(book))[0]).not.toHaveProperty('interrupted')
  const bars = await barsOf(book)
  for (const ticker of tickers) {
    const wanted = (all.get(ticker) as readonly Candle[]).filter(({ closeTime }) => closeTime < day)
    const columns = bars.get(ticker)
    expect(columns?.dates.at(-1)).toBe(last)
    expect(wanted.map((_, at) => columns?.exact(at))).toEqual(wanted)
  }
})

test('doing it again asks nobody and writes nothing', async () => {
  const source = scripted(all)
  const book = equityWorld(source, tickers)
  await fetchAt(book)
  const head = await book.head()
  source.asked.length = 0
  expect(await fetchAt(book)).toBe(exit.done)
  expect(source.asked).toEqual([])
  expect(await book.head()).toBe(head)
})

test('the next morning asks for one new bar and one that is known, and adds one small part', async () => {
  const source = scripted(all)
  const book = equityWorld(source, tickers)
  await fetchAt(book)
  await fetchAt(book, '2026-03-10')
  const [first, second] = await stored(book)
  expect(first?.added).toBeGreaterThan(5000)
  expect(second).toMatchObject({ added: 9, lastBar: '2026-03-09', current: 9, restated: [] })
  expect((await barsOf(book)).get('GE')?.dates.slice(-2)).toEqual(['2026-03-06', '2026-03-09'])
})

test('a store grown bar by bar over four months is the store of one fetch', async () => {
  const [slow, quick] = [equityWorld(scripted(all), tickers), equityWorld(scripted(all), tickers)]
  const sessions = (all.get('GE') as readonly Candle[])
    .map(({ openTime }) => openTime.slice(0, 10))
    .slice(-90)
  for (const date of sessions) await fetchAt(slow, date)
  await fetchAt(quick, sessions.at(-1))
  const [grown, whole] = [await barsOf(slow), await barsOf(quick)]
  for (const ticker of tickers) {
    expect(grown.get(ticker)?.dates.slice(-800)).toEqual(whole.get(ticker)?.dates)
    expect(grown.get(ticker)?.close).toEqual(whole.get(ticker)?.close)
    expect(grown.get(ticker)?.exact(700)).toEqual(whole.get(ticker)?.exact(700))
  }
})

test('a split is noticed by the bar that is asked for again, and all bars are taken anew', async () => {
  const source = scripted(all)
  const book = equityWorld(source, tickers)
  await fetchAt(book)
  const half = (price: Candle['open']): Candle['open'] => `${Number(price) / 2}`
  const split = (all.get('GE') as readonly Candle[]).map(bar => ({
    ...bar,
    open: half(bar.open),
    high: half(bar.high),
    low: half(bar.low),
    close: half(bar.close),
  }))
  source.bars.set('GE', split)
  await fetchAt(book, '2026-03-10')
  expect((await stored(book)).at(-1)?.restated).toEqual(['GE'])
  const columns = (await barsOf(book)).get('GE')
  expect(columns?.exact(0).close).toBe(split[0]?.close)
  expect(new Set(columns?.dates).size).toBe(columns?.dates.length)
})

test('an outage half way leaves what was got, says so, and the next fetch goes on from there', async () => {
  const source = scripted(all)
  source.answersLeft = 4
  const book = equityWorld(source, tickers)
  expect(await fetchAt(book)).toBe(exit.venueUnavailable)
  expect(await stored(book)).toMatchObject([
    {
      current: 4,
      wanted: 9,
      interrupted: 'scripted does not answer, last asked for MCD: the connection was reset',
    },
  ])
  // Three in a row are an outage: the other tickers are not asked.
  expect(source.asked).toEqual(['ADI', 'BMY', 'EOG', 'FB', 'GE', 'LLY', 'MCD'])
  source.answersLeft = Number.POSITIVE_INFINITY
  source.asked.length = 0
  expect(await fetchAt(book)).toBe(exit.done)
  expect(source.asked).toEqual(['GE', 'LLY', 'MCD', 'PCLN', 'XOM'])
  expect((await stored(book)).at(-1)).toMatchObject({ current: 9 })
})

test('a source that never answers leaves no store and exit 69', async () => {
  const source = scripted(all)
  source.answersLeft = 0
  const book = equityWorld(source, tickers)
  await expect(fetchAt(book)).rejects.toMatchObject({ code: exit.venueUnavailable })
  expect(await stored(book)).toEqual([])
})

test('a scan in an outage judges what is there, and says whom it did not judge', async () => {
  const source = scripted(all)
  source.answersLeft = 6
  const book = equityWorld(source, tickers)
  expect(await scanAt(book, day)).toBe(exit.done)
  const events = await book.events()
  expect(named(events, 'BarsStored').at(-1)?.event.data.interrupted).toMatch('does not answer')
  expect(named(events, 'WarningRaised').map(({ event }) => event.data)).toContainEqual({
    check: 'scan-coverage',
    session: day,
    detail: `3 of 9 tickers have no bar of ${last}: they were not judged`,
  })
  const silent = named(events, 'TickerRejected').filter(
    ({ event }) => event.data.reason === 'no-bar-of-last-session',
  )
  expect(silent.map(({ event }) => event.data.ticker)).toEqual(['MCD', 'PCLN', 'XOM'])
  expect(named(events, 'ScanCompleted')[0]?.event.data.scanned).toBe(9)
  expect(named(events, 'ScanStarted')[0]?.event.data.dataset).toBe((await stored(book)).at(-1)?.dataset)
})

test('tickers that cannot be had are shelved with a reason, not asked for until then, and shown', async () => {
  const source = scripted(all)
  const [first] = all.get('XOM') as readonly Candle[]
  source.bars.set('BMY', [{ ...(first as Candle), symbol: 'BMY', low: '99999' }])
  source.bars.set('EOG', (all.get('EOG') as readonly Candle[]).slice(0, 300))
  source.bars.set('FB', (all.get('FB') as readonly Candle[]).toReversed())
  const book = equityWorld(source, [...tickers, 'ZZZZ'])
  expect(await fetchAt(book)).toBe(exit.done)
  const shelved = named(await book.events(), 'TickerShelved').map(({ event }) => event.data)
  expect(shelved).toMatchObject([
    { ticker: 'BMY', reason: 'bad-bars', until: '2026-03-11' },
    { ticker: 'EOG', reason: 'no-recent-bars', until: '2026-03-16' },
    { ticker: 'FB', reason: 'bad-bars', until: '2026-03-11' },
    { ticker: 'ZZZZ', reason: 'unknown-at-source', until: '2026-04-08' },
  ])
  const [view] = badTickerFiles(fold(badTickers, await book.events()))
  expect(view?.path).toBe('bad_tickers.txt')
  expect(view?.text().split('\n')).toEqual([
    expect.stringMatching(/^BMY until 2026-03-11 bad-bars: high below low in the bar of /),
    expect.stringMatching(/^EOG until 2026-03-16 no-recent-bars: its last bar is of /),
    expect.stringMatching(/^FB until 2026-03-11 bad-bars: the bar of .* came behind that of /),
    'ZZZZ until 2026-04-08 unknown-at-source: scripted does not know ZZZZ',
    '',
  ])
  source.asked.length = 0
  await fetchAt(book, '2026-03-10')
  expect(source.asked).not.toContain('ZZZZ')
  source.asked.length = 0
  await fetchAt(book, '2026-03-10', true)
  expect(source.asked).toEqual(['BMY', 'EOG', 'EOG', 'FB', 'ZZZZ'].filter((t, i, a) => a.indexOf(t) === i))
  source.asked.length = 0
  await fetchAt(book, '2026-03-12')
  expect(source.asked).toContain('BMY') // its time on the shelf is over
  expect(source.asked).not.toContain('EOG')
})

test('a bar of a day without a session is no bar', async () => {
  const source = scripted(all)
  const bars = all.get('GE') as readonly Candle[]
  source.bars.set('GE', [
    ...bars.slice(0, 10),
    { ...(bars[10] as Candle), openTime: '2024-07-04T13:30:00.000Z' },
  ])
  const book = equityWorld(source, tickers)
  await fetchAt(book)
  expect(named(await book.events(), 'TickerShelved')[0]?.event.data).toMatchObject({
    ticker: 'GE',
    detail: 'a bar of 2024-07-04, which is no session',
  })
})

test('a universe of markets that never close is kept by UTC days, and scanned on a Saturday', async () => {
  const days = Array.from({ length: 200 }, (_, at) => instantOf(Date.UTC(2025, 8, 1) + at * 86_400_000))
  const wave = (at: number) => 100 + at / 4 + 3 * Math.sin(at)
  const coins = new Map(
    ['BTC/USDT', 'ETH/USDT'].map(symbol => [
      symbol,
      days.map((openTime, at): Candle => {
        const price = wave(at).toFixed(2) as Candle['open']
        return {
          symbol,
          timeframe: '1D',
          openTime,
          closeTime: instantOf(Date.parse(openTime) + 86_400_000),
          open: price,
          high: `${Number(price) + 1}`,
          low: `${Number(price) - 1}`,
          close: price,
          volume: '1000000',
        }
      }),
    ]),
  )
  const config = { ...equityConfig, calendar: 'always' as const, zone: 'UTC' }
  const book = equityWorld(scripted(coins), [...coins.keys()], config)
  const { universe } = book.at('2026-03-07', '08:30')
  const engine = book.at('2026-03-07', '08:30', {
    universe: {
      ...universe,
      addBars: (dataset, bars, anew) => addBars(book.data, dataset, bars, anew, nyseCalendar, 'ts'),
    },
  })
  expect(await scan.run(engine, {})).toBe(exit.done)
  const events = await book.events()
  expect(named(events, 'BarsStored')[0]?.event.data).toMatchObject({ current: 2, lastBar: '2026-03-06' })
  expect(named(events, 'ScanStarted')[0]?.event.data).toMatchObject({
    session: '2026-03-07',
    lastBar: '2026-03-06',
  })
  const verdicts = [...named(events, 'CandidateFound'), ...named(events, 'TickerRejected')]
  expect(verdicts).toHaveLength(2)
  expect(named(events, 'TickerRejected').map(({ event }) => event.data.reason)).not.toContain(
    'no-bar-of-last-session',
  )
})
