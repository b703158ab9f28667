// Two executors on one book in EventStoreDB, one exchange that both trade at, and a partition at the worst moments. The
// exchange takes an id as often as it is sent, so that every order that is sent twice is two orders in its books.

import { describe, expect, test } from 'vitest'
import { esdbLedger } from '../../adapters/esdb-ledger.ts'
import { runCommandLine } from '../../commands/command-line.ts'
import type { EventStore } from '../../domain/event-store.ts'
import type { LedgerCopies } from '../../domain/ledger-copies.ts'
import { identity } from '../cast.ts'
import { named, type World, world } from '../engine-in-memory.ts'
import { standIn } from '../eventstore-stand-in/server.ts'
import { chanceOf } from '../faults/seeded.ts'
import { candleMs, exchange as openExchange, text, units } from '../simulation/exchange.ts'
import { championsOf, configOf } from '../simulation/one-run.ts'
import { calm, weatherOf } from '../simulation/swarm.ts'
import { onTheWayMs, wire } from '../simulation/wire.ts'
import { worldOnEsdb } from '../world-on-eventstoredb.ts'

const start = Date.parse('2024-03-04T00:00:00.000Z')
const symbols = ['AAA/USD']
/** The first is impatient, so that the test is short; the second is patient, so that a busy machine changes nothing. */
const parameters = {
  one: 'deadlineMs=1000&patienceMs=4000&leaseMs=4500&connectionName=one',
  two: 'deadlineMs=10000&patienceMs=60000&leaseMs=60000&connectionName=two',
}

/** When the first executor hears nobody any more, and nobody hears it. */
type Moment =
  | 'before its order is on the ledger'
  | 'when its order is on the ledger, and it is not told so'
  | 'when its order is on the ledger, and it goes on to send it'
  | 'when its order is on the ledger, and the machine stops until the other executor is done'
  | 'when its order is on its way, and arrives later'

