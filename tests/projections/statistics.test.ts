import { describe, expect, test } from 'vitest'
import type { Decimal } from '../../domain/decimal.ts'
import { isNone, isSome, none, type Option, some } from '../../domain/result.ts'
import {
  addTrade,
  noTrades,
  ratio,
  returnsOf,
  sharpe,
  sortino,
  tradeFigures,
} from '../../projections/statistics.ts'

describe('returns', () => {
  test('are relative to the value before', () => {
    expect(returnsOf(['100', '110', '99'])).toEqual(some([110 / 100 - 1, 99 / 110 - 1]))
  })

  test('have no meaning once the book has lost everything', () => {
    expect(isNone(returnsOf(['100', '0', '10']))).toBe(true)
  })
})

describe('Sharpe and Sortino', () => {
  // By hand: mean 0.01; deviations 0.02, -0.03, 0.01; sample deviation √(0.0014 / 2); downside √(0.0004 / 3).
  const returns = [0.03, -0.02, 0.02]

  test('follow their formulas', () => {
    expect(numberIn(sharpe(returns, 1))).toBeCloseTo(0.01 / Math.sqrt(0.0007), 12)
    expect(numberIn(sortino(returns, 1))).toBeCloseTo(0.01 / Math.sqrt(0.0004 / 3), 12)
  })

  test('grow with the root of the periods in a year', () => {
    expect(numberIn(sharpe(returns, 4))).toBeCloseTo(2 * numberIn(sharpe(returns, 1)), 12)
    expect(numberIn(sortino(returns, 4))).toBeCloseTo(2 * numberIn(sortino(returns, 1)), 12)
  })

  test('are missing below two returns', () => {
    expect([sharpe([], 365), sharpe([0.1], 365), sortino([-0.1], 365)]).toEqual([none, none, none])
  })

  test('are missing when nothing varies, and when nothing was lost', () => {
    expect(sharpe([0.1, 0.1, 0.1], 365)).toEqual(none)
    expect(sortino([0.1, 0, 0.2], 365)).toEqual(none)
  })
})

describe('trades', () => {
  test('count break-even ones in every rate', () => {
    expect(figuresOf(['10', '-5', '0', '20'])).toEqual({
      trades: 4,
      wins: 2,
      losses: 1,
      even: 1,
      netPnl: '25',
      winRate: some(0.5),
      profitFactor: some(6),
      expectancy: some(6.25),
      averageWin: some(15),
      averageLoss: some(5),
    })
  })

  test('without a loss have no profit factor, and no trades have no rates at all', () => {
    expect(figuresOf(['1']).profitFactor).toEqual(none)
    expect(figuresOf(['1']).averageLoss).toEqual(none)
    expect(figuresOf([])).toMatchObject({ netPnl: '0', winRate: none, expectancy: none, averageWin: none })
  })
})

test('a ratio of nothing is missing', () => {
  expect([ratio(1, 0), ratio(1, 4)]).toEqual([none, some(0.25)])
})

const numberIn = (figure: Option<number>): number => (isSome(figure) ? figure.value : Number.NaN)

const figuresOf = (netPnls: readonly Decimal[]) => {
  const sums = noTrades()
  for (const each of netPnls) addTrade(sums, each)
  return tradeFigures(sums)
}
