// Nothing that looks like a secret, stands under a secret's name or is one of ours gets through.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redacted, redaction, secretsIn } from '../../adapters/redaction.ts'

const { text, value } = redaction([])

const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----'
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N'
const binanceKey = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A'
const krakenSecret =
  'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=='

test.each([
  [`Authorization: Bearer abc.def-123`, 'abc.def-123'],
  [`{"authorization":"Basic dXNlcjpwYXNz"}`, 'dXNlcjpwYXNz'],
  [`the venue said no to Bearer 0123456789abcdef`, '0123456789abcdef'],
  [`GET /v3/order?symbol=BTCUSDT&apiKey=abc123&signature=ff00ff00&limit=5`, 'ff00ff00'],
  [`GET /v3/order?symbol=BTCUSDT&apiKey=abc123&signature=ff00ff00&limit=5`, 'abc123'],
  [`APCA-API-KEY-ID: hidden1`, 'hidden1'],
  [`APCA_API_SECRET_KEY=hidden2 veritape execute`, 'hidden2'],
  [`{"X-MBX-APIKEY":"hidden3"}`, 'hidden3'],
  [`a body in text: {\\"api_secret\\":\\"hidden4\\"}`, 'hidden4'],
  [`password = 'hidden5'`, 'hidden5'],
  [`connect esdb://admin:hidden6@localhost:2113`, 'hidden6'],
  [`key PKTEST0123456789ABCD is unknown`, 'PKTEST0123456789ABCD'],
  [`AKIAIOSFODNN7EXAMPLE`, 'AKIAIOSFODNN7EXAMPLE'],
  [`bad token ${jwt}`, jwt],
  [`no such key ${binanceKey}`, binanceKey],
  [`cannot sign with ${krakenSecret}`, 'kQH5HW/8p1uGOV'],
  [`cannot read ${pem}`, 'MIIEvQ'],
  [`cut off: ${pem.slice(0, 45)}`, 'MIIEvQ'],
])('%s', (given, secret) => {
  expect(given).toContain(secret)
  expect(text(given)).not.toContain(secret)
  expect(text(given)).toContain(redacted)
})

test.each([
  'order vt-3f2a-000000000042-1 of BTC/USDT filled at 28123.45',
  `ledger head ${'0123456789abcdef'.repeat(4)}`,
  '/srv/Veritape2/ledger/demo-equities/2015-08-24.jsonl is locked by process 4711',
  'keyboard, monkey and tokenless are words',
  'https://api.example.com/v2/orders?symbol=AAPL&limit=500',
  'limits.openOrdersMax expects a whole number',
  '3f2a0000-1234-8abc-9def-0123456789ab',
])('ordinary text stays as it is: %s', given => {
  expect(text(given)).toBe(given)
})

test('what stands under the name of a secret is taken out at any depth', () => {
  const given = {
    venue: { apiKey: 'a1', credentials: { user: 'a2' }, headers: [{ 'APCA-API-KEY-ID': 'a3' }] },
    token: 12345678,
    key: 'a4',
    Cookie: 'a5',
    symbol: 'BTC/USDT',
    keys: 3,
  }
  expect(value(given)).toEqual({
    venue: { apiKey: redacted, credentials: redacted, headers: [{ 'APCA-API-KEY-ID': redacted }] },
    token: redacted,
    key: redacted,
    Cookie: redacted,
    symbol: 'BTC/USDT',
    keys: 3,
  })
})

test('errors lose their secrets in message, stack, cause and own fields', () => {
  const error = Object.assign(new Error(`refused: ${jwt}`, { cause: new Error('api_key=hunter2') }), {
    config: { headers: { Authorization: 'Bearer hunter3' } },
    code: 'E_AUTH',
  })
  const clean = value({ err: error }) as { err: Record<string, unknown> }
  expect(clean.err).toMatchObject({ type: 'Error', code: 'E_AUTH', message: `refused: ${redacted}` })
  expect(String(clean.err.stack)).toContain('redaction.test.ts')
  const printed = JSON.stringify(clean)
  for (const secret of [jwt, 'hunter2', 'hunter3']) expect(printed).not.toContain(secret)
})

test('cycles, maps, bytes and big integers become plain JSON', () => {
  const loop: Record<string, unknown> = { name: 'loop' }
  loop.self = loop
  const given = {
    loop,
    map: new Map([['secret', 'x']]),
    bytes: new Uint8Array(3),
    big: 5n,
    when: new Date(0),
  }
  expect(value(given)).toEqual({
    loop: { name: 'loop', self: '[circular]' },
    map: { secret: redacted },
    bytes: '[3 bytes]',
    big: '5',
    when: '1970-01-01T00:00:00.000Z',
  })
})

test('the values of our own secrets are found wherever they stand', () => {
  const environment = {
    ALPACA_SECRET: 'correct horse',
    VENUE_API_KEY: ' battery-staple\n',
    LIVE_CONFIRM: 'yes-really',
    VERITAPE__STORE: 'esdb://admin:s%40mething@localhost:2113',
    HOME: '/home/trader',
    SHORT_TOKEN: 'abc',
  }
  const secrets = secretsIn(environment)
  const mine = redaction(secrets)
  const said = mine.text(
    'correct horse, battery-staple, yes-really, s%40mething, s@mething, /home/trader, abc',
  )
  expect(said).toBe(`${redacted}, ${redacted}, ${redacted}, ${redacted}, ${redacted}, /home/trader, abc`)
  expect(JSON.stringify(mine.value({ 'name correct horse': ['a correct horse'] }))).not.toContain('horse')
})

test('a known secret never gets through, whatever surrounds it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6 }), fc.string(), fc.string(), (secret, before, after) => {
      fc.pre(secret.trim().length >= 6 && !redacted.includes(secret) && !`${before}${after}`.includes(secret))
      fc.pre(!`${before}${redacted}${after}`.includes(secret))
      expect(redaction([secret]).text(before + secret + after)).not.toContain(secret)
    }),
  )
})
