// Rules of health: each at its bound, and just below it.

import { describe, expect, test } from 'vitest'
import { checksOf, type HealthFacts, verdictOf } from '../../domain/health-rules.ts'
import { instantOf } from '../../domain/time.ts'

const now = instantOf(Date.parse('2026-11-25T12:00:00Z'))
const ago = (seconds: number) => instantOf(Date.parse(now) - seconds * 1000)
const unit = {
  name: 'veritape-execute@paper.service',
  enabled: true,
  failed: false,
  active: true,
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
  lastCandle: ago(200),
  timeframe: '5m',
  marketOpen: true,
  halts: [],
  unknownOrders: [],
  driftCount: 0,
  orders: { sent: 10, failed: 0 },
  cadence: { candles: 288, evaluations: 288 },
  scan: { session: '2026-11-25', done: true },
  units: [unit],
  venue: { unreachable: undefined, credentials: true, skewMs: 40 },
}
const verdict = (name: string, facts: Partial<HealthFacts>) =>
  checksOf({ ...well, ...facts }).find(check => check.name === name)?.verdict

test('a healthy book has every check, and each is ok', () => {
  const checks = checksOf(well)
  expect(checks).toHaveLength(16)
  expect(new Set(checks.map(({ name }) => name)).size).toBe(16)
  expect(checks.filter(({ verdict: each }) => each !== 'ok')).toEqual([])
  expect(verdictOf(checks)).toBe('ok')
})

test('the worst check is the verdict', () => {
  expect(verdictOf(checksOf({ ...well, halts: ['halted by you: lunch'] }))).toBe('degraded')
  expect(verdictOf(checksOf({ ...well, halts: ['halted by you: lunch'], driftCount: 1 }))).toBe('unhealthy')
})

describe('bounds', () => {
  const venue = (skewMs: number) => ({ unreachable: undefined, credentials: true, skewMs })
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
    ['evaluations', { cadence: { candles: 10, evaluations: 0 } }, 'degraded'],
    ['evaluations', { cadence: { candles: 0, evaluations: 0 } }, undefined],
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
    ['units', { units: [{ ...unit, active: false }] }, 'degraded'],
    ['units', { units: [{ ...unit, active: false, enabled: false }] }, 'ok'],
    ['units', { units: [] }, undefined],
    ['restarts', { units: [{ ...unit, restarts: 2 }] }, 'ok'],
    ['restarts', { units: [{ ...unit, restarts: 3 }] }, 'degraded'],
    ['venue', { venue: { ...venue(0), unreachable: 'ECONNREFUSED' } }, 'unhealthy'],
    ['credentials', { venue: { ...venue(0), credentials: false } }, 'unhealthy'],
    ['clock', { venue: venue(-1000) }, 'ok'],
    ['clock', { venue: venue(-1001) }, 'degraded'],
    ['clock', { venue: venue(5001) }, 'unhealthy'],
    ['clock', { venue: undefined }, undefined],
  ])('%s %j: %s', (name, facts, wanted) => {
    expect(verdict(name, facts)).toBe(wanted)
  })
})
