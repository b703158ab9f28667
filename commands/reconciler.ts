// The reconciler: asks the venue about the account, lets the domain judge, and writes what came of it. Facts about our
// orders go to their streams at once; the verdict goes to `truth`, after a bounded number of rounds.

import { type AccountBooks, accountBooks, accountTypes } from '../domain/account-books.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Config } from '../domain/config.ts'
import type { Decimal } from '../domain/decimal.ts'
import { because, becauseOf, outside, type Proposed, propose, type Recorded } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { decide, evolve, type Order } from '../domain/order.ts'
import { type Drift, reconcile, type Verdict } from '../domain/reconciliation.ts'
import { isLeft } from '../domain/result.ts'
import { orderStreamOf, truthStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { DriftResolved, ExternalBalanceAdopted, ReconciliationCompleted } from '../domain/truth.ts'
import type { Account, Venue } from '../domain/venue.ts'
import { askAccount, type TradesAnswer } from './ask-account.ts'
import { type Bookkeeper, bookkeeper, type Write } from './bookkeeper.ts'
import type { Engine } from './engine.ts'
import { markOf } from './order-desk.ts'

export interface Reconciled {
  readonly verdict: 'agrees' | 'drift'
  readonly rounds: number
  /** Orders that were asked about in the last round: the live ones, and those whose number is not known. */
  readonly orders: number
  /** Fills of ours that the ledger lacked. */
  readonly fills: number
  /** Trades, orders and balances that were adopted as not ours. */
  readonly external: number
  readonly drifts: readonly Drift[]
}

export interface Reconciler {
  readonly books: AccountBooks
  readonly keeper: Bookkeeper
  /** Throws VenueUnavailable when the venue does not answer everything: then nothing is concluded. */
  run(now: Instant): Promise<Reconciled>
}

/**
 * So often the venue is asked when it does not agree, or agrees only by what would be adopted: an answer may have been older
 * than another, or have lacked something.
 */
const roundsMax = 3

export const reconciler = async (
  engine: Engine,
  store: EventStore,
  openVenue: (books: AccountBooks) => Promise<{ venue: Venue; account: Account }>,
): Promise<Reconciler> => {
  const books = accountBooks()
  const see = (recorded: Recorded<BookEvent>): undefined => {
    books.take(recorded as Parameters<AccountBooks['take']>[0])
  }
  const keeper = bookkeeper(engine, store, 'reconcile', see, wanted)
  const { venue, account } = await openVenue(books)

  const keep = (raw: string) => engine.data.put(Buffer.from(raw))

  /** What of the verdict's orders is news, by stream. */
  const newsOf = ({ orders }: Verdict): Write[] => {
    const writes = new Map<string, Proposed<BookEvent>[]>()
    const now = new Map<string, Order>()
    for (const { orderId, command } of orders) {
      const known = books.orders.get(orderId)
      if (known === undefined) continue
      const decided = decide(command, now.get(orderId) ?? known.order)
      if (isLeft(decided)) continue
      for (const event of decided.right) {
        now.set(orderId, evolve(now.get(orderId) ?? known.order, event))
        const stream = orderStreamOf(orderId)
        const events = writes.get(stream) ?? []
        writes.set(stream, events)
        events.push(propose(because(known.link), event as BookEvent, markOf(command)))
      }
    }
    return [...writes].map(([stream, events]) => ({ stream, events }))
  }

  const conclude = async (verdict: Verdict, counts: { orders: number; fills: number }): Promise<boolean> => {
    const { observed, external, found, resolved, drifts } = verdict
    const first = propose(outside(`${truthStream} ${observed.data.observed} ${revisionOf(books)}`), observed)
    const completed = ReconciliationCompleted({
      verdict: drifts.length === 0 ? 'agrees' : 'drift',
      ...counts,
      drifts: drifts.length,
    })
    const group = becauseOf(first, 0)
    const events: Proposed<BookEvent>[] = [
      first,
      ...external.map((event, index) => propose(group, event as BookEvent, index)),
      ...resolved.map(each => propose(group, DriftResolved(each), each.drift)),
      ...found.map((event, index) => propose(group, event, index)),
      propose(group, completed),
    ]
    return (await keeper.append([{ stream: truthStream, events }], 'shared')) !== false
  }

  const tell = ({ orders, external, found, resolved }: Verdict) => {
    for (const { orderId, command } of orders)
      engine.log.warn(
        { orderId },
        `the ledger lacked of ${orderId}: ${command.type.replace('Report', '').toLowerCase()}`,
      )
    for (const { type, data } of external) engine.log.warn(data, `adopted as not ours: ${type}`)
    for (const { data } of found)
      engine.log.error(
        data,
        `drift: ${data.subject} ${data.name}: ledger ${data.ledger}, venue ${data.venue}`,
      )
    for (const { drift, how } of resolved) engine.log.info({ drift }, `drift ${drift} resolved: ${how}`)
  }

  return {
    books,
    keeper,
    run: async now => {
      await keeper.catchUp()
      const unprovenMs = unprovenMsOf(engine.config, venue)
      const tradesTold: TradesAnswer[] = []
      let fills = 0
      for (let rounds = 1; ; rounds++) {
        const seen = await askAccount(books, venue, account, now, keep, tradesTold)
        const verdict = reconcile(books, seen, unprovenMs)
        tell(verdict)
        const news = newsOf(verdict)
        if (news.length > 0 && (await keeper.append(news, 'shared')) === false) {
          await keeper.catchUp() // the executor wrote in between: judge again
          continue
        }
        fills += news
          .flatMap(({ events }) => events)
          .filter(({ event }) => event.type === 'OrderFilled').length
        if (!isSettled(verdict) && rounds < roundsMax) continue
        const judged = news.length === 0 ? verdict : reconcile(books, seen, unprovenMs)
        const orders = seen.found.size
        if (!isRepeated(books, judged) && !(await conclude(judged, { orders, fills }))) {
          await keeper.catchUp()
          continue
        }
        const { drifts, external } = judged
        const outcome = drifts.length === 0 ? 'agrees' : 'drift'
        return { verdict: outcome, rounds, orders, fills, external: external.length, drifts }
      }
    },
  }
}

/** For so long a venue may still be about to take what it does not know; one in this process takes it at once. */
export const unprovenMsOf = ({ orders }: Config, { remote }: Venue): number =>
  remote ? orders.resendSeconds * 1000 : 0

/** Both sides agree, and by what they say themselves: nothing is adopted on the strength of a single answer. */
const isSettled = ({ drifts, external }: Verdict): boolean =>
  drifts.length === 0 && !external.some(({ type }) => type === 'ExternalBalanceAdopted')

const wanted: ReadonlySet<string> = new Set([...accountTypes, 'RunStopped'])

/** The same answers at the same moment of the book's clock, and nothing new in them: there is nothing to write. */
const isRepeated = (
  { lastObserved }: AccountBooks,
  { observed, external, found, resolved }: Verdict,
): boolean =>
  external.length + found.length + resolved.length === 0 &&
  JSON.stringify(lastObserved) === JSON.stringify(observed.data)

/** Tells apart two observations at one moment. */
const revisionOf = ({ lastObserved }: AccountBooks): string => lastObserved?.observed ?? 'first'

/** What an operator explains is from now on known as not the book's own. */
export const adoption = (drift: Drift, seq: number, quantity: Decimal, label: string): BookEvent[] => [
  ExternalBalanceAdopted({
    name: drift.name,
    quantity,
    label,
    evidence: drift.evidence,
  }),
  DriftResolved({ drift: seq, how: `adopted: ${label}` }),
]
