// veritape check preflight   May the morning begin? Offline and without side effects; the same question at the same
// moment gets the same answer. 0 PASS, 1 FAIL, 2 WARN; --strict turns WARN into FAIL.

import { emptyBarStore, evolveBarStore, isShelved } from '../domain/bars.ts'
import { emptyBook, evolveBook } from '../domain/book.ts'
import { tradingDate, tradingDateBefore } from '../domain/calendar.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { type ChampionVerified, championId, championObjection } from '../domain/champion.ts'
import { rulesOf } from '../domain/config.ts'
import type { Recorded } from '../domain/event.ts'
import { strategies } from '../domain/strategies.ts'
import { dateIn, type Instant } from '../domain/time.ts'
import type { Warning } from '../domain/warning.ts'
import { feed } from '../projections/projection.ts'
import { schedule } from '../projections/schedule.ts'
import { configChecks } from './check-config.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import {
  calendarLine,
  candleLine,
  failed,
  haltLine,
  lossLines,
  orderLines,
  type PreflightLine,
  passed,
  protectionLine,
  scheduleLine,
  sessionLine,
  warned,
  warningLines,
} from './preflight-lines.ts'
import { liveGateLine } from './preflight-live.ts'
import { sessions } from './sessions.ts'
import { timeOfDay } from './today.ts'
import { watchlistFreshness } from './watchlist-freshness.ts'

const modes = ['all', 'scan', 'execution', 'live'] as const
type Mode = (typeof modes)[number]

/** A contract: scripts branch on it. */
const codes = { PASS: 0, FAIL: 1, WARN: 2 } as const

export const checkPreflight: Command<{ mode: Mode; strict: boolean }> = {
  options: yargs =>
    yargs
      .option('mode', {
        choices: modes,
        default: 'all' as const,
        describe: 'Which part of the morning: all but live, scan, execution, live',
      })
      .option('strict', { type: 'boolean', default: false, describe: 'A warning fails too' }),
  // The token speaks for the configuration of the start that it opens, which is a live one.
  overrides: ({ mode }) => (mode === 'live' ? { mode: { value: 'live', flag: '--mode live' } } : {}),
  run: async (engine, { mode, strict }) => {
    const lines = await linesOf(engine, mode, timeOfDay(engine))
    const worst = lines.some(({ verdict }) => verdict === 'FAIL')
      ? 'FAIL'
      : lines.some(({ verdict }) => verdict === 'WARN')
        ? 'WARN'
        : 'PASS'
    const verdict = strict && worst === 'WARN' ? 'FAIL' : worst
    const { screen } = engine
    const { good, bad, warn, strong } = screen.style
    const colour = { PASS: good, WARN: warn, FAIL: bad }
    for (const { name, verdict: of, saw, todo } of lines)
      screen.say(`${colour[of](of)}  ${name}: ${saw}${todo === undefined ? '' : `; ${todo}`}`)
    screen.say()
    const count = (of: PreflightLine['verdict']) => lines.filter(each => each.verdict === of).length
    screen.say(
      strong(`${verdict}: ${lines.length} checks, ${count('FAIL')} failed, ${count('WARN')} warnings`),
    )
    screen.result({ verdict, mode, strict, lines })
    return codes[verdict]
  },
}

/** What the ledger says, folded once for all lines. */
interface Folded {
  readonly book: ReturnType<typeof emptyBook>
  readonly bars: typeof emptyBarStore
  readonly scans: ReturnType<typeof schedule.initial>
  /** Of the session of today. */
  readonly warnings: readonly Warning[]
  readonly champions: readonly ChampionVerified['data'][]
}

const linesOf = async (engine: Engine, mode: Mode, now: Instant): Promise<readonly PreflightLine[]> => {
  const { config } = engine
  const scans = mode === 'all' || mode === 'scan'
  const executes = mode !== 'scan'
  const lists = config.execute.symbols.length === 0
  const lines: PreflightLine[] = [
    await configurationLine(engine),
    calendarLine(engine, now),
    sessionLine(engine, now),
    await ledgerLine(engine),
  ]
  const folded = await foldOf(engine, now)
  if (scans && (lists || config.universe.lists.length > 0)) {
    lines.push(...universeLines(engine, folded, now))
    if (folded !== undefined) lines.push(scheduleLine(folded.scans, engine, now))
  }
  if (executes) {
    lines.push(...(await championLines(engine)))
    if (lists) lines.push(await watchlistLine(engine, now, folded !== undefined))
    const { book, champions } = folded ?? { book: emptyBook(), champions: [] }
    lines.push(
      haltLine(engine, book),
      ...lossLines(book, config, now),
      ...orderLines(book, config, now),
      candleLine(book, config, now),
      protectionLine(book, [...champions], rulesOf(config.venue.markets), sessions(engine)),
    )
  }
  if (lists) lines.push(...warningLines(folded?.warnings ?? [], config.warnings, config.universe.earnings))
  if (mode === 'live') lines.push(await liveGateLine(engine))
  return lines
}

const configurationLine = async (engine: Engine): Promise<PreflightLine> => {
  const checks = await configChecks(engine)
  const [first, ...more] = checks.filter(({ verdict }) => verdict === 'FAIL')
  if (first === undefined) return passed('configuration', `${checks.length} checks pass`)
  return failed(
    'configuration',
    `${first.name}: ${first.saw}${more.length === 0 ? '' : `, and ${more.length} more`}`,
    'veritape check config lists them',
  )
}

