// The metrics of a book for whoever collects them from files, as node_exporter's textfile collector does. A view like any
// other: the same ledger gives the same text, so it holds no reading of a clock. How far the ledger or the market is
// behind, a collector tells from the timestamps: time() - veritape_last_cycle_timestamp_seconds.

import type { EventNamed } from '../domain/catalogue.ts'
import {
  absolute,
  type Decimal,
  divide,
  isPositive,
  isZero,
  multiply,
  subtract,
  sum,
} from '../domain/decimal.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { isSome } from '../domain/result.ts'
import { evolveHalts, type Halts, type SafetyEvent, tradingOf } from '../domain/safety.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import { type DriftTime, driftMinutes, driftTime } from './drift-time.ts'
import { type Family, type Histogram, printMetrics, type Sample } from './open-metrics.ts'
import { type Portfolio, portfolio } from './portfolio.ts'
import type { AnyProjection, Projection } from './projection.ts'
import { byCodeUnit, type ViewFile } from './view.ts'

/** Seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

interface Timing {
  readonly counts: number[]
  sum: number
}

/** What becomes of an intent, and of an order. */
const intentResults = ['denied', 'expired', 'ordered', 'withheld'] as const
const orderResults = ['accepted', 'rejected', 'unknown', 'cancelled', 'expired'] as const

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
  readonly intents: Record<(typeof intentResults)[number], number>
  readonly orders: Record<(typeof orderResults)[number], number>
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
  /** Recorded times, in milliseconds, of what waits for its answer. */
  readonly intentAt: Map<Seq, number>
  readonly orderAt: Map<string, number>
  readonly decision: Timing
  readonly acknowledgement: Timing
}

type Own =
  | 'SegmentOpened'
  | 'CycleCompleted'
  | 'TradingHalted'
  | 'TradingResumed'
  | 'IntentRaised'
  | 'IntentDenied'
  | 'IntentExpired'
  | 'OrderRequested'
  | 'OrderWithheld'
  | 'OrderAccepted'
  | 'OrderRejected'
  | 'OrderOutcomeUnknown'
  | 'OrderCancelled'
  | 'OrderExpired'
  | 'OrderFilled'
  | 'CandleClosed'
  | 'HealthChecked'
  | 'RecoveryAttempted'
  | 'AlertRaised'
  | 'NotificationSent'
  | 'NotificationFailed'
type Folded = Own | (typeof portfolio)['types'][number] | (typeof driftTime)['types'][number]

const own: readonly Own[] = [
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
]

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

const noTiming = (): Timing => ({ counts: new Array(bounds.length + 1).fill(0), sum: 0 })
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

const take = (timing: Timing, from: number | undefined, to: Instant): void => {
  if (from === undefined) return
  const seconds = (microsecondsOf(to) - from) / 1e6
  const bucket = bounds.findIndex(bound => seconds <= bound)
  const index = bucket < 0 ? bounds.length : bucket
  timing.counts[index] = (timing.counts[index] ?? 0) + 1
  timing.sum += seconds
}

/** '2023-03-24T11:40:00.000123Z': a date of JavaScript ends at milliseconds. */
const microsecondsOf = (at: Instant): number =>
  millisecondsOf(`${at.slice(0, 23)}Z`) * 1000 + Number(at.slice(23, 26).replace('Z', ''))

export const metricsFiles = function* (state: Metrics): Generator<ViewFile> {
  if (state.asOf > 0)
    yield {
      path: 'metrics.prom',
      asOf: state.asOf,
      text: () => printMetrics(familiesOf(state), state.book === undefined ? {} : { book: state.book }),
    }
}

const familiesOf = (state: Metrics): readonly (Family | Histogram)[] => [
  ...moneyOf(state),
  ...flowOf(state),
  ...conditionOf(state),
]

const moneyOf = ({ portfolio: { equity, cash, peak, maxDrawdown, currency, positions, marks } }: Metrics) => {
  if (currency === '') return []
  const values = [...positions]
    .filter(([, { quantity }]) => !isZero(quantity))
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([symbol, { quantity }]) => ({
      labels: { symbol },
      value: multiply(quantity, marks.get(symbol)?.price ?? '0'),
    }))
  const drawdown = isPositive(peak) ? divide(subtract(peak, equity), peak) : '0'
  const money = (name: string, help: string, value: Decimal): Family => ({
    name,
    type: 'gauge',
    help,
    samples: [{ labels: { currency }, value }],
  })
  return [
    money('veritape_equity', 'Cash and positions at their marks.', equity),
    money('veritape_cash', 'Cash.', cash),
    gauge('veritape_drawdown_ratio', 'Share by which equity is below its peak.', drawdown, 'ratio'),
    gauge('veritape_drawdown_max_ratio', 'Largest such share so far.', maxDrawdown, 'ratio'),
    money(
      'veritape_exposure_gross',
      'Sum of the values of all positions, without their signs.',
      sum(values.map(({ value }) => absolute(value))),
    ),
    {
      name: 'veritape_position_value',
      type: 'gauge',
      help: 'Value of a position at its mark; negative when short.',
      samples: values.map(({ labels, value }) => ({ labels: { ...labels, currency }, value })),
    },
  ] satisfies Family[]
}

