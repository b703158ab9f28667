// Reconciliation: what the venue says of the account against what the ledger says of the book.
//
//   our fill that the ledger lacks      ──▶ recorded, once
//   our order that is over at the venue ──▶ its end is recorded, once all its fills are there
//   a trade or order of nobody of ours  ──▶ adopted: its owner's own; a trade not before it is clear that it is not ours
//   what was there when the book opened ──▶ adopted, and taken back when a trade explains it (adoption.ts)
//   anything else that does not agree   ──▶ drift: held with the evidence until it agrees or an operator adopts it
//
// Missing is not flat: what the venue does not show is not taken to be gone. Nothing is ever invented to make a sum
// agree. The same evidence gives the same verdict.

import type { AccountBooks } from './account-books.ts'
import { differences, heldBefore, takenBack } from './adoption.ts'
import { add, compare, type Decimal, isZero, negate } from './decimal.ts'
import type { Seq } from './event.ts'
import { type Evidence, tradeKey } from './evidence.ts'
import { fillFrom } from './fill.ts'
import { isInDoubt, isLive, type Order, type OrderCommand } from './order.ts'
import { type Instant, millisecondsOf } from './time.ts'
import {
  DriftFound,
  type ExternalBalanceAdopted,
  ExternalOrderObserved,
  ExternalTradeObserved,
  HoldingsObserved,
} from './truth.ts'
import { isOfRound, mayBeOf } from './unclaimed-trade.ts'
import type { AccountTrade, VenueOrder } from './venue.ts'

export type Drift = DriftFound['data']

export interface Verdict {
  /** What the venue's answers add to our orders, oldest fact first. */
  readonly orders: readonly { readonly orderId: string; readonly command: OrderCommand }[]
  readonly observed: ReturnType<typeof HoldingsObserved>
  readonly external: readonly (
    | ReturnType<typeof ExternalTradeObserved>
    | ReturnType<typeof ExternalOrderObserved>
    | ReturnType<typeof ExternalBalanceAdopted>
  )[]
  readonly found: readonly ReturnType<typeof DriftFound>[]
  readonly resolved: readonly { readonly drift: Seq; readonly how: string }[]
  /** Everything that does not agree now, known before or not. */
  readonly drifts: readonly Drift[]
}

/** An order after the trades of this round: what of it is in the ledger then. */
interface Standing {
  readonly order: Order
  filled: Decimal
}

