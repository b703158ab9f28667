// veritape execute   The trading loop: closed candles in, orders out, every step in the ledger. Safe to kill and restart.

import { BookOpened } from '../domain/account.ts'
import { type Candle, printCandle } from '../domain/candle.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Champion } from '../domain/champion.ts'
import { emptyDesk, seatsAt, seeCandle, witness } from '../domain/desk.ts'
import { outside, propose, type Recorded } from '../domain/event.ts'
import { LedgerDamaged, type Mode } from '../domain/event-store.ts'
import { sha256 } from '../domain/hash.ts'
import type { MarketData } from '../domain/market-data.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { strategies } from '../domain/strategies.ts'
import { accountStream } from '../domain/stream.ts'
import { type Instant, millisecondsOf, readInstant } from '../domain/time.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { type Bookkeeper, bookkeeper } from './bookkeeper.ts'
import type { Command, Overrides } from './command.ts'
import { type Connection, connection, reconnector } from './connection.ts'
import type { Engine } from './engine.ts'
import { type Executor, turn } from './executor.ts'
import { exit, Stop } from './exit.ts'
import { passLiveGate, requireAccount, venueObjection } from './live-gate.ts'
import { orderDesk } from './order-desk.ts'
import { patiently } from './patience.ts'
import { truthOf } from './reconcile.ts'
import { withRulesOnRecord } from './rules-on-record.ts'
import { counted } from './sentence.ts'
import { requireSameWatchlist } from './watchlist-freshness.ts'

interface Options {
  dryRun?: boolean | undefined
  paper?: boolean | undefined
  live?: boolean | undefined
  venue?: string | undefined
  symbol?: string[] | undefined
  timeframe?: string | undefined
  pollInterval?: number | undefined
  strategy?: string[] | undefined
  once: boolean
  from?: string | undefined
  until?: string | undefined
}

