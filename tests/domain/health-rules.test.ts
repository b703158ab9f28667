// Rules of health: each at its bound, and just below it.

import { describe, expect, test } from 'vitest'
import { checksOf, type HealthFacts, type VenueFact, verdictOf } from '../../domain/health-rules.ts'
import { instantOf } from '../../domain/time.ts'

const now = instantOf(Date.parse('2026-11-25T12:00:00Z'))
const ago = (seconds: number) => instantOf(Date.parse(now) - seconds * 1000)
const unit = {
  name: 'veritape-execute@paper.service',
  enabled: true,
  failed: false,
  active: true,
  crashed: false,
  timed: false,
  restarts: 0,
}

const well: HealthFacts = {
  now,
  ledgerObjection: undefined,
  head: 5000,
  viewsAt: 4990,
  disk: { free: 50 * 2 ** 30, total: 100 * 2 ** 30 },
  expectsExecutor: true,
  lastCycle: ago(30),
  cycle: 4711,
  lastCandle: ago(200),
  timeframe: '5m',
  marketOpen: true,
  halts: [],
  unknownOrders: [],
  driftCount: 0,
  driftMinutes: { current: 0, total: 0 },
  orders: { sent: 10, failed: 0 },
  cadence: { judged: 288, expected: 288 },
  memory: { pid: 4711, rssBytes: 300 * 2 ** 20 },
  scan: { session: '2026-11-25', done: true },
  units: [unit],
  venue: { name: 'kraken', unreachable: undefined, credentials: 'accepted', skewMs: 40 },
}
const verdict = (name: string, facts: Partial<HealthFacts>) =>
  checksOf({ ...well, ...facts }).find(check => check.name === name)?.verdict

test('a healthy book has every check, and each is ok', () => {
  const checks = checksOf(well)
  expect(checks).toHaveLength(17)
  expect(new Set(checks.map(({ name }) => name)).size).toBe(17)
  expect(checks.filter(({ verdict: each }) => each !== 'ok')).toEqual([])
  expect(verdictOf(checks)).toBe('ok')
})

test('the worst check is the verdict', () => {
  expect(verdictOf(checksOf({ ...well, halts: ['halted by you: lunch'] }))).toBe('degraded')
  expect(verdictOf(checksOf({ ...well, halts: ['halted by you: lunch'], driftCount: 1 }))).toBe('unhealthy')
})

