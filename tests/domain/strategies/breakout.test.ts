// Breakout, on bars made by hand.

import { expect, test } from 'vitest'
import { breakout } from '../../../domain/strategies/breakout.ts'
import { bar } from '../../recorded-bars.ts'

const flat = { quantity: 0, entryPrice: 0 }
const long = { quantity: 1, entryPrice: 100 }
const parameters = { entryBars: 5, exitBars: 3, atrBars: 2, trailAtr: 3 }

/** Twenty bars between 99 and 101, so that the channel is 101 to 99 and the ATR 2. */
const quiet = (given = parameters) => {
  const evaluate = breakout.start(given)
  for (let place = 0; place < 20; place += 1) evaluate(bar(place, [100, 101, 99, 100]), flat)
  return evaluate
}

test('a close above the channel buys, and says which', () => {
  const evaluation = quiet()(bar(20, [100, 103, 100, 102]), flat)
  expect(evaluation).toMatchObject({
    action: 'buy',
    signal: 1,
    reasons: ['close 102 is above the 5-bar high 101'],
  })
  expect(evaluation.indicators).toEqual({ upper: 101, lower: 99, atr: 2.5, stop: 95.5 })
  expect(evaluation.confidence).toBe(0.4) // 1 / 2.5
})

test('a high above the channel is not enough, and neither is a close on it', () => {
  expect(quiet()(bar(20, [100, 110, 100, 101]), flat).action).toBe('none')
})

test('a close below the exit channel sells', () => {
  const evaluation = quiet()(bar(20, [100, 100, 98, 98.5]), long)
  expect(evaluation).toMatchObject({
    action: 'sell',
    signal: -1,
    reasons: ['close 98.5 is below the 3-bar low 99'],
  })
})

test('the stop trails the highest high and sells above the exit channel', () => {
  const evaluate = quiet({ ...parameters, trailAtr: 1 })
  expect(evaluate(bar(20, [100, 110, 100, 109.5]), long).action).toBe('none') // ATR 6, stop 104
  const evaluation = evaluate(bar(21, [109, 109, 102, 102]), long) // ATR 6.75
  expect(evaluation.action).toBe('sell')
  expect(evaluation.reasons).toEqual(['close 102 is below the stop 103.25'])
  expect(evaluation.indicators.stop).toBe(103.25)
})

test('between the levels it holds', () => {
  expect(quiet()(bar(20, [100, 101, 99, 100]), long)).toMatchObject({ action: 'none', signal: 1 })
})

test('a breakout whose wick puts the stop above the close is let pass', () => {
  const evaluation = quiet({ ...parameters, trailAtr: 0.5 })(bar(20, [100, 120, 100, 102]), flat)
  expect(evaluation.action).toBe('none')
  expect(evaluation.reasons[1]).toMatch(/^it is below the stop/)
})
