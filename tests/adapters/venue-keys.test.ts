// Keys come from the environment or from systemd, and a start without them, or with those of another mode, is refused.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { credential, liveAccount, systemdCredentials, venueKeys } from '../../adapters/venue-keys.ts'
import { defaults } from '../../domain/config.ts'

const environment = { KRAKEN_API_KEY: 'a-public-key', KRAKEN_API_SECRET: 'a-secret-of-kraken' }

test('keys are read by the name of the venue', () => {
  expect(venueKeys(environment, 'kraken')).toEqual({ apiKey: 'a-public-key', secret: 'a-secret-of-kraken' })
  expect(
    venueKeys({ KUCOIN_API_KEY: 'k', KUCOIN_API_SECRET: 's', KUCOIN_API_PASSWORD: 'p' }, 'kucoin'),
  ).toEqual({ apiKey: 'k', secret: 's', password: 'p' })
})

test('a file of systemd wins over a variable, and is known as a secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-credentials-'))
  writeFileSync(join(folder, 'KRAKEN_API_KEY'), 'from-systemd\n')
  const both = { ...environment, CREDENTIALS_DIRECTORY: folder }
  expect(credential(both, 'KRAKEN_API_KEY')).toBe('from-systemd')
  expect(credential(both, 'KRAKEN_API_SECRET')).toBe('a-secret-of-kraken')
  expect(systemdCredentials(both)).toEqual(['from-systemd'])
})

describe('what is missing is named, and nothing else is', () => {
  test.each([
    ['kraken', {}, 'KRAKEN_API_KEY'],
    ['kraken', { KRAKEN_API_KEY: 'public' }, 'KRAKEN_API_SECRET'],
    ['kraken', { ...environment, KRAKEN_API_SECRET: ' ' }, 'KRAKEN_API_SECRET'],
    ['kucoin', { KUCOIN_API_KEY: 'k', KUCOIN_API_SECRET: 's' }, 'KUCOIN_API_PASSWORD'],
    ['alpaca', {}, 'APCA_API_KEY_ID'],
    ['alpaca-crypto', { APCA_API_KEY_ID: 'k' }, 'APCA_API_SECRET_KEY'],
  ])('%s with %o', (venue, given, name) => {
    expect(() => venueKeys(given, venue)).toThrow(`${name} is not set`)
    for (const value of Object.values(given))
      if (value.length > 1) expect(() => venueKeys(given, venue)).not.toThrow(value)
  })
})

describe('Alpaca has one host for paper and one for real money', () => {
  const keys = { APCA_API_KEY_ID: 'PKTEST', APCA_API_SECRET_KEY: 'secret-of-alpaca' }
  const config = (mode: 'paper' | 'live', url = '') => ({
    mode,
    venue: { ...defaults.venue, name: 'alpaca', url },
  })
  const at = (host?: string) => ({ ...keys, ...(host === undefined ? {} : { APCA_API_BASE_URL: host }) })

  test.each([
    ['paper', 'https://paper-api.alpaca.markets'],
    ['paper', 'https://paper-api.alpaca.markets/v2/'],
    ['live', 'https://api.alpaca.markets'],
  ] as const)('%s trades at %s', (mode, host) => {
    expect(liveAccount(config(mode), at(host))).toMatch(/^alpaca-[0-9a-f]{12}$/)
  })

  test.each([
    ['live', 'https://paper-api.alpaca.markets'],
    ['paper', 'https://api.alpaca.markets'],
    ['live', 'https://api.alpaca.markets.evil.example'],
  ] as const)('%s does not trade at %s', (mode, host) => {
    expect(() => liveAccount(config(mode), at(host))).toThrow(/APCA_API_BASE_URL is not https/)
  })

  test('without it nothing starts', () => {
    expect(() => liveAccount(config('paper'), at())).toThrow('APCA_API_BASE_URL is not set')
  })
})
