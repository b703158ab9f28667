// An intent: somebody's wish to trade, a strategy's or an operator's. It gets exactly one answer: an order is
// requested, or the intent is denied (by us, with a named reason), or it expires, or a dry run withholds the order.
//
//   raised ──▶ requested | denied | expired | withheld
//
// Every answer is the first event of the stream `order-<id>`, whose id is a function of the intent's seq: the
// ledger itself refuses a second answer.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import { DecimalText } from './decimal.ts'
import { type EventOf, event, type Recorded, type Seq } from './event.ts'
import { RiskDenial } from './risk-denial.ts'
import { type Instant, InstantText } from './time.ts'

export const Side = z.enum(['buy', 'sell'])
export type Side = z.infer<typeof Side>

export const OrderType = z.enum(['market', 'limit', 'stop'])
export type OrderType = z.infer<typeof OrderType>

/** FIX 59. GTD lasts until `expiresAt`; DAY until the session closes. */
export const TimeInForce = z.enum(['GTC', 'IOC', 'FOK', 'GTD', 'DAY'])
export type TimeInForce = z.infer<typeof TimeInForce>

/** What an order asks for: shared by intents, requests and venues. */
export const terms = {
  symbol: SymbolName,
  side: Side,
  type: OrderType,
  quantity: DecimalText,
  limitPrice: DecimalText.optional(),
  stopPrice: DecimalText.optional(),
  timeInForce: TimeInForce,
  /** May only shrink a position. */
  reduceOnly: z.boolean(),
}

export const IntentRaised = event('IntentRaised', 2, {
  source: z.enum(['strategy', 'operator']),
  /** Whose position it is about: a champion, or 'operator'. */
  by: z.string(),
  /** An operator's own name for the wish, by which a repeated one is recognised. */
  id: z.string().max(100).optional(),
  ...terms,
  /** The price that the wish was sized at: the close of the candle, or what the operator gave. */
  referencePrice: DecimalText,
  /** After this instant the wish is stale and is not answered with an order. */
  expiresAt: InstantText,
  /** For GTD and DAY: until when an order of this wish may rest at the venue. */
  restsUntil: InstantText.optional(),
  reason: z.string(),
  /** What an exit of everything leaves, because it is less than the venue takes: a lot, or its minimum quantity. */
  dust: DecimalText.optional(),
})
export type IntentRaised = EventOf<typeof IntentRaised>
export type Intent = IntentRaised['data']

export const IntentDenied = event('IntentDenied', 2, {
  intent: z.int().positive(),
  reason: RiskDenial,
  detail: z.string(),
  /** The book's clock when the intent was answered. */
  decided: InstantText,
})
export type IntentDenied = EventOf<typeof IntentDenied>

export const IntentExpired = event('IntentExpired', 1, {
  intent: z.int().positive(),
  expiresAt: InstantText,
  decided: InstantText,
})
export type IntentExpired = EventOf<typeof IntentExpired>

/** Operator's wish to withdraw an order. Answered by OrderCancelRequested, or by nothing when the order is done. */
export const CancelWished = event('CancelWished', 1, {
  id: z.string().max(100),
  orderId: z.string(),
  reason: z.string(),
})
export type CancelWished = EventOf<typeof CancelWished>

/** A stop that only shrinks a position: it rests at the venue and waits for the worst. */
export const isProtective = ({ type, reduceOnly }: Pick<Intent, 'type' | 'reduceOnly'>): boolean =>
  type === 'stop' && reduceOnly

/** Intents that nobody has answered yet, oldest first, by their seq. */
export type OpenIntents = ReadonlyMap<Seq, Recorded<IntentRaised>>

export const hasExpired = (intent: Pick<Intent, 'expiresAt'>, now: Instant): boolean => now > intent.expiresAt
