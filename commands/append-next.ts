// One event behind the last one of its stream, by a writer that has not read the ledger: the stream itself says where it
// ends when the guess was wrong.

import type { BookEvent } from '../domain/catalogue.ts'
import { type Cause, outside, propose, type Recorded, type Revision } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { isLeft } from '../domain/result.ts'
import type { Instant } from '../domain/time.ts'
import { exit, Stop } from './exit.ts'

/** Two checks at once, and no more: each time that the guess is wrong somebody else has written. */
const attemptsMax = 20

/**
 * `guess` is the revision that the stream is believed to end with, -1 for a stream without events. The event is caused
 * from outside unless a cause is given; `now` tells it apart from an equal one of another time. Throws Stop 75 when the
 * ledger would not take it.
 */
export const appendNext = async (
  store: EventStore,
  stream: string,
  guess: Revision,
  event: BookEvent,
  now: Instant,
  cause?: Cause,
): Promise<Recorded<BookEvent>> => {
  let last = guess
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const place = `${stream} ${last + 1} ${now}`
    const proposed = propose(cause ?? outside(place), event, cause === undefined ? 0 : place)
    const expected = last < 0 ? ('no-stream' as const) : { revision: last }
    const outcome = await store.append({ run: 0, writes: [{ stream, expected, events: [proposed] }] })
    if (!isLeft(outcome)) return outcome.right.events[0] as Recorded<BookEvent>
    const refusal = outcome.left
    if (refusal.kind === 'outcome-unknown') continue // the same group again is how one learns what became of it
    if (refusal.kind === 'wrong-expected')
      last = refusal.actual === 'no-stream' ? -1 : refusal.actual.revision
    else if (refusal.kind === 'idempotency-conflict')
      last += 1 // that place is taken, by other words
    else throw new Stop(exit.tryAgain, `the ledger did not take ${event.type} (${refusal.kind}); try again`)
  }
  throw new Stop(exit.tryAgain, `others write ${stream} all the time; try again`)
}
