// Statistics of a book, in doubles computed from exact decimals. A figure without a meaning is missing, never a
// sentinel. Only + - × / and the square root are used, which every machine rounds alike.

import { add, compare, type Decimal, isPositive, isZero, negate, toNumber } from '../domain/decimal.ts'
import { none, type Option, some } from '../domain/result.ts'

/** Simple returns from one value to the next; missing when a value that is divided by is not positive. */
export const returnsOf = (values: readonly Decimal[]): Option<readonly number[]> => {
  const returns: number[] = []
  for (let i = 1; i < values.length; i++) {
    const before = values[i - 1] as Decimal
    if (!isPositive(before)) return none
    returns.push(toNumber(values[i] as Decimal) / toNumber(before) - 1)
  }
  return some(returns)
}

/**
 * Mean return over its sample standard deviation (n - 1), times the root of the periods in a year; risk-free rate 0
 * (Sharpe 1994). Missing below 2 returns, or when they are all the same.
 */
export const sharpe = (returns: readonly number[], periodsPerYear: number): Option<number> => {
  const mean = meanOf(returns)
  if (returns.length < 2 || returns.every(each => each === returns[0])) return none
  const squares = returns.map(each => (each - mean) * (each - mean))
  const deviation = Math.sqrt(total(squares) / (returns.length - 1))
  return some((mean / deviation) * Math.sqrt(periodsPerYear))
}

/**
 * Mean return over its downside deviation: the root of the mean square of the returns below 0, over all n returns
 * (Sortino and Price 1994), times the root of the periods in a year. Missing below 2 returns, or without a loss.
 */
export const sortino = (returns: readonly number[], periodsPerYear: number): Option<number> => {
  const squares = returns.map(each => Math.min(each, 0) ** 2)
  if (returns.length < 2 || total(squares) === 0) return none
  const downside = Math.sqrt(total(squares) / returns.length)
  return some((meanOf(returns) / downside) * Math.sqrt(periodsPerYear))
}

const total = (values: readonly number[]): number => {
  let all = 0
  for (const each of values) all += each
  return all
}

const meanOf = (values: readonly number[]): number => total(values) / values.length

/** Net results of trades, added up: what their figures need, in the same room for ten trades and for a million. */
export interface TradeSums {
  trades: number
  wins: number
  losses: number
  /** Exact sums of what was won and of what was lost; the second one is negative or zero. */
  won: Decimal
  lost: Decimal
}

export const noTrades = (): TradeSums => ({ trades: 0, wins: 0, losses: 0, won: '0', lost: '0' })

export const addTrade = (sums: TradeSums, netPnl: Decimal): void => {
  const sign = compare(netPnl, '0')
  sums.trades += 1
  if (sign > 0) {
    sums.wins += 1
    sums.won = add(sums.won, netPnl)
  } else if (sign < 0) {
    sums.losses += 1
    sums.lost = add(sums.lost, netPnl)
  }
}

/** What many trades come to. Money in the book's currency, after fees. */
export interface TradeFigures {
  readonly trades: number
  readonly wins: number
  readonly losses: number
  /** Neither a win nor a loss; they count in every rate. */
  readonly even: number
  readonly netPnl: Decimal
  /** wins / trades */
  readonly winRate: Option<number>
  /** Sum of the wins / sum of the losses (Tharp, Kaufman). Missing without a loss. */
  readonly profitFactor: Option<number>
  /** win rate × average win - loss rate × average loss, which is the mean of the trades (Tharp). */
  readonly expectancy: Option<number>
  readonly averageWin: Option<number>
  /** Positive. */
  readonly averageLoss: Option<number>
}

export const tradeFigures = ({ trades, wins, losses, won, lost }: TradeSums): TradeFigures => {
  const lostSum = negate(lost)
  const netPnl = add(won, lost)
  return {
    trades,
    wins,
    losses,
    even: trades - wins - losses,
    netPnl,
    winRate: ratio(wins, trades),
    profitFactor: isZero(lostSum) ? none : some(toNumber(won) / toNumber(lostSum)),
    expectancy: ratio(toNumber(netPnl), trades),
    averageWin: ratio(toNumber(won), wins),
    averageLoss: ratio(toNumber(lostSum), losses),
  }
}

/** a / b, or missing when there is nothing to divide by. */
export const ratio = (a: number, b: number): Option<number> => (b === 0 ? none : some(a / b))