export const execute: Command<Options> = {
  options: yargs =>
    yargs
      .option('dry-run', { type: 'boolean', describe: 'Decide and record, send nothing (the default)' })
      .option('paper', { type: 'boolean', alias: 'live-paper', describe: 'Trade on paper' })
      .option('live', { type: 'boolean', describe: 'Trade for real; needs two keys' })
      .conflicts({ 'dry-run': ['paper', 'live'], paper: ['live'] })
      .option('venue', { type: 'string', describe: 'Where orders go' })
      .option('symbol', { type: 'string', array: true, describe: 'Market to trade; repeatable' })
      .option('timeframe', { type: 'string', describe: 'Length of a candle: 1m 5m 15m 1h 4h 1D' })
      .option('poll-interval', { type: 'number', describe: 'Seconds between looks at the market' })
      .option('strategy', { type: 'string', array: true, describe: 'Only these champions; repeatable' })
      .option('once', { type: 'boolean', default: false, describe: 'One turn, then stop' })
      .option('from', { type: 'string', describe: 'A new book begins here: a date or time in its zone' })
      .option('until', { type: 'string', describe: 'Recorded data: stop here' }),

  overrides: ({ dryRun, paper, live, venue, symbol, timeframe, pollInterval, strategy }) => {
    const set: Record<string, Overrides[string]> = {}
    const put = (key: string, value: unknown, flag: string) => {
      if (value !== undefined) set[key] = { value, flag }
    }
    if (dryRun) put('mode', 'dry-run', '--dry-run')
    if (paper) put('mode', 'paper', '--paper')
    if (live) put('mode', 'live', '--live')
    put('venue.name', venue, '--venue')
    put('execute.symbols', symbol, '--symbol')
    put('execute.timeframe', timeframe, '--timeframe')
    put('execute.pollSeconds', pollInterval, '--poll-interval')
    put('execute.strategies', strategy, '--strategy')
    return set
  },

  run: async (engine, { once, from, until }) => {
    const { config, screen, simulated } = engine
    const { mode } = config
    const refusal = venueObjection(config)
    if (refusal !== undefined) throw new Stop(exit.refused, refusal)
    if (config.market.source === 'recorded' && config.market.files.length === 0)
      throw new Stop(
        exit.refused,
        'no candles are configured: name their files in market.files, as examples/demo-crypto.json does',
      )
    const account = await requireAccount(engine)
    const feed = await patiently(engine, once, () => connection(() => engine.market()))
    const market = feed.port
    const champions = await chosenChampions(engine)
    const begin = await beginning(engine, market, from)
    simulated?.jumpTo(begin)
    const store = await engine.writeLedger('execute', mode)
    let release = () => {}
    let closeTruth = async () => {}
    try {
      release = await engine.holdExecutor()
      if (store.identity.mode !== mode)
        throw new Stop(
          exit.refused,
          `book ${store.identity.book} is a ${store.identity.mode} book and modes never share a ledger; ` +
            `name another book for ${mode}: --book NAME`,
        )
      const tally = new Map<string, number>()
      const executor = await open(
        withRulesOnRecord(engine, market),
        store,
        feed,
        champions,
        begin,
        tally,
        once,
      )
      const { desk, keeper } = executor
      await keeper.catchUp()
      executor.reconnect?.forget()
      tally.clear() // what was there before is not news of this run
      simulated?.jumpTo(latest(begin, desk.book.lastCycle, lastClose(desk.book.lastCandles.values())))
      try {
        await passLiveGate({ ...executor, engine }, account)
        await openBook(engine, keeper, executor)
        await requireSameWatchlist(engine, engine.clock.now())
        greet(engine, mode)
        await sayWhereItBegins(executor)
        await patiently(engine, once, () => requireOpenVenue(executor))
        const truth = await truthOf(executor)
        closeTruth = truth.close
        await patiently(engine, once, async () => truth.reconcile?.(engine.clock.now()))
        await loop(
          { ...executor, reconcile: truth.reconcile },
          { once, until: instantOption(engine, 'until', until) },
        )
        engine.notifier.stopping()
        await keeper.stop(engine.signal.aborted ? 'signal' : 'finished', '')
      } catch (error) {
        await lastWords(keeper, error)
        throw error
      }
      report(engine, tally, executor)
      screen.result({ ...Object.fromEntries(tally), asOf: desk.book.asOf, mode })
      return exit.done
    } finally {
      await closeTruth()
      await store.close()
      release()
    }
  },
}

/** All champions of the folder. Refuses a strategy that is asked for by name and is not among them. */
const chosenChampions = async ({ champions, config }: Engine): Promise<readonly Champion[]> => {
  const there = await champions()
  const { strategies: wanted, champions: folder } = config.execute
  const absent = wanted.filter(name => !there.some(({ strategy }) => strategy === name))
  if (absent.length === 0) return there
  const known = [...new Set(there.map(({ strategy }) => strategy))].join(', ')
  throw new Stop(exit.refused, `${folder} has no champion of ${absent.join(', ')}; it has ${known}`)
}

const instantOption = (engine: Engine, flag: string, text: string | undefined): Instant | undefined => {
  if (text === undefined) return undefined
  const instant = readInstant(text, engine.config.zone)
  if (instant === undefined)
    throw new Stop(exit.usage, `--${flag} ${text} is no date or time; write 2023-03-20 or 2023-03-20T08:30`)
  return instant
}

/** Where a book without candles begins: where it is told to, or now, or where a recording begins. */
const beginning = async (engine: Engine, market: MarketData, from: string | undefined): Promise<Instant> => {
  const told = instantOption(engine, 'from', from)
  if (told !== undefined) return told
  const now = engine.clock.now()
  if (engine.simulated === undefined || engine.config.execute.symbols.length === 0) return now
  const closes = engine.config.execute.symbols.map(symbol =>
    market.nextClose(symbol, engine.config.execute.timeframe, now),
  )
  return closes.filter(close => close !== undefined).sort()[0] ?? now
}