const flowOf = (state: Metrics): readonly (Family | Histogram)[] => {
  const { intents, orders, intentAt, decision, acknowledgement } = state
  return [
    counter('veritape_candles', 'Closed candles taken down.', [{ value: state.candles }]),
    counter('veritape_evaluations', 'Evaluations by champions.', [{ value: state.evaluations }]),
    counter('veritape_intents_raised', 'Wishes of champions and operators.', [{ value: state.raised }]),
    counter(
      'veritape_intents',
      'What became of wishes.',
      intentResults.map(result => ({ labels: { result }, value: intents[result] })),
    ),
    gauge('veritape_intents_open', 'Wishes without an answer.', intentAt.size),
    counter(
      'veritape_orders',
      'What venues said to orders, and how they ended without being filled.',
      orderResults.map(result => ({ labels: { result }, value: orders[result] })),
    ),
    counter('veritape_fills', 'Fills.', [{ value: state.fills }]),
    histogram('veritape_decision_seconds', 'From a wish to its order, both in the ledger.', decision),
    histogram(
      'veritape_order_acknowledgement_seconds',
      'From an order in the ledger to the acceptance by the venue.',
      acknowledgement,
    ),
  ]
}

const verdicts = { ok: 0, degraded: 1, unhealthy: 2 } as const

const conditionOf = (state: Metrics): readonly Family[] => {
  const { driftTime: drift, lastCycle, lastCandle, health, notifications } = state
  const { current, total } = driftMinutes(drift)
  const trading = tradingOf(state.halts)
  return [
    gauge('veritape_ledger_seq', 'The last event that these metrics know.', state.asOf),
    gauge(
      'veritape_ledger_timestamp_seconds',
      'When the ledger took it.',
      microsecondsOf(state.at) / 1e6,
      'seconds',
    ),
    gauge(
      'veritape_last_cycle_timestamp_seconds',
      "The book's time at the last completed cycle.",
      lastCycle && millisecondsOf(lastCycle.clock) / 1000,
      'seconds',
    ),
    counter(
      'veritape_cycles',
      'Completed cycles.',
      lastCycle === undefined ? [] : [{ value: lastCycle.cycle }],
    ),
    gauge(
      'veritape_last_candle_timestamp_seconds',
      'Close of the newest candle.',
      lastCandle && millisecondsOf(lastCandle.closeTime) / 1000,
      'seconds',
    ),
    gauge(
      'veritape_candle_lag_seconds',
      'How long after its close the newest candle was in the ledger.',
      lastCandle && Math.round(lastCandle.delayMs) / 1000,
      'seconds',
    ),
    gauge(
      'veritape_drifts',
      'Differences between the ledger and the venue that nothing has resolved.',
      drift.open.size,
    ),
    gauge(
      'veritape_drift_current_minutes',
      'How long the ledger and the venue have disagreed.',
      isSome(current) ? current.value : undefined,
      'minutes',
    ),
    gauge(
      'veritape_drift_minutes',
      'How long they disagreed in all.',
      isSome(total) ? total.value : undefined,
      'minutes',
    ),
    {
      name: 'veritape_trading',
      type: 'gauge',
      help: 'The trading state: 1 for the one that holds.',
      samples: (['active', 'reducing', 'halted'] as const).map(each => ({
        labels: { state: each },
        value: Number(each === trading),
      })),
    },
    gauge(
      'veritape_health',
      'The last health check: 0 healthy, 1 degraded, 2 unhealthy.',
      health && verdicts[health.verdict],
    ),
    {
      name: 'veritape_health_check',
      type: 'gauge',
      help: 'Each check of it.',
      samples: (health?.checks ?? []).map(({ name, verdict }) => ({
        labels: { check: name },
        value: verdicts[verdict],
      })),
    },
    counter('veritape_recoveries', 'Attempts of the guardian to heal.', [{ value: state.recoveries }]),
    counter('veritape_alerts', 'Alarms raised.', [{ value: state.alerts }]),
    counter('veritape_notifications', 'Messages to people outside.', [
      { labels: { result: 'sent' }, value: notifications.sent },
      { labels: { result: 'failed' }, value: notifications.failed },
    ]),
  ]
}

/** What is not known is left out: nothing is not zero. */
const gauge = (name: string, help: string, value: Sample['value'] | undefined, unit?: string): Family => ({
  name,
  type: 'gauge',
  help,
  samples: value === undefined ? [] : [{ value }],
  ...(unit === undefined ? {} : { unit }),
})

const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  type: 'counter',
  help,
  samples,
})

const histogram = (name: string, help: string, { counts, sum: seconds }: Timing): Histogram => ({
  name,
  type: 'histogram',
  unit: 'seconds',
  help,
  bounds,
  counts,
  sum: Math.round(seconds * 1e6) / 1e6,
})
