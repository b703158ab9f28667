// veritape demo   Recorded real trading through the real engine, offline, by the public commands that anyone can type.
//
// Two books, because no recorded day holds both markets: US equities of 2015 and crypto of 2023. Run it again and
// nothing happens twice: every command finds its work done in the ledger.

import { join } from 'node:path'
import { nextSession, type Session, sessionOn } from '../domain/calendar.ts'
import type { CalendarDate } from '../domain/time.ts'
import { kpiReport } from '../projections/key-figures.ts'
import { kpi } from '../projections/kpi.ts'
import { feed } from '../projections/projection.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { printFigure } from './report.ts'

const firstSession = '2015-10-05'
const lastSession = '2015-10-30'
const cryptoFrom = '2023-03-21T00:00Z'
const cryptoUntil = '2023-03-25T00:00Z'
const cryptoDay = '2023-03-24'

export const demo: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { screen } = engine
    const books: Book[] = [
      { name: 'demo-equities', config: join(engine.examples, 'demo-equities.json') },
      { name: 'demo-crypto', config: join(engine.examples, 'demo-crypto.json') },
    ]
    const [equities, crypto] = books as [Book, Book]
    screen.heading('Veritape demo: recorded real trading, offline')
    screen.say(
      `US equities: real sessions from ${firstSession} to ${lastSession}, S&P 500 members, daily bars.`,
    )
    screen.say(
      `Crypto: real days from ${cryptoFrom.slice(0, 10)} to ${cryptoDay}, BTC and ETH, candles of 5 minutes.`,
    )
    screen.say('Two books with different dates, because no recorded day holds both markets.')

    screen.heading('1  Equities: scan, watchlist gate, execution, every morning')
    await mornings(engine, equities)

    screen.heading('2  Crypto: the execution loop around the clock')
    await shown(engine, crypto, ['execute', '--paper', '--from', cryptoFrom, '--until', cryptoUntil])

    screen.heading('3  Views: portfolio, heartbeat, orders, trades, equity curve, KPI')
    for (const book of books) await shown(engine, book, ['project', '--once'])
    await run(engine, equities, ['report', 'kpi'])
    await shown(engine, crypto, ['report', 'kpi'])

    screen.heading('4  Proof of the bytes, proof of the decisions, proof of the views')
    for (const book of books) {
      await shown(engine, book, ['verify'])
      await shown(engine, book, ['replay', '--prove'])
      await run(engine, book, ['rebuild'])
      screen.say(screen.style.good('views deleted and rebuilt from the ledger: identical, byte for byte'))
    }
    screen.heading('5  What happened')
    await summary(engine, books)
    return exit.done
  },
}

interface Book {
  readonly name: string
  readonly config: string
}

const argvOf = ({ config }: Engine, book: Book, argv: readonly string[]): readonly string[] => [
  ...argv,
  '--config',
  book.config,
  '--ledger',
  config.ledger,
  '--state',
  config.state,
  '--store',
  config.store,
]

/** As a person would type it from the project's folder. */
const typed = (book: Book, argv: readonly string[]): string =>
  `$ veritape ${argv.join(' ')} --config examples/${book.name}.json`

/** Runs a public command in silence; stops the demo when it fails. */
const run = async (engine: Engine, book: Book, argv: readonly string[]) => {
  const code = await engine.run(argvOf(engine, book, argv), 'silent')
  if (engine.signal.aborted)
    throw new Stop(exit.tryAgain, 'stopped; start the demo again and it goes on from here')
  if (code !== exit.done) throw new Stop(code, `${typed(book, argv)} ended with ${code}; run it to see why`)
}

/** Runs a public command and shows what it says. */
const shown = async (engine: Engine, book: Book, argv: readonly string[]) => {
  engine.screen.say(engine.screen.style.faint(typed(book, argv)))
  const code = await engine.run(argvOf(engine, book, argv), engine.screen.json ? 'silent' : 'shown')
  if (engine.signal.aborted)
    throw new Stop(exit.tryAgain, 'stopped; start the demo again and it goes on from here')
  if (code !== exit.done) throw new Stop(code, `${typed(book, argv)} ended with ${code}`)
}

/** Each session as an operator's morning: scan at 08:30, views, gate, execution at 08:40, New York time. */
const mornings = async (engine: Engine, book: Book) => {
  const dates = sessionsBetween(engine, firstSession, lastSession)
  const morning = (date: CalendarDate): readonly (readonly string[])[] => [
    ['scan', '--as-of', `${date}T08:30`],
    ['project', '--once'],
    ['watchlist', 'check', '--as-of', `${date}T08:35`],
    ['execute', '--paper', '--once', '--as-of', `${date}T08:40`],
  ]
  for (const argv of morning(firstSession)) engine.screen.say(engine.screen.style.faint(typed(book, argv)))
  engine.screen.say(engine.screen.style.faint(`… and so on, ${dates.length} mornings`))
  const progress = engine.screen.progress('mornings', dates.length)
  const last = await lastMorning(engine, book)
  for (const [index, date] of dates.entries()) {
    // A morning before the last one in the ledger is over: its gate would rightly call its watchlist stale now.
    if (last !== undefined && date < last) continue
    for (const argv of morning(date)) await run(engine, book, argv)
    progress.at(index + 1)
  }
  progress.stop()
}

