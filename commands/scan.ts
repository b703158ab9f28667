// veritape scan   Ranks the universe for today's session and publishes the watchlist. Once per session; safe to repeat.

import { dateInSession, previousSession } from '../domain/calendar.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { becauseOf, outside, type Proposed, propose, type Recorded } from '../domain/event.ts'
import { type CandidateFound, ScanStarted, type WatchlistPublished } from '../domain/scan.ts'
import { recordScan } from '../domain/scan-record.ts'
import { scanStream } from '../domain/stream.ts'
import type { CalendarDate } from '../domain/time.ts'
import { bookkeeper } from './bookkeeper.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { timeOfDay } from './today.ts'

export const scan: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { screen, calendar, config } = engine
    const session = dateInSession(calendar, timeOfDay(engine))
    if (session === undefined) {
      screen.say('no session today: nothing to scan')
      screen.result({ session: null })
      return exit.done
    }
    const before = previousSession(calendar, session)
    if (before === 'unknown')
      throw new Stop(exit.refused, `the exchange calendar does not reach before ${session}`)
    const store = await engine.writeLedger('scan', config.mode)
    try {
      const events: Recorded<BookEvent>[] = []
      const keeper = bookkeeper(engine, store, 'scan', async recorded => {
        if (recorded.stream === scanStream(session)) events.push(recorded)
      })
      await keeper.catchUp()
      if (events.length === 0) {
        await keeper.append([
          { stream: scanStream(session), events: await scanOf(engine, session, before.date) },
        ])
        await keeper.stop('finished', '')
      } else screen.say(`already scanned for ${session}`)
      show(engine, session, events)
      return exit.done
    } finally {
      await store.close()
    }
  },
}

/** Reads the bars, scans, and gives everything as one write group: a scan is in the ledger whole or not at all. */
const scanOf = async (
  engine: Engine,
  session: CalendarDate,
  lastBar: CalendarDate,
): Promise<readonly Proposed<BookEvent>[]> => {
  if (!engine.config.market.files.some(({ timeframe }) => timeframe === '1D'))
    throw new Stop(
      exit.refused,
      'no daily bars are configured; name their file in market.files (timeframe 1D)',
    )
  const dataset = await engine.recorded.keep('*', '1D')
  const tickers = await engine.recorded.daily(dataset)
  if (![...tickers.values()].some(({ dates }) => dates.includes(lastBar)))
    throw new Stop(
      exit.badData,
      `the bars end before ${lastBar}: a scan for ${session} needs it. Get newer bars`,
    )
  const started = ScanStarted({
    session,
    clock: engine.clock.now(),
    universe: tickers.size,
    dataset,
    lastBar,
    rules: engine.config.scan,
  })
  const first = propose(outside(scanStream(session)), started)
  const found = recordScan(started.data, tickers)
  return [
    first,
    ...found.map(event =>
      propose(becauseOf(first, 0), event, 'ticker' in event.data ? event.data.ticker : 0),
    ),
  ]
}

const show = (
  { screen, ledgerPath }: Engine,
  session: CalendarDate,
  events: readonly Recorded<BookEvent>[],
) => {
  const candidates: CandidateFound['data'][] = []
  let watchlist: WatchlistPublished['data'] | undefined
  let rejected = 0
  for (const { event } of events) {
    if (event.type === 'CandidateFound') candidates.push(event.data)
    if (event.type === 'TickerRejected') rejected++
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
  screen.say(`ledger ${ledgerPath}`)
  screen.result({ session, watchlist: watchlist?.tickers ?? [], candidates, rejected })
}
