// The part of veritape audit that holds the day's fills against the candles on record.

import type { Candle } from '../domain/candle.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { EventStore } from '../domain/event-store.ts'
import { type Coverage, checkFill, mustBeCovered } from '../domain/fill-check.ts'
import type { Fill } from '../domain/order.ts'
import type { DayRange } from '../domain/time.ts'
import type { Audited } from './audit.ts'
import type { Engine } from './engine.ts'
import { configOf } from './proof.ts'
import { counted } from './sentence.ts'

interface Seen {
  readonly fills: readonly { readonly seq: number; readonly run: number; readonly fill: Fill }[]
  readonly bySymbol: ReadonlyMap<string, Coverage>
  /** The configuration's hash by the run's seq. */
  readonly configs: ReadonlyMap<number, string>
}

export const fillsAgainstMarket = async (
  engine: Engine,
  store: EventStore,
  range: DayRange,
): Promise<Audited> => {
  const { mode } = store.identity
  if (mode === 'backtest')
    return { check: 'fills', verdict: 'not asked', saw: 'a backtest records no candles', found: [] }
  const { fills, bySymbol, configs } = await readDay(store, range)
  const slippages = new Map<number, Decimal>()
  const slippageOf = async (run: number): Promise<Decimal> => {
    const hash = configs.get(run)
    if (mode !== 'paper' || hash === undefined) return '0'
    const known = slippages.get(run) ?? (await configOf(engine, hash)).venue.slippage
    slippages.set(run, known)
    return known
  }
  const found: string[] = []
  let uncovered = 0
  for (const { seq, run, fill } of fills) {
    const coverage = bySymbol.get(fill.symbol) ?? { candles: [], gaps: [] }
    const checked = checkFill(fill, coverage.candles, await slippageOf(run))
    const what = `seq ${seq}, ${fill.side} ${fill.quantity} ${fill.symbol} at ${fill.price}, ${fill.venueTime}`
    if (checked.kind === 'outside') {
      const { low, high, candle } = checked
      found.push(
        `${what}: the market was between ${low} and ${high} (${candle.timeframe} from ${candle.openTime})`,
      )
    } else if (checked.kind === 'no-candle') {
      if (engine.config.calendar === 'always' && mustBeCovered(fill.venueTime, coverage))
        found.push(`${what}: there is no candle of that moment, and no gap that explains it`)
      else uncovered++
    }
  }
  return {
    check: 'fills',
    verdict: found.length > 0 ? 'does not hold' : fills.length > uncovered ? 'holds' : 'not asked',
    saw:
      fills.length === 0
        ? 'none on that day'
        : `${fills.length - uncovered} of ${counted(fills.length, 'fill')} held against candles${uncovered === 0 ? '' : `; none on record for ${uncovered}`}`,
    found,
  }
}

const types = new Set(['RunStarted', 'CandleClosed', 'DataGapFound', 'OrderFilled'])

/** The day's fills, and the candles and gaps that touch the day. */
const readDay = async (store: EventStore, { from, to }: DayRange): Promise<Seen> => {
  const fills: Seen['fills'][number][] = []
  const bySymbol = new Map<string, { candles: Candle[]; gaps: Coverage['gaps'][number][] }>()
  const configs = new Map<number, string>()
  const touches = (begins: string, ends: string) => ends > from && begins < to
  const of = (symbol: string) => {
    const known = bySymbol.get(symbol) ?? { candles: [], gaps: [] }
    bySymbol.set(symbol, known)
    return known
  }
  for await (const { seq, run, event } of store.readAll({ types })) {
    if (event.type === 'RunStarted') configs.set(seq, event.data.configHash)
    else if (event.type === 'CandleClosed') {
      if (touches(event.data.openTime, event.data.closeTime)) of(event.data.symbol).candles.push(event.data)
    } else if (event.type === 'DataGapFound') {
      if (touches(event.data.from, event.data.to)) of(event.data.symbol).gaps.push(event.data)
    } else if (event.type === 'OrderFilled' && event.data.venueTime >= from && event.data.venueTime < to)
      fills.push({ seq, run, fill: event.data })
  }
  return { fills, bySymbol, configs }
}
