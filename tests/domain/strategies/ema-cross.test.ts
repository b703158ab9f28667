// EMA cross, on bars made by hand.

import { expect, test } from 'vitest'
import { emaCross } from '../../../domain/strategies/ema-cross.ts'
import { bar } from '../../recorded-bars.ts'

const flat = { quantity: 0, entryPrice: 0 }
const long = { quantity: 1, entryPrice: 100 }
const parameters = { fast: 2, slow: 4 }

/** A bar of range 2 around its close. */
const at = (place: number, close: number) => bar(place, [close, close + 1, close - 1, close])

/** Sixty falling bars: warmed up, the fast average below the slow one. */
const fallen = (given: Parameters<typeof emaCross.start>[0] = parameters) => {
  const evaluate = emaCross.start(given)
  for (let place = 0; place < 60; place += 1) evaluate(at(place, 160 - place), flat)
  return evaluate
}

test('it buys on the bar where the fast average comes out above, once', () => {
  const evaluate = fallen()
  const evaluation = evaluate(at(60, 110), flat)
  expect(evaluation).toMatchObject({ action: 'buy', signal: 1 })
  expect(evaluation.reasons[0]).toMatch(/^EMA 2 \d+\.\d+ crossed above EMA 4 \d+\.\d+$/)
  const { fast, slow } = evaluation.indicators as { fast: number; slow: number }
  expect(fast).toBeGreaterThan(slow)
  expect(evaluate(at(61, 111), flat).action).toBe('none')
})

test('a cross while it holds is no reason to buy more', () => {
  expect(fallen()(at(60, 110), long).action).toBe('none')
})

test('it sells as soon as the fast average is below, whether or not it saw the cross', () => {
  const evaluate = fallen()
  expect(evaluate(at(60, 100), long)).toMatchObject({ action: 'sell', signal: -1 })
})

test('flat and below it asks for nothing', () => {
  expect(fallen()(at(60, 100), flat)).toMatchObject({ action: 'none', signal: -1 })
})

test('the RSI filter lets a cross pass that comes too hot, and says so', () => {
  const filtered = (buyBelow: number) => ({ ...parameters, rsi: { length: 2, buyBelow } })
  const refused = fallen(filtered(50))(at(60, 110), flat)
  expect(refused.action).toBe('none')
  expect(refused.reasons[1]).toMatch(/^RSI 2 [\d.]+ is not below 50$/)
  expect(refused.indicators.rsi).toBeGreaterThan(50)
  expect(fallen(filtered(100))(at(60, 110), flat).action).toBe('buy')
})

test('confidence is the distance of the averages in ATRs', () => {
  const { confidence, indicators } = fallen()(at(60, 102), flat)
  const { fast, slow, atr } = indicators as { fast: number; slow: number; atr: number }
  expect(confidence).toBe(Math.abs(fast - slow) / atr)
  expect(confidence).toBeGreaterThan(0)
  expect(confidence).toBeLessThan(1)
  expect(fallen()(at(60, 500), flat).confidence).toBe(1)
})

test('a market that never moves gives no signal', () => {
  const evaluate = emaCross.start(parameters)
  let last = evaluate(bar(0, [5, 5, 5, 5]), flat)
  for (let place = 1; place < 100; place += 1) last = evaluate(bar(place, [5, 5, 5, 5]), flat)
  expect(last).toMatchObject({ action: 'none', signal: 0, confidence: 0 })
})
