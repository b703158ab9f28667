// veritape backtest   The decisions of the executor over a whole recording, provable and quick. Safe to repeat: a
// backtest that is in the ledger is reported, an interrupted one goes on.

import { BookOpened } from '../domain/account.ts'
import {
  type BacktestInput,
  type Consultation,
  isConsultation,
  type Planned,
  backtest as run,
  warmUpOf,
} from '../domain/backtest.ts'
import { type Book, emptyBook, evolveBook } from '../domain/book.ts'
import type { CandleColumns } from '../domain/candle-columns.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { type Champion, ChampionVerified, championId, championObjection } from '../domain/champion.ts'
import { type Config, rulesOf } from '../domain/config.ts'
import { BacktestStarted } from '../domain/evaluation-digest.ts'
import { outside, propose, type Recorded, type Seq } from '../domain/event.ts'
import type { EventStore, Group, StreamWrite } from '../domain/event-store.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { isLeft } from '../domain/result.ts'
import { strategies } from '../domain/strategies.ts'
import type { StrategyConsulted } from '../domain/strategy-server.ts'
import { accountStream, strategyStream } from '../domain/stream.ts'
import { instantOf, millisecondsOf, readInstant } from '../domain/time.ts'
import { bookkeeper, type Write } from './bookkeeper.ts'
import type { Command, Overrides } from './command.ts'
import { consult } from './consultation.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { reportKpi } from './report.ts'

interface Options {
  file?: string | undefined
  symbol?: string | undefined
  timeframe?: string | undefined
  strategy?: string | undefined
  from?: string | undefined
  until?: string | undefined
}

export const backtest: Command<Options> = {
  options: yargs =>
    yargs
      .option('file', {
        type: 'string',
        describe: "Candles; the configuration's file of the market when left out",
      })
      .option('symbol', { type: 'string', describe: 'Market' })
      .option('timeframe', { type: 'string', describe: 'Length of a candle' })
      .option('strategy', { type: 'string', describe: 'Which champion, when there are several' })
      .option('from', { type: 'string', describe: 'First date or time' })
      .option('until', { type: 'string', describe: 'Last date or time' }),

  // Another backtest is another book, unless --book names one.
  overrides: ({ file, symbol, timeframe, strategy, from, until }) => {
    const words = ['backtest', strategy, symbol, timeframe, from, until].filter(word => word !== undefined)
    const name = words
      .join('-')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 40)
      .replace(/-$/, '')
    const set: Record<string, Overrides[string]> = {
      mode: { value: 'backtest', flag: 'backtest' },
      book: { value: name, flag: 'backtest' },
    }
    if (symbol !== undefined) set['execute.symbols'] = { value: [symbol], flag: '--symbol' }
    if (timeframe !== undefined) set['execute.timeframe'] = { value: timeframe, flag: '--timeframe' }
    if (strategy !== undefined) set['execute.strategies'] = { value: [strategy], flag: '--strategy' }
    if (file !== undefined && symbol !== undefined && timeframe !== undefined)
      set['market.files'] = { value: [{ symbol, timeframe, path: file }], flag: '--file' }
    return set
  },

  run: async (engine, { file, symbol, timeframe, from, until }) => {
    if (file !== undefined && (symbol === undefined || timeframe === undefined))
      throw new Stop(exit.usage, '--file needs --symbol and --timeframe: the file may not say what it holds')
    const { config, screen } = engine
    const [market = ''] = config.execute.symbols
    const champion = theChampion(engine, await engine.champions(), market)
    const bars = await engine.recorded.columns(market, config.execute.timeframe)
    const started = await plannedRun(engine, champion, bars, from, until)
    engine.simulated?.jumpTo(started.data.to)
    const store = await engine.writeLedger('execute', 'backtest')
    try {
      const { input, runSeq, isComplete, heard } = await begin(engine, store, champion, started, bars)
      if (isComplete) screen.say('this backtest is in the ledger already')
      else await record(engine, store, input, runSeq, heard)
    } finally {
      await store.close()
    }
    screen.say(`ledger ${engine.ledgerPath}`)
    return reportKpi.run(engine, {})
  },
}

