// An order: from the moment we ask for it until the venue is done with it.
//
//   none ──request──▶ requested ──accepted──▶ open ──filled in full, cancelled, expired──▶ closed
//     │                 │  └──answer lost──▶ unknown ──asked──▶ open or closed               ▲
//     └──withhold──▶    └────────────────────rejected────────────────────────────────────────┘
//          withheld (dry run)
//
// What the venue provably never had may be sent again under the same id; that too is recorded before it is done.
//
// We may refuse our own wishes. We never refuse what the venue reports, late, repeated or too large: it has
// already happened. A fill after the end is recorded; a fill seen twice is recorded once; a fill beyond the
// quantity is recorded and reported as an overfill, which halts the book.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import { add, compare, type Decimal, DecimalText, subtract } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import { Side, terms } from './intent.ts'
import { type Either, left, right } from './result.ts'
import { type Instant, InstantText } from './time.ts'

const request = {
  orderId: z.string().max(36),
  /** The seq of the intent that it answers. */
  intent: z.int().positive(),
  /** Champion or operator that wished it. */
  by: z.string(),
  ...terms,
  /** For GTD and DAY: when the venue lets it expire. */
  expiresAt: InstantText.optional(),
  /** The book's clock when the intent was answered. */
  decided: InstantText,
}

// ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const OrderRequested = event('OrderRequested', 1, request)
/** What would have been asked for, in a dry run. Nothing was sent. */
export const OrderWithheld = event('OrderWithheld', 1, request)
export const OrderAccepted = event('OrderAccepted', 1, {
  orderId: z.string(),
  venueOrderId: z.string(),
  venueTime: InstantText.optional(),
})
export const OrderRejected = event('OrderRejected', 1, { orderId: z.string(), reason: z.string() })
export const OrderOutcomeUnknown = event('OrderOutcomeUnknown', 1, {
  orderId: z.string(),
  detail: z.string(),
})
/** The same order once more, under the same id: the venue proved not to have it. Recorded before it is sent. */
export const OrderResendRequested = event('OrderResendRequested', 1, {
  orderId: z.string(),
  /** 1 for the first time that it is sent again. */
  resend: z.int().positive(),
  /** What the venue said, and when. */
  proof: z.string(),
  /** The book's clock. */
  decided: InstantText,
})
export const OrderCancelRequested = event('OrderCancelRequested', 1, {
  orderId: z.string(),
  reason: z.string(),
})
export const OrderCancelled = event('OrderCancelled', 1, {
  orderId: z.string(),
  reason: z.string(),
  venueTime: InstantText.optional(),
})
export const OrderExpired = event('OrderExpired', 1, { orderId: z.string(), venueTime: InstantText })
export const OrderFilled = event('OrderFilled', 2, {
  orderId: z.string(),
  by: z.string(),
  /** The venue's own number of the trade (FIX ExecID): the same trade reported twice has the same one. */
  tradeId: z.string(),
  symbol: SymbolName,
  side: Side,
  price: DecimalText,
  quantity: DecimalText,
  /** As the venue took it; negative is a rebate. What it comes to: domain/fill.ts. */
  fee: DecimalText,
  /** Given when the fee was not taken in the currency of the price (FIX 479, CommCurrency): the base or a third currency. */
  feeCurrency: z.string().min(1).optional(),
  liquidity: z.enum(['maker', 'taker']),
  venueTime: InstantText,
})

export type OrderRequested = EventOf<typeof OrderRequested>
export type OrderWithheld = EventOf<typeof OrderWithheld>
export type OrderFilled = EventOf<typeof OrderFilled>
export type OrderRequest = OrderRequested['data']
export type Fill = OrderFilled['data']
export type OrderEvent =
  | OrderRequested
  | OrderWithheld
  | EventOf<typeof OrderAccepted>
  | EventOf<typeof OrderRejected>
  | EventOf<typeof OrderOutcomeUnknown>
  | EventOf<typeof OrderResendRequested>
  | EventOf<typeof OrderCancelRequested>
  | EventOf<typeof OrderCancelled>
  | EventOf<typeof OrderExpired>
  | OrderFilled

// ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type OrderStatus =
  | 'requested'
  | 'unknown'
  | 'open'
  | 'filled'
  | 'cancelled'
  | 'expired'
  | 'rejected'
  | 'withheld'

export interface Order {
  readonly status: OrderStatus
  readonly request: OrderRequest
  readonly venueOrderId?: string
  /** When the venue took it, by the venue's clock. */
  readonly acceptedAt?: string
  /** FIX CumQty: the sum of all fills. */
  readonly filled: Decimal
  /** Oldest first; no two with the same trade id. */
  readonly fills: readonly Fill[]
  readonly cancelRequested: boolean
  /** When the ledger took its end, by its own clock. Decides nothing: an order that ended lately is asked about. */
  readonly endedAt?: string
  /** How often it was sent again; undefined when never. */
  readonly resends?: number
  /** The book's clock when it was sent last. */
  readonly sentAt: Instant
  /**
   * Rejected because the venue did not know it, and not because it said no: a request that was on its way for longer than
   * anybody believes may still come to light.
   */
  readonly isPresumed?: true
  /** Presumed on an operator's word alone: nothing that the venue says reaches back to it, so it is asked about for good. */
  readonly isByWord?: true
}

/** Begins the reason of a rejection that nobody but an operator could know of. */
const word = 'an operator says that the venue never had it: '
export const operatorsWord = (reason: string): string => `${word}${reason}`
export const isOperatorsWord = (reason: string): boolean => reason.startsWith(word)

/** undefined is the order before its first event. */
export type MaybeOrder = Order | undefined

/** Whether the venue may still fill it: what is requested or unknown counts as exposure too. */
export const isLive = ({ status }: Order): boolean =>
  status === 'requested' || status === 'unknown' || status === 'open'

/** Whether nobody knows yet if the venue has it. */
export const isInDoubt = ({ status }: Order): boolean => status === 'requested' || status === 'unknown'

/** FIX LeavesQty while live. */
export const remaining = (order: Order): Decimal => subtract(order.request.quantity, order.filled)

export const isOverfilled = (order: Order): boolean => compare(order.filled, order.request.quantity) > 0

// ── evolve: facts only, never refuses ───────────────────────────────────────────────────────────────────────────

export const evolve = (order: MaybeOrder, { type, data }: OrderEvent): Order => {
  if (type === 'OrderRequested' || type === 'OrderWithheld') {
    if (order !== undefined) throw new Error(`${type} of ${data.orderId} stands behind its first request`)
    return {
      status: type === 'OrderRequested' ? 'requested' : 'withheld',
      request: data,
      filled: '0',
      fills: [],
      cancelRequested: false,
      sentAt: data.decided,
    }
  }
  if (order === undefined) throw new Error(`${type} of ${data.orderId} stands before its request`)
  switch (type) {
    case 'OrderAccepted':
      return {
        ...heardOf(order),
        // Whoever says that it has an order after rejecting it may fill it: it counts as open.
        status: isLive(order) || order.status === 'rejected' ? 'open' : order.status,
        venueOrderId: data.venueOrderId,
        ...(data.venueTime === undefined ? {} : { acceptedAt: data.venueTime }),
      }
    case 'OrderRejected':
      if (!isLive(order)) return order
      return {
        ...order,
        status: 'rejected',
        ...(order.status === 'unknown' ? { isPresumed: true } : {}),
        ...(isOperatorsWord(data.reason) ? { isByWord: true } : {}),
      }
    case 'OrderOutcomeUnknown':
      return { ...order, status: order.status === 'requested' ? 'unknown' : order.status }
    case 'OrderResendRequested':
      return { ...order, resends: data.resend, sentAt: data.decided }
    case 'OrderCancelRequested':
      return { ...order, cancelRequested: true }
    case 'OrderCancelled':
      return { ...order, status: isLive(order) ? 'cancelled' : order.status }
    case 'OrderExpired':
      return { ...order, status: isLive(order) ? 'expired' : order.status }
    case 'OrderFilled': {
      const filled = add(order.filled, data.quantity)
      const complete = compare(filled, order.request.quantity) >= 0
      // A fill proves that the venue has the order, whatever we believed; an ended one stays ended until it is full.
      const status = complete
        ? 'filled'
        : isLive(order) || order.status === 'rejected'
          ? 'open'
          : order.status
      return { ...heardOf(order), status, filled, fills: [...order.fills, data] }
    }
    default:
      return never(type)
  }
}