/** `unprovenMs`: for so long after its request the venue may still be about to take an order that it does not know. */
export const reconcile = (books: AccountBooks, seen: Evidence, unprovenMs: number): Verdict => {
  const { evidence } = seen
  const orders: { orderId: string; command: OrderCommand }[] = []
  const external: Verdict['external'][number][] = []
  const drifts: Drift[] = []
  const expected = new Map(books.expected())
  const standing = new Map<string, Standing>()
  const standingOf = (orderId: string): Standing | undefined => {
    const known = books.orders.get(orderId)?.order
    if (known === undefined) return undefined
    const there = standing.get(orderId) ?? { order: known, filled: known.filled }
    standing.set(orderId, there)
    return there
  }
  const drift = (
    subject: Drift['subject'],
    name: string,
    symbol: string | undefined,
    ledger: string,
    venue: string,
  ) => drifts.push({ subject, name, ...(symbol === undefined ? {} : { symbol }), ledger, venue, evidence })

  /** Our id by the venue's number, also where only this round's answers say it. */
  const orderIdOfVenue = new Map(books.orderIdOfVenue)
  for (const [orderId, answer] of seen.found)
    if (answer.kind !== 'not-known') orderIdOfVenue.set(answer.venueOrderId, orderId)

  const tradesSeen = new Set<string>()
  /** Orders in doubt that trades of no known order may be of; and those where one is so new that the next answer may say it. */
  const perhapsTraded = new Set<string>()
  const perhapsJustNow = new Set<string>()
  const owners: AccountTrade[] = []
  for (const trade of seen.trades) {
    if (tradesSeen.has(tradeKey(trade))) continue
    tradesSeen.add(tradeKey(trade))
    const orderId =
      trade.orderId ?? orderIdOfVenue.get(trade.venueOrderId) ?? books.orderIdOfTrade.get(tradeKey(trade))
    const own = orderId === undefined ? undefined : standingOf(orderId)
    if (own === undefined) {
      if (orderId !== undefined && hasOurForm(orderId))
        drift(
          'fill',
          trade.tradeId,
          trade.symbol,
          'no order',
          `${trade.side} ${trade.quantity} for ${orderId}`,
        )
      else if (!books.externalTrades.has(tradeKey(trade))) {
        books.applyTrade(expected, trade)
        const perhaps = mayBeOf(books, seen, trade)
        for (const each of perhaps) {
          perhapsTraded.add(each)
          if (isOfRound(seen, trade)) perhapsJustNow.add(each)
        }
        if (perhaps.length > 0) continue // it is shown again when that order is clear
        const { tradeId, venueOrderId, symbol, side, price, quantity, fee, feeCurrency, venueTime } = trade
        external.push(
          ExternalTradeObserved({
            tradeId,
            venueOrderId,
            symbol,
            side,
            price,
            quantity,
            fee,
            feeCurrency,
            venueTime,
            evidence,
          }),
        )
        owners.push(trade)
      }
      continue
    }
    const { request, fills } = own.order
    if (fills.some(({ tradeId }) => tradeId === trade.tradeId)) continue
    if (trade.symbol !== request.symbol || trade.side !== request.side) {
      const said = `${trade.side} ${trade.symbol}`
      drift('fill', trade.tradeId, request.symbol, `${request.side} ${request.symbol}`, said)
      continue
    }
    const fill = fillFrom(trade, request, books.currency)
    orders.push({ orderId: request.orderId, command: { type: 'ReportFill', data: fill } })
    own.filled = add(own.filled, trade.quantity)
    books.applyTrade(expected, trade)
  }

  for (const order of seen.resting) {
    const orderId = order.orderId ?? orderIdOfVenue.get(order.venueOrderId)
    const own = orderId === undefined ? undefined : books.orders.get(orderId)?.order
    if (own !== undefined) {
      // It may have ended between two answers; whether it is really still there is asked by its id.
      if (!isLive(own) && own.status !== 'rejected' && seen.found.get(own.request.orderId)?.kind === 'open')
        drift('order', own.request.orderId, order.symbol, own.status, 'open')
      continue
    }
    if (orderId !== undefined && hasOurForm(orderId))
      drift('order', orderId, order.symbol, 'no order', `open: ${order.side} ${order.quantity}`)
    else if (!books.externalOrders.has(order.venueOrderId)) {
      const { venueOrderId, symbol, side, quantity, filled } = order
      external.push(ExternalOrderObserved({ venueOrderId, symbol, side, quantity, filled, evidence }))
    }
  }

  const resting = new Set(seen.resting.map(({ orderId }) => orderId))
  for (const [orderId, answer] of seen.found) {
    const own = standingOf(orderId)
    if (own === undefined) continue
    const { order } = own
    if (answer.kind === 'not-known') {
      const age = millisecondsOf(seen.observed) - millisecondsOf(order.sentAt)
      if (
        answer.unproven !== undefined &&
        perhapsTraded.has(orderId) &&
        !(isLive(order) && age <= unprovenMs)
      ) {
        // Agreed on, the trade would not be shown again.
        const venue = perhapsJustNow.has(orderId) ? provesNothingYet : provesNothingOfTrade
        drift('order', orderId, order.request.symbol, order.status, venue)
        continue
      }
      if (!isInDoubt(order)) {
        if (isLive(order)) drift('order', orderId, order.request.symbol, order.status, 'not known')
        continue
      }
      if (age <= unprovenMs || !isZero(own.filled) || resting.has(orderId) || perhapsTraded.has(orderId))
        continue
      if (answer.unproven !== undefined) {
        // However long it waits, it will not be proven that the venue never had it: that is for a person to say.
        drift('order', orderId, order.request.symbol, order.status, provesNothing)
        continue
      }
      const reason = `the venue never had it: not known by its id, not open and without a trade, ${age / 1000} s after it was sent`
      // In doubt first, also where nobody has said so yet: the venue did not reject it.
      orders.push({ orderId, command: { type: 'ReportLostAnswer', data: { orderId, detail: noAnswer } } })
      orders.push({ orderId, command: { type: 'ReportRejection', data: { orderId, reason } } })
      continue
    }
    const { venueOrderId } = answer
    if (order.venueOrderId === undefined)
      orders.push({ orderId, command: { type: 'ReportAcceptance', data: { orderId, venueOrderId } } })
    const told = answer.filled ?? own.filled
    if (compare(own.filled, told) < 0) {
      // A page of trades that lacks one: the order is not over for us before its fills are.
      drift('fill', orderId, order.request.symbol, `${own.filled} filled`, `${told} filled`)
      continue
    }
    if (answer.kind === 'done' && isLive(order)) orders.push(...endOf(own, answer, seen.observed))
  }

  // What does not agree about an order or a trade may have moved something: then nothing is adopted.
  const more = differences(expected, seen.holdings)
  const adopted =
    drifts.length > 0
      ? []
      : [...heldBefore(books, seen.observed, more, evidence), ...takenBack(books, owners, more, evidence)]
  for (const each of adopted) {
    const { name, quantity } = each.data
    external.push(each)
    expected.set(name, add(expected.get(name) ?? '0', quantity))
  }
  for (const [name] of differences(expected, seen.holdings))
    drift(
      name === books.currency ? 'balance' : 'position',
      name,
      undefined,
      expected.get(name) ?? '0',
      seen.holdings[name] ?? '0',
    )

  const { found, resolved } = against(books, drifts)
  const { observed, holdings } = seen
  return {
    orders,
    observed: HoldingsObserved({ observed, holdings, evidence }),
    external,
    found: found.map(each => DriftFound(each)),
    resolved,
    drifts,
  }
}

