// veritape scan   Ranks the universe for today's session and publishes the watchlist. Once per session; safe to repeat.

import { type BarStore, emptyBarStore, evolveBarStore } from '../domain/bars.ts'
import { isDayKnown, tradingDate, tradingDateBefore } from '../domain/calendar.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { becauseOf, outside, type Proposed, propose, type Recorded } from '../domain/event.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import { type CandidateFound, ScanFailed, ScanStarted, type WatchlistPublished } from '../domain/scan.ts'
import { recordScan } from '../domain/scan-record.ts'
import { scanStream } from '../domain/stream.ts'
import type { CalendarDate } from '../domain/time.ts'
import type { Warning } from '../domain/warning.ts'
import { fetchBars } from './bar-fetch.ts'
import { type Bookkeeper, bookkeeper } from './bookkeeper.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { listBytes, scanData } from './scan-data.ts'
import { sessions } from './sessions.ts'
import { timeOfDay } from './today.ts'

export const scan: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { screen, config } = engine
    const now = timeOfDay(engine)
    if (!isDayKnown(sessions(engine), now))
      throw new Stop(
        exit.refused,
        `the exchange calendar does not cover ${now.slice(0, 10)}; update veritape`,
      )
    const session = tradingDate(sessions(engine), now)
    if (session === undefined) {
      screen.say('no session today: nothing to scan')
      screen.result({ session: null })
      return exit.done
    }
    const before = tradingDateBefore(sessions(engine), session)
    if (before === 'unknown')
      throw new Stop(exit.refused, `the exchange calendar does not reach before ${session}`)
    const store = await engine.writeLedger('scan', config.mode)
    try {
      let bars = emptyBarStore
      let events: Recorded<BookEvent>[] = []
      const keeper = bookkeeper(engine, store, 'scan', async recorded => {
        bars = evolveBarStore(bars, recorded)
        if (recorded.stream === scanStream(session)) events.push(recorded)
      })
      await keeper.catchUp()
      if (!events.some(({ event }) => event.type === 'WatchlistPublished')) {
        try {
          const found = await scanOf(engine, keeper, () => bars, session, before)
          await keeper.append([{ stream: scanStream(session), events: found }])
        } catch (error) {
          await tellWhyNot(engine, keeper, session, events.length, error)
          throw error
        }
        await keeper.stop('finished', '')
      } else screen.say(`already scanned for ${session}`)
      events = events.filter(({ event }) => event.type !== 'ScanFailed')
      show(engine, session, events)
      return exit.done
    } finally {
      await store.close()
    }
  },
}

/** In the evening somebody asks why there was no scan: the ledger says so, unless it is what failed. */
const tellWhyNot = async (
  engine: Engine,
  keeper: Bookkeeper,
  session: CalendarDate,
  earlier: number,
  error: unknown,
): Promise<void> => {
  if (error instanceof LedgerDamaged) return
  const detail = (error instanceof Error ? error.message : String(error)).slice(0, 500)
  const failed = ScanFailed({ session, clock: engine.clock.now(), detail })
  const stream = scanStream(session)
  try {
    await keeper.append([{ stream, events: [propose(outside(`${stream} failed ${earlier}`), failed)] }])
    await keeper.stop(error instanceof Stop && error.code === exit.refused ? 'refused' : 'failed', detail)
  } catch {
    // The first error is the one to tell; this one only says that the ledger could not take it down.
  }
}