/** The venue has it, whatever an operator said. */
const heardOf = ({ isByWord: _, ...order }: Order): Order => order

/** The same, and when the ledger took the end: for a fold of recorded events. */
export const evolveAt = (order: MaybeOrder, event: OrderEvent, at: string): Order => {
  const after = evolve(order, event)
  const ends = order !== undefined && isLive(order) && !isLive(after)
  return ends ? { ...after, endedAt: at } : after
}

// ── decide: our wishes may be refused; a report gives the events that are news ──────────────────────────────────

export type OrderCommand =
  | { readonly type: 'RequestOrder'; readonly data: OrderRequest }
  | { readonly type: 'WithholdOrder'; readonly data: OrderRequest }
  | { readonly type: 'ReportAcceptance'; readonly data: Parameters<typeof OrderAccepted>[0] }
  | { readonly type: 'ReportRejection'; readonly data: Parameters<typeof OrderRejected>[0] }
  | { readonly type: 'ReportLostAnswer'; readonly data: Parameters<typeof OrderOutcomeUnknown>[0] }
  | { readonly type: 'RequestResend'; readonly data: Parameters<typeof OrderResendRequested>[0] }
  | { readonly type: 'RequestCancel'; readonly data: Parameters<typeof OrderCancelRequested>[0] }
  | { readonly type: 'ReportCancelled'; readonly data: Parameters<typeof OrderCancelled>[0] }
  | { readonly type: 'ReportExpired'; readonly data: Parameters<typeof OrderExpired>[0] }
  | { readonly type: 'ReportFill'; readonly data: Fill }

export type OrderRefusal = 'order-id-taken' | 'order-unknown' | 'order-already-done' | 'order-known-to-venue'

/** No events means "already so": every command may be repeated. */
export const decide = (
  { type, data }: OrderCommand,
  order: MaybeOrder,
): Either<OrderRefusal, readonly OrderEvent[]> => {
  if (type === 'RequestOrder' || type === 'WithholdOrder') {
    if (order === undefined)
      return right([type === 'RequestOrder' ? OrderRequested(data) : OrderWithheld(data)])
    return sameRequest(order.request, data) ? right([]) : left('order-id-taken')
  }
  if (order === undefined) return left('order-unknown') // not ours: reconciliation adopts it
  switch (type) {
    case 'ReportAcceptance':
      return right(order.venueOrderId === undefined ? [OrderAccepted(data)] : [])
    case 'ReportRejection':
      return right(isLive(order) ? [OrderRejected(data)] : []) // some venues reject what they had accepted
    case 'ReportLostAnswer':
      return right(order.status === 'requested' ? [OrderOutcomeUnknown(data)] : [])
    case 'RequestResend':
      if (!isInDoubt(order)) return left('order-known-to-venue')
      return right(data.resend > (order.resends ?? 0) ? [OrderResendRequested(data)] : [])
    case 'RequestCancel':
      if (!isLive(order)) return left('order-already-done')
      return right(order.cancelRequested ? [] : [OrderCancelRequested(data)])
    case 'ReportCancelled':
      return right(isLive(order) ? [OrderCancelled(data)] : [])
    case 'ReportExpired':
      return right(isLive(order) ? [OrderExpired(data)] : [])
    case 'ReportFill':
      return right(order.fills.some(({ tradeId }) => tradeId === data.tradeId) ? [] : [OrderFilled(data)])
    default:
      return never(type)
  }
}

/** When it was decided may differ: a request that is repeated is decided again. */
const sameRequest = (a: OrderRequest, b: OrderRequest): boolean =>
  a.intent === b.intent &&
  a.by === b.by &&
  a.symbol === b.symbol &&
  a.side === b.side &&
  a.type === b.type &&
  a.quantity === b.quantity &&
  a.limitPrice === b.limitPrice &&
  a.stopPrice === b.stopPrice &&
  a.timeInForce === b.timeInForce &&
  a.reduceOnly === b.reduceOnly &&
  a.expiresAt === b.expiresAt

const never = (type: never): never => {
  throw new Error(`no case for ${type}`)
}