/** What the venue says of an order in doubt that its lists do not reach back to. */
export const provesNothing = 'not known, which proves nothing'
/** The same, while a trade that no order explains may be of it. */
export const provesNothingOfTrade = `${provesNothing}, and a trade may be of it`
const provesNothingYet = `${provesNothing} yet, and a trade of the last minutes may be of it`

/** Why the outcome of an order is unknown that nobody else has said so of yet. */
export const noAnswer = 'the process that asked for it did not hear an answer'

/** The form of every order id that this program makes: what carries it is no owner's own order. */
const hasOurForm = (orderId: string): boolean => /^[0-9a-z]{7}-[1-9]\d{0,9}$/.test(orderId)

const endOf = (
  { order, filled }: Standing,
  answer: VenueOrder & { kind: 'done' },
  observed: Instant,
): Verdict['orders'] => {
  const { orderId, quantity, expiresAt } = order.request
  if (compare(filled, quantity) >= 0) return [] // its last fill is its end
  if (answer.end === 'filled') return [] // then a fill is missing still
  if (answer.end === 'rejected')
    return [
      { orderId, command: { type: 'ReportRejection', data: { orderId, reason: 'rejected by the venue' } } },
    ]
  if (answer.end === 'expired')
    return [
      { orderId, command: { type: 'ReportExpired', data: { orderId, venueTime: expiresAt ?? observed } } },
    ]
  const reason = order.cancelRequested ? 'an operator wished it' : 'it is over at the venue'
  return [{ orderId, command: { type: 'ReportCancelled', data: { orderId, reason } } }]
}

/** A drift of holdings is the same one as long as the difference is; another is the same while both sides say the same. */
const sameDrift = (a: Drift, b: Drift): boolean => {
  if (a.subject !== b.subject || a.name !== b.name) return false
  if (a.subject !== 'balance' && a.subject !== 'position') return a.ledger === b.ledger && a.venue === b.venue
  return compare(differenceOf(a), differenceOf(b)) === 0
}

/** What the venue holds more than the ledger explains; of a drift in a balance or position. */
export const differenceOf = ({ ledger, venue }: Drift): Decimal =>
  add(venue as Decimal, negate(ledger as Decimal))

const against = (books: AccountBooks, drifts: readonly Drift[]) => {
  const found = drifts.filter(now => ![...books.drifts.values()].some(({ data }) => sameDrift(data, now)))
  const resolved: { drift: Seq; how: string }[] = []
  for (const [seq, { data }] of books.drifts) {
    if (drifts.some(now => sameDrift(data, now))) continue
    const changed = drifts.some(({ subject, name }) => subject === data.subject && name === data.name)
    resolved.push({ drift: seq, how: changed ? 'the difference is another one now' : 'it agrees again' })
  }
  return { found, resolved }
}
