// veritape reconcile --never-had ORDER --reason TEXT   An operator looked where no list of the venue reaches back, and says that the
// venue never had the order. The venue is asked first: what it says itself is taken instead.

import type { AccountBooks } from '../domain/account-books.ts'
import { because, propose } from '../domain/event.ts'
import { sha256 } from '../domain/hash.ts'
import { afterVerdict, givenUp, type Objection, objectionTo } from '../domain/operators-word.ts'
import type { Order } from '../domain/order.ts'
import { reconcile } from '../domain/reconciliation.ts'
import { orderStreamOf, truthStream } from '../domain/stream.ts'
import { DriftResolved } from '../domain/truth.ts'
import type { Account, Venue } from '../domain/venue.ts'
import { askAccount } from './ask-account.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { type Reconciler, unprovenMsOf } from './reconciler.ts'

/** Reconciles, then records the word if it is still needed. Throws Stop when it is refused, and VenueUnavailable. */
export const neverHad = async (
  { clock, screen }: Engine,
  { books, keeper, run }: Reconciler,
  orderId: string,
  reason: string,
): Promise<void> => {
  const before = doubted(books, orderId)
  for (;;) {
    const { drifts } = await run(clock.now())
    const known = books.orders.get(orderId)
    if (known === undefined) throw new Error(`${orderId} is in the books no more`)
    const objection = objectionTo(before, known.order, drifts)
    if (objection !== undefined) {
      const { code, sentence } = answerTo(objection, known.order)
      if (code !== exit.done) {
        await keeper.stop('refused', sentence)
        throw new Stop(code, sentence)
      }
      screen.say(sentence)
      return
    }
    const cause = because(known.link)
    const resolved = [...books.drifts]
      .filter(([, { data }]) => data.subject === 'order' && data.name === orderId)
      .map(([drift, { link }]) =>
        propose(because(link), DriftResolved({ drift, how: `by an operator's word: ${reason}` })),
      )
    const writes = [
      {
        stream: orderStreamOf(orderId),
        events: givenUp(known.order, reason).map(event => propose(cause, event)),
      },
      ...(resolved.length === 0 ? [] : [{ stream: truthStream, events: resolved }]),
    ]
    if ((await keeper.append(writes, 'shared')) !== false) {
      screen.say(`${orderId} is given up; it is asked about all the same, and halts the book if it turns up`)
      return
    }
    await keeper.catchUp() // somebody wrote in between: ask again
  }
}

/** What `neverHad` would record, by one look at the account. Writes nothing; throws as it does. */
export const showNeverHad = async (
  { clock, config, screen }: Engine,
  books: AccountBooks,
  venue: Venue,
  account: Account,
  orderId: string,
  reason: string,
): Promise<void> => {
  const before = doubted(books, orderId)
  const seen = await askAccount(books, venue, account, clock.now(), async raw => sha256(raw))
  const verdict = reconcile(books, seen, unprovenMsOf(config, venue))
  const after = afterVerdict(before, verdict)
  const objection = objectionTo(before, after, verdict.drifts)
  const { code, sentence } = objection === undefined ? taken : answerTo(objection, after)
  if (code !== exit.done) throw new Stop(code, sentence)
  const events = objection === undefined ? givenUp(after, reason) : []
  for (const { type, data } of events)
    screen.say(
      `${type} of ${orderId}: ${'reason' in data ? data.reason : 'detail' in data ? data.detail : ''}`,
    )
  screen.say(sentence)
  screen.result({ orderId, events, exit: exit.done })
}

interface Answer {
  readonly code: number
  readonly sentence: string
}

const taken: Answer = { code: exit.done, sentence: 'would be recorded; nothing is written' }

const answerTo = (objection: Objection, { request, status }: Order): Answer => {
  const { orderId } = request
  switch (objection) {
    case 'said-already':
      return { code: exit.done, sentence: `an operator has said already that the venue never had ${orderId}` }
    case 'never-had-it':
      return { code: exit.done, sentence: `the venue says by itself that it never had ${orderId}` }
    case 'not-in-doubt':
      return { code: exit.badData, sentence: `order ${orderId} is ${status}: nobody doubts it` }
    case 'known-to-venue':
      return {
        code: exit.badData,
        sentence: `the venue has ${orderId}: by its own answer it is ${status}, and that is what counts; see veritape why ${orderId}`,
      }
    case 'not-yet':
      return {
        code: exit.tryAgain,
        sentence: `it is not clear yet that the venue will never say what became of ${orderId}; try again when veritape reconcile holds it as drift`,
      }
  }
}

/** Before the venue is asked. Throws Stop for an order that is not there, or that nobody doubts. */
const doubted = ({ orders }: AccountBooks, orderId: string): Order => {
  const known = orders.get(orderId)
  if (known === undefined)
    throw new Stop(exit.badData, `no order ${orderId} in this book; veritape status lists those in doubt`)
  const objection = objectionTo(known.order, known.order, [])
  if (objection !== 'not-in-doubt') return known.order
  const { code, sentence } = answerTo(objection, known.order)
  throw new Stop(code, sentence)
}
