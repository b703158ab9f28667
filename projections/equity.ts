// The equity curve: what the book was worth at the end of each of its days, sampled at every completed cycle.
//
// A day is a date of the book's zone; a cycle at midnight exactly belongs to the day that ends there, so that the
// candle which closes at midnight does too. A book with sessions has a row only for days on which the market traded:
// its session was open, or a candle closed. A book around the clock has one for every day it ran.

import { compare, type Decimal, divide, isPositive, larger, smaller, subtract } from '../domain/decimal.ts'
import type { Seq } from '../domain/event.ts'
import type { CycleCompleted } from '../domain/run.ts'
import {
  addDays,
  type CalendarDate,
  dateIn,
  type Instant,
  instantAt,
  instantOf,
  millisecondsOf,
} from '../domain/time.ts'
import { printCsv } from './csv.ts'
import { type Portfolio, portfolio } from './portfolio.ts'
import type { AnyProjection, Projection } from './projection.ts'
import type { ViewFile } from './view.ts'

/** All money in the book's currency. */
export interface EquityDay {
  readonly date: CalendarDate
  /** The last sample. */
  equity: Decimal
  cash: Decimal
  high: Decimal
  low: Decimal
  /** Highest equity of the book so far, at the last sample. */
  peak: Decimal
  samples: number
  /** Whether the market traded on it. */
  traded: boolean
}

export interface Equity {
  asOf: Seq
  /** The last cycle that changed a row of the curve. */
  curveAsOf: Seq
  portfolio: Portfolio
  /** Days that are over and on which the market traded, oldest first. */
  readonly past: EquityDay[]
  today: EquityDay | undefined
  todayEnds: Instant
  peak: Decimal
  trough: Decimal
  /** Largest (peak - equity) / peak over all samples. */
  maxDrawdown: Decimal
  samples: number
  /** Samples while the market traded, and how many of them with an open position. */
  tradedSamples: number
  exposedSamples: number
}

export const equity: Projection<
  Equity,
  'BookOpened' | 'IntentRaised' | 'OrderFilled' | 'CandleClosed' | 'CycleCompleted'
> = {
  name: 'equity',
  types: ['BookOpened', 'IntentRaised', 'OrderFilled', 'CandleClosed', 'CycleCompleted'],
  initial: () => ({
    asOf: 0,
    curveAsOf: 0,
    portfolio: portfolio.initial(),
    past: [],
    today: undefined,
    todayEnds: '',
    peak: '0',
    trough: '0',
    maxDrawdown: '0',
    samples: 0,
    tradedSamples: 0,
    exposedSamples: 0,
  }),
  apply: (state, recorded) => {
    const { seq, event } = recorded
    if (event.type !== 'CycleCompleted') {
      state.portfolio = feedPortfolio(state.portfolio, recorded)
      if (event.type === 'BookOpened') {
        state.peak = state.portfolio.equity
        state.trough = state.portfolio.equity
      }
      return state
    }
    takeSample(state, event.data)
    state.asOf = seq
    if (state.today?.traded) state.curveAsOf = seq
    return state
  },
}

/** Every type that is folded here, except the cycle, is one of the portfolio's. */
const { apply: feedPortfolio }: AnyProjection<Portfolio> = portfolio

const takeSample = (state: Equity, cycle: CycleCompleted['data']): void => {
  const traded = state.portfolio.calendar === 'always' || cycle.sessionOpen || cycle.candles > 0
  const now = state.portfolio.equity
  state.samples += 1
  if (traded) {
    state.tradedSamples += 1
    if (state.portfolio.openPositions > 0) state.exposedSamples += 1
  }
  followPeak(state, now)
  if (state.today === undefined || cycle.clock > state.todayEnds) beginDay(state, cycle.clock, now)
  const today = state.today as EquityDay
  today.equity = now
  today.cash = state.portfolio.cash
  today.high = larger(today.high, now)
  today.low = smaller(today.low, now)
  today.peak = state.peak
  today.samples += 1
  today.traded ||= traded
}

const followPeak = (state: Equity, now: Decimal): void => {
  if (compare(now, state.peak) > 0) {
    state.peak = now
    state.trough = now
  } else if (compare(now, state.trough) < 0) {
    state.trough = now
    state.maxDrawdown = larger(state.maxDrawdown, drawdownFrom(state.peak, now))
  }
}

const drawdownFrom = (peak: Decimal, now: Decimal): Decimal =>
  isPositive(peak) ? divide(subtract(peak, now), peak) : '0'

const beginDay = (state: Equity, clock: Instant, now: Decimal): void => {
  if (state.today?.traded) state.past.push(state.today)
  const { zone, cash } = state.portfolio
  const date = dateIn(zone, instantOf(millisecondsOf(clock) - 1))
  state.today = { date, equity: now, cash, high: now, low: now, peak: state.peak, samples: 0, traded: false }
  state.todayEnds = instantAt(zone, addDays(date, 1), '00:00')
}

/** The days of the curve, oldest first; the last one may still be going on. */
export const equityDays = ({ past, today }: Equity): readonly EquityDay[] =>
  today?.traded ? [...past, today] : past

export const equityFiles = function* (state: Equity): Generator<ViewFile> {
  if (state.curveAsOf > 0)
    yield { path: 'equity_curve.csv', asOf: state.curveAsOf, text: () => printCurve(equityDays(state)) }
}

const printCurve = (days: readonly EquityDay[]): string =>
  printCsv(
    ['date', 'equity', 'cash', 'high', 'low', 'drawdown', 'samples'],
    days.map(day => [
      day.date,
      day.equity,
      day.cash,
      day.high,
      day.low,
      drawdownFrom(day.peak, day.equity),
      day.samples,
    ]),
  )
