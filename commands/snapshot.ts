// veritape snapshot   What the market and the account look like now, as one event: last trades, tops of order books,
// balances. What cannot be had is named and does not stop the rest; 69 when nothing at all could be had.

import { outside, propose } from '../domain/event.ts'
import { type MarketData, SymbolUnknown } from '../domain/market-data.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { snapshotStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { MarketSnapshotTaken } from '../domain/truth.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { feed } from '../projections/projection.ts'
import { status as projection, type Status } from '../projections/status.ts'
import { bookkeeper } from './bookkeeper.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

type Snapshot = MarketSnapshotTaken['data']
type Parts = {
  readonly tickers: Record<string, Snapshot['tickers'][string]>
  balances: Snapshot['balances']
  readonly missing: { what: string; why: string }[]
  /** Raw answers. */
  readonly raw: string[]
}

/** So many symbols are asked for, and for so long; the others are named as missing. */
const symbolsMax = 50
const askingMaxMs = 60_000

export const snapshot: Command<{ symbol: readonly string[] }> = {
  options: yargs =>
    yargs.option('symbol', {
      type: 'string',
      array: true,
      default: [],
      describe: 'What to look at; repeatable. What the book trades and holds when left out',
    }) as never,
  run: async (engine, { symbol }) => {
    const store = await engine.writeLedger('snapshot')
    try {
      let status = projection.initial()
      let opened: { readonly currency: string; readonly cash: Status['portfolio']['cash'] } | undefined
      let before = 0
      const keeper = bookkeeper(engine, store, 'snapshot', async recorded => {
        status = feed(projection, status, recorded)
        if (recorded.event.type === 'BookOpened') opened = recorded.event.data
        if (recorded.stream === snapshotStream) before++
      })
      await keeper.catchUp()
      if (status.heartbeat.lastCycle !== undefined) engine.simulated?.jumpTo(status.heartbeat.lastCycle.clock)
      const taken = engine.clock.now()
      const parts: Parts = { tickers: {}, balances: {}, missing: [], raw: [] }
      const market = await askMarket(engine, parts, symbolsOf(engine, status, symbol), taken)
      const { book, epoch } = store.identity
      await asked(parts, 'balances', async () => {
        if (market === undefined) throw new VenueUnavailable('the market cannot be reached')
        const orders = function* () {
          for (const { order } of status.orders.byId.values()) yield order
        }
        const venue = await engine.venue(market, orders, orderPrefix(book, epoch), () => opened)
        if (venue.account === undefined) throw new VenueUnavailable(`${venue.name} has no account to ask`)
        const { value, raw } = await venue.account.holdings()
        parts.balances = value
        parts.raw.push(raw)
      })
      const { tickers, balances, missing } = parts
      if (Object.keys(tickers).length + Object.keys(balances).length === 0)
        throw new Stop(
          exit.venueUnavailable,
          `nothing could be had, and nothing was recorded: ${missing.map(({ what, why }) => `${what}: ${why}`).join('; ')}`,
        )
      const evidence = await engine.data.put(Buffer.from(parts.raw.join('\n')))
      const event = MarketSnapshotTaken({ taken, tickers, balances, missing, evidence })
      const key = outside(`${snapshotStream} ${before}`)
      const [recorded] =
        (await keeper.append([{ stream: snapshotStream, events: [propose(key, event)] }])) || []
      show(engine, event.data, recorded?.seq ?? 0)
      return exit.done
    } finally {
      await store.close()
    }
  },
}

/** What was typed; else what the configuration or the watchlist names, and what is held. */
const symbolsOf = ({ config }: Engine, status: Status, typed: readonly string[]): readonly string[] => {
  if (typed.length > 0) return typed
  const held = [...status.portfolio.by.values()].flatMap(symbols =>
    [...symbols].filter(([, { quantity }]) => Number(quantity) !== 0).map(([name]) => name),
  )
  const traded =
    config.execute.symbols.length > 0 ? config.execute.symbols : (status.watchlist?.tickers ?? [])
  return [...new Set([...held, ...traded])]
}

const askMarket = async (
  engine: Engine,
  parts: Parts,
  symbols: readonly string[],
  taken: Instant,
): Promise<MarketData | undefined> => {
  let market: MarketData | undefined
  await asked(parts, 'the market', async () => {
    market = await engine.market()
  })
  if (market === undefined) return undefined
  const began = performance.now()
  for (const [index, symbol] of symbols.entries()) {
    if (index >= symbolsMax) {
      parts.missing.push({
        what: `quote of ${symbol}`,
        why: `only ${symbolsMax} symbols are asked for at once`,
      })
      continue
    }
    if (performance.now() - began > askingMaxMs) {
      parts.missing.push({ what: `quote of ${symbol}`, why: 'the source was too slow for all of them' })
      continue
    }
    await asked(parts, `quote of ${symbol}`, () => quote(engine, market as MarketData, parts, symbol, taken))
  }
  return market
}

const quote = async (
  { config }: Engine,
  market: MarketData,
  parts: Parts,
  symbol: string,
  taken: Instant,
): Promise<void> => {
  if (market.quote !== undefined) {
    const { value, raw } = await market.quote(symbol)
    parts.tickers[symbol] = value
    parts.raw.push(raw)
    for (const side of ['last', 'bid', 'ask'] as const)
      if (value[side] === undefined)
        parts.missing.push({ what: `${side} of ${symbol}`, why: `${market.name} does not say it` })
    return
  }
  const [candle] = await market.history(symbol, config.execute.timeframe, 1, taken)
  if (candle === undefined) throw new VenueUnavailable(`no candle had closed by ${taken}`)
  parts.tickers[symbol] = { last: candle.close }
  parts.raw.push(JSON.stringify(candle))
  parts.missing.push({ what: `order book of ${symbol}`, why: `${market.name} has candles only` })
}

/** What cannot be had is named. A bug stays a bug. */
const asked = async (parts: Parts, what: string, ask: () => Promise<void>): Promise<void> => {
  try {
    await ask()
  } catch (error) {
    if (!(error instanceof VenueUnavailable || error instanceof SymbolUnknown)) throw error
    parts.missing.push({ what, why: error.message })
  }
}

const show = ({ screen, config }: Engine, data: Snapshot, seq: number): void => {
  const { taken, tickers, balances, missing } = data
  screen.heading(`Snapshot of ${config.book} at ${taken}, seq ${seq}`)
  screen.table(
    ['symbol', 'last', 'bid', 'quantity', 'ask', 'quantity'],
    Object.entries(tickers).map(([symbol, { last, bid, bidQuantity, ask, askQuantity }]) => [
      symbol,
      ...[last, bid, bidQuantity, ask, askQuantity].map(each => each ?? 'n/a'),
    ]),
    [1, 2, 3, 4, 5],
  )
  screen.table(['balance', 'quantity'], Object.entries(balances), [1])
  for (const { what, why } of missing) screen.say(screen.style.warn(`missing, ${what}: ${why}`))
  screen.result({ seq, ...data })
}
