// An operator's word on an order in doubt: the venue never had it. It is asked for only where the venue can neither show the
// order nor prove that it is not there, because its lists do not reach back; whatever the venue does say is taken instead.
//
// It ends the order in the ledger, not the questions: the order is asked about for good, and halts the book if it comes to light.

import { decide, evolve, isInDoubt, type Order, type OrderEvent, operatorsWord } from './order.ts'
import { type Drift, noAnswer, provesNothing, provesNothingOfTrade, type Verdict } from './reconciliation.ts'
import { isLeft } from './result.ts'

/** Whether a drift is an order that a reconciliation can only hold: nothing that the venue will say can settle it. */
export const awaitsWord = ({ subject, venue }: Drift): boolean =>
  subject === 'order' && (venue === provesNothing || venue === provesNothingOfTrade)

/** Why the word is not taken. `said-already` and `never-had-it` are no refusals: there is nothing left to say. */
export type Objection = 'said-already' | 'not-in-doubt' | 'never-had-it' | 'known-to-venue' | 'not-yet'

/**
 * `before` and `after` the venue was asked; `drifts` are what did not agree then. A ladder: the first objection is the answer, undefined
 * when the word is taken.
 */
export const objectionTo = (before: Order, after: Order, drifts: readonly Drift[]): Objection | undefined => {
  if (before.isByWord && after.isByWord) return 'said-already'
  if (!isInDoubt(before)) return 'not-in-doubt'
  if (after.status === 'rejected') return 'never-had-it'
  if (!isInDoubt(after)) return 'known-to-venue'
  const isHeld = drifts.some(drift => drift.name === after.request.orderId && awaitsWord(drift))
  return isHeld ? undefined : 'not-yet'
}

/** What is recorded of the order, oldest first: that it is in doubt, where nobody has said so, and that the operator gives it up. */
export const givenUp = (order: Order, why: string): readonly OrderEvent[] => {
  const { orderId } = order.request
  const events: OrderEvent[] = []
  for (const command of [
    { type: 'ReportLostAnswer', data: { orderId, detail: noAnswer } },
    { type: 'ReportRejection', data: { orderId, reason: operatorsWord(why) } },
  ] as const) {
    const decided = decide(command, events.reduce(evolve, order))
    if (!isLeft(decided)) events.push(...decided.right)
  }
  return events
}

/** The order as it is once the verdict of a reconciliation is recorded. */
export const afterVerdict = (order: Order, { orders }: Verdict): Order => {
  let now = order
  for (const { orderId, command } of orders) {
    if (orderId !== order.request.orderId) continue
    const decided = decide(command, now)
    if (!isLeft(decided)) now = decided.right.reduce(evolve, now)
  }
  return now
}
