// The probe of a venue, against simulated exchanges: reachable, its clock, its opinion of our keys, and every way to be
// of no use, each within its deadline.

import { afterEach, describe, expect, test } from 'vitest'
import { probeVenue } from '../../adapters/venue-probe.ts'
import { type Config, defaults } from '../../domain/config.ts'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { simulated } from './ccxt-loopback.ts'

const started: Simulated[] = []
afterEach(async () => {
  for (const venue of started.splice(0)) await venue.stop()
})
const start = async (...given: Parameters<typeof simulated>): Promise<Simulated> => {
  const venue = await simulated(...given)
  started.push(venue)
  return venue
}

const bookAt = (name: string, url: string, mode: Config['mode'] = 'live'): Config => ({
  ...defaults,
  mode,
  venue: { ...defaults.venue, name, url },
})

const environmentOf = ({ name, keys }: Simulated, secret = keys.secret) =>
  name === 'alpaca'
    ? { APCA_API_KEY_ID: keys.key, APCA_API_SECRET_KEY: secret }
    : {
        [`${name.toUpperCase()}_API_KEY`]: keys.key,
        [`${name.toUpperCase()}_API_SECRET`]: secret,
        [`${name.toUpperCase()}_API_PASSWORD`]: keys.passphrase,
      }
const wrong = Buffer.from('x'.repeat(64)).toString('base64')

describe.each(['binance', 'kucoin', 'alpaca', 'kraken', 'bitfinex'] as const)('%s', name => {
  test('answers', async () => {
    const venue = await start(name)
    const fact = await probeVenue(bookAt(name, venue.url), environmentOf(venue))
    expect(fact).toMatchObject({ name, unreachable: undefined })
    if ('notAsked' in fact) throw new Error(fact.notAsked)
    expect(Math.abs(fact.skewMs ?? 0)).toBeLessThan(1500)
    if (name === 'kraken' || name === 'bitfinex')
      expect(fact.credentials).toEqual({ notAsked: expect.stringContaining('nonces') })
    else expect(fact.credentials).toBe('accepted')
  })

  test('does not take the keys', async () => {
    const venue = await start(name)
    const fact = await probeVenue(bookAt(name, venue.url), environmentOf(venue, wrong))
    if (name !== 'kraken' && name !== 'bitfinex')
      expect(fact).toMatchObject({ unreachable: undefined, credentials: 'refused' })
    expect(JSON.stringify(fact)).not.toContain(wrong)
  })
})

test('a venue whose clock is ahead is seen to be', async () => {
  const venue = await start('binance')
  await venue.clock.skew(7000)
  const fact = await probeVenue(bookAt('binance', venue.url), {})
  expect(fact).toMatchObject({
    credentials: { notAsked: expect.stringContaining('BINANCE_API_KEY is not set') },
  })
  if (!('notAsked' in fact)) expect(fact.skewMs).toBeGreaterThan(6000)
})

test('a venue that stalls is unreachable after the deadline, and is asked once', async () => {
  const venue = await start('kraken')
  await venue.faults.add({ on: '*', times: 0, fault: { kind: 'stall', where: 'headers', ms: 20_000 } })
  const before = Date.now()
  const fact = await probeVenue(bookAt('kraken', venue.url), {}, 300)
  expect(Date.now() - before).toBeLessThan(2500)
  expect(fact).toMatchObject({ unreachable: expect.stringContaining('kraken gives no usable answer') })
})

test('nobody listens', async () => {
  const fact = await probeVenue(bookAt('binance', 'http://127.0.0.1:9'), {})
  expect(fact).toMatchObject({ unreachable: expect.stringContaining('binance gives no usable answer') })
})

test('no venue: not asked', async () => {
  expect(await probeVenue(defaults, {})).toEqual({
    notAsked: expect.stringContaining('candles come from files'),
  })
})

test('a dry run asks where its candles come from, without a key', async () => {
  const venue = await start('binance')
  const config: Config = {
    ...bookAt('paper', '', 'dry-run'),
    market: { ...defaults.market, source: 'ccxt', exchange: 'binance', url: venue.url },
  }
  expect(await probeVenue(config, environmentOf(venue))).toMatchObject({
    name: 'binance',
    unreachable: undefined,
    credentials: { notAsked: 'nothing is traded there' },
  })
})

test('an exchange that ccxt does not have is unreachable', async () => {
  expect(await probeVenue(bookAt('nosuch', ''), {})).toMatchObject({
    unreachable: expect.stringContaining("no exchange 'nosuch'"),
  })
})
