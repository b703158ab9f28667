// The vital signs: what they count, what they forget, and that a fold from a kept one is the fold from the beginning.

import { expect, test } from 'vitest'
import { DataGapFound } from '../../domain/candle.ts'
import { HealthChecked } from '../../domain/health.ts'
import { RunStarted } from '../../domain/run.ts'
import { instantOf } from '../../domain/time.ts'
import { printKept, readKept } from '../../projections/kept-fold.ts'
import { fold } from '../../projections/projection.ts'
import { cadenceOf, lastDay, type Vitals, vitals } from '../../projections/vitals.ts'
import { closeOf, named, trade, world } from '../engine-in-memory.ts'
import { ledgerOf } from './ledger-of.ts'

const hour = 3_600_000
const noon = Date.parse('2026-11-25T12:00:00Z')
const withHours = (judged: Record<string, number>, firstJudged: string): Vitals => ({
  ...vitals.initial(),
  firstJudged,
  hours: new Map(
    Object.entries(judged).map(([key, count]) => [key, { judged: count, absent: 0, sent: 1, failed: 0 }]),
  ),
})

test('a candle with several champions is judged once, and every order of a real run is over or live', async () => {
  const place = world()
  await trade(place.engine(), closeOf(12))
  const events = await place.events()
  const state = fold(vitals, events)
  const candles = new Set(named(events, 'StrategyEvaluated').map(({ cause }) => cause))
  const sum = (of: 'judged' | 'sent') => [...state.hours.values()].reduce((all, each) => all + each[of], 0)
  expect(candles.size).toBeGreaterThan(20)
  expect(sum('judged')).toBe(candles.size)
  expect(sum('sent')).toBe(named(events, 'OrderRequested').length)
  expect(sum('sent')).toBeGreaterThan(2)
  for (const { status } of state.live.values()) expect(['requested', 'unknown', 'open']).toContain(status)
})

test('kept anywhere and gone on with, it is the same', async () => {
  const place = world()
  await trade(place.engine(), closeOf(6))
  const events = await place.events()
  const binding = { code: 'c0de', projection: 'vitals', identity: { ledgerId: 'l', epoch: 'e' } }
  const whole = fold(vitals, events)
  for (const cut of [1, 7, Math.floor(events.length / 2), events.length]) {
    const last = events[cut - 1] as (typeof events)[number]
    const text = printKept(binding, last, fold(vitals, events.slice(0, cut)))
    let state = readKept<Vitals>(binding, text)?.state as Vitals
    for (const recorded of events.slice(cut))
      if (vitals.types.includes(recorded.event.type as never)) state = vitals.apply(state, recorded as never)
    expect(state).toEqual(whole)
  }
})

test('a kept fold of another ledger, program or projection is none, and neither is a damaged one', () => {
  const binding = { code: 'c0de', projection: 'vitals', identity: { ledgerId: 'l', epoch: 'e' } }
  const text = printKept(binding, { seq: 7, id: 'i', at: 'a' }, { some: new Map([['a', new Set([1])]]) })
  expect(readKept(binding, text)).toEqual({
    seq: 7,
    id: 'i',
    at: 'a',
    state: { some: new Map([['a', new Set([1])]]) },
  })
  expect(readKept({ ...binding, code: 'other' }, text)).toBeUndefined()
  expect(readKept({ ...binding, projection: 'other' }, text)).toBeUndefined()
  expect(readKept({ ...binding, identity: { ledgerId: 'l', epoch: 'later' } }, text)).toBeUndefined()
  expect(readKept(binding, text.replace('[1]', '[2]'))).toBeUndefined()
  expect(readKept(binding, text.slice(0, -3))).toBeUndefined()
  expect(readKept(binding, '')).toBeUndefined()
})

