// A connection to an exchange: every way in which the network or the exchange fails has a name, and none of them lasts.

import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CcxtExchange, openCcxt } from '../../adapters/ccxt-exchange.ts'
import type { Heard } from '../../adapters/whole-answer.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import type { FaultRuleScript } from '../venue-simulator/faults.ts'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { connect, simulated } from './ccxt-loopback.ts'

let venue: Simulated
let exchange: CcxtExchange
let time = 1_000_000
const waits: number[] = []

beforeAll(async () => {
  venue = await simulated('binance')
  exchange = await connect(venue, {
    now: () => time,
    wait: async ms => void waits.push(ms),
    jitter: () => 0.5,
  })
}, 120_000)
afterAll(() => venue.stop())

const candles = () => exchange.ask('candles', api => api.fetchOHLCV('BTC/USDT', '1m', undefined, 3))
const always = (fault: FaultRuleScript['fault'], times = 0) =>
  venue.faults.add({ on: ['candles', 'ticker'], times, fault })
const asked = async () => (await venue.requests()).length

describe('a question', () => {
  test.each<readonly [string, FaultRuleScript['fault'], string]>([
    ['a reset', { kind: 'answer-lost' }, 'NetworkError'],
    ['a stall before the headers', { kind: 'stall', where: 'headers' }, 'RequestTimeout'],
    ['a stall in the body', { kind: 'stall', where: 'body' }, 'RequestTimeout'],
    ['a reset in the body', { kind: 'cut-in-body' }, 'NetworkError'],
    ['a redirect', { kind: 'redirect' }, 'NetworkError'],
    ['a gateway', { kind: 'server-error', status: 502 }, 'no usable answer'],
    ['a page of HTML', { kind: 'html', status: 404 }, 'no usable answer'],
  ])('that meets %s three times is not answered, and is asked no more', async (_, fault, says) => {
    const before = await asked()
    waits.length = 0
    await always(fault)
    const error: Error = await candles().then(
      () => new Error('answered'),
      (thrown: Error) => thrown,
    )
    await venue.faults.clear()
    expect(error).toBeInstanceOf(VenueUnavailable)
    expect(error.message).toContain(says)
    expect((await asked()) - before).toBe(3)
    expect(waits).toEqual([300, 600]) // doubled, and jittered around it
    expect((await candles()).value).toHaveLength(3)
  })

  test('that fails once is answered, with the raw text', async () => {
    await always({ kind: 'answer-lost' }, 1)
    const { value, raw } = await candles()
    expect(value).toHaveLength(3)
    expect(JSON.parse(raw)).toHaveLength(3)
  })

  test('after 429 waits as long as the exchange asks, and asks nothing meanwhile', async () => {
    await venue.faults.add({ on: 'candles', fault: { kind: 'rate-limited', retryAfterS: 7 } })
    await expect(candles()).rejects.toThrow(/asked for fewer requests .*the next one in 9 s/) // 7 s and half of the jitter
    const before = await asked()
    time += 7_000
    await expect(candles()).rejects.toThrow('asked for fewer requests')
    expect(await asked()).toBe(before)
    time += 2_000
    expect((await candles()).value).toHaveLength(3)
  })

  test('during maintenance says so', async () => {
    await venue.faults.add({ on: 'candles', times: 0, fault: { kind: 'maintenance' } })
    await expect(candles()).rejects.toThrow(VenueUnavailable)
    await venue.faults.clear()
  })

  test('with a clock that is wrong is answered after the difference was asked for', async () => {
    await venue.clock.skew(-120_000)
    const { value } = await exchange.ask('balances', api => api.fetchBalance())
    expect(value).toHaveProperty('total')
    await venue.clock.skew(0)
  })

  test('that the exchange refuses is not asked again, and tells no secret', async () => {
    const stranger = await connect(venue, {
      keys: { apiKey: 'a-key-that-is-wrong', secret: 'c2VjcmV0LW9mLWEtc3RyYW5nZXI=' },
    })
    const before = await asked()
    const error: Error = await stranger
      .ask('balances', api => api.fetchBalance())
      .then(
        () => new Error('answered'),
        (thrown: Error) => thrown,
      )
    expect(error.message).toContain('refuses to answer')
    expect(error.message).not.toContain('a-key-that-is-wrong')
    expect(error.message).not.toContain('c2VjcmV0')
    expect((await asked()) - before).toBe(1)
  })
})

