// veritape status   One screen: is all well, and if not, what stands out and what to do about it. Reads the ledger, and
// what lies around it; each of them may be missing, broken or shut.

import { UnknownEvent } from '../domain/catalogue.ts'
import { isZero, toPlaces } from '../domain/decimal.ts'
import type { Identity } from '../domain/event-store.ts'
import { remaining } from '../domain/order.ts'
import { entryPrice, unrealizedPnl } from '../domain/position.ts'
import { isSome, type Option } from '../domain/result.ts'
import { tradingOf } from '../domain/safety.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import { type DriftMinutes, driftMinutes } from '../projections/drift-time.ts'
import type { Run } from '../projections/heartbeat.ts'
import { unknownOrders } from '../projections/orders.ts'
import { feed } from '../projections/projection.ts'
import { notAvailable, roundedIn, shown } from '../projections/shown.ts'
import { status as projection, type Status } from '../projections/status.ts'
import type { Command } from './command.ts'
import { concernsOf, type Recorded } from './concerns.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'
import { exitCodeOf, sentenceOf } from './failure.ts'
import { counted } from './sentence.ts'
import { duration, lookAround, printAround, type Surroundings, whereItLies } from './surroundings.ts'

export const status: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const around = await lookAround(engine)
    const ledger = await readLedger(engine)
    if ('error' in ledger) return showWithout(engine, around, ledger)
    show(engine, around, ledger)
    return exit.done
  },
}

interface Folded {
  readonly identity: Identity
  readonly head: number
  readonly state: Status
}

/** Why it could not be folded; who it is and where it ends are known even so when a newer program wrote to it. */
interface Unreadable {
  readonly error: unknown
  readonly identity?: Identity | undefined
  readonly head?: number
}

const readLedger = async (engine: Engine): Promise<Folded | Unreadable> => {
  let identity: Identity | undefined
  try {
    const store = await engine.readLedger()
    try {
      identity = store.identity
      let state = projection.initial()
      for await (const recorded of store.readAll({ types: new Set(projection.types) }))
        state = feed(projection, state, recorded)
      return { identity, state, head: (await store.head()).seq }
    } catch (error) {
      if (error instanceof UnknownEvent) return { error, identity, head: (await store.head()).seq }
      throw error
    } finally {
      await store.close()
    }
  } catch (error) {
    if (exitCodeOf(error) === exit.ourError) throw error
    return { error, identity }
  }
}

/** Without a ledger that can be folded: what needs none still stands, and nothing is said about money. */
const showWithout = (
  { screen, config }: Engine,
  around: Surroundings,
  { error, identity, head }: Unreadable,
) => {
  const { bad } = screen.style
  const { book, mode } = identity ?? config
  const concerns = concernsOf(around, undefined)
  const sentence = sentenceOf(error)
  const code = exitCodeOf(error)
  screen.heading(`${book} (${mode}): ${bad('the ledger cannot be read')}`)
  screen.table(
    ['', ''],
    [
      ['ledger', `${head === undefined ? '' : `seq ${head}, `}${around.ledgerPath}`],
      ['trading', bad(around.killed?.level ?? 'not known')],
      ['executor', around.executor ?? 'not seen'],
      ...whereItLies(around, undefined),
    ],
  )
  tell(screen, concerns)
  screen.note(`veritape: ${sentence}`)
  screen.result({
    book,
    mode,
    head: head ?? null,
    ...printAround(around),
    concerns,
    error: sentence,
    exit: code,
  })
  return code
}

const tell = ({ table, style: { warn } }: Engine['screen'], concerns: readonly string[]) => {
  if (concerns.length > 0)
    table(
      ['to look at'],
      concerns.map(concern => [warn(concern)]),
    )
}

/** How a run stands, with what can be seen of its process. */
const runLine = (run: Run | undefined, executor: string | undefined): string => {
  if (run === undefined)
    return executor === undefined || executor === 'nobody' ? 'never' : `starting (${executor})`
  if (executor !== undefined && executor !== 'nobody') return `seq ${run.seq}, running (${executor})`
  if (run.stopped !== undefined) return `seq ${run.seq}, ${run.stopped.reason}`
  return `seq ${run.seq}, ${executor === undefined ? 'running or killed' : 'killed'}`
}

