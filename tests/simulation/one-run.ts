// One run of the whole engine under one seed: the real commands, the real loop, the real strategies, a simulated
// exchange, network, clock and operator. Processes die at any call or write and are started again. In the end nothing
// goes wrong any more, what is left is settled, and the books of both sides are laid before the oracle.

import type { Engine } from '../../commands/engine.ts'
import { execute } from '../../commands/execute.ts'
import { Stop } from '../../commands/exit.ts'
import { halt, resume } from '../../commands/halt.ts'
import { project, rebuild } from '../../commands/project.ts'
import { prove } from '../../commands/proof.ts'
import { reconcile } from '../../commands/reconcile.ts'
import { repair } from '../../commands/repair.ts'
import type { Candle } from '../../domain/candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Champion } from '../../domain/champion.ts'
import { type Config, defaults } from '../../domain/config.ts'
import type { Recorded } from '../../domain/event.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { sha256 } from '../../domain/hash.ts'
import type { MarketData } from '../../domain/market-data.ts'
import { left } from '../../domain/result.ts'
import { portfolio } from '../../projections/portfolio.ts'
import { fold } from '../../projections/projection.ts'
import { identity } from '../cast.ts'
import { ProcessDied, type World, wish, world } from '../engine-in-memory.ts'
import { type Chance, chanceOf } from '../faults/seeded.ts'
import {
  candleMs,
  coin,
  type Exchange,
  type ExchangeCandle,
  exchange as openExchange,
  text,
  units,
} from './exchange.ts'
import { newsBehind } from './oracle.ts'
import { calm, type Focus, focused, type Weather, weatherOf } from './swarm.ts'
import { type Wire, wire } from './wire.ts'

export interface Run {
  readonly seed: number
  readonly weather: Weather
  readonly book: World
  readonly exchange: Exchange
  readonly events: readonly Recorded<BookEvent>[]
  readonly opening: string
  /** Everything that was sent to the venue. */
  readonly asked: readonly Asked[]
  /** Ids of events that an append acknowledged. */
  readonly acknowledged: ReadonlySet<string>
  /** Owner's transfers by name, in the exchange's units. */
  readonly transfers: ReadonlyMap<string, bigint>
  /** What the program's own portfolio says in the end, by symbol. */
  readonly positions: ReadonlyMap<string, string>
  readonly ownerTrades: ReadonlySet<string>
  /** Candles recorded before they had closed, by the exchange's clock. */
  readonly early: readonly string[]
  readonly hits: ReadonlyMap<string, number>
  readonly simulatedMs: number
  /** What went wrong that no one may expect: a process that ended with an error of its own. */
  readonly errors: readonly string[]
  /** Of the last reconciliation: 'agrees', or the drift that stands. */
  readonly lastVerdict: string
  /** What a second run of everything, the proof and the rebuilt views had to say; empty when all is as it must be. */
  readonly differences: readonly string[]
}

interface Asked {
  readonly orderId: string
  readonly reduceOnly: boolean
  /** The head of the ledger at that moment. */
  readonly head: number
  /** Orders that the one who sent it could not hear of when it last heard the venue. */
  readonly unheard: readonly string[]
}

const start = Date.parse('2024-03-04T00:00:00.000Z')

export const championsOf = (symbols: readonly string[]): readonly Champion[] =>
  symbols.flatMap(symbol =>
    (
      [
        ['ema-cross', { fast: 2, slow: 4 }],
        ['breakout', { entryBars: 2, exitBars: 2, atrBars: 2, trailAtr: 1 }],
        [
          'avwap-pullback',
          {
            anchor: 'swing-low',
            windowBars: 8,
            trendBars: 2,
            atrBars: 3,
            bandAtr: 1.5,
            reachAtr: 1.6,
            limitAtr: 0.1,
            targetAtr: 0.5,
          },
        ],
      ] as const
    ).map(([strategy, parameters]) => ({
      strategy,
      symbol,
      timeframe: '1h' as const,
      merged_config: {
        orderValue: '500' as const,
        parameters,
        ...(strategy === 'avwap-pullback' ? { restCandles: 3 } : {}),
      },
      chosen: 'for its nerves',
      source: `champions/${strategy}.json`,
      sha256: sha256(`${strategy} ${symbol}`),
    })),
  )