const open = async (
  engine: Engine,
  store: Awaited<ReturnType<Engine['writeLedger']>>,
  feed: Connection<MarketData>,
  champions: readonly Champion[],
  begin: Instant,
  tally: Map<string, number>,
  once: boolean,
): Promise<Executor> => {
  const desk = emptyDesk(strategies)
  const prefix = orderPrefix(store.identity.book, store.identity.epoch)
  const known = function* () {
    for (const { order } of desk.book.orders.values()) if (order.status !== 'withheld') yield order
  }
  const market = feed.port
  const exchange = await patiently(engine, once, () => connection(() => engine.venue(market, known, prefix)))
  const venue = exchange.port
  const reconnect = reconnector(engine, { feed, venue: exchange })
  const own = new Set<string>()
  // A strategy sees each candle once: its own candles it saw when it decided, the others here.
  const see = (recorded: Recorded<BookEvent>) => {
    reconnect.hear(recorded)
    tally.set(recorded.event.type, (tally.get(recorded.event.type) ?? 0) + 1)
    return witness(
      desk,
      recorded,
      loaded => warmUpCandles(engine, loaded),
      candle => {
        if (own.delete(recorded.id)) return
        for (const seat of seatsAt(desk, candle)) seeCandle(desk, seat, candle, venue.rules(candle.symbol))
      },
    )
  }
  const keeper = bookkeeper(engine, store, 'execute', see)
  return {
    engine,
    keeper,
    desk,
    market,
    venue,
    reconnect,
    orders: orderDesk(engine, keeper, desk, venue),
    champions,
    championStamp: await engine.championStamp(),
    dryRun: store.identity.mode === 'dry-run',
    prefix,
    begin,
    decidedAlready: own,
    serversHeard: new Set(),
  }
}

/** The candles behind a HistoryLoaded, from the data folder; refused when they are not the ones that were used. */
export const warmUpCandles = async (
  engine: Engine,
  { dataset, symbol, timeframe, from, to, digest, champion }: Parameters<Parameters<typeof witness>[2]>[0],
): Promise<readonly Candle[]> => {
  const candles = from === to ? [] : await engine.recorded.candles(dataset, symbol, timeframe, from, to)
  if (sha256(candles.map(printCandle).join('\n')) !== digest)
    throw new Stop(
      exit.badData,
      `the candles that warmed up ${champion} are not those of data/${dataset} any more`,
    )
  return candles
}

const openBook = async ({ config }: Engine, keeper: Bookkeeper, { desk }: Executor) => {
  if (desk.book.opened !== undefined) return
  const { currency, cash, calendar, zone } = config
  const opened = BookOpened({ currency, cash, calendar, zone })
  await keeper.append([{ stream: accountStream, events: [propose(outside(accountStream), opened)] }])
}

const latest = (...instants: ReadonlyArray<Instant | undefined>): Instant =>
  instants
    .filter(instant => instant !== undefined)
    .sort()
    .at(-1) as Instant

const lastClose = (candles: Iterable<Candle>): Instant | undefined =>
  [...candles]
    .map(({ closeTime }) => closeTime)
    .sort()
    .at(-1)

const greet = ({ log, config, signal }: Engine, mode: Mode) => {
  const { symbols, timeframe, pollSeconds } = config.execute
  if (signal.aborted) return
  log.info(
    { symbols, timeframe, pollSeconds, mode },
    `execution started: ${symbols.join(', ') || 'the watchlist'} ${timeframe}, poll ${pollSeconds} s, mode ${mode}`,
  )
}

/** A live book without candles begins with the next one: what closed before its start it has not seen. */
const sayWhereItBegins = async ({ engine, desk, begin }: Executor) => {
  if (engine.simulated !== undefined || desk.book.lastCandles.size > 0) return
  engine.log.info({ begin }, `new book: it begins with the first candle that closes after ${begin}`)
}

