// The metrics of a book for whoever collects them from files, as node_exporter's textfile collector does. A view like any
// other: the same ledger gives the same text, so it holds no reading of a clock. How far the ledger or the market is
// behind, a collector tells from the timestamps: time() - veritape_last_cycle_timestamp_seconds.

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
import { isSome } from '../domain/result.ts'
import { tradingOf } from '../domain/safety.ts'
import { microsecondsOf, millisecondsOf } from '../domain/time.ts'
import { driftMinutes } from './drift-time.ts'
import type { IntentResult, Metrics, OrderResult } from './metrics.ts'
import { type Family, type Histogram, printMetrics, type Sample } from './open-metrics.ts'
import { bounds, type Timing } from './timing.ts'
import { byCodeUnit, type ViewFile } from './view.ts'

const intentResults: readonly IntentResult[] = ['denied', 'expired', 'ordered', 'withheld']
const orderResults: readonly OrderResult[] = ['accepted', 'rejected', 'unknown', 'cancelled', 'expired']

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