const theChampion = (
  { config }: Engine,
  champions: readonly Champion[],
  symbol: string,
): ChampionVerified => {
  const { timeframe, strategies: wanted } = config.execute
  const fitting = champions.filter(
    champion =>
      (champion.symbol === symbol || champion.symbol === '*') &&
      champion.timeframe === timeframe &&
      (wanted.length === 0 || wanted.includes(champion.strategy)),
  )
  const [champion, other] = fitting
  const there = champions.map(each => `${each.strategy} for ${each.symbol} ${each.timeframe}`).join(', ')
  if (champion === undefined)
    throw new Stop(
      exit.refused,
      `no champion for ${symbol} ${timeframe}; ${config.execute.champions} has ${there}`,
    )
  if (other !== undefined)
    throw new Stop(
      exit.usage,
      `several champions trade ${symbol} ${timeframe}; choose one with --strategy: ${fitting.map(({ strategy }) => strategy).join(', ')}`,
    )
  const objection = championObjection(champion, strategies)
  if (objection !== undefined) throw new Stop(exit.refused, `champion refused: ${objection.detail}`)
  const { orderValue, restCandles, protectiveStop, parameters } = champion.merged_config
  if (protectiveStop !== undefined)
    throw new Stop(
      exit.refused,
      `${champion.source} has a protectiveStop, which a backtest does not rest at the venue yet; replay it with execute --until, or take it out`,
    )
  return ChampionVerified({
    champion: championId(champion.strategy, symbol, timeframe),
    strategy: champion.strategy,
    symbol,
    timeframe,
    source: champion.source,
    sha256: champion.sha256,
    orderValue,
    ...(restCandles === undefined ? {} : { restCandles }),
    parameters,
  })
}

/** Which candles are evaluated: all that the flags leave, after those that the champion warms up with. */
const plannedRun = async (
  engine: Engine,
  { data }: ChampionVerified,
  bars: CandleColumns,
  from: string | undefined,
  until: string | undefined,
): Promise<BacktestStarted> => {
  const instant = (flag: string, text: string | undefined) => {
    if (text === undefined) return undefined
    const read = readInstant(text, engine.config.zone)
    if (read === undefined)
      throw new Stop(exit.usage, `--${flag} ${text} is no date or time; write 2023-03-20`)
    return millisecondsOf(read)
  }
  const begins = instant('from', from) ?? Number.NEGATIVE_INFINITY
  const ends = instant('until', until) ?? Number.POSITIVE_INFINITY
  let first = warmUpOf(data, strategies)
  while (first < bars.length && (bars.openTime[first] as number) < begins) first++
  let last = bars.length
  while (last > first && (bars.closeTime[last - 1] as number) > ends) last--
  if (last <= first)
    throw new Stop(
      exit.badData,
      `no candles of ${bars.symbol} are left after the warm-up; give more of them, or other dates`,
    )
  return BacktestStarted({
    champion: data.champion,
    symbol: bars.symbol,
    timeframe: bars.timeframe,
    dataset: await engine.recorded.keep(bars.symbol, bars.timeframe),
    from: instantOf(bars.openTime[first] as number),
    to: instantOf(bars.closeTime[last - 1] as number),
    candles: last - first,
  })
}

/** Opens the book of the backtest, or finds where an earlier run of the same one left it. */
const begin = async (
  engine: Engine,
  store: EventStore,
  champion: ChampionVerified,
  started: BacktestStarted,
  bars: CandleColumns,
) => {
  const book = emptyBook()
  let standing: BacktestStarted | undefined
  let runSeq: Seq = 0
  let isComplete = false
  /** What a strategy server said in an earlier run of the same backtest, by open time: it is not asked again. */
  const heard = new Map<string, StrategyConsulted>()
  const see = async (recorded: Recorded<BookEvent>) => {
    const { event } = recorded
    if (event.type === 'RunStarted') runSeq = recorded.seq
    if (event.type === 'EvaluationsDigested' && event.data.to === started.data.to) isComplete = true
    if (standing === undefined) evolveBook(book, recorded) // what follows is planned again
    if (event.type === 'BacktestStarted') standing = event
    if (event.type === 'StrategyConsulted') heard.set(event.data.openTime, event)
  }
  const keeper = bookkeeper(engine, store, 'execute', see)
  await keeper.catchUp()
  if (standing === undefined) {
    const { currency, cash, calendar, zone } = engine.config
    const stream = strategyStream(champion.data.champion)
    const opening: readonly Write[] = [
      {
        stream: accountStream,
        events: [propose(outside(accountStream), BookOpened({ currency, cash, calendar, zone }))],
      },
      {
        stream,
        events: [
          propose(outside(`${stream} ${champion.data.sha256}`), champion),
          propose(outside(`${stream} backtest`), started),
        ],
      },
    ]
    await keeper.append(opening)
  } else if (JSON.stringify((standing as BacktestStarted).data) !== JSON.stringify(started.data)) {
    throw new Stop(
      exit.refused,
      `book ${engine.config.book} holds another backtest; name a new book: --book NAME`,
    )
  }
  const input = backtestInput(engine.config, store.identity, champion.data, started.data, bars, book, engine)
  return { input, runSeq, isComplete, heard }
}

