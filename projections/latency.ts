// Latency: how long an order took from the close of its candle to the venue's answer, by the times the ledger recorded.
//
//   candle closes ─▶ CandleClosed ─▶ IntentRaised ─▶ OrderRequested ─▶ OrderAccepted
//      market, poll      decision        risk            durable write, wire, venue
//
// Only orders that a candle led to: an operator's wish has no candle. A recorded time is when the ledger took the
// event, before it was synced; the sync of one step is part of the next.

import type { Seq } from '../domain/event.ts'
import { none, type Option, some } from '../domain/result.ts'
import { type Instant, microsecondsOf, millisecondsOf } from '../domain/time.ts'
import type { Projection } from './projection.ts'

/** Recorded times, in microseconds of the epoch. */
interface Steps {
  readonly closed: number
  readonly candle: number
  readonly intent: number
  readonly requested: number
}

export interface Latency {
  /** Of the candles and evaluations that an intent can still come from: those of the last write group with a candle. */
  readonly candles: Map<Seq, Pick<Steps, 'closed' | 'candle'>>
  readonly intents: Map<Seq, Pick<Steps, 'closed' | 'candle' | 'intent'>>
  readonly requested: Map<string, Steps>
  /** Milliseconds of each step, of every order that has been through it. */
  readonly taken: { readonly [Name in StepName]: number[] }
}

/** As they are shown, in the order in which they happen; the last two are sums. */
export const stepNames = [
  'candle close to CandleClosed',
  'CandleClosed to IntentRaised',
  'IntentRaised to OrderRequested',
  'OrderRequested to OrderAccepted',
  'CandleClosed to OrderRequested',
  'candle close to OrderAccepted',
] as const
export type StepName = (typeof stepNames)[number]

export const latency: Projection<
  Latency,
  | 'CandleClosed'
  | 'StrategyConsulted'
  | 'StrategyEvaluated'
  | 'IntentRaised'
  | 'IntentDenied'
  | 'IntentExpired'
  | 'OrderRequested'
  | 'OrderWithheld'
  | 'OrderAccepted'
  | 'OrderRejected'
  | 'OrderOutcomeUnknown'
> = {
  name: 'latency',
  types: [
    'CandleClosed',
    'StrategyConsulted',
    'StrategyEvaluated',
    'IntentRaised',
    'IntentDenied',
    'IntentExpired',
    'OrderRequested',
    'OrderWithheld',
    'OrderAccepted',
    'OrderRejected',
    'OrderOutcomeUnknown',
  ],
  initial: () => ({
    candles: new Map(),
    intents: new Map(),
    requested: new Map(),
    taken: {
      'candle close to CandleClosed': [],
      'CandleClosed to IntentRaised': [],
      'IntentRaised to OrderRequested': [],
      'OrderRequested to OrderAccepted': [],
      'CandleClosed to OrderRequested': [],
      'candle close to OrderAccepted': [],
    },
  }),
  apply: (state, { seq, at, cause, event }) => {
    switch (event.type) {
      case 'CandleClosed':
        // An intent stands in the group of its candle: what was there before the candle leads to no more intents.
        state.candles.clear()
        state.candles.set(seq, { closed: closeOf(event.data.closeTime), candle: microsecondsOf(at) })
        return state
      case 'StrategyConsulted':
      case 'StrategyEvaluated': {
        const candle = state.candles.get(cause)
        if (candle !== undefined) state.candles.set(seq, candle)
        return state
      }
      case 'IntentRaised': {
        const candle = state.candles.get(cause)
        if (candle !== undefined) state.intents.set(seq, { ...candle, intent: microsecondsOf(at) })
        return state
      }
      case 'IntentDenied':
      case 'IntentExpired':
      case 'OrderWithheld':
        state.intents.delete(event.data.intent)
        return state
      case 'OrderRequested': {
        const steps = state.intents.get(event.data.intent)
        state.intents.delete(event.data.intent)
        if (steps !== undefined)
          takeRequest(state, event.data.orderId, { ...steps, requested: microsecondsOf(at) })
        return state
      }
      case 'OrderAccepted': {
        const steps = state.requested.get(event.data.orderId)
        state.requested.delete(event.data.orderId)
        if (steps !== undefined) takeAcceptance(state, steps, microsecondsOf(at))
        return state
      }
      case 'OrderRejected':
      case 'OrderOutcomeUnknown': // what is found out later says nothing about the path
        state.requested.delete(event.data.orderId)
        return state
    }
  },
}

const takeRequest = (state: Latency, orderId: string, steps: Steps): void => {
  const { taken } = state
  const { closed, candle, intent, requested } = steps
  state.requested.set(orderId, steps)
  taken['candle close to CandleClosed'].push((candle - closed) / 1000)
  taken['CandleClosed to IntentRaised'].push((intent - candle) / 1000)
  taken['IntentRaised to OrderRequested'].push((requested - intent) / 1000)
  taken['CandleClosed to OrderRequested'].push((requested - candle) / 1000)
}

const takeAcceptance = ({ taken }: Latency, { closed, requested }: Steps, accepted: number): void => {
  taken['OrderRequested to OrderAccepted'].push((accepted - requested) / 1000)
  taken['candle close to OrderAccepted'].push((accepted - closed) / 1000)
}

const closeOf = (closeTime: Instant): number => millisecondsOf(closeTime) * 1000

export interface Percentiles {
  readonly sample: number
  /** Milliseconds. */
  readonly p50: Option<number>
  readonly p99: Option<number>
  readonly longest: Option<number>
}

/** By the nearest rank: the smallest value that at least so large a share of all do not exceed (Hyndman and Fan 1996, type 1). */
export const percentiles = (values: readonly number[]): Percentiles => {
  const sorted = [...values].sort((a, b) => a - b)
  const ranked = (share: number): Option<number> => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    return value === undefined ? none : some(value)
  }
  return { sample: sorted.length, p50: ranked(0.5), p99: ranked(0.99), longest: ranked(1) }
}