export const configOf = (weather: Weather): Config => ({
  ...defaults,
  book: identity.book,
  mode: weather.dryRun ? 'dry-run' : 'paper',
  currency: 'USD',
  cash: '10000',
  market: { ...defaults.market, files: [{ symbol: '*', timeframe: '1h', path: 'none' }] },
  venue: {
    ...defaults.venue,
    markets: { '*': { tick: '0.01', lot: '0.0001', minimumQuantity: '0.0001' } },
  },
  execute: {
    ...defaults.execute,
    symbols: [...weather.symbols],
    timeframe: '1h',
    pollSeconds: weather.pollSeconds,
  },
  orders: {
    settleSeconds: weather.settleSeconds,
    resendSeconds: weather.resendSeconds,
    unknownHaltMax: weather.unknownHaltMax,
    deadMansSwitchSeconds: 0,
  },
  limits: {
    ...defaults.limits,
    unknownOutcomesMax: 2,
    lossPerDayMax: '100000',
    drawdownMax: '0.99',
    ordersPerDayMax: 1000,
    candleAgeMaxMs: 2 * candleMs,
  },
})

/** Those that closed after an instant; asked for each turn, when as a rule there is none. */
const candlesBehind = (candles: readonly Candle[], after: string): readonly Candle[] => {
  let from = candles.length
  while (from > 0 && (candles[from - 1] as Candle).closeTime > after) from--
  return candles.slice(from)
}

/** A process. One runs at a time: while an operator's command runs, the executor stands in the middle of a call. */
export interface Life {
  dead: boolean
  readonly stop: AbortController
  readonly mortal: boolean
  /** The order that it is writing about. */
  writing: string | undefined
}

/** What a machine does to its processes, where the world has one: a ledger in memory has none. */
export interface Machine {
  /** All that a process does; what fails meanwhile fails it. */
  run<T>(life: Life, work: () => Promise<T>): Promise<T>
  /** The process sleeps: what it left to timers is done. */
  idle(): void
  /** A sync has failed, and nobody may write until the operator has repaired the ledger. */
  isPoisoned(): boolean
  /** Whether the process ended so because of what was done to its disk. */
  explains(error: unknown): boolean
}

/** What happens to everything in a run. */
export interface Circumstances {
  readonly isCalm: () => boolean
  readonly hit: (fault: string, orderId?: string) => void
}

export type WorldOf = (
  config: Config,
  champions: readonly Champion[],
  now: () => string,
  circumstances: Circumstances,
) => World & { readonly machine?: Machine }

