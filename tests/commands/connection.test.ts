// Connections that are made anew while a run goes on: the executor obeys a guardian's wish, and really has new sockets.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { ownSockets } from '../../adapters/own-sockets.ts'
import { wholeAnswers } from '../../adapters/whole-answer.ts'
import { appendNext } from '../../commands/append-next.ts'
import { connection } from '../../commands/connection.ts'
import { ReconnectRequested } from '../../domain/health.ts'
import type { MarketData } from '../../domain/market-data.ts'
import { guardStream } from '../../domain/stream.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import { closeOf, named, recorded, trade, world } from '../engine-in-memory.ts'

describe('a connection', () => {
  test('whoever holds the port speaks through the new one; its rules stay, its account moves too', async () => {
    let made = 0
    const closed: number[] = []
    const { port, remake } = await connection(async () => {
      const mine = ++made
      return {
        rules: () => `rules ${mine}`,
        ask: () => `answer ${mine}`,
        account: { holdings: () => `holdings ${mine}` },
        close: () => void closed.push(mine),
      }
    })
    const { account } = port
    expect([port.ask(), port.rules(), account.holdings()]).toEqual(['answer 1', 'rules 1', 'holdings 1'])
    await remake()
    expect([port.ask(), port.rules(), account.holdings()]).toEqual(['answer 2', 'rules 1', 'holdings 2'])
    expect(closed).toEqual([1])
  })

  test('one that cannot be opened leaves the old one', async () => {
    let made = 0
    const { port, remake } = await connection(async () => {
      if (++made > 1) throw new VenueUnavailable('it stalls')
      return { ask: () => made, close: () => {} }
    })
    await expect(remake()).rejects.toThrow('it stalls')
    expect(port.ask()).toBe(2)
  })
})

describe('the executor', () => {
  /** A market whose first connection dies behind the sixth candle and gives nothing any more. */
  const dyingFeed = () => {
    const opened: string[] = []
    const open = async (): Promise<MarketData> => {
      const isFirst = opened.length === 0
      opened.push('opened')
      return {
        ...recorded,
        closedCandles: (symbol, timeframe, after, now) =>
          recorded.closedCandles(symbol, timeframe, after, isFirst && now > closeOf(6) ? closeOf(6) : now),
      }
    }
    return { opened, open }
  }

  test('a feed that gives nothing any more gives all of it after a new connection, each candle once', async () => {
    const place = world()
    const feed = dyingFeed()
    const guard = place.store('guard')
    let asked = false
    const wrap = (store: Parameters<NonNullable<Parameters<typeof place.engine>[1]>>[0]) => ({
      ...store,
      append: async (group: Parameters<typeof store.append>[0]) => {
        const done = await store.append(group)
        const [cycle] = group.writes
          .flatMap(({ events }) => events)
          .filter(({ event }) => event.type === 'CycleCompleted')
        if (!asked && cycle !== undefined && (cycle.event.data as { clock: string }).clock >= closeOf(9)) {
          asked = true
          await appendNext(
            guard,
            guardStream,
            -1,
            ReconnectRequested({ what: ['feed', 'venue'] }),
            closeOf(9),
          )
        }
        return done
      },
    })
    await trade(place.engine({ market: feed.open }, wrap), closeOf(12))
    const events = await place.events()
    const [request] = named(events, 'ReconnectRequested')
    const done = named(events, 'Reconnected')
    expect(done.map(({ event, cause, stream }) => [event.data.request, cause, stream])).toEqual([
      [request?.seq, request?.seq, 'run-execute'],
    ])
    expect(feed.opened).toHaveLength(2)
    const closes = named(events, 'CandleClosed').map(
      ({ event: { data } }) => `${data.symbol} ${data.closeTime}`,
    )
    expect(new Set(closes).size).toBe(closes.length)
    expect(closes.filter(each => each.startsWith('BTC')).length).toBe(12)

    // A restart has new connections anyway: the old wish is not obeyed again.
    const again = dyingFeed()
    await trade(place.engine({ market: again.open }), closeOf(14), closeOf(12))
    expect(again.opened).toHaveLength(1)
    expect(named(await place.events(), 'Reconnected')).toHaveLength(1)
  })
})

describe('own sockets', () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  test('are kept between requests, and are other ones after they were dropped', async () => {
    let sockets = 0
    server = createServer((_, response) => void response.end('{}')).on('connection', () => void sockets++)
    await new Promise<void>(done => server?.listen(0, '127.0.0.1', done))
    const { port } = (server as Server).address() as AddressInfo
    const url = `http://127.0.0.1:${port}/`
    const first = ownSockets()
    const ask = wholeAnswers(1000, () => {}, first)
    for (let n = 0; n < 9; n++) await ask(url, {})
    const before = sockets
    expect(before).toBeLessThan(4)
    first.drop()
    await expect(ask(url, {})).rejects.toThrow()
    const second = wholeAnswers(1000, () => {}, ownSockets())
    for (let n = 0; n < 5; n++) await second(url, {})
    expect(sockets).toBeGreaterThan(before)
    expect(sockets).toBeLessThan(before + 4)
  })
})
