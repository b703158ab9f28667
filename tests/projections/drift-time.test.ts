import { expect, test } from 'vitest'
import type { BookEvent } from '../../domain/catalogue.ts'
import { none, some } from '../../domain/result.ts'
import { DriftFound, DriftResolved, HoldingsObserved, ReconciliationCompleted } from '../../domain/truth.ts'
import { driftMinutes, driftTime } from '../../projections/drift-time.ts'
import { fold } from '../../projections/projection.ts'
import { cycle, later, ledgerOf } from './ledger-of.ts'

const minutesOf = (...events: BookEvent[]) => driftMinutes(fold(driftTime, ledgerOf(events)))

/** One reconciliation, `minutes` behind noon. */
const round = (minutes: number, ...between: BookEvent[]): BookEvent[] => [
  HoldingsObserved({ observed: later(minutes), holdings: {}, evidence: 'e' }),
  ...between,
  ReconciliationCompleted({ verdict: 'agrees', orders: 0, fills: 0, drifts: 0 }),
]
const found = DriftFound({ subject: 'balance', name: 'USDT', ledger: '1', venue: '2', evidence: 'e' })
const resolved = (drift: number) => DriftResolved({ drift, how: 'it agrees again' })

test('a book that was never reconciled has none of the figures', () => {
  expect(minutesOf(cycle())).toEqual({ current: none, total: none, toDetectAtMost: none, toRepair: none })
})

test('a book that always agreed was never in drift', () => {
  expect(minutesOf(...round(0), ...round(15), cycle({ clock: later(20) }))).toEqual({
    current: some(0),
    total: some(0),
    toDetectAtMost: none,
    toRepair: none,
  })
})

// Agrees at 0, drift found at 15 (seq 4) and another at 30 (seq 7), repaired at 45 and 75; again at 90 (seq 16).
const long = [
  ...round(0), // 1, 2
  ...round(15, found), // 3, 4, 5
  ...round(30, found), // 6, 7, 8
  ...round(45, resolved(4)), // 9, 10, 11
  ...round(75, resolved(7)), // 12, 13, 14
  ...round(90, found), // 15, 16, 17
]

test('drift that overlaps is one spell, from the reconciliation that found it to the one that saw none', () => {
  expect(minutesOf(...long, cycle({ clock: later(100) }))).toEqual({
    current: some(10),
    total: some(70),
    toDetectAtMost: some(15),
    toRepair: some(60),
  })
})

test('drift at the first reconciliation may be as old as the account: nothing bounds when it began', () => {
  expect(minutesOf(...round(0, found), ...round(15, resolved(2)))).toEqual({
    current: some(0),
    total: some(15),
    toDetectAtMost: none,
    toRepair: some(15),
  })
})

test('a difference that becomes another one is still drift', () => {
  const { total, toRepair } = minutesOf(
    ...round(0, found), // 1, 2, 3
    ...round(15, resolved(2), found), // 4, 5, 6, 7
    ...round(30, resolved(6)),
  )
  expect([total, toRepair]).toEqual([some(30), some(30)])
})

test("an operator's explanation ends it when a reconciliation confirms it", () => {
  const adopted = [...round(0, found), resolved(2), cycle({ clock: later(10) })]
  expect(minutesOf(...adopted).current).toEqual(some(10))
  expect(minutesOf(...adopted, ...round(15)).toRepair).toEqual(some(15))
})
