// The whole trading loop in memory: real commands, real strategies, recorded candles, the paper venue, the memory
// store. A world is what outlives a process (ledger, KILL file, data, views); an engine is one process in it, which can
// be made to die at any write.

import { memoryBook } from '../adapters/memory-store.ts'
import { nyseCalendar } from '../adapters/nyse-calendar.ts'
import { paperVenue } from '../adapters/paper-venue.ts'
import { recordedData } from '../adapters/recorded-data.ts'
import { simulatedClock } from '../adapters/simulated-clock.ts'
import type { Engine } from '../commands/engine.ts'
import { execute } from '../commands/execute.ts'
import { Stop } from '../commands/exit.ts'
import { intent } from '../commands/intent.ts'
import type { BookEvent, EventNamed, EventType } from '../domain/catalogue.ts'
import type { Champion } from '../domain/champion.ts'
import { type Config, defaults, rulesOf } from '../domain/config.ts'
import type { Recorded } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import type { GuardHands } from '../domain/guard.ts'
import { sha256 } from '../domain/hash.ts'
import type { KillSwitch } from '../domain/kill-switch.ts'
import type { LedgerCopies } from '../domain/ledger-copies.ts'
import type { MarketData } from '../domain/market-data.ts'
import { left } from '../domain/result.ts'
import type { Screen } from '../domain/screen.ts'
import type { Role } from '../domain/stream.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import type { Units } from '../domain/units.ts'
import { identity } from './cast.ts'
import { files } from './recorded-bars.ts'

// ── the cast of the loop ────────────────────────────────────────────────────────────────────────────────────────

/** No loop in memory asks for the machine's units. */
const unreachable = new Proxy({} as Units & GuardHands, {
  get: (_, name) => {
    throw new Error(`the loop asked the machine for ${String(name)}`)
  },
})

export const recorded: MarketData = recordedData([files.btc, files.eth], nyseCalendar)
/** Two lively hours of 22 March 2023, when the Federal Reserve spoke. */
export const begin: Instant = '2023-03-22T17:00:00.000Z'
/** The close of the `n`-th candle after the beginning. */
export const closeOf = (n: number): Instant => instantOf(millisecondsOf(begin) + n * 300_000)

const champion = (
  strategy: string,
  symbol: string,
  parameters: Record<string, unknown>,
  restCandles?: number,
): Champion => ({
  strategy,
  symbol,
  timeframe: '5m',
  merged_config: { orderValue: '2000', parameters, ...(restCandles === undefined ? {} : { restCandles }) },
  chosen: 'for its nerves: it trades as often as it can',
  source: `champions/${strategy}.json`,
  sha256: sha256(`${strategy} ${symbol} ${JSON.stringify(parameters)}`),
})

/** Nervous ones, so that two hours have many intents of every kind. */
export const champions: readonly Champion[] = ['BTC/USDT', 'ETH/USDT'].flatMap(symbol => [
  champion('ema-cross', symbol, { fast: 2, slow: 4 }),
  champion('breakout', symbol, { entryBars: 3, exitBars: 2, atrBars: 2, trailAtr: 1 }),
  champion(
    'avwap-pullback',
    symbol,
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
    3,
  ),
])

export const config: Config = {
  ...defaults,
  book: identity.book,
  mode: 'paper',
  market: {
    ...defaults.market,
    files: [files.btc, files.eth].map(({ file, symbol, timeframe }) => ({ path: file, symbol, timeframe })),
  },
  execute: { ...defaults.execute, symbols: ['BTC/USDT', 'ETH/USDT'], timeframe: '5m' },
  venue: {
    ...defaults.venue,
    participation: '0.00002',
    markets: {
      'BTC/USDT': { tick: '0.01', lot: '0.00001', minimumQuantity: '0.0001' },
      'ETH/USDT': { tick: '0.01', lot: '0.0001', minimumQuantity: '0.001' },
    },
  },
  limits: { ...defaults.limits, grossExposureMax: '5500', openOrdersMax: 3, candleAgeMaxMs: 600_000 },
}

