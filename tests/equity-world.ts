// A US-equity book in memory whose bars come from a scripted source: the morning's commands, the real data folder, and
// a MarketData that answers, falters, forgets and corrects itself as a test tells it to.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addBars, readDataset } from '../adapters/bar-parts.ts'
import { dataFolder } from '../adapters/data-folder.ts'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import type { Engine } from '../commands/engine.ts'
import { scan } from '../commands/scan.ts'
import type { Candle } from '../domain/candle.ts'
import type { Champion } from '../domain/champion.ts'
import { type Config, defaults } from '../domain/config.ts'
import type { Earnings } from '../domain/earnings.ts'
import { type MarketData, SymbolUnknown } from '../domain/market-data.ts'
import { type CalendarDate, instantAt, NewYork } from '../domain/time.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { identity } from './cast.ts'
import { type World, world } from './engine-in-memory.ts'

export const equityConfig: Config = {
  ...defaults,
  book: identity.book,
  mode: 'paper',
  currency: 'USD',
  cash: '100000',
  calendar: 'nyse',
  zone: NewYork,
  market: {
    ...defaults.market,
    source: 'recorded',
    files: [{ symbol: '*', timeframe: '1D', path: 'scripted' }],
  },
  venue: {
    ...defaults.venue,
    markets: { '*': { tick: '0.01', lot: '1', minimumQuantity: '1' } },
  },
  execute: { ...defaults.execute, symbols: [], timeframe: '1D' },
  limits: {
    ...defaults.limits,
    orderValueMax: '12000',
    symbolExposureMax: '15000',
    grossExposureMax: '90000',
    lossPerDayMax: '3000',
    candleAgeMaxMs: 432_000_000,
  },
  universe: { lists: ['list.txt'], bars: 'store', history: 800, earnings: [] },
}

export const pullback: Champion = {
  strategy: 'avwap-pullback',
  symbol: '*',
  timeframe: '1D',
  merged_config: {
    orderValue: '10000',
    restCandles: 3,
    protectiveStop: '0.04',
    parameters: {
      anchor: 'swing-low',
      windowBars: 40,
      trendBars: 10,
      atrBars: 10,
      bandAtr: 2,
      reachAtr: 2.1,
      limitAtr: 1.9,
      targetAtr: 2,
    },
  },
  chosen: 'for its nerves: it buys nearly anything on the list',
  source: 'champions/any.json',
  sha256: 'c'.repeat(64),
}

export interface Source extends MarketData {
  /** Tickers that were asked for, in order. */
  readonly asked: string[]
  /** No answer after this many questions more. */
  answersLeft: number
  readonly bars: Map<string, readonly Candle[]>
}

/** A source that can fail; it forgets nothing by itself. */
export const scripted = (bars: ReadonlyMap<string, readonly Candle[]>): Source => {
  const source: Source = {
    name: 'scripted',
    asked: [],
    answersLeft: Number.POSITIVE_INFINITY,
    bars: new Map(bars),
    closedCandles: async (symbol, _timeframe, after, now) =>
      of(symbol).filter(({ closeTime }) => closeTime > after && closeTime <= now),
    history: async (symbol, _timeframe, count, upTo) =>
      of(symbol)
        .filter(({ closeTime }) => closeTime <= upTo)
        .slice(-count),
    dataset: () => 'scripted',
    nextClose: (symbol, _timeframe, now) => of(symbol).find(({ closeTime }) => closeTime > now)?.closeTime,
  }
  const of = (symbol: string): readonly Candle[] => {
    source.asked.push(symbol)
    if (source.answersLeft-- <= 0) throw new VenueUnavailable('the connection was reset')
    const known = source.bars.get(symbol)
    if (known === undefined) throw new SymbolUnknown(symbol, [])
    return known
  }
  return source
}

export interface EquityWorld extends World {
  /** A process at a time of day of New York. */
  at(date: CalendarDate, timeOfDay: string, given?: Partial<Engine>): Engine
  readonly data: ReturnType<typeof dataFolder>
  /** What the lists name. */
  tickers: readonly string[]
  /** What is known of earnings; undefined when no file is configured. */
  earnings: Earnings | undefined
}

export const equityWorld = (
  source: MarketData,
  tickers: readonly string[],
  settings: Config = equityConfig,
  champions: readonly Champion[] = [pullback],
): EquityWorld => {
  const inner = world(settings, champions)
  const data = dataFolder(join(mkdtempSync(join(tmpdir(), 'veritape-bars-')), 'data'))
  const book: EquityWorld = {
    ...inner,
    data,
    tickers,
    earnings: undefined,
    at: (date, timeOfDay, given = {}) => {
      const now = instantAt(NewYork, date, timeOfDay)
      const engine = inner.engine()
      engine.simulated?.jumpTo(now)
      return {
        ...engine,
        asOf: now,
        data,
        market: async () => source,
        recorded: {
          ...engine.recorded,
          keep: async () => 'scripted',
          candles: (_dataset, symbol, timeframe, from, to) =>
            source.closedCandles(symbol, timeframe, from, to),
          daily: dataset => readDataset(data, dataset, nyseCalendar),
        },
        universe: {
          tickers: () => book.tickers,
          keepEarnings: async () =>
            book.earnings === undefined
              ? undefined
              : data.put(Buffer.from(JSON.stringify([...book.earnings]))),
          earnings: async sha256 =>
            new Map(JSON.parse(Buffer.from(await data.get(sha256)).toString('utf8')) as [string, never][]),
          addBars: (dataset, bars, anew) => addBars(data, dataset, bars, anew, nyseCalendar, 'date'),
        },
        ...given,
      }
    },
  }
  return book
}

export const scanAt = (book: EquityWorld, date: CalendarDate, given?: Partial<Engine>): Promise<number> =>
  scan.run(book.at(date, '08:30', given), {})