/** A venue that is closed is not traded at. One that does not say is asked with every order. */
const requireOpenVenue = async ({ engine, venue }: Executor) => {
  const status = await venue.status?.()
  if (status === undefined) return
  if (status === 'maintenance')
    throw new VenueUnavailable(`${venue.name} is closed for maintenance; start again when it is open`)
  engine.log.info({ venue: venue.name, status }, `${venue.name} says that it is ${status}`)
}

/**
 * One turn. A venue without a usable answer ends a single turn with 69; a running book waits for the next one, because
 * nothing was concluded and nothing is lost: candles are fetched again, orders are asked for again.
 */
const turnOrWait = async (executor: Executor, now: Instant, once: boolean): Promise<void> => {
  try {
    await turn(executor, now)
  } catch (error) {
    if (once || !(error instanceof VenueUnavailable)) throw error
    executor.engine.log.warn({ now }, `nothing done in this turn: ${error.message}`)
  }
}

/** Turn after turn, until told to stop or until a recording ends. */
const loop = async (executor: Executor, { once, until }: { once: boolean; until: Instant | undefined }) => {
  const { engine, desk, market } = executor
  const { clock, signal, simulated, config, screen } = engine
  const start = millisecondsOf(clock.now())
  const hours = (instant: Instant) => Math.floor((millisecondsOf(instant) - start) / 3_600_000)
  const progress = screen.progress('executing, hours', until === undefined ? undefined : hours(until))
  try {
    while (!signal.aborted) {
      const now = clock.now()
      if (until !== undefined && now > until) return
      // A recorded book that is already past this moment has nothing to do here.
      if (desk.book.lastCycle === undefined || now >= desk.book.lastCycle)
        await turnOrWait(executor, now, once)
      // Only here: a turn that hangs tells nobody that all is well. The first one has settled what was in flight.
      engine.notifier.progress(`cycle ${desk.book.cycles}, seq ${desk.book.asOf}`, 'with-memory')
      progress.at(hours(now))
      if (once) return
      const next = simulated === undefined ? undefined : nextClose(executor, market, now)
      if (simulated !== undefined && next === undefined) return
      if (next !== undefined && until !== undefined && next > until) return
      const pause =
        next === undefined ? config.execute.pollSeconds * 1000 : millisecondsOf(next) - millisecondsOf(now)
      await clock.sleep(pause, signal)
    }
  } finally {
    progress.stop()
  }
}

const nextClose = ({ engine }: Executor, market: MarketData, now: Instant): Instant | undefined =>
  engine.config.execute.symbols
    .map(symbol => market.nextClose(symbol, engine.config.execute.timeframe, now))
    .filter(close => close !== undefined)
    .sort()[0]

/** A run that fails says so in the ledger, unless the ledger is what failed. */
const lastWords = async (keeper: Bookkeeper, error: unknown) => {
  if (error instanceof LedgerDamaged) return
  const refused = error instanceof Stop && error.code === exit.refused
  const detail = error instanceof Error ? error.message.slice(0, 500) : 'unknown'
  try {
    await keeper.stop(refused ? 'refused' : 'failed', detail)
  } catch {
    // The first error is the one to tell; this one only says that the ledger could not take it down.
  }
}

const report = ({ screen, ledgerPath }: Engine, tally: ReadonlyMap<string, number>, { desk }: Executor) => {
  const count = (...types: string[]) => types.reduce((sum, type) => sum + (tally.get(type) ?? 0), 0)
  if (tally.size === 0) {
    screen.say(`nothing new: the book is up to date at seq ${desk.book.asOf}`)
    return
  }
  screen.say(
    `${counted(count('CandleClosed'), 'candle')}, ${counted(count('StrategyEvaluated'), 'evaluation')}; ` +
      `intents: ${count('IntentRaised')} raised, answered with ${counted(count('OrderRequested', 'OrderWithheld'), 'order')}, ` +
      `${count('IntentDenied')} denied, ${count('IntentExpired')} expired; ${counted(count('OrderFilled'), 'fill')}`,
  )
  screen.say(`ledger ${ledgerPath}, seq ${desk.book.asOf}`)
}