// ── the world ───────────────────────────────────────────────────────────────────────────────────────────────────

export interface World {
  /** A new process: it knows what the ledger says and nothing else. */
  engine(given?: Partial<Engine>, wrap?: (store: EventStore) => EventStore): Engine
  events(): Promise<readonly Recorded<BookEvent>[]>
  head(): Promise<number>
  store(role?: Role): EventStore
  readonly views: Map<string, string>
}

const quiet: Screen = {
  json: false,
  terminal: false,
  columns: 100,
  say: () => {},
  heading: () => {},
  table: () => {},
  document: () => {},
  result: () => {},
  note: () => {},
  progress: () => ({ at: () => {}, stop: () => {} }),
  style: { strong: t => t, good: t => t, bad: t => t, warn: t => t, faint: t => t },
}

const unused = (what: string) => () => {
  throw new Error(`${what} is not part of the world in memory`)
}

/** `now` is the time of a world that does not live by a recording. */
export const world = (
  settings: Config = config,
  seated: readonly Champion[] = champions,
  now?: () => Instant,
): World => {
  let clock = simulatedClock(begin)
  const mode = settings.mode
  const book = memoryBook({ ...identity, mode }, now ?? (() => clock.now()))
  const data = new Map<string, Uint8Array>()
  const views = new Map<string, string>()
  let killed: ReturnType<KillSwitch['read']>

  const configText = JSON.stringify(settings)
  const configHash = sha256(configText)

  const engine: World['engine'] = (given = {}, wrap = store => store) => {
    const own = simulatedClock(begin)
    clock = own
    return {
      config: settings,
      configValues: [],
      configHash,
      configText,
      version: '0.1.0',
      codeHash: () => 'c0de',
      runtime: { node: '20.20.2', icu: '74.1', tzdata: '2025b' },
      screen: quiet,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      clock: own,
      simulated: own,
      asOf: undefined,
      signal: new AbortController().signal,
      notifier: { progress: () => {}, stopping: () => {} },
      units: unreachable,
      releases: async () => Promise.reject(new Error('the loop asked the machine for its releases')),
      guardHands: unreachable,
      disposable: { list: async () => [], remove: async () => false, unsealed: () => [] },
      clean: text => text,
      messenger: { channels: [], send: unused('messenger.send'), ping: undefined },
      executorMemory: () => undefined,
      askVenue: async () => ({ notAsked: 'a world in memory has no venue' }),
      poison: () => undefined,
      executorHolder: () => 'nobody',
      diskOfLedger: () => ({ free: 1e12, total: 1e12 }),
      ledgerPath: 'memory',
      hasBook: async name => name === settings.book,
      readBook: async () => book.open('cli'),
      readLedger: async () => book.open('cli'),
      writeLedger: async role => wrap(book.open(role)),
      holdExecutor: async () => () => {},
      replay: unused('replay'),
      auditLedger: unused('auditLedger'),
      sealLedger: unused('sealLedger'),
      repairLedger: unused('repairLedger'),
      kill: {
        pull: async (level, _by, reason) => {
          if (killed?.level !== 'halted') killed = { level, reason }
        },
        read: () => killed,
        release: async () => {
          killed = undefined
        },
      },
      views: {
        path: 'memory',
        write: async (name, text) => {
          const changed = views.get(name) !== text
          views.set(name, text)
          return changed
        },
        read: async name => views.get(name),
        list: async () => [...views.keys()],
        clear: async () => views.clear(),
      },
      data: {
        put: async bytes => {
          const hash = sha256(bytes)
          data.set(hash, bytes)
          return hash
        },
        putFile: unused('data.putFile'),
        get: async hash => {
          const bytes = data.get(hash)
          if (bytes === undefined) throw new Error(`no data ${hash}`)
          return bytes
        },
        pathOf: unused('data.pathOf'),
      },
      recorded: {
        keep: async (symbol, timeframe) => recorded.dataset(symbol, timeframe) ?? 'none',
        candles: (_dataset, symbol, timeframe, from, to) =>
          recorded.closedCandles(symbol, timeframe, from, to),
        daily: unused('recorded.daily'),
        columns: unused('recorded.columns'),
      },
      universe: {
        tickers: () => undefined,
        keepEarnings: async () => undefined,
        earnings: unused('universe.earnings'),
        addBars: unused('universe.addBars'),
      },
      copies: new Proxy({} as LedgerCopies, { get: (_, verb) => unused(`copies.${String(verb)}`) }),
      copyLedger: unused('copyLedger'),
      calendar: nyseCalendar,
      market: async () => recorded,
      venue: async (market, orders, _prefix, opening) =>
        paperVenue({
          terms: settings.venue,
          rules: rulesOf(settings.venue.markets),
          timeframe: settings.execute.timeframe,
          market,
          orders,
          now: own.now,
          ...(opening === undefined ? {} : { opening }),
        }),
      strategyServer: { ask: unused('strategyServer') },
      account: async () => 'none',
      liveKeys: { trading: undefined, confirm: undefined },
      championStamp: async () => 'unchanged',
      champions: async () => seated,
      examples: 'examples',
      run: unused('run'),
      ...given,
    }
  }

  const store = (role: Role = 'cli') => book.open(role)
  return {
    engine,
    events: async () => {
      const all: Recorded<BookEvent>[] = []
      for await (const each of store().readAll()) all.push(each)
      return all
    },
    head: async () => (await store().head()).seq,
    store,
    views,
  }
}

// ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Runs `veritape execute --from --until`; gives the exit code. A book that is behind `from` catches up in one turn, as
 * after a night in which nothing ran.
 */
export const trade = (engine: Engine, until: Instant, from: Instant = begin): Promise<number> =>
  execute.run(engine, { once: false, from, until })

const wishes = {
  holder: 'operator',
  expires: 300,
  reason: 'an operator wished it',
} as const

/** Runs `veritape intent`; a wish that is refused at the door is a Stop with its code. */
export const wish = async (
  engine: Engine,
  given: Pick<Parameters<typeof intent.run>[1], 'what' | 'subject' | 'id'> & {
    quantity?: string
    limit?: string
    holder?: string
  },
): Promise<number> => {
  try {
    return await intent.run(engine, { ...wishes, ...given })
  } catch (error) {
    if (error instanceof Stop) return error.code
    throw error
  }
}

export class ProcessDied extends Error {}

/**
 * How a process fares at its k-th write: it dies before or after the write took effect; or it lives, but is not told
 * whether the write, which took effect or did not, did.
 */
export type Fate = 'dies-before' | 'dies-after' | 'untold-written' | 'untold-lost'
export const fates: readonly Fate[] = ['dies-before', 'dies-after', 'untold-written', 'untold-lost']

export const fated =
  (fate: Fate, k: number) =>
  (store: EventStore): EventStore => {
    let writes = 0
    let dead = false
    const die = (): never => {
      dead = true
      throw new ProcessDied(`${fate} at write ${k}`)
    }
    return {
      ...store,
      append: async group => {
        if (dead) throw new ProcessDied('a dead process writes nothing')
        writes += 1
        if (writes !== k) return store.append(group)
        if (fate === 'dies-before') return die()
        if (fate === 'untold-lost') return left({ kind: 'outcome-unknown', detail: 'the disk was slow' })
        const written = await store.append(group)
        return fate === 'dies-after'
          ? die()
          : left({ kind: 'outcome-unknown', detail: `${written._tag}, perhaps` })
      },
    }
  }

/** Trades until the process dies or is done; true when it died. */
export const tradeUntilDeath = async (engine: Engine, until: Instant): Promise<boolean> => {
  try {
    await trade(engine, until)
    return false
  } catch (error) {
    if (error instanceof ProcessDied) return true
    throw error
  }
}

export const named = <Type extends EventType>(
  events: readonly Recorded<BookEvent>[],
  ...types: readonly Type[]
): readonly Recorded<EventNamed<Type>>[] =>
  events.filter((each): each is Recorded<EventNamed<Type>> =>
    (types as readonly string[]).includes(each.event.type),
  )