test('an act is sent once, whatever becomes of it', async () => {
  const order = (heard: Heard[]) =>
    exchange.act(api => api.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 30000), heard)
  const count = async () => (await venue.requests()).filter(({ operation }) => operation === 'place').length
  const before = await count()
  await venue.faults.add({ on: 'place', times: 3, fault: { kind: 'server-error', status: 502 } })
  await expect(order([])).rejects.toThrow()
  expect((await count()) - before).toBe(1)
  await venue.faults.clear()
})

test('nonces grow, and requests leave one after another', async () => {
  const { api } = await openCcxt({ exchange: 'kraken', withMarkets: false, sandbox: false, url: '' })
  const nonces = Array.from({ length: 50 }, () => api.nonce())
  expect(new Set(nonces).size).toBe(50)
  expect([...nonces].sort((a, b) => a - b)).toEqual(nonces)
  let inside = 0
  let together = 0
  const slow = () =>
    exchange.ask('nothing', async () => {
      inside += 1
      together = Math.max(together, inside)
      await new Promise(resolve => setTimeout(resolve, 5))
      inside -= 1
    })
  await Promise.all([slow(), slow(), slow()])
  expect(together).toBe(1)
})

describe('a connection', () => {
  test('whose first list of markets fails is opened at the second attempt: the failure is not remembered', async () => {
    await venue.faults.add({ on: 'markets', fault: { kind: 'server-error', status: 500 } })
    expect(Object.keys((await connect(venue)).api.markets ?? {})).toContain('BTC/USDT')
  })

  test.each(['empty', 'empty-object', 'garbage'] as const)(
    'with markets that are %s is not opened',
    async body => {
      await venue.faults.add({ on: 'markets', times: 0, fault: { kind: 'bad-body', body } })
      await expect(connect(venue)).rejects.toThrow(VenueUnavailable)
      await venue.faults.clear()
    },
  )

  const settings = { keys: undefined, sandbox: false, url: '', wait: async () => {}, deadlineMs: 300 }

  test.each(['kraken', 'kucoin', 'bitfinex'])('to a sandbox of %s is refused: it has none', async name => {
    await expect(openCcxt({ ...settings, exchange: name, sandbox: true })).rejects.toThrow('has no sandbox')
  })

  test.each(['atlantis', '../binance', ''])("to '%s' is refused", async name => {
    await expect(openCcxt({ ...settings, exchange: name })).rejects.toThrow(/no exchange/)
  })

  test('to a host that does not exist is named', async () => {
    await expect(
      openCcxt({ ...settings, exchange: 'kraken', url: 'http://no-such-host.invalid' }),
    ).rejects.toThrow(
      /kraken gives no usable answer \(its markets\): NetworkError.*its name cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)/,
    )
  })

  test('to a port where nobody listens is named', async () => {
    const gone = createServer()
    await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve))
    const { port } = gone.address() as { port: number }
    await new Promise(resolve => gone.close(resolve))
    await expect(
      openCcxt({ ...settings, exchange: 'kraken', url: `http://127.0.0.1:${port}` }),
    ).rejects.toThrow(/NetworkError.*nobody listens there \(ECONNREFUSED\)/)
  })

  test('that is half open ends at the deadline', async () => {
    const mute = createServer(() => {})
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as { port: number }
    const began = performance.now()
    await expect(
      openCcxt({ ...settings, exchange: 'kraken', url: `http://127.0.0.1:${port}` }),
    ).rejects.toThrow('RequestTimeout')
    expect(performance.now() - began).toBeLessThan(8_000)
    mute.close()
  })
})