/** The session of the last watchlist in the ledger: where an interrupted demo goes on. */
const lastMorning = async (engine: Engine, { name }: Book): Promise<CalendarDate | undefined> => {
  if (!(await engine.hasBook(name))) return undefined
  const store = await engine.readBook(name)
  try {
    let session: CalendarDate | undefined
    for await (const { event } of store.readAll({ types: new Set(['WatchlistPublished']) }))
      if (event.type === 'WatchlistPublished') session = event.data.session
    return session
  } finally {
    await store.close()
  }
}

const sessionsBetween = (
  { calendar }: Engine,
  from: CalendarDate,
  to: CalendarDate,
): readonly CalendarDate[] => {
  const dates: CalendarDate[] = []
  let session: Session | 'unknown' | 'closed' = sessionOn(calendar, from)
  while (typeof session !== 'string' && session.date <= to) {
    dates.push(session.date)
    session = nextSession(calendar, session.date)
  }
  return dates
}

const summary = async (engine: Engine, books: readonly Book[]) => {
  const { screen, config } = engine
  const told: Told[] = []
  for (const book of books) told.push(await tell(engine, book))
  const labels = told[0]?.lines.map(([label]) => label) ?? []
  screen.table(
    ['', ...books.map(({ name }) => name)],
    labels.map((label, row) => [label, ...told.map(({ lines }) => lines[row]?.[1] ?? '')]),
    [1, 2],
  )
  const reasons = [...new Set(told.flatMap(({ denials }) => [...denials.keys()]))].sort()
  screen.table(
    ['denied because', ...books.map(({ name }) => name)],
    reasons.map(reason => [reason, ...told.map(({ denials }) => `${denials.get(reason) ?? 0}`)]),
    [1, 2],
  )
  screen.say(
    config.store === 'jsonl'
      ? `ledger  ${join(config.ledger, '<book>')}/<date>.jsonl   one event a line, for cat and jq`
      : `ledger  ${config.store}   the streams ${books.map(({ name }) => `book-${name}`).join(' and ')}`,
  )
  screen.say(`views   ${join(config.state, '<book>')}/   delete them: veritape rebuild brings them back`)
  screen.heading('Try next')
  const order = told.at(-1)?.order ?? ''
  screen.say(`  npx veritape why ${order} --config examples/demo-crypto.json`)
  screen.say(`  npx veritape replay ${cryptoDay} --prove --config examples/demo-crypto.json`)
  screen.say('  npx veritape status --config examples/demo-equities.json')
  screen.result({
    ledger: config.ledger,
    state: config.state,
    books: Object.fromEntries(
      told.map(({ lines, denials, counts }, index) => [
        books[index]?.name,
        {
          summary: Object.fromEntries(lines),
          denials: Object.fromEntries(denials),
          events: Object.fromEntries(counts),
        },
      ]),
    ),
  })
}

interface Told {
  readonly lines: ReadonlyArray<readonly [label: string, value: string]>
  readonly denials: ReadonlyMap<string, number>
  readonly counts: ReadonlyMap<string, number>
  /** The last order that needed several fills, else the last that was filled. */
  readonly order: string
}

/** What a book has to tell, from its ledger alone. */
const tell = async (engine: Engine, book: Book): Promise<Told> => {
  const store = await engine.readBook(book.name)
  try {
    const counts = new Map<string, number>()
    const denials = new Map<string, number>()
    const fills = new Map<string, number>()
    let state = kpi.initial()
    for await (const recorded of store.readAll()) {
      const { event } = recorded
      counts.set(event.type, (counts.get(event.type) ?? 0) + 1)
      if (event.type === 'IntentDenied')
        denials.set(event.data.reason, (denials.get(event.data.reason) ?? 0) + 1)
      if (event.type === 'OrderFilled')
        fills.set(event.data.orderId, (fills.get(event.data.orderId) ?? 0) + 1)
      state = feed(kpi, state, recorded)
    }
    const count = (...types: string[]) => `${types.reduce((sum, type) => sum + (counts.get(type) ?? 0), 0)}`
    const { figures, currency } = kpiReport(state)
    const figure = (name: string): string => {
      const found = figures.find(each => each.name === name)
      return found === undefined
        ? 'n/a'
        : `${printFigure(found)}${found.unit === 'money' ? ` ${currency}` : ''}`
    }
    const several = [...fills].filter(([, times]) => times > 1)
    return {
      denials,
      counts,
      order: several.at(-1)?.[0] ?? [...fills.keys()].at(-1) ?? '',
      lines: [
        ['tickers scanned', count('CandidateFound', 'TickerRejected')],
        ['candidates found', count('CandidateFound')],
        ['candles closed', count('CandleClosed')],
        ['gaps in the data', count('DataGapFound')],
        ['evaluations', count('StrategyEvaluated')],
        ['intents', count('IntentRaised')],
        ['  denied', count('IntentDenied')],
        ['  expired', count('IntentExpired')],
        ['  orders', count('OrderRequested')],
        ['orders filled', `${fills.size}`],
        ['  in several fills', `${several.length}`],
        ['orders expired at the venue', count('OrderExpired')],
        ['round trips', figure('trades')],
        ['net of round trips', figure('net_pnl_closed_trades')],
        ['fees', figure('fees')],
        ['equity at the end', figure('equity')],
        ['largest drawdown', figure('max_drawdown_equity')],
      ],
    }
  } finally {
    await store.close()
  }
}
