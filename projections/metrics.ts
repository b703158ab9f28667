// What a book's metrics are counted from, in one pass: money, what became of wishes and orders, how long they took, and how
// the book is. As a text for collectors: metrics-file.ts.

import type { EventNamed, EventType } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { evolveHalts, type Halts, type SafetyEvent } from '../domain/safety.ts'
import { type Instant, microsecondsOf, millisecondsOf } from '../domain/time.ts'
import { type DriftTime, driftTime } from './drift-time.ts'
import { type Portfolio, portfolio } from './portfolio.ts'
import type { AnyProjection, Projection } from './projection.ts'
import { noTiming, type Timing, take } from './timing.ts'

/** What becomes of an intent, and of an order. */
export type IntentResult = 'denied' | 'expired' | 'ordered' | 'withheld'
export type OrderResult = 'accepted' | 'rejected' | 'unknown' | 'cancelled' | 'expired'

/** Of a whole book. */
export interface Metrics {
  asOf: Seq
  /** When the ledger took that event. */
  at: Instant
  /** Undefined for a store without segments. */
  book: string | undefined
  portfolio: Portfolio
  driftTime: DriftTime
  halts: Halts
  raised: number
  readonly intents: Record<IntentResult, number>
  readonly orders: Record<OrderResult, number>
  fills: number
  candles: number
  evaluations: number
  lastCycle: EventNamed<'CycleCompleted'>['data'] | undefined
  /** Close time of the newest candle, and how long after it the ledger had it. */
  lastCandle: { readonly closeTime: Instant; readonly delayMs: number } | undefined
  health: EventNamed<'HealthChecked'>['data'] | undefined
  recoveries: number
  alerts: number
  notifications: { sent: number; failed: number }
  /** Recorded times, in microseconds since 1970 UTC, of what waits for its answer. */
  readonly intentAt: Map<Seq, number>
  readonly orderAt: Map<string, number>
  readonly decision: Timing
  readonly acknowledgement: Timing
}

const own = [
  'SegmentOpened',
  'CycleCompleted',
  'TradingHalted',
  'TradingResumed',
  'IntentRaised',
  'IntentDenied',
  'IntentExpired',
  'OrderRequested',
  'OrderWithheld',
  'OrderAccepted',
  'OrderRejected',
  'OrderOutcomeUnknown',
  'OrderCancelled',
  'OrderExpired',
  'OrderFilled',
  'CandleClosed',
  'HealthChecked',
  'RecoveryAttempted',
  'AlertRaised',
  'NotificationSent',
  'NotificationFailed',
] as const satisfies readonly EventType[]

type Folded = (typeof own)[number] | (typeof portfolio)['types'][number] | (typeof driftTime)['types'][number]

export const metrics: Projection<Metrics, Folded> = {
  name: 'metrics',
  types: [...new Set<Folded>([...own, ...portfolio.types, ...driftTime.types])],
  initial: () => ({
    asOf: 0,
    at: '',
    book: undefined,
    portfolio: portfolio.initial(),
    driftTime: driftTime.initial(),
    halts: [],
    raised: 0,
    intents: { denied: 0, expired: 0, ordered: 0, withheld: 0 },
    orders: { accepted: 0, rejected: 0, unknown: 0, cancelled: 0, expired: 0 },
    fills: 0,
    candles: 0,
    evaluations: 0,
    lastCycle: undefined,
    lastCandle: undefined,
    health: undefined,
    recoveries: 0,
    alerts: 0,
    notifications: { sent: 0, failed: 0 },
    intentAt: new Map(),
    orderAt: new Map(),
    decision: noTiming(),
    acknowledgement: noTiming(),
  }),
  apply: (state, recorded) => {
    state.asOf = recorded.seq
    state.at = recorded.at
    if (inPortfolio.has(recorded.event.type)) state.portfolio = feedPortfolio(state.portfolio, recorded)
    if (inDrift.has(recorded.event.type)) state.driftTime = feedDrift(state.driftTime, recorded)
    takeOwn(state, recorded)
    return state
  },
}

const inPortfolio: ReadonlySet<string> = new Set(portfolio.types)
const inDrift: ReadonlySet<string> = new Set(driftTime.types)
const { apply: feedPortfolio }: AnyProjection<Portfolio> = portfolio
const { apply: feedDrift }: AnyProjection<DriftTime> = driftTime

const takeOwn = (state: Metrics, recorded: Recorded<EventNamed<Folded>>): void => {
  const { seq, at, event } = recorded
  switch (event.type) {
    case 'SegmentOpened':
      state.book = event.data.book
      return
    case 'CycleCompleted':
      state.lastCycle = event.data
      state.evaluations += event.data.evaluations
      return
    case 'TradingHalted':
    case 'TradingResumed':
      state.halts = evolveHalts(state.halts, recorded as Recorded<SafetyEvent>)
      return
    case 'IntentRaised':
      state.raised += 1
      state.intentAt.set(seq, microsecondsOf(at))
      return
    case 'IntentDenied':
    case 'IntentExpired':
      state.intents[event.type === 'IntentDenied' ? 'denied' : 'expired'] += 1
      state.intentAt.delete(event.data.intent)
      return
    case 'OrderRequested':
    case 'OrderWithheld':
      state.intents[event.type === 'OrderRequested' ? 'ordered' : 'withheld'] += 1
      take(state.decision, state.intentAt.get(event.data.intent), at)
      state.intentAt.delete(event.data.intent)
      if (event.type === 'OrderRequested') state.orderAt.set(event.data.orderId, microsecondsOf(at))
      return
    case 'OrderAccepted':
      state.orders.accepted += 1
      take(state.acknowledgement, state.orderAt.get(event.data.orderId), at)
      state.orderAt.delete(event.data.orderId)
      return
    case 'OrderRejected':
    case 'OrderOutcomeUnknown': // what is found out later says nothing about the way there
      state.orders[event.type === 'OrderRejected' ? 'rejected' : 'unknown'] += 1
      state.orderAt.delete(event.data.orderId)
      return
    case 'OrderCancelled':
      state.orders.cancelled += 1
      return
    case 'OrderExpired':
      state.orders.expired += 1
      return
    case 'OrderFilled':
      state.fills += 1
      return
    case 'CandleClosed':
      state.candles += 1
      if (state.lastCandle === undefined || event.data.closeTime >= state.lastCandle.closeTime)
        state.lastCandle = {
          closeTime: event.data.closeTime,
          delayMs: microsecondsOf(at) / 1000 - millisecondsOf(event.data.closeTime),
        }
      return
    case 'HealthChecked':
      state.health = event.data
      return
    case 'RecoveryAttempted':
      state.recoveries += 1
      return
    case 'AlertRaised':
      state.alerts += 1
      return
    case 'NotificationSent':
      state.notifications.sent += 1
      return
    case 'NotificationFailed':
      state.notifications.failed += 1
      return
  }
}