/** Everything a backtest depends on; a replay builds the same from the ledger. */
export const backtestInput = (
  config: Pick<Config, 'limits' | 'venue' | 'calendar'>,
  identity: EventStore['identity'],
  champion: ChampionVerified['data'],
  { symbol, from, candles }: BacktestStarted['data'],
  bars: CandleColumns,
  book: Book,
  { calendar }: Pick<Engine, 'calendar'>,
): BacktestInput => {
  const { makerFee, takerFee, slippage, participation, markets } = config.venue
  const first = bars.openTime.indexOf(millisecondsOf(from))
  return {
    champion,
    strategies,
    bars,
    from: first,
    to: first + candles,
    book,
    terms: { makerFee, takerFee, slippage, participation },
    rules: rulesOf(markets)(symbol),
    limits: config.limits,
    prefix: orderPrefix(identity.book, identity.epoch),
    calendar: config.calendar === 'nyse' ? calendar : undefined,
  }
}

const groupsUnderWay = 4096

/** Writes what the backtest plans. Groups are not waited for one by one: they share their syncs. */
const record = async (
  engine: Engine,
  store: EventStore,
  input: BacktestInput,
  runSeq: Seq,
  heard: ReadonlyMap<string, StrategyConsulted>,
) => {
  const progress = engine.screen.progress('backtesting', input.to - input.from)
  let underWay: Promise<void>[] = []
  const plan = run(input)
  for (let step = plan.next(undefined); !step.done; ) {
    if (engine.signal.aborted)
      throw new Stop(exit.tryAgain, 'stopped; start the same backtest again and it goes on')
    const planned = step.value
    if (isConsultation(planned)) {
      await Promise.all(underWay)
      underWay = []
      step = plan.next(heard.get(planned.candle.openTime) ?? (await answerTo(engine, planned)))
      continue
    }
    step = plan.next(undefined)
    for (const part of appendable(planned)) underWay.push(append(store, part, runSeq))
    if (underWay.length < groupsUnderWay) continue
    await Promise.all(underWay)
    underWay = []
    const [first] = planned
    if (first?.recorded.event.type === 'CandleClosed')
      progress.at(
        input.bars.openTime.indexOf(millisecondsOf(first.recorded.event.data.openTime)) - input.from,
      )
  }
  await Promise.all(underWay)
  progress.stop()
}

/** A backtest without answers says nothing about the strategy: it stops, and goes on when the server is there. */
const answerTo = async (engine: Engine, { seat, candle, question }: Consultation) => {
  const consulted = await consult(engine, seat, candle, question)
  const failure = consulted?.data.failure
  if (failure === undefined) return consulted
  throw new Stop(
    failure.reason === 'baseline-fallback' ? exit.refused : exit.venueUnavailable,
    `the strategy server at ${seat.server?.url} gives no usable answer about ${candle.openTime} (${failure.reason}, ${failure.detail}); mend it and start the same backtest again: it goes on`,
  )
}

/** A group names each stream once: where one comes again, the next group begins. */
const appendable = function* (planned: readonly Planned[]): Generator<readonly Planned[]> {
  let part: Planned[] = []
  for (const each of planned) {
    const last = part.at(-1)
    if (
      last !== undefined &&
      last.stream !== each.stream &&
      part.some(({ stream }) => stream === each.stream)
    ) {
      yield part
      part = []
    }
    part.push(each)
  }
  yield part
}

const append = async (store: EventStore, planned: readonly Planned[], run: Seq): Promise<void> => {
  const writes: (StreamWrite & { events: StreamWrite['events'][number][] })[] = []
  for (const { stream, expected, proposal } of planned) {
    const last = writes.at(-1)
    if (last?.stream === stream) last.events.push(proposal)
    else writes.push({ stream, expected, events: [proposal] })
  }
  const group: Group = { run, writes }
  const outcome = await store.append(group)
  if (isLeft(outcome)) {
    if (outcome.left.kind === 'disk-full')
      throw new Stop(
        exit.cannotWrite,
        `no room for the ledger (${outcome.left.detail}); free some space and start again`,
      )
    throw new Stop(
      exit.tryAgain,
      `the ledger refused the backtest (${outcome.left.kind}); start again, or name a new book`,
    )
  }
  const [first] = planned
  const [written] = outcome.right.events
  if (written?.seq !== first?.recorded.seq)
    throw new Error(`event ${first?.recorded.seq} was recorded as ${written?.seq}: order ids would not match`)
}