/** Reads the bars, scans, and gives everything as one write group: a scan is in the ledger whole or not at all. */
const scanOf = async (
  engine: Engine,
  keeper: Bookkeeper,
  bars: () => BarStore,
  session: CalendarDate,
  lastBar: CalendarDate,
): Promise<readonly Proposed<BookEvent>[]> => {
  const { config, universe, screen } = engine
  const dataset = await datasetOf(engine, keeper, bars, lastBar)
  const listed = universe.tickers()
  const known = await earningsIfAny(engine)
  const input = {
    session,
    clock: engine.clock.now(),
    dataset,
    lastBar,
    rules: config.scan,
    ...(listed === undefined ? {} : { list: await engine.data.put(listBytes(listed)) }),
    ...(known.earnings === undefined ? {} : { earnings: known.earnings }),
    warnings: config.warnings,
    ...(known.problem === undefined
      ? {}
      : { unchecked: [{ check: 'earnings-proximity' as const, detail: known.problem }] }),
  }
  const read = await scanData(engine, { ...input, universe: 0 })
  const { tickers } = read
  if (![...tickers.values()].some(({ dates }) => dates.includes(lastBar)))
    throw new Stop(
      exit.badData,
      `the bars end before ${lastBar}: a scan for ${session} needs it. Get newer bars`,
    )
  const started = ScanStarted({ ...input, universe: tickers.size })
  const first = propose(outside(scanStream(session)), started)
  const progress = screen.progress('scanning, tickers', tickers.size)
  const found = recordScan(started.data, read, progress.at)
  progress.stop()
  return [first, ...found.map(event => propose(becauseOf(first, 0), event, nameOf(event)))]
}

/** Tells the events of one scan apart. */
const nameOf = ({ type, data }: BookEvent): string | number => {
  if (type === 'CandidateFound' || type === 'TickerRejected') return data.ticker
  if (type === 'WarningRaised') return `${data.check} ${data.symbol ?? ''} ${data.detail}`
  return 0
}

/** The bars to scan, by their SHA-256: of the recorded file, or of the book's store after it was brought up to date. */
const datasetOf = async (
  engine: Engine,
  keeper: Bookkeeper,
  bars: () => BarStore,
  lastBar: CalendarDate,
): Promise<string> => {
  const { config, screen } = engine
  if (config.universe.bars === 'store') {
    const { stored } = await fetchBars(engine, keeper, bars, lastBar, false)
    if (stored.interrupted !== undefined)
      screen.note(
        `veritape: ${stored.interrupted}; scanning the ${stored.current} of ${stored.wanted} tickers that have the bar of ${lastBar}`,
      )
    return stored.dataset
  }
  if (!config.market.files.some(({ timeframe }) => timeframe === '1D'))
    throw new Stop(
      exit.refused,
      'no daily bars are configured; name their file in market.files (timeframe 1D)',
    )
  return engine.recorded.keep('*', '1D')
}

/** Earnings dates are a comfort: without them there is a warning and a scan. */
const earningsIfAny = async ({
  universe,
}: Engine): Promise<{ readonly earnings?: string | undefined; readonly problem?: string }> => {
  try {
    return { earnings: await universe.keepEarnings() }
  } catch (error) {
    if (!(error instanceof Error) || !['BadRow', 'CandleFileUnusable'].includes(error.name)) throw error
    return { problem: `not known: ${error.message}` }
  }
}

const show = (
  { screen, ledgerPath }: Engine,
  session: CalendarDate,
  events: readonly Recorded<BookEvent>[],
) => {
  const candidates: CandidateFound['data'][] = []
  let watchlist: WatchlistPublished['data'] | undefined
  const warnings: Warning[] = []
  let rejected = 0
  for (const { event } of events) {
    if (event.type === 'CandidateFound') candidates.push(event.data)
    if (event.type === 'TickerRejected') rejected++
    if (event.type === 'WarningRaised') warnings.push(event.data)
    if (event.type === 'WatchlistPublished') watchlist = event.data
  }
  screen.heading(`Scan for ${session}: ${candidates.length} candidates, ${rejected} rejected`)
  screen.table(
    ['rank', 'ticker', 'score', 'close', 'AVWAP', 'anchor', 'since'],
    candidates.map(({ rank, ticker, score, close, avwap, anchor, anchorDate }) => [
      `${rank}`,
      ticker,
      score.toFixed(3),
      close,
      avwap.toFixed(2),
      anchor,
      anchorDate,
    ]),
    [0, 2, 3, 4],
  )
  for (const { check, detail } of warnings) screen.say(screen.style.warn(`warning, ${check}: ${detail}`))
  screen.say(`ledger ${ledgerPath}`)
  screen.result({ session, watchlist: watchlist?.tickers ?? [], candidates, rejected, warnings })
}
