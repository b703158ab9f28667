// The path of a market's price: each minute (or recorded candle) is four points, open, its two extremes, close; the venue's
// own candles, its last price and its fills all come from the same points, so they never contradict each other.
//
//   open at +0     first extreme at +1/3     second extreme at +2/3     close at the last millisecond
//
// A rising candle goes down first, a falling one up first. A price that a test sets is one more point.

import {
  add,
  compare,
  type Decimal,
  larger,
  multiply,
  roundTo,
  smaller,
  subtract,
} from '../../domain/decimal.ts'
import { noise } from './chance.ts'
import type { CandleRow, Market } from './script.ts'

export interface Point {
  /** ms since 1970 UTC. */
  readonly at: number
  readonly price: Decimal
  readonly volume: Decimal
}

export interface Candle {
  readonly openTime: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
  readonly volume: Decimal
  /** Points of the path in it: what a venue calls the number of trades. */
  readonly trades: number
}

export interface Prices {
  /** Points with from < at <= to, in order. */
  between(from: number, to: number): readonly Point[]
  /** The last point at or before the time; before the first, the first. */
  last(at: number): Point
  set(at: number, price: Decimal): void
  /** Candles of this length whose open time is in [from, to) and that have begun by `now`: the last one may be forming. */
  candles(
    lengthMs: number,
    from: number,
    to: number,
    now: number,
    /** The open time of the candle that a moment belongs to; whole multiples of the length when absent. */
    openTimeOf?: (at: number) => number,
  ): readonly Candle[]
  /** Open time of the first candle there is. */
  readonly since: number
}

/** `isTraded`: whether the market is open at a time; nothing moves while it is not. */
export const prices = (
  market: Market,
  seed: number,
  openedAt: number,
  isTraded: (at: number) => boolean,
): Prices => {
  const { candleMs } = market
  const floor = (at: number) => Math.floor(at / candleMs) * candleMs
  const rows: CandleRow[] = market.candles === undefined ? [] : [...market.candles]
  const since = rows[0]?.[0] ?? floor(openedAt - (market.historyMs ?? usualHistoryMs[market.class]))
  const path: Point[] = rows.flatMap(row =>
    pointsOf(row, candleMs, roundTo(multiply(row[5], '0.25'), market.lot, 'down')),
  )
  let next = since
  /** A wave is drawn as far as somebody looks; shares only trade while their exchange is open. */
  const drawUntil = (at: number) => {
    if (market.around === undefined) return
    for (; next <= at; next += candleMs) if (isTraded(next)) path.push(...wavePoints(market, seed, next))
  }
  // Drawn before anybody waits for an answer.
  drawUntil(openedAt)
  const set: Point[] = []

  /** Index of the first point after the time. */
  const after = (list: readonly Point[], at: number): number => {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((list[middle] as Point).at <= at) low = middle + 1
      else high = middle
    }
    return low
  }
  const between = (from: number, to: number): readonly Point[] => {
    drawUntil(to)
    const drawn = path.slice(after(path, from), after(path, to))
    const extra = set.slice(after(set, from), after(set, to))
    return extra.length === 0 ? drawn : [...drawn, ...extra].sort((a, b) => a.at - b.at)
  }
  return {
    since,
    between,
    last: at => {
      drawUntil(at)
      const drawn = path[Math.max(0, after(path, at) - 1)]
      if (drawn === undefined)
        throw new Error(`${market.symbol} has never been traded: let its history begin earlier`)
      const extra = set[after(set, at) - 1]
      return extra !== undefined && (extra.at >= drawn.at || drawn.at > at) ? extra : drawn
    },
    set: (at, price) => {
      set.splice(after(set, at), 0, { at, price, volume: '0' })
    },
    candles: (lengthMs, from, to, now, openTimeOf = at => Math.floor(at / lengthMs) * lengthMs) => {
      const found: Candle[] = []
      for (const point of between(Math.max(from, since) - 1, Math.min(to + lengthMs, now))) {
        const openTime = openTimeOf(point.at)
        if (openTime < from || openTime >= to) continue
        const current = found.at(-1)
        if (current?.openTime === openTime) found[found.length - 1] = extended(current, point)
        else {
          const { price, volume } = point
          found.push({ openTime, open: price, high: price, low: price, close: price, volume, trades: 1 })
        }
      }
      return found
    },
  }
}

const extended = (candle: Candle, { price, volume }: Point): Candle => ({
  ...candle,
  high: larger(candle.high, price),
  low: smaller(candle.low, price),
  close: price,
  volume: add(candle.volume, volume),
  trades: candle.trades + 1,
})

/** `share` is what each of the first three points has of the volume; the last one has the rest. */
const pointsOf = (
  [openTime, open, high, low, close, volume]: CandleRow,
  candleMs: number,
  share: Decimal,
): readonly Point[] => {
  const rises = compare(close, open) >= 0
  const third = Math.floor(candleMs / 3)
  return [
    { at: openTime, price: open, volume: share },
    { at: openTime + third, price: rises ? low : high, volume: share },
    { at: openTime + 2 * third, price: rises ? high : low, volume: share },
    { at: openTime + candleMs - 1, price: close, volume: subtract(volume, add(add(share, share), share)) },
  ]
}

const hour = 3_600_000
const usualHistoryMs = { crypto: 36 * hour, us_equity: 6 * 24 * hour } as const

/**
 * Two slow waves and a little noise: a function of seed and time, so any minute can be asked for alone. Worked out in whole
 * ticks and lots, because a day of it is drawn before the first answer.
 */
const wavePoints = (market: Market, seed: number, openTime: number): readonly Point[] => {
  const around = Number(market.around)
  const level = (at: number): number => {
    const turns =
      Math.sin((2 * Math.PI * at) / (5 * hour) + seed) +
      0.5 * Math.sin((2 * Math.PI * at) / (0.7 * hour) + 2 * seed)
    const jitter = noise(seed, Math.floor(at / market.candleMs)) - 0.5
    return around * (1 + market.amplitude * (turns / 1.5 + 0.02 * jitter))
  }
  const place = Math.floor(openTime / market.candleMs)
  const open = level(openTime)
  const close = level(openTime + market.candleMs)
  const wick = around * market.amplitude * 0.02
  const wholes = (value: number, step: Decimal) => multiply(step, `${Math.round(value / Number(step))}`)
  const share = wholes((1 + 9 * noise(seed + 3, place)) / 4, market.lot)
  const row: CandleRow = [
    openTime,
    wholes(open, market.tick),
    wholes(Math.max(open, close) + wick * noise(seed + 1, place), market.tick),
    wholes(Math.min(open, close) - wick * noise(seed + 2, place), market.tick),
    wholes(close, market.tick),
    multiply(share, '4'),
  ]
  return pointsOf(row, market.candleMs, share)
}
