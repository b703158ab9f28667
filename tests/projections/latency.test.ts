import { expect, test } from 'vitest'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { OrderAccepted, OrderOutcomeUnknown } from '../../domain/order.ts'
import { none, some } from '../../domain/result.ts'
import { latency, percentiles, stepNames } from '../../projections/latency.ts'
import { fold } from '../../projections/projection.ts'
import { candle, evaluated, intent, ledgerOf, noon, requested } from './ledger-of.ts'

/** Events with the microseconds behind noon at which the ledger took them; each is the cause of the next. */
const takenOf = (...timed: readonly (readonly [event: BookEvent, microseconds: number])[]) => {
  const recorded = ledgerOf(timed.map(([event]) => event)).map(
    (each, index): Recorded<BookEvent> => ({
      ...each,
      at: `2023-03-24T12:00:0${(((timed[index] as readonly [BookEvent, number])[1] as number) / 1e6).toFixed(6)}Z`,
    }),
  )
  return fold(latency, recorded).taken
}

const accepted = OrderAccepted({ orderId: 'k3x9p2q-3', venueOrderId: 'v-1' })
const path = [
  [candle('BTC/USDT', '100', noon), 2_000_000],
  [evaluated('buy', noon), 2_000_001],
  [intent(), 2_000_100],
  [requested(3), 2_003_100],
] as const

test('each step of an order, in milliseconds', () => {
  const taken = takenOf(...path, [accepted, 2_090_100])
  expect(stepNames.map(name => taken[name])).toEqual([[2000], [0.1], [3], [87], [3.1], [2090.1]])
})

test('an answer that was lost and found later is no latency of the venue', () => {
  const unknown = OrderOutcomeUnknown({ orderId: 'k3x9p2q-3', detail: 'timed out' })
  const taken = takenOf(...path, [unknown, 2_100_000], [accepted, 9_000_000])
  expect(stepNames.map(name => taken[name].length)).toEqual([1, 1, 1, 0, 1, 0])
})

test('a wish that no candle led to has no latency', () => {
  const taken = takenOf([intent({ source: 'operator' }), 0], [requested(1), 1], [accepted, 2])
  expect(stepNames.map(name => taken[name].length)).toEqual([0, 0, 0, 0, 0, 0])
})

test('percentiles are values that occurred, by the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n)
  expect(percentiles(hundred)).toEqual({ sample: 100, p50: some(50), p99: some(99), longest: some(100) })
  expect(percentiles([7])).toEqual({ sample: 1, p50: some(7), p99: some(7), longest: some(7) })
  expect(percentiles([])).toEqual({ sample: 0, p50: none, p99: none, longest: none })
})