const show = (
  { screen, clock, simulated }: Engine,
  around: Surroundings,
  { identity: { book, mode }, head, state }: Folded,
) => {
  const { heartbeat, portfolio, orders, halts, lastCandle, watchlist, drift, lastHealth } = state
  const { good, bad, warn, strong } = screen.style
  const { killed } = around
  const trading = killed?.level === 'halted' ? 'halted' : tradingOf(halts)
  const inDrift = driftMinutes(state.driftTime)
  const unknown = unknownOrders(orders).map(({ order }) => order.request.orderId)
  const run = heartbeat.run
  // A recorded book lives at its recording's time: nothing in it is old.
  const ageOf = (then: Instant | undefined) =>
    then === undefined || simulated !== undefined
      ? undefined
      : millisecondsOf(clock.now()) - millisecondsOf(then)
  const ago = (then: Instant) => {
    const age = ageOf(then)
    return age === undefined ? '' : `, ${duration(age)} ago`
  }
  const recorded: Recorded = {
    mode,
    livesNow: simulated === undefined,
    head,
    run,
    cycleAge: ageOf(heartbeat.lastCycle?.clock),
    halts,
    unknown,
    drift: [...drift.values()],
    health: lastHealth && { at: lastHealth.at, verdict: lastHealth.data.verdict },
  }
  const concerns = concernsOf(around, recorded)
  const money = (value: Parameters<typeof toPlaces>[0]) => `${toPlaces(value, 2)} ${portfolio.currency}`

  const summary =
    concerns.length === 0
      ? good('nothing stands out')
      : warn(`${counted(concerns.length, 'thing')} to look at`)
  screen.heading(`${book} (${mode}): ${summary}`)
  screen.table(
    ['', ''],
    [
      ['trading', trading === 'active' ? good('active') : bad(trading)],
      ['run', runLine(run, around.executor)],
      [
        'last cycle',
        heartbeat.lastCycle === undefined
          ? 'none'
          : `${heartbeat.lastCycle.cycle} at ${heartbeat.lastCycle.clock}${ago(heartbeat.lastCycle.clock)}`,
      ],
      [
        'last candle',
        lastCandle === undefined
          ? 'none'
          : `${lastCandle.symbol} ${lastCandle.timeframe} closed ${lastCandle.closeTime}${ago(lastCandle.closeTime)}`,
      ],
      ...(watchlist === undefined
        ? []
        : [['watchlist', `${watchlist.session}: ${watchlist.tickers.join(' ')}`]]),
      ...(lastHealth === undefined
        ? []
        : [['health', `${lastHealth.data.verdict} at ${lastHealth.at}${ago(lastHealth.at)}`]]),
      [
        'equity',
        `${strong(money(portfolio.equity))}, cash ${money(portfolio.cash)}, fees ${money(portfolio.fees)}`,
      ],
      [
        'largest drawdown',
        `${(Number(portfolio.maxDrawdown) * 100).toFixed(2)} % at any mark; peak ${money(portfolio.peak)}`,
      ],
      [
        'orders',
        `${orders.live.size} open, ${unknown.length === 0 ? '0 unknown' : bad(`${unknown.length} unknown`)}`,
      ],
      ['drift', drift.size === 0 ? 'none known' : bad(`${drift.size} unresolved`)],
      ...(isSome(inDrift.total) ? [['minutes in drift', driftLine(inDrift)]] : []),
      ['ledger', `seq ${head}, ${around.ledgerPath}`],
      ...whereItLies(around, head),
    ],
  )
  tell(screen, concerns)

  const held: string[][] = []
  for (const [by, symbols] of portfolio.by)
    for (const [symbol, position] of symbols) {
      if (isZero(position.quantity)) continue
      const mark = portfolio.marks.get(symbol)?.price ?? entryPrice(position)
      held.push([
        symbol,
        by,
        position.quantity,
        toPlaces(entryPrice(position), 2),
        mark,
        toPlaces(unrealizedPnl(position, mark), 2),
      ])
    }
  if (held.length > 0) {
    screen.table(['position', 'holder', 'quantity', 'entry', 'mark', 'unrealized'], held, [2, 3, 4, 5])
  }
  const live = [...orders.live].map(id => orders.byId.get(id)).filter(line => line !== undefined)
  if (live.length > 0) {
    screen.table(
      ['order', 'side', 'symbol', 'remaining', 'status', 'for'],
      live.map(({ order }) => [
        order.request.orderId,
        order.request.side,
        order.request.symbol,
        remaining(order),
        order.status,
        order.request.by,
      ]),
      [3],
    )
  }
  screen.result({
    book,
    mode,
    head,
    trading,
    halts,
    ...printAround(around),
    concerns,
    run: run ?? null,
    lastCycle: heartbeat.lastCycle ?? null,
    lastCandle: lastCandle ?? null,
    lastHealth: lastHealth ?? null,
    equity: portfolio.equity,
    cash: portfolio.cash,
    positions: held.map(([symbol, by, quantity]) => ({ symbol, by, quantity })),
    openOrders: [...orders.live],
    unknownOrders: unknown,
    drift: drift.size,
    driftMinutes: Object.fromEntries(
      Object.entries(inDrift).map(([name, value]) => [name, shown(roundedIn(value))]),
    ),
  })
}

const driftLine = ({ current, total, toDetectAtMost, toRepair }: DriftMinutes): string =>
  `${inMinutes(current)} now, ${inMinutes(total)} in all; found after at most ${inMinutes(toDetectAtMost)}, repaired after ${inMinutes(toRepair)}`

const inMinutes = (minutes: Option<number>): string =>
  isSome(minutes) ? minutes.value.toFixed(1) : notAvailable
