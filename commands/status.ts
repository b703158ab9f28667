// veritape status   One screen: is all well, and if not, what stands out. Reads the ledger and nothing else, so that
// it works when everything else is down.

import { UnknownEvent } from '../domain/catalogue.ts'
import { isZero, toPlaces } from '../domain/decimal.ts'
import type { EventStore, Identity } from '../domain/event-store.ts'
import { remaining } from '../domain/order.ts'
import { entryPrice, unrealizedPnl } from '../domain/position.ts'
import { isSome, type Option } from '../domain/result.ts'
import { tradingOf } from '../domain/safety.ts'
import { type DriftMinutes, driftMinutes } from '../projections/drift-time.ts'
import { feed } from '../projections/projection.ts'
import { notAvailable, roundedIn, shown } from '../projections/shown.ts'
import { status as projection, type Status } from '../projections/status.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'

export const status: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const store = await engine.readLedger()
    try {
      let state = projection.initial()
      for await (const recorded of store.readAll({ types: new Set(projection.types) }))
        state = feed(projection, state, recorded)
      const { seq } = await store.head()
      show(engine, state, store.identity, seq)
      return exit.done
    } catch (error) {
      if (!(error instanceof UnknownEvent)) throw error
      return await showUnfolded(engine, store, error)
    } finally {
      await store.close()
    }
  },
}

/** A newer program wrote to the book: what needs no fold still stands, and nothing is said about money. */
const showUnfolded = async ({ screen, kill, ledgerPath }: Engine, store: EventStore, error: UnknownEvent) => {
  const { seq } = await store.head()
  const { book, mode } = store.identity
  const killed = kill.read()
  screen.heading(`${book} (${mode})`)
  screen.say(`ledger  seq ${seq}, ${ledgerPath}`)
  if (killed !== undefined) screen.say(screen.style.warn(`KILL file: ${killed.level}, ${killed.reason}`))
  screen.note(`money, positions, orders and halts are not shown: ${error.message}`)
  screen.result({ book, mode, head: seq, kill: killed ?? null, error: error.message, exit: exit.badData })
  return exit.badData
}

const show = (
  { screen, kill, ledgerPath }: Engine,
  state: Status,
  { book, mode }: Identity,
  head: number,
) => {
  const { heartbeat, portfolio, orders, halts, lastCandle, watchlist, drift } = state
  const { good, bad, warn, strong } = screen.style
  const killed = kill.read()
  const trading = killed?.level === 'halted' ? 'halted' : tradingOf(halts)
  const inDrift = driftMinutes(state.driftTime)
  const unknown = [...orders.live].filter(id => orders.byId.get(id)?.order.status === 'unknown')
  const run = heartbeat.run
  const running =
    run === undefined ? 'never' : run.stopped === undefined ? 'running or killed' : run.stopped.reason
  const money = (value: Parameters<typeof toPlaces>[0]) => `${toPlaces(value, 2)} ${portfolio.currency}`

  screen.heading(`${book} (${mode})`)
  screen.table(
    ['', ''],
    [
      ['trading', trading === 'active' ? good('active') : bad(trading)],
      ['run', `${run === undefined ? '' : `seq ${run.seq}, `}${running}`],
      [
        'last cycle',
        heartbeat.lastCycle === undefined
          ? 'none'
          : `${heartbeat.lastCycle.cycle} at ${heartbeat.lastCycle.clock}`,
      ],
      [
        'last candle',
        lastCandle === undefined
          ? 'none'
          : `${lastCandle.symbol} ${lastCandle.timeframe} closed ${lastCandle.closeTime}`,
      ],
      ...(watchlist === undefined
        ? []
        : [['watchlist', `${watchlist.session}: ${watchlist.tickers.join(' ')}`]]),
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
      ['ledger', `seq ${head}, ${ledgerPath}`],
    ],
  )
  for (const { seq, by, reason, level } of halts)
    screen.say(warn(`${level} by ${by} (seq ${seq}): ${reason}`))
  if (killed !== undefined) screen.say(warn(`KILL file: ${killed.level}, ${killed.reason}`))

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
    kill: killed ?? null,
    run: run ?? null,
    lastCycle: heartbeat.lastCycle ?? null,
    lastCandle: lastCandle ?? null,
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
