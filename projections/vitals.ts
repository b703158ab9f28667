// The vital signs of a book: what `check health` and the metrics judge, small enough to be kept between two checks.
//
// It holds no history: orders that are over are forgotten, and counts are kept by the hour for two days.

import type { EventNamed } from '../domain/catalogue.ts'
import type { Recorded, Revision, Seq } from '../domain/event.ts'
import { evolve, isLive, type Order, type OrderEvent } from '../domain/order.ts'
import { evolveHalts, type Halts, type SafetyEvent } from '../domain/safety.ts'
import { type CalendarDate, type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import { millisecondsIn } from '../domain/timeframe.ts'
import { type DriftTime, driftTime } from './drift-time.ts'
import { type Heartbeat, heartbeat } from './heartbeat.ts'
import { orders } from './orders.ts'
import type { AnyProjection, Projection } from './projection.ts'

/** What happened within an hour of UTC. */
export interface Hour {
  /** Candles that opened in it and that at least one champion was asked about. */
  judged: number
  /** Candles that would have opened in it, and that the market itself does not have. */
  absent: number
  /** Orders that were sent to the venue in it. */
  sent: number
  /** Orders that were rejected in it, or whose answer was lost. */
  failed: number
}

export interface Vitals {
  asOf: Seq
  heartbeat: Heartbeat
  driftTime: DriftTime
  /** Standing halts. */
  halts: Halts
  /** Orders that the venue may still fill, by id. */
  readonly live: Map<string, Order>
  /** By '2026-11-25T14'. */
  readonly hours: Map<string, Hour>
  /** The candle of the last evaluation: a candle with several champions is counted once. */
  lastJudged: Seq
  /** Open time of the first candle that was ever judged. */
  firstJudged: Instant | undefined
  /** The latest session that a scan began for. */
  lastScan: CalendarDate | undefined
  /** Of the stream of health checks; -1 before the first. */
  healthRevision: Revision
}

type Own =
  | 'TradingHalted'
  | 'TradingResumed'
  | 'StrategyEvaluated'
  | 'DataGapFound'
  | 'ScanStarted'
  | 'HealthChecked'
type Folded =
  | Own
  | (typeof heartbeat)['types'][number]
  | (typeof driftTime)['types'][number]
  | (typeof orders)['types'][number]

export const vitals: Projection<Vitals, Folded> = {
  name: 'vitals',
  types: [
    ...new Set<Folded>([
      'TradingHalted',
      'TradingResumed',
      'StrategyEvaluated',
      'DataGapFound',
      'ScanStarted',
      'HealthChecked',
      ...heartbeat.types,
      ...driftTime.types,
      ...orders.types,
    ]),
  ],
  initial: () => ({
    asOf: 0,
    heartbeat: heartbeat.initial(),
    driftTime: driftTime.initial(),
    halts: [],
    live: new Map(),
    hours: new Map(),
    lastJudged: 0,
    firstJudged: undefined,
    lastScan: undefined,
    healthRevision: -1,
  }),
  apply: (state, recorded) => {
    state.asOf = recorded.seq
    if (beats.has(recorded.event.type)) state.heartbeat = feedHeartbeat(state.heartbeat, recorded)
    if (drifts.has(recorded.event.type)) state.driftTime = feedDrift(state.driftTime, recorded)
    if (isOfOrder(recorded)) takeOrder(state, recorded)
    else takeOwn(state, recorded)
    return state
  },
}

const beats: ReadonlySet<string> = new Set(heartbeat.types)
const drifts: ReadonlySet<string> = new Set(driftTime.types)
const ofOrders: ReadonlySet<string> = new Set(orders.types)
const { apply: feedHeartbeat }: AnyProjection<Heartbeat> = heartbeat
const { apply: feedDrift }: AnyProjection<DriftTime> = driftTime

const isOfOrder = (recorded: Recorded<EventNamed<Folded>>): recorded is Recorded<OrderEvent> =>
  ofOrders.has(recorded.event.type)

const takeOrder = (state: Vitals, { at, event }: Recorded<OrderEvent>): void => {
  const { orderId } = event.data
  if (event.type === 'OrderRequested') hourOf(state, at).sent += 1
  if (event.type === 'OrderRejected' || event.type === 'OrderOutcomeUnknown') hourOf(state, at).failed += 1
  const before = state.live.get(orderId)
  if (before === undefined && event.type !== 'OrderRequested') return // over, withheld, or not ours
  const after = evolve(before, event)
  if (isLive(after)) state.live.set(orderId, after)
  else state.live.delete(orderId)
}

const takeOwn = (state: Vitals, recorded: Recorded<EventNamed<Folded>>): void => {
  const { cause, revision, event } = recorded
  switch (event.type) {
    case 'TradingHalted':
    case 'TradingResumed':
      state.halts = evolveHalts(state.halts, recorded as Recorded<SafetyEvent>)
      return
    case 'StrategyEvaluated': {
      const { openTime } = event.data
      if (cause === state.lastJudged) return
      state.lastJudged = cause
      if (state.firstJudged === undefined || openTime < state.firstJudged) state.firstJudged = openTime
      hourOf(state, openTime).judged += 1
      return
    }
    case 'DataGapFound': {
      const { from, timeframe, missing } = event.data
      const longest = Math.min(missing, (hoursKept * hourMs) / millisecondsIn(timeframe))
      for (let back = 0; back < longest; back++) {
        const open = millisecondsOf(from) + (missing - 1 - back) * millisecondsIn(timeframe)
        hourOf(state, instantOf(open)).absent += 1
      }
      return
    }
    case 'ScanStarted':
      if (state.lastScan === undefined || event.data.session > state.lastScan)
        state.lastScan = event.data.session
      return
    case 'HealthChecked':
      state.healthRevision = revision
      return
  }
}

const hoursKept = 48
const hourMs = 3_600_000

const hourOf = ({ hours }: Vitals, at: Instant): Hour => {
  const key = at.slice(0, 13)
  const known = hours.get(key)
  if (known !== undefined) return known
  const hour: Hour = { judged: 0, absent: 0, sent: 0, failed: 0 }
  hours.set(key, hour)
  // A candle may be judged long after it opened: the hours are not in order.
  if (hours.size > hoursKept) hours.delete([...hours.keys()].sort()[0] as string)
  return hour
}

/** Sums of the hours that began within a day before `now`, the one that goes on included. */
export const lastDay = ({ hours }: Vitals, now: Instant): Hour => {
  const from = instantOf(millisecondsOf(now) - 86_400_000).slice(0, 13)
  const total: Hour = { judged: 0, absent: 0, sent: 0, failed: 0 }
  for (const [key, hour] of hours)
    if (key > from && key <= now.slice(0, 13))
      for (const each of ['judged', 'absent', 'sent', 'failed'] as const) total[each] += hour[each]
  return total
}

/**
 * Candles that were judged and those that should have been, in whole hours of the last day; undefined where a day has
 * too few of them to tell. `series` markets trade around the clock in candles of `lengthMs`.
 */
export const cadenceOf = (
  { hours, firstJudged }: Vitals,
  now: Instant,
  series: number,
  lengthMs: number,
): { readonly judged: number; readonly expected: number } | undefined => {
  if (firstJudged === undefined) return undefined
  // A candle that opens in the last whole hour may not have closed: the hours end one length before now.
  const end = Math.floor((millisecondsOf(now) - lengthMs) / hourMs) * hourMs
  const start = Math.max(end - 24 * hourMs, Math.ceil(millisecondsOf(firstJudged) / hourMs) * hourMs)
  let expected = (Math.ceil(end / lengthMs) - Math.ceil(start / lengthMs)) * series
  let judged = 0
  for (let at = start; at < end; at += hourMs) {
    const hour = hours.get(instantOf(at).slice(0, 13))
    judged += hour?.judged ?? 0
    expected -= hour?.absent ?? 0
  }
  if (start >= end || expected < 2) return undefined
  return { judged, expected }
}