describe('bounds', () => {
  const venue = (skewMs: number | undefined): VenueFact => ({
    name: 'kraken',
    unreachable: undefined,
    credentials: 'accepted',
    skewMs,
  })
  test.each<[name: string, facts: Partial<HealthFacts>, verdict: string | undefined]>([
    ['ledger', { ledgerObjection: 'line 3 is damaged' }, 'unhealthy'],
    ['disk', { disk: { free: 2 ** 30, total: 2 ** 40 } }, 'ok'],
    ['disk', { disk: { free: 2 ** 30 - 1, total: 2 ** 40 } }, 'degraded'],
    ['disk', { disk: { free: 200 * 2 ** 20, total: 2 ** 40 } }, 'degraded'],
    ['disk', { disk: { free: 200 * 2 ** 20 - 1, total: 2 ** 40 } }, 'unhealthy'],
    ['views', { viewsAt: undefined }, 'degraded'],
    ['views', { viewsAt: 4000 }, 'ok'],
    ['views', { viewsAt: 3999 }, 'degraded'],
    ['heartbeat', { lastCycle: ago(130) }, 'ok'],
    ['heartbeat', { lastCycle: ago(131) }, 'degraded'],
    ['heartbeat', { lastCycle: ago(301) }, 'unhealthy'],
    ['heartbeat', { lastCycle: undefined }, 'unhealthy'],
    ['heartbeat', { lastCycle: ago(301), expectsExecutor: false }, undefined],
    ['candles', { lastCandle: ago(600) }, 'ok'],
    ['candles', { lastCandle: ago(601) }, 'degraded'],
    ['candles', { lastCandle: ago(1501) }, 'unhealthy'],
    ['candles', { lastCandle: ago(1501), marketOpen: false }, undefined],
    ['candles', { lastCandle: undefined }, 'degraded'],
    ['evaluations', { cadence: { judged: 95, expected: 100 } }, 'ok'],
    ['evaluations', { cadence: { judged: 94, expected: 100 } }, 'degraded'],
    ['evaluations', { cadence: { judged: 50, expected: 100 } }, 'degraded'],
    ['evaluations', { cadence: { judged: 49, expected: 100 } }, 'unhealthy'],
    ['evaluations', { cadence: undefined }, undefined],
    ['memory', { memory: { pid: 1, rssBytes: 2 ** 30 } }, 'ok'],
    ['memory', { memory: { pid: 1, rssBytes: 2 ** 30 + 1 } }, 'degraded'],
    ['memory', { memory: { pid: 1, rssBytes: 2 ** 31 } }, 'degraded'],
    ['memory', { memory: { pid: 1, rssBytes: 2 ** 31 + 1 } }, 'unhealthy'],
    ['memory', { memory: undefined }, undefined],
    ['submissions', { orders: { sent: 10, failed: 1 } }, 'degraded'],
    ['submissions', { orders: { sent: 4, failed: 3 } }, 'unhealthy'],
    ['submissions', { orders: { sent: 3, failed: 3 } }, 'degraded'],
    ['submissions', { orders: { sent: 0, failed: 0 } }, undefined],
    ['unknown orders', { unknownOrders: ['abc-12'] }, 'unhealthy'],
    ['drift', { driftCount: 1 }, 'unhealthy'],
    ['halt', { halts: ['KILL file: x'] }, 'degraded'],
    ['scan', { scan: { session: '2026-11-25', done: false } }, 'unhealthy'],
    ['scan', { scan: undefined }, undefined],
    ['units', { units: [{ ...unit, failed: true }] }, 'unhealthy'],
    ['units', { units: [{ ...unit, failed: true, timed: true }] }, 'degraded'],
    [
      'units',
      {
        units: [
          { ...unit, failed: true, timed: true },
          { ...unit, failed: true },
        ],
      },
      'unhealthy',
    ],
    ['units', { units: [{ ...unit, crashed: true }] }, 'unhealthy'],
    ['units', { units: [{ ...unit, active: false }] }, 'degraded'],
    ['units', { units: [{ ...unit, active: false, enabled: false }] }, 'ok'],
    ['units', { units: [] }, undefined],
    ['restarts', { units: [{ ...unit, restarts: 2 }] }, 'ok'],
    ['restarts', { units: [{ ...unit, restarts: 3 }] }, 'degraded'],
    ['venue', { venue: { ...venue(0), unreachable: 'ECONNREFUSED' } }, 'unhealthy'],
    ['credentials', { venue: { ...venue(0), credentials: 'refused' } }, 'unhealthy'],
    ['clock', { venue: venue(-1000) }, 'ok'],
    ['clock', { venue: venue(-1001) }, 'degraded'],
    ['clock', { venue: venue(5001) }, 'unhealthy'],
    ['clock', { venue: venue(undefined) }, undefined],
    ['clock', { venue: { notAsked: 'no network' } }, undefined],
    ['credentials', { venue: { notAsked: 'no network' } }, undefined],
    ['credentials', { venue: { ...venue(0), credentials: { notAsked: 'no key here' } } }, 'ok'],
    ['venue', { venue: { notAsked: 'no network' } }, 'ok'],
  ])('%s %j: %s', (name, facts, wanted) => {
    expect(verdict(name, facts)).toBe(wanted)
  })
})

test('what was not asked says so, and so does how long a drift lasts', () => {
  const saw = (facts: Partial<HealthFacts>) =>
    Object.fromEntries(checksOf({ ...well, ...facts }).map(({ name, saw: words }) => [name, words]))
  expect(saw({ venue: { notAsked: 'candles come from files' } }).venue).toBe(
    'not asked: candles come from files',
  )
  expect(saw({ driftCount: 2, driftMinutes: { current: 12.34, total: 40 } }).drift).toBe(
    '2 unresolved for 12.3 minutes, 40 minutes in all',
  )
})