/** `worldOf` makes what outlives a process; the ledger lies in memory when it is left out. */
export const oneRun = async (seed: number, worldOf: WorldOf = world, focus?: Focus): Promise<Run> => {
  const chance: Chance = chanceOf(seed)
  const riddleChance = chanceOf(seed + 3_000_000)
  const weather = focused(weatherOf(chance, riddleChance), focus)
  const config = configOf(weather)
  const champions = championsOf(weather.symbols)
  const exchange = openExchange(chance, start, weather.symbols, weather.manners)
  const iso = (milliseconds = exchange.now()) => new Date(milliseconds).toISOString()
  exchange.advance(start + 12 * candleMs) // candles to warm up with
  const begin = exchange.now()
  const end = begin + weather.days * 86_400_000
  exchange.transfer('USD', units('10000'))

  let isCalm = false
  let interrupting = false
  /** All up to it are noted: a writer may live that was never told of its write, and write more. */
  let notedTo = 0
  const hits = new Map<string, number>()
  const lastOf = new Map<string, string>()
  const names = new Map<string, string>()
  /** The exchange's numbers of orders, as far as the ledger has them. */
  const numbers = new Set<string>()
  const transfers = new Map<string, bigint>()
  if (weather.manners.feeIn === 'coin') {
    exchange.transfer(coin, units('1000')) // fees were paid for in advance
    transfers.set(coin, units('1000'))
  }
  const ownerTrades = new Set<string>()
  const asked: Asked[] = []
  const acknowledged = new Set<string>()
  const early: string[] = []
  const errors: string[] = []
  const differences: string[] = []

  const strikes = (rate: number): boolean => !isCalm && rate > 0 && chance.once(rate)
  const hit = (fault: string, orderId?: string) => {
    const state = orderId === undefined ? 'no order' : (lastOf.get(orderId) ?? 'not in the ledger')
    const key = `${fault} | ${state}`
    hits.set(key, (hits.get(key) ?? 0) + 1)
  }

  const book = worldOf(config, champions, iso, { isCalm: () => isCalm, hit })
  const { machine } = book
  const run = <T>(life: Life, work: () => Promise<T>) => machine?.run(life, work) ?? work()

  const dies = (life: Life, where: string, orderId?: string) => {
    if (life.dead) throw new ProcessDied('a dead process does nothing')
    // Placing and cancelling are rare among the calls, and the ones at which a death matters most.
    const isAct = /^(place|cancel) /.test(where)
    if (!life.mortal || !strikes(isAct ? Math.ceil(weather.deaths / 8) : weather.deaths)) return
    life.dead = true
    hit(`died: ${where}`, orderId)
    throw new ProcessDied(where)
  }

  const noteWritten = (events: readonly Recorded<BookEvent>[]) => {
    for (const { id, seq, event } of events) {
      acknowledged.add(id)
      if (seq === notedTo + 1) notedTo = seq
      if (event.type === 'OrderRequested') names.set(event.data.orderId, event.data.by)
      if (event.type === 'OrderAccepted') numbers.add(event.data.venueOrderId)
      if (event.type.startsWith('Order') && 'orderId' in event.data)
        lastOf.set(event.data.orderId, event.type)
      if (event.type === 'CandleClosed' && Date.parse(event.data.closeTime) > exchange.now())
        early.push(`${event.data.symbol} ${event.data.closeTime}`)
    }
  }

  const storeOf =
    (life: Life) =>
    (store: EventStore): EventStore => ({
      ...store,
      append: async group => {
        const orderId = group.writes[0]?.stream.startsWith('order-')
          ? group.writes[0].stream.slice(6)
          : undefined
        life.writing = orderId
        dies(life, 'before a write', orderId)
        if (strikes(weather.untold)) {
          const isDone = chance.once(2)
          hit(isDone ? 'write not answered, done' : 'write not answered, not done', orderId)
          if (isDone) {
            const written = await store.append(group)
            if (written._tag === 'Right') noteWritten(written.right.events)
          }
          return left({ kind: 'outcome-unknown', detail: 'the disk was slow' })
        }
        const written = await store.append(group)
        if (written._tag === 'Right') noteWritten(written.right.events)
        dies(life, 'after a write', orderId)
        return written
      },
    })

  /** A writer may not be told of what it wrote; whoever opens the ledger next is. */
  const recovering = (engine: Engine): Engine => ({
    ...engine,
    writeLedger: async (...all) => {
      const store = await engine.writeLedger(...all)
      const missed: Recorded<BookEvent>[] = []
      for await (const each of store.readAll({ after: notedTo })) missed.push(each)
      noteWritten(missed)
      return store
    },
  })

  const silences = {
    silentEnds: new Set<string>(),
    toldEnds: new Set<string>(),
    silentFills: new Set<string>(),
    toldFills: new Set<string>(),
  }
  const riddles = {
    chance: riddleChance,
    resendMs: weather.resendSeconds * 1000,
    unheard: new Map(),
    unproven: new Map(),
  }
  const process = (mortal: boolean): { engine: Engine; wire: Wire; life: Life } => {
    const life: Life = { dead: false, stop: new AbortController(), mortal, writing: undefined }
    const passing = async (call: string, orderId?: string) => {
      dies(life, call, orderId)
      exchange.advance(exchange.now() + chance.below(isCalm ? 50 : 1500))
      if (mortal && !interrupting && strikes(weather.interruptions)) {
        hit(`interrupted: ${call}`, orderId)
        await interrupt()
      }
      dies(life, call, orderId)
    }
    const own = wire({
      silences,
      riddles,
      exchange,
      chance,
      faults: () => (isCalm ? calm : weather.wire),
      passing,
      hit,
      names,
      numbers: weather.reportsByNumber ? numbers : undefined,
      asked: async (orderId, reduceOnly, unheard) => {
        asked.push({ orderId, reduceOnly, head: await book.head(), unheard })
      },
    })
    own.down(downUntil)
    const engine = book.engine(
      {
        clock: {
          now: () => iso(),
          sleep: async milliseconds => {
            dies(life, 'while it waits')
            machine?.idle()
            await pass(milliseconds, life)
            if (life.dead) throw new ProcessDied('while it slept')
            own.down(downUntil)
          },
        },
        simulated: undefined,
        signal: life.stop.signal,
        market: async () => market,
        recorded: {
          keep: async () => 'none',
          candles: async (_, symbol, _timeframe, from, to) =>
            candlesOf(symbol).filter(({ openTime, closeTime }) => openTime >= from && closeTime <= to),
          daily: async () => new Map(),
          columns: async () => {
            throw new Error('no columns here')
          },
        },
        venue: async () => own.venue,
      },
      storeOf(life),
    )
    return { engine: machine === undefined ? engine : recovering(engine), wire: own, life }
  }

  /** Candles that closed do not change any more: each is printed once, and the forming one each time. */
  const printed = new Map<string, Candle[]>()
  let printedTo = 0
  const candlesOf = (symbol: string): readonly Candle[] => {
    for (; printedTo < exchange.candles.length; printedTo++) {
      const candle = exchange.candles[printedTo] as ExchangeCandle
      if (candle.closeTime >= exchange.now()) break
      const own = printed.get(candle.symbol)
      if (own === undefined) printed.set(candle.symbol, [printCandle(candle)])
      else own.push(printCandle(candle))
    }
    const forming = exchange.candles.slice(printedTo).filter(candle => candle.symbol === symbol)
    return [...(printed.get(symbol) ?? []), ...forming.map(printCandle)]
  }

  const printCandle = (candle: ExchangeCandle): Candle => ({
    symbol: candle.symbol,
    timeframe: '1h' as const,
    openTime: iso(candle.openTime),
    closeTime: iso(candle.closeTime),
    open: text(candle.open) as `${number}`,
    high: text(candle.high) as `${number}`,
    low: text(candle.low) as `${number}`,
    close: text(candle.close) as `${number}`,
    volume: text(candle.volume) as `${number}`,
  })

  const market: MarketData = {
    name: 'simulated',
    closedCandles: async (symbol, _, after, now) =>
      candlesBehind(candlesOf(symbol), after).filter(({ closeTime }) => closeTime <= now),
    history: async (symbol, _, count, upTo) =>
      candlesOf(symbol)
        .filter(({ closeTime }) => closeTime <= upTo)
        .slice(-count),
    dataset: () => undefined,
    nextClose: () => undefined,
  }

  let downUntil = 0
  let wishes = 0

  /** A command of another process; a refusal at its door is fine, a death too. */
  const command = async (doing: (engine: Engine) => Promise<unknown>, mortal = true) => {
    const { engine, life } = process(mortal)
    try {
      return await run(life, () => doing(engine))
    } catch (error) {
      if (error instanceof ProcessDied || life.dead || machine?.explains(error)) return undefined
      if (error instanceof Stop) return error.code
      errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
      return undefined
    }
  }

  const operate = async () => {
    const symbol = chance.pick(weather.symbols)
    const holder = chance.pick(['operator', ...champions.map(({ strategy }) => `${strategy}@${symbol}-1h`)])
    const what = chance.pick(['buy', 'sell', 'close'] as const)
    const id = `wish-${chance.once(5) ? Math.max(0, wishes - 1) : wishes++}`
    const price = Number(text(exchange.candles.findLast(each => each.symbol === symbol)?.close ?? 0n))
    const limit = chance.once(2) ? { limit: (price + (chance.below(200) - 100) / 100).toFixed(2) } : {}
    const quantity = { quantity: chance.pick(['0.5', '1.25', '3', '0.0001']) }
    hit(`operator: ${what}`)
    await command(engine =>
      wish(engine, { what, subject: symbol, id, ...(what === 'close' ? {} : quantity), ...limit, holder }),
    )
  }

  const withdrawOne = async () => {
    const open = [...lastOf].filter(([, type]) => !/Filled|Cancelled|Expired|Rejected/.test(type))
    if (open.length === 0) return
    const [orderId] = chance.pick(open)
    hit('operator: cancel', orderId)
    await command(engine => wish(engine, { what: 'cancel', subject: orderId, id: `cancel-${wishes++}` }))
  }

  const haltOrResume = async () => {
    const reducing = chance.once(2)
    if (chance.once(2)) {
      hit('operator: halt')
      await command(engine => halt.run(engine, { reason: 'lunch', reducing }))
    } else await command(engine => resume.run(engine, { reason: 'back' }))
  }

  const reconcileNow = async (mortal = true) => {
    if ((await book.head()) === 0) return undefined
    hit('reconcile command')
    return command(engine => reconcile.run(engine, {}), mortal)
  }

  /** What the account's owner does by hand, at the exchange itself. */
  const own = (resting: boolean) => {
    const symbol = chance.pick(weather.symbols)
    const side = chance.pick(['buy', 'sell'] as const)
    const last = exchange.candles.findLast(each => each.symbol === symbol)?.close ?? 0n
    const placed = exchange.place({
      clientId: chance.once(3) ? 'web-7f3a' : undefined,
      symbol,
      side,
      type: resting ? 'limit' : 'market',
      quantity: units(chance.pick(['0.1', '0.3'])),
      ...(resting ? { limit: last + units(side === 'buy' ? '-1' : '1') } : {}),
    })
    if ('refused' in placed) return
    hit(resting ? 'owner: order' : 'owner: trade')
  }

  const transfer = () => {
    const name = chance.pick(['USD', 'AAA', 'CCC'])
    const quantity = units(chance.pick(['0.5', '7']))
    hit('owner: transfer')
    transfers.set(name, (transfers.get(name) ?? 0n) + quantity)
    exchange.transfer(name, quantity)
  }

  const interrupt = async () => {
    interrupting = true
    try {
      await chance.pick([operate, withdrawOne, reconcileNow, haltOrResume])()
    } finally {
      interrupting = false
    }
  }

  /** Time passes between two turns, and things happen in it. */
  const pass = async (milliseconds: number, life: Life) => {
    const stalled = strikes(weather.stalls)
    if (stalled) hit('stalled')
    const until = exchange.now() + milliseconds * (stalled ? 1 + chance.below(30) : 1)
    exchange.advance(until)
    if (!isCalm) {
      interrupting = true
      if (strikes(weather.operatorIntents)) await operate()
      if (strikes(weather.operatorCancels)) await withdrawOne()
      if (strikes(weather.halts)) await haltOrResume()
      if (strikes(weather.reconciles)) await reconcileNow()
      if (strikes(weather.ownerTrades)) own(false)
      if (strikes(weather.ownerOrders)) own(true)
      if (strikes(weather.transfers)) transfer()
      if (strikes(weather.outages)) downUntil = exchange.now() + chance.below(5_400_000)
      interrupting = false
    }
    if (exchange.now() >= stopAt) life.stop.abort()
    else if (strikes(weather.stops)) {
      hit('stopped by signal')
      life.stop.abort()
    }
  }

  let stopAt = end
  const runExecutor = async (mortal: boolean) => {
    while (exchange.now() < stopAt) {
      if (machine?.isPoisoned()) {
        hit('operator: repair')
        await command(engine => repair.run(engine, { apply: true }), mortal)
      }
      const { engine, life } = process(mortal)
      try {
        await run(life, () => execute.run(engine, { once: false }))
      } catch (error) {
        const explained = life.dead || machine?.explains(error) === true
        life.dead = true
        if (explained) hit(error instanceof Stop ? `stopped with ${error.code}` : 'ended by its disk')
        else if (error instanceof Stop) {
          hit(`stopped with ${error.code}`)
          if (error.code !== 75) errors.push(`execute ended with ${error.code}: ${error.message}`)
        } else if (!(error instanceof ProcessDied))
          errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
        if (errors.length > 0) return
      }
      exchange.advance(
        exchange.now() + (isCalm ? 1000 : 1000 + chance.below(chance.once(4) ? 7_200_000 : 20_000)),
      )
    }
  }

  await runExecutor(true)
  if (seed % 8 === 0) await command(engine => project.run(engine, { once: true }), false)
  // Nothing goes wrong from here on; what is on its way arrives, what is open is withdrawn, what is left is settled.
  isCalm = true
  downUntil = 0
  const settleFor = async (milliseconds: number) => {
    stopAt = exchange.now() + milliseconds
    await runExecutor(false)
  }
  let lastVerdict = 'errors'
  if (errors.length === 0) {
    await settleFor(candleMs)
    await command(engine => halt.run(engine, { reason: 'the end', reducing: false }), false)
    for (const orderId of await liveOrders())
      await command(engine => wish(engine, { what: 'cancel', subject: orderId, id: `end-${orderId}` }), false)
    for (const order of exchange.orders) if (!names.has(order.clientId ?? '')) exchange.cancel(order)
    await settleFor(candleMs / 2)
    await reconcileNow(false)
    lastVerdict = await adoptAll()
    await settleFor(600_000)
    await repeatAll()
  }

  /** What is not over in the ledger. */
  async function liveOrders(): Promise<readonly string[]> {
    const left = new Map<string, bigint>()
    for (const { event } of await book.events()) {
      if (event.type === 'OrderRequested') left.set(event.data.orderId, units(event.data.quantity))
      else if (event.type === 'OrderFilled')
        left.set(event.data.orderId, (left.get(event.data.orderId) ?? 0n) - units(event.data.quantity))
      else if (/^Order(Cancelled|Expired|Rejected)$/.test(event.type) && 'orderId' in event.data)
        left.set(event.data.orderId as string, 0n)
    }
    const isLive = (orderId: string) => (left.get(orderId) ?? 0n) > 0n
    const isFilled = (orderId: string) => lastOf.get(orderId) === 'OrderFilled'
    const live = [...names.keys()].filter(isLive)
    return [...live.filter(orderId => !isFilled(orderId)), ...live.filter(isFilled)]
  }

  /** Everything once more, from the same moment on: nothing may come of it. One run in eight is proved and rebuilt too. */
  async function repeatAll() {
    const [orders, head] = [exchange.orders.length, await book.head()]
    stopAt = exchange.now() + 1
    await runExecutor(false)
    if (exchange.orders.length !== orders) differences.push('law 5: doing it again sent an order')
    for (const type of newsBehind(await book.events(), head))
      differences.push(`law 5: doing it again wrote ${type}`)
    if (seed % 8 !== 0) return
    await command(async engine => {
      const ledger = await engine.readLedger()
      const { differences: undecided } = await prove(engine, ledger, {}, () => {})
      await ledger.close()
      for (const { seq, recorded, again } of undecided)
        differences.push(`law 8: seq ${seq}: ${recorded} / ${again}`)
      await project.run(engine, { once: true })
      if ((await rebuild.run(engine, {})) !== 0)
        differences.push('law 1: the views are not what the ledger says')
    }, false)
  }

  /** The operator explains what he did himself: every balance that drifts is adopted, one after the other. */
  async function adoptAll(): Promise<string> {
    for (let turn = 0; turn < 10; turn++) {
      const open = new Map<number, string>()
      for (const { seq, event } of await book.events()) {
        if (event.type === 'DriftFound')
          open.set(
            seq,
            `${event.data.subject} ${event.data.name}: ledger ${event.data.ledger}, venue ${event.data.venue}`,
          )
        if (event.type === 'DriftResolved') open.delete(event.data.drift)
      }
      const balance = [...open].find(([, what]) => /^(balance|position) /.test(what))
      if (balance === undefined) return open.size === 0 ? 'agrees' : [...open.values()].join('; ')
      await command(engine => reconcile.run(engine, { adopt: balance[0], label: 'the owner says so' }), false)
    }
    return 'adopting does not end'
  }

  for (const { id, order } of exchange.trades) if (!names.has(order.clientId ?? '')) ownerTrades.add(id)
  const events = await book.events()
  return {
    seed,
    weather,
    book,
    exchange,
    events,
    opening: '10000',
    asked,
    acknowledged,
    transfers,
    positions: new Map(
      [...fold(portfolio, events).positions].map(([symbol, { quantity }]) => [symbol, quantity]),
    ),
    ownerTrades,
    early,
    hits,
    simulatedMs: exchange.now() - begin,
    errors,
    lastVerdict,
    differences,
  }
}