test('two days of hours are kept, and no more', () => {
  let state = vitals.initial()
  for (let n = 0; n < 100; n++) {
    const at = instantOf(noon + n * hour)
    const orderId = `o-${n}`
    const rejected = { type: 'OrderRejected', version: 1, data: { orderId, reason: 'no' } } as const
    state = vitals.apply(state, recordedAt(at, rejected))
  }
  expect(state.hours.size).toBe(48)
  expect(lastDay(state, instantOf(noon + 99 * hour)).failed).toBe(24)
  expect(state.live.size).toBe(0)
})

const recordedAt = (at: string, event: unknown) =>
  ({ seq: 1, id: 'i', correlation: 1, stream: 's', revision: 0, at, cause: 0, run: 0, event }) as never

test('the cadence of five minutes: twelve an hour for each market, whole hours only', () => {
  const full = Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [instantOf(noon - n * hour).slice(0, 13), 24]),
  )
  const now = instantOf(noon + 20 * 60_000)
  const old = instantOf(noon - 90 * hour)
  expect(cadenceOf(withHours(full, old), now, 2, 300_000)).toEqual({ judged: 576, expected: 576 })
  const { '2026-11-25T09': _, ...holed } = full
  expect(cadenceOf(withHours(holed, old), now, 2, 300_000)).toEqual({ judged: 552, expected: 576 })
  expect(cadenceOf(withHours(full, instantOf(noon - 2.5 * hour)), now, 2, 300_000)).toEqual({
    judged: 48,
    expected: 48,
  })
  expect(cadenceOf(withHours({}, instantOf(noon)), now, 2, 300_000)).toBeUndefined()
  expect(cadenceOf(vitals.initial(), now, 2, 300_000)).toBeUndefined()
})

test('four hours: six a day', () => {
  const opens = [0, 4, 8, 12, 16, 20].map(h => [`2026-11-24T${String(h).padStart(2, '0')}`, 1] as const)
  const today = [0, 4, 8].map(h => [`2026-11-25T${String(h).padStart(2, '0')}`, 1] as const)
  const state = withHours(Object.fromEntries([...opens, ...today]), '2026-11-20T00:00:00.000Z')
  expect(cadenceOf(state, '2026-11-25T12:30:00.000Z', 1, 4 * hour)).toEqual({ judged: 6, expected: 6 })
})

test('candles that the market itself does not have are not missed', () => {
  const gap = DataGapFound({
    symbol: 'BTC/USDT',
    timeframe: '5m',
    from: '2026-11-25T09:30:00.000Z',
    to: '2026-11-25T10:10:00.000Z',
    missing: 8,
  })
  const { hours } = fold(vitals, ledgerOf([gap]))
  expect([...hours].map(([key, { absent }]) => [key, absent]).sort()).toEqual([
    ['2026-11-25T09', 6],
    ['2026-11-25T10', 2],
  ])
  const judged = { '2026-11-25T09': 6, '2026-11-25T10': 10, '2026-11-25T11': 12 }
  const state = withHours(judged, '2026-11-25T09:00:00.000Z')
  for (const [key, hour] of state.hours) hour.absent = hours.get(key)?.absent ?? 0
  expect(cadenceOf(state, instantOf(noon + 20 * 60_000), 1, 300_000)).toEqual({ judged: 28, expected: 28 })
})

test('a run of a scan is no heartbeat, and a health check is remembered by its revision', () => {
  const started = RunStarted({
    command: 'scan',
    mode: 'paper',
    version: '0',
    codeHash: '',
    configHash: '',
    node: '',
    icu: '',
    tzdata: '',
    clock: instantOf(noon),
  })
  const scan = recordedAt(instantOf(noon), started) as object
  const health = recordedAt(instantOf(noon), HealthChecked({ verdict: 'ok', checks: [] })) as object
  const state = fold(vitals, [
    { ...scan, stream: 'run-scan' },
    { ...health, revision: 41 },
  ] as never)
  expect(state.heartbeat.run).toBeUndefined()
  expect(state.healthRevision).toBe(41)
})
