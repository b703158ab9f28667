// scan_500 and scan_3000: a whole scan of the universe, three years of daily bars each, against a bare loop over the
// same typed arrays that computes the same AVWAPs and nothing else: no ladder, no ranking, no reasons, no events.
// The memory beside it is what the bars of the universe take: columns, dates and the numbers as they were written.
//
// The recorded set has too few tickers: the universe is made of copies under other names.

import { join } from 'node:path'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { dailyBars } from '../../adapters/recorded-data.ts'
import { avwapScan, ScanRules } from '../../domain/avwap-scan.ts'
import type { DailyColumns } from '../../domain/daily-columns.ts'
import { type Benchmark, type Pair, type Size, timed } from './benchmark.ts'
import { root } from './place.ts'

const rules = ScanRules.parse({})
const session = '2015-12-31'
const lastBar = '2015-12-30'
const file = () => join(root, 'examples/data/equity-sp500-daily/sp500-daily-2013_2015.csv.gz')

/** Columns of their own for each copy: shared ones would lie in the processor's cache. */
const universe = (count: number): ReadonlyMap<string, DailyColumns> => {
  const recorded = [...dailyBars({ file: file(), timeframe: '1D' }, nyseCalendar).tickers]
  return new Map(
    Array.from({ length: count }, (_, at) => {
      const [ticker, bars] = recorded[at % recorded.length] as [string, DailyColumns]
      const { open, high, low, close, volume } = bars
      const copy = {
        ...bars,
        open: open.slice(),
        high: high.slice(),
        low: low.slice(),
        close: close.slice(),
        volume: volume.slice(),
      }
      return [`${ticker}.${Math.floor(at / recorded.length)}`, copy] as const
    }),
  )
}

/** The AVWAPs of one ticker, from the anchors that the scan knows: what nobody could leave out. */
const bareAvwaps = ({ dates, open, high, low, close, volume }: DailyColumns): number => {
  let last = dates.length - 1
  while (last >= 0 && (dates[last] as string) > lastBar) last--
  const from = Math.max(0, last + 1 - rules.swingDays)
  let atr = 0
  let lowest = from
  let highest = from
  let heaviest = from
  let gap = -1
  let gapMax = 0
  for (let at = 0; at <= last; at++) {
    const before = at === 0 ? (close[0] as number) : (close[at - 1] as number)
    if (at >= from) {
      if ((low[at] as number) <= (low[lowest] as number)) lowest = at
      if ((high[at] as number) >= (high[highest] as number)) highest = at
      if ((volume[at] as number) >= (volume[heaviest] as number)) heaviest = at
      const wide = at > rules.atrDays ? ((open[at] as number) - before) / atr : 0
      if (wide >= rules.gapMinAtr && wide > gapMax) {
        gap = at
        gapMax = wide
      }
    }
    const range = Math.max(high[at] as number, before) - Math.min(low[at] as number, before)
    atr = at < rules.atrDays ? atr + range / rules.atrDays : atr + (range - atr) / rules.atrDays
  }
  const year = (dates[last] as string).slice(0, 4)
  let first = last
  while (first > 0 && (dates[first - 1] as string).startsWith(year)) first--
  let sum = atr
  for (const anchor of [lowest, highest, heaviest, first, gap]) {
    if (anchor < 0 || last - anchor < rules.anchorAgeMin) continue
    let paid = 0
    let traded = 0
    for (let at = anchor; at <= last; at++) {
      paid +=
        (((high[at] as number) + (low[at] as number) + (close[at] as number)) / 3) * (volume[at] as number)
      traded += volume[at] as number
    }
    sum += paid / traded
  }
  return sum
}

const judged = new Set(['below-avwap', 'too-far-above-avwap', 'outranked', 'no-anchor'])

/** Bytes in use, after a collection where the process allows one. */
const used = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const scanning = (count: number, size: Size): Pair => {
  const before = used()
  const tickers = universe(size === 'full' ? count : Math.min(count, 300))
  const memoryBytes = used() - before
  const scan = () => avwapScan({ session, lastBar, tickers, rules })
  const { candidates, rejections } = scan()
  // Only those whose AVWAPs the scan counts: the ladder spares it the others.
  const wanted = [...candidates, ...rejections.filter(({ reason }) => judged.has(reason))].map(
    ({ ticker }) => tickers.get(ticker) as DailyColumns,
  )
  let kept = 0
  const bare = () => {
    for (const bars of wanted) kept += bareAvwaps(bars)
  }
  return {
    rounds: size === 'full' ? 15 : 1,
    unit: 'ticker',
    memoryBytes,
    ours: async () => (await timed(scan)) / tickers.size,
    theirs: async () => (await timed(bare)) / tickers.size,
    close: () => {
      if (!Number.isFinite(kept)) throw new Error('the bare loop lost a bar')
    },
  }
}

const scanOf = (count: number): Benchmark => ({
  name: `scan_${count}`,
  ours: `a scan of ${count} tickers: ladder, anchors, AVWAPs, ranking, reasons`,
  theirs: 'the AVWAPs alone, from typed arrays',
  ratio: 'cost',
  target: 2,
  prepare: async (_folder, size) => scanning(count, size),
})
export const scan500 = scanOf(500)
export const scan3000 = scanOf(3000)
