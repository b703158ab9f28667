// What happened since the last heartbeat of a book: the counters that the next one reports.

import type { BookEvent } from './catalogue.ts'
import type { Instant } from './time.ts'

export interface SinceCycle {
  candles: number
  evaluations: number
  intents: number
  denials: number
  orders: number
  fills: number
  errors: number
  lastCandle: Instant | undefined
}

/** Before anything has happened. */
export const quiet = (): SinceCycle => ({
  candles: 0,
  evaluations: 0,
  intents: 0,
  denials: 0,
  orders: 0,
  fills: 0,
  errors: 0,
  lastCandle: undefined,
})

/** Counts one event, in place. */
export const countSince = (since: SinceCycle, event: BookEvent): void => {
  switch (event.type) {
    case 'CandleClosed':
      since.candles++
      if (since.lastCandle === undefined || event.data.closeTime > since.lastCandle)
        since.lastCandle = event.data.closeTime
      return
    case 'StrategyEvaluated':
      since.evaluations++
      return
    case 'IntentRaised':
      since.intents++
      return
    case 'IntentDenied':
    case 'IntentExpired':
      since.denials++
      return
    case 'OrderRequested':
    case 'OrderWithheld':
      since.orders++
      return
    case 'OrderFilled':
      since.fills++
      return
    case 'OrderRejected':
    case 'OrderOutcomeUnknown':
      since.errors++
      return
  }
}