/** Every byte: a damaged ledger takes no order. */
const ledgerLine = async (engine: Engine): Promise<PreflightLine> => {
  if (!(await engine.hasBook(engine.config.book)))
    return warned('ledger', 'there is none yet', 'the first scan or execute makes it')
  const progress = engine.screen.progress('verifying the ledger')
  try {
    const steps = engine.auditLedger({})
    for (;;) {
      const { done, value } = await steps.next()
      if (done !== true) continue
      const { damages, events, poison, head } = value
      if (damages > 0)
        return failed(
          'ledger',
          `${damages} damages`,
          'veritape verify names them; nothing is repaired silently',
        )
      if (poison !== undefined) return failed('ledger', `poisoned: ${poison}`, 'veritape verify says more')
      return passed('ledger', `${events} events up to seq ${head.seq}, every byte verified`)
    }
  } finally {
    progress.stop()
  }
}

const foldOf = async (engine: Engine, now: Instant): Promise<Folded | undefined> => {
  if (!(await engine.hasBook(engine.config.book))) return undefined
  const session = tradingDate(sessions(engine), now)
  const book = emptyBook()
  const champions = new Map<string, ChampionVerified['data']>()
  let bars = emptyBarStore
  let scans = schedule.initial()
  const warnings: Warning[] = []
  const store = await engine.readLedger()
  try {
    for await (const recorded of store.readAll()) {
      const { event } = recorded as Recorded<BookEvent>
      evolveBook(book, recorded)
      bars = evolveBarStore(bars, recorded)
      scans = feed(schedule, scans, recorded)
      if (event.type === 'WarningRaised' && event.data.session === session) warnings.push(event.data)
      if (event.type === 'ChampionVerified') champions.set(event.data.champion, event.data)
    }
  } finally {
    await store.close()
  }
  return { book, bars, scans, warnings, champions: [...champions.values()] }
}

const watchlistLine = async (engine: Engine, now: Instant, hasBook: boolean): Promise<PreflightLine> => {
  if (!hasBook) return failed('watchlist', 'no scan has published one', 'run veritape scan')
  const found = await watchlistFreshness(engine, now)
  if (found.fresh) return passed('watchlist', `of ${found.session}, ${found.tickers.length} tickers`)
  const [saw = '', todo = 'run veritape scan when there is one'] = found.objection.split('; ')
  return failed('watchlist', saw, todo)
}

const championLines = async (engine: Engine): Promise<readonly PreflightLine[]> => {
  const { execute } = engine.config
  let champions: Awaited<ReturnType<Engine['champions']>>
  try {
    champions = await engine.champions()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BadChampion') throw error
    return [failed('champions', error.message, 'nothing is traded without one')]
  }
  const chosen = champions.filter(
    ({ strategy }) => execute.strategies.length === 0 || execute.strategies.includes(strategy),
  )
  for (const champion of chosen) {
    const objection = championObjection(champion, strategies)
    if (objection !== undefined)
      return [
        failed('champions', `${champion.source}: ${objection.detail}`, 'mend the file or choose another'),
      ]
  }
  if (chosen.length === 0) return [failed('champions', 'none', `add a file to ${execute.champions}`)]
  const names = chosen.map(({ strategy, symbol, timeframe }) => championId(strategy, symbol, timeframe))
  return [passed('champions', names.join(', '))]
}

const universeLines = (
  engine: Engine,
  folded: Folded | undefined,
  now: Instant,
): readonly PreflightLine[] => {
  const { universe, warnings } = engine.config
  const lines: PreflightLine[] = []
  let listed: readonly string[] | undefined
  try {
    listed = engine.universe.tickers()
    lines.push(
      passed('universe', listed === undefined ? 'every ticker of the bars' : `${listed.length} tickers`),
    )
  } catch (error) {
    if (!isSentence(error)) throw error
    lines.push(failed('universe', error.message, 'without its list there is no scan'))
  }
  if (universe.bars === 'store') lines.push(...storeLines(engine, folded, listed ?? [], now))
  if (warnings.index !== '' && listed !== undefined && universe.bars === 'recorded')
    lines.push(passed('index', `${warnings.index} is looked for in the bars`))
  return lines
}

const storeLines = (
  engine: Engine,
  folded: Folded | undefined,
  listed: readonly string[],
  now: Instant,
): readonly PreflightLine[] => {
  const calendar = sessions(engine)
  const today = tradingDate(calendar, now)
  const wanted = today === undefined ? undefined : tradingDateBefore(calendar, today)
  const stored = folded?.bars.latest
  const fetch = 'the scan fetches what is missing; veritape fetch does it now'
  if (stored === undefined) return [warned('bars', 'none are stored yet', fetch)]
  const shelved = listed.filter(ticker =>
    isShelved(folded?.bars ?? emptyBarStore, ticker, dateIn(calendar?.zone ?? 'UTC', now)),
  )
  const have = `${stored.current} of ${stored.wanted} tickers have the bar of ${stored.lastBar}`
  const line =
    wanted !== undefined && stored.lastBar < wanted
      ? warned('bars', have, fetch)
      : stored.interrupted !== undefined
        ? warned('bars', `${have}; ${stored.interrupted}`, fetch)
        : passed('bars', have)
  return [
    line,
    shelved.length === 0
      ? passed('bad tickers', 'none is shelved')
      : warned(
          'bad tickers',
          `${shelved.length} shelved: ${shelved.slice(0, 5).join(', ')}`,
          'bad_tickers.txt has the reasons; veritape fetch --again asks for them now',
        ),
  ]
}

/** What a file objects to is an answer; anything else is an error of our own. */
const isSentence = (error: unknown): error is Error =>
  error instanceof Error && ['BadRow', 'CandleFileUnusable'].includes(error.name)
