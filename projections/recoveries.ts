// What a guardian did: the budget that is used up, and the alarm that was raised last.

import type { Revision } from '../domain/event.ts'
import { guardStream } from '../domain/stream.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import type { Projection } from './projection.ts'

export interface Recoveries {
  /** When recoveries were tried within the last day before the last one, oldest first. */
  attempts: Instant[]
  /** The last alarm of the guardian, until its check was well again. */
  alarm: { readonly at: Instant; readonly subject: string; readonly sentence: string } | undefined
  /** Of the guardian's stream; -1 before its first event. */
  revision: Revision
}

export const recoveries: Projection<
  Recoveries,
  | 'GuardedCheckFailed'
  | 'RecoveryAttempted'
  | 'RecoveryActionTaken'
  | 'ReconnectRequested'
  | 'RecoverySucceeded'
  | 'RecoveryFailed'
  | 'AlertRaised'
  | 'NotificationSent'
  | 'NotificationFailed'
> = {
  name: 'recoveries',
  types: [
    'GuardedCheckFailed',
    'RecoveryAttempted',
    'RecoveryActionTaken',
    'ReconnectRequested',
    'RecoverySucceeded',
    'RecoveryFailed',
    'AlertRaised',
    'NotificationSent',
    'NotificationFailed',
  ],
  initial: () => ({ attempts: [], alarm: undefined, revision: -1 }),
  apply: (state, { at, stream, revision, event }) => {
    if (stream !== guardStream) return state // an alarm of the executor is no step of a guardian
    state.revision = revision
    switch (event.type) {
      case 'RecoveryAttempted':
        state.attempts = [...state.attempts.filter(each => age(each, at) < 86_400_000), at]
        return state
      case 'RecoverySucceeded':
        if (state.alarm?.subject === event.data.check) state.alarm = undefined
        return state
      case 'AlertRaised':
        state.alarm = { at, subject: event.data.subject, sentence: event.data.sentence }
        return state
    }
    return state
  },
}

const age = (then: Instant, now: Instant): number => millisecondsOf(now) - millisecondsOf(then)

/** An alarm is not raised again within this. */
const repeatedAfterMs = 3_600_000

/** Whether the same was said already, and not long ago: a broken job asks for its guardian again and again. */
export const isRaised = ({ alarm }: Recoveries, subject: string, sentence: string, now: Instant): boolean =>
  alarm !== undefined &&
  alarm.subject === subject &&
  alarm.sentence === sentence &&
  age(alarm.at, now) < repeatedAfterMs
