// AVWAP pullback, on bars made by hand.

import { expect, test } from 'vitest'
import { avwapPullback } from '../../../domain/strategies/avwap-pullback.ts'
import { bar } from '../../recorded-bars.ts'

const flat = { quantity: 0, entryPrice: 0 }
const parameters = {
  anchor: 'swing-low',
  windowBars: 20,
  trendBars: 2,
  atrBars: 4,
  bandAtr: 1,
  reachAtr: 2,
  limitAtr: 0.25,
  targetAtr: 2,
} as const

/** A bar of range 2 around its close. */
const at = (place: number, close: number, volume = 1) =>
  bar(place, [close, close + 1, close - 1, close], volume)

/**
 * Twenty quiet bars at 100, a low at 90 with most of the volume, a climb to 104, and back to 92: AVWAP stays near the
 * low, where the volume was.
 */
const pulledBack = (given: Parameters<typeof avwapPullback.start>[0] = parameters) => {
  const evaluate = avwapPullback.start(given)
  const closes = [...Array.from({ length: 20 }, () => 100), 90, 94, 98, 102, 104, 100, 96, 92, 91, 91]
  let place = 0
  for (const close of closes) {
    evaluate(at(place, close, close === 90 ? 1000 : 1), flat)
    place += 1
  }
  return (close: number, holding = flat) => evaluate(at(place, close), holding)
}

test('back near AVWAP with a rising trend it buys with a resting order between AVWAP and the close', () => {
  const evaluation = pulledBack()(91.5)
  const { avwap, atr } = evaluation.indicators as { avwap: number; atr: number }
  expect(avwap).toBeGreaterThan(90)
  expect(avwap).toBeLessThan(90.1)
  expect(evaluation).toMatchObject({ action: 'buy', signal: 1 })
  expect(evaluation.limitPrice).toBe(avwap + 0.25 * atr)
  expect(evaluation.confidence).toBeCloseTo(1 - (91.5 - avwap) / atr, 12)
  expect(evaluation.reasons[0]).toMatch(/^close 91.5 is \d\.\d\d ATR above AVWAP 90\.\d+$/)
})

test('the order is never above the close', () => {
  const { limitPrice, action } = pulledBack({ ...parameters, limitAtr: 1 })(91.5)
  expect(action).toBe('buy')
  expect(limitPrice).toBe(91.5)
})

test.each([
  [89.95, 'the close is below AVWAP'],
  [91, 'the trend EMA is not rising'],
  [97, 'the close is above the band around AVWAP'],
])('a close of %d is no entry: %s', (close, reason) => {
  expect(pulledBack()(close)).toMatchObject({ action: 'none', reasons: [reason] })
})

test('what has not left AVWAP has not come back', () => {
  expect(pulledBack({ ...parameters, reachAtr: 20 })(91.5)).toMatchObject({
    action: 'none',
    reasons: ['the price has not left the band lately'],
  })
})

test('it does not buy what it holds', () => {
  expect(pulledBack()(91.5, { quantity: 1, entryPrice: 91 }).action).toBe('none')
})

test('a close below the stop under AVWAP sells', () => {
  const evaluation = pulledBack()(80, { quantity: 1, entryPrice: 91 })
  expect(evaluation).toMatchObject({ action: 'sell', signal: -1, confidence: 1 })
  expect(evaluation.reasons[0]).toMatch(/^close 80 is below the stop 8\d\.\d+; AVWAP is 90\.\d+$/)
})

test('a slide in small steps, each bar a new low that moves the anchor, is stopped below the entry', () => {
  const evaluate = pulledBack()
  const closes = Array.from({ length: 20 }, (_, step) => 90.5 - step / 2)
  const said = closes.map(close => evaluate(close, { quantity: 1, entryPrice: 91 }))
  const sold = said.findIndex(({ action }) => action === 'sell')
  const { atr, avwap, stop } = (said[sold] as (typeof said)[number]).indicators as Record<string, number>
  expect(stop).toBe(91 - 1.25 * (atr as number))
  expect(avwap).toBeLessThan(89)
  expect(closes[sold]).toBeLessThan(stop as number)
  expect(closes[sold - 1]).toBeGreaterThan(88)
})

test('while flat the stop is AVWAP minus the band', () => {
  const evaluate = avwapPullback.start({ ...parameters, anchor: 'day' })
  let last = evaluate(at(0, 100), flat)
  for (let place = 1; place < 40; place += 1) last = evaluate(at(place, 100), flat)
  const { avwap, atr, stop } = last.indicators
  expect([avwap, atr, stop]).toEqual([100, 2, 98])
})

test('a close at the target above the entry sells', () => {
  const evaluation = pulledBack()(110, { quantity: 1, entryPrice: 91 })
  const { target, atr } = evaluation.indicators as { target: number; atr: number }
  expect(target).toBe(91 + 2 * atr)
  expect(evaluation.action).toBe('sell')
  expect(evaluation.reasons[0]).toMatch(/^close 110 reached the target/)
})

test('between stop and target it holds', () => {
  expect(pulledBack()(93, { quantity: 1, entryPrice: 91 })).toMatchObject({ action: 'none', signal: 1 })
})

test.each([
  [{ ...parameters, limitAtr: 1.5 }, 'limitAtr'],
  [{ ...parameters, reachAtr: 1 }, 'reachAtr'],
  [{ ...parameters, windowBars: 4 }, 'windowBars'],
])('bounds are checked: %#', (given, field) => {
  const parsed = avwapPullback.parameters.safeParse(given)
  expect(parsed.error?.issues[0]?.path).toEqual([field])
})