const partitionAt = async (moment: Moment) => {
  const chance = chanceOf(7)
  const manners = {
    refusesDuplicates: false,
    partialFills: 1000,
    lateFills: 1000,
    lagMs: 0,
    feeIn: 'quote' as const,
  }
  const exchange = openExchange(chance, start, symbols, manners)
  exchange.advance(start + 12 * candleMs)
  exchange.transfer('USD', units('10000'))
  const settings = configOf({
    ...weatherOf(chance, chanceOf(8)),
    symbols,
    dryRun: false,
    pollSeconds: 900,
    settleSeconds: onTheWayMs / 1000 + 1,
    resendSeconds: 3600,
    unknownHaltMax: 3,
  })
  const champions = championsOf(symbols)
  const iso = () => new Date(exchange.now()).toISOString()
  const server = await standIn()
  const names = new Map<string, string>()
  const silences = {
    silentEnds: new Set<string>(),
    toldEnds: new Set<string>(),
    silentFills: new Set<string>(),
    toldFills: new Set<string>(),
  }

  let isCut = false
  let stopAt = start + 40 * candleMs
  let tellCut = () => {}
  const cutting = new Promise<void>(resolve => {
    tellCut = resolve
  })
  const cut = () => {
    if (isCut) return
    isCut = true
    stopAt = exchange.now() + 3 * candleMs
    server.appends.put({ kind: 'mute-before', connection: 'one', times: 1e6 })
    server.reads.put({ kind: 'mute', connection: 'one', times: 1e6 })
    tellCut()
  }
  let tellDone = () => {}
  const otherIsDone = new Promise<void>(resolve => {
    tellDone = resolve
  })

  const watched = (store: EventStore): EventStore => ({
    ...store,
    append: async group => {
      const requests = group.writes.flatMap(({ events }) =>
        events.flatMap(({ event }) => (event.type === 'OrderRequested' ? [event.data] : [])),
      )
      for (const { orderId, by } of requests) names.set(orderId, by)
      const isIt = requests.length > 0 && !isCut
      if (isIt && moment === 'before its order is on the ledger') cut()
      if (isIt && moment === 'when its order is on the ledger, and it is not told so') {
        server.appends.put({ kind: 'mute-after', connection: 'one', stream: 'book-' })
        cut()
      }
      const answer = await store.append(group)
      if (isIt && moment === 'when its order is on the ledger, and it goes on to send it') cut()
      if (isIt && moment.endsWith('until the other executor is done')) {
        cut()
        await otherIsDone
      }
      return answer
    },
  })

  const executor = (name: 'one' | 'two', inMemory: World) => {
    const stop = new AbortController()
    const ledger = esdbLedger({
      store: `${server.url}&${parameters[name]}`,
      credentials: undefined,
      book: identity.book,
      creation: mode => ({ book: identity.book, mode, zone: 'UTC' }),
      clock: iso,
      signal: stop.signal,
      files: {} as LedgerCopies,
    })
    const own = wire({
      exchange,
      chance,
      silences,
      riddles: undefined,
      names,
      numbers: undefined,
      faults: () =>
        name === 'one' && moment.startsWith('when its order is on its way')
          ? { ...calm, requestLate: 1 }
          : calm,
      passing: async call => {
        exchange.advance(exchange.now() + 20)
        if (name === 'one' && call === 'place late') cut()
      },
      hit: () => {},
      asked: async () => {},
    })
    const closed = () => exchange.candles.filter(({ closeTime }) => closeTime <= exchange.now())
    const candles = () =>
      closed().map(({ symbol, open, high, low, close, volume, openTime, closeTime }) => ({
        symbol,
        timeframe: '1h' as const,
        openTime: new Date(openTime).toISOString(),
        closeTime: new Date(closeTime).toISOString(),
        open: priceOf(open),
        high: priceOf(high),
        low: priceOf(low),
        close: priceOf(close),
        volume: priceOf(volume),
      }))
    const engine = inMemory.engine({
      clock: {
        now: iso,
        sleep: async milliseconds => {
          exchange.advance(exchange.now() + milliseconds)
          if (exchange.now() > stopAt) stop.abort()
        },
      },
      simulated: undefined,
      signal: stop.signal,
      market: async () => ({
        name: 'simulated',
        closedCandles: async (_, __, after, now) =>
          candles().filter(({ closeTime }) => closeTime > after && closeTime <= now),
        history: async (_, __, count, upTo) =>
          candles()
            .filter(({ closeTime }) => closeTime <= upTo)
            .slice(-count),
        dataset: () => undefined,
        nextClose: () => undefined,
      }),
      recorded: {
        keep: async () => 'none',
        candles: async (_, __, ___, from, to) =>
          candles().filter(({ openTime, closeTime }) => openTime >= from && closeTime <= to),
        daily: async () => new Map(),
        columns: async () => {
          throw new Error('no columns here')
        },
      },
    })
    const whole = {
      ...engine,
      ...ledger,
      writeLedger: async (...given: Parameters<typeof ledger.writeLedger>) => {
        const store = await ledger.writeLedger(...given)
        return name === 'one' ? watched(store) : store
      },
      venue: async () => ledger.fenced(own.venue),
    }
    const notes: string[] = []
    const screen = { ...engine.screen, note: (sentence: string) => notes.push(sentence) }
    return runCommandLine(['execute', '--paper'], screen, '0', async () => whole).then(code => ({
      code,
      notes,
    }))
  }

  try {
    const shared = world(settings, champions, iso) // data and views, as on a shared disk
    const first = executor('one', shared)
    await Promise.race([cutting, first])
    const second = await executor('two', shared)
    tellDone()
    const fenced = await first
    server.appends.clear()
    server.reads.clear()
    const events = await worldOnEsdb(server.url, settings, champions, iso).events()
    return { fenced, second, events, orders: exchange.orders }
  } finally {
    await server.kill()
  }
}

const priceOf = (value: bigint) => text(value) as `${number}`

describe('a partition', () => {
  test.concurrent.each<Moment>([
    'before its order is on the ledger',
    'when its order is on the ledger, and it is not told so',
    'when its order is on the ledger, and it goes on to send it',
    'when its order is on the ledger, and the machine stops until the other executor is done',
    'when its order is on its way, and arrives later',
  ])('%s: one order an intent at the exchange, and 75 for who lost the book', async moment => {
    const { fenced, second, events, orders } = await partitionAt(moment)
    expect(second).toEqual({ code: 0, notes: [] })
    expect(fenced).toEqual({
      code: 75,
      notes: [expect.stringMatching(/^veritape: the lease on cast could not be renewed .* sends nothing/)],
    })
    expect(named(events, 'LeaseTaken')).toHaveLength(1)
    const intentOf = new Map(
      named(events, 'OrderRequested').map(({ event }) => [event.data.orderId, event.data.intent]),
    )
    const intents = orders.map(({ clientId }) => intentOf.get(clientId ?? ''))
    expect(intents).not.toContain(undefined)
    expect(new Set(intents).size).toBe(intents.length)
    expect(intents.sort()).toEqual([...intentOf.values()].sort())
    expect(intents.length).toBeGreaterThan(0)
  })
})
