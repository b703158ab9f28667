// The port to a place that fills orders. It reports; it never decides.

import { absolute, compare, type Decimal, roundTo } from './decimal.ts'
import type { Fill, OrderRequest } from './order.ts'
import type { Instant } from './time.ts'

/** What a venue demands of orders in one market. */
export interface MarketRules {
  /** Prices are multiples of it. */
  readonly tick: Decimal
  /** Quantities are multiples of it. */
  readonly lot: Decimal
  readonly minimumQuantity: Decimal
  /** Price times quantity, in the currency of the price; undefined when the venue has no such minimum. */
  readonly minimumNotional?: Decimal | undefined
  /** Prices have at most so many significant digits besides: a tick that grows with the price (bitfinex has 5). */
  readonly priceDigits?: number | undefined
}

/** The tick at a price: the market's, or what its significant digits leave when that is coarser. */
export const tickAt = ({ tick, priceDigits }: MarketRules, price: Decimal): Decimal => {
  if (priceDigits === undefined) return tick
  const coarse = lastDigitOf(absolute(price), priceDigits)
  return compare(coarse, tick) > 0 ? coarse : tick
}

/** A price of ours as the market takes it: down to its tick, and to the coarser one that the price itself may ask for. */
export const onTick = (price: Decimal, rules: MarketRules): Decimal => {
  const fine = roundTo(price, rules.tick, 'down')
  return roundTo(fine, tickAt(rules, fine), 'down')
}

/** The place value of the n-th significant digit: of 42000.12 the fifth is '1', of 0.0123456 it is '0.000001'. */
const lastDigitOf = (price: Decimal, digits: number): Decimal => {
  const [whole = '0', fraction = ''] = price.split('.')
  const leading = whole === '0' ? -fraction.search(/[1-9]/) : whole.length
  if (leading === 1 && whole === '0') return '0' // zero has no significant digit
  const places = digits - leading
  return (places > 0 ? `0.${'0'.repeat(places - 1)}1` : `1${'0'.repeat(-places)}`) as Decimal
}

/** What the venue says to a request. Anything but an id or a known rejection is unknown. */
export type PlaceAnswer =
  | { readonly kind: 'accepted'; readonly venueOrderId: string; readonly venueTime?: Instant }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly detail: string }

export type CancelAnswer =
  | { readonly kind: 'cancelled'; readonly venueTime?: Instant }
  /** It was done already: its fills or its end will be reported. */
  | { readonly kind: 'too-late' }
  | { readonly kind: 'unknown'; readonly detail: string }

/** Something that happened to an order at the venue. */
export type VenueReport =
  | { readonly kind: 'filled'; readonly fill: Fill }
  | {
      readonly kind: 'cancelled'
      readonly orderId: string
      readonly reason: string
      readonly venueTime: Instant
    }
  | { readonly kind: 'expired'; readonly orderId: string; readonly venueTime: Instant }
  /** After it had been accepted. */
  | {
      readonly kind: 'rejected'
      readonly orderId: string
      readonly reason: string
      readonly venueTime: Instant
    }

/** An order that the venue gives no usable answer about, while it answers about others: what it has filled is not known. */
export interface UnheardOrder {
  readonly kind: 'unheard'
  readonly orderId: string
  readonly why: string
}

/** How an order stands at the venue, when asked by our id. */
export type VenueOrder =
  | { readonly kind: 'open'; readonly venueOrderId: string; readonly filled?: Decimal }
  | {
      readonly kind: 'done'
      readonly venueOrderId: string
      /** FIX CumQty, where the venue says it: until as much is in the ledger, fills are missing. */
      readonly filled?: Decimal
      /** How it ended, where the venue says it. */
      readonly end?: 'filled' | 'cancelled' | 'expired' | 'rejected'
    }
  /**
   * Neither open nor closed orders nor fills have it. Of a remote venue that is no proof yet: a request may still be
   * on its way. `unproven` says why it will never be one, however often it is asked: the order may be there, or have been.
   */
  | { readonly kind: 'not-known'; readonly unproven?: string }

/** What the venue says of itself. 'unknown' where it says nothing or could not be asked. */
export type VenueStatus = 'ok' | 'maintenance' | 'unknown'

export interface Venue {
  readonly name: string
  /**
   * A network lies between: a request may arrive later than an answer to a question, so that 'not-known' is believed
   * only when it is said again after a while, and the account is compared with the ledger. Absent for a venue in this
   * process.
   */
  readonly remote?: true
  /** What the venue says of the whole account, where it can be asked. */
  readonly account?: Account
  rules(symbol: string): MarketRules
  /** Asked at the start of a run; absent where there is nobody to ask. */
  status?(): Promise<VenueStatus>
  /**
   * Sends the order under our id. Safe only once per id: on doubt ask with `find` first. A refusal because the id is
   * taken is 'unknown': an earlier request arrived.
   */
  place(request: OrderRequest): Promise<PlaceAnswer>
  cancel(orderId: string, symbol: string): Promise<CancelAnswer>
  /** Open orders, closed orders and fills, by our id. Throws VenueUnavailable. */
  find(orderId: string, symbol: string): Promise<VenueOrder>
  /**
   * Dead man's switch: the venue cancels every open order of the account, protective ones too, unless it is told
   * again within so many seconds; 0 switches it off. Absent where the venue has none. Throws VenueUnavailable.
   */
  cancelAllOrdersAfter?(seconds: number): Promise<void>
  /**
   * Everything that happened up to `now` and may not be in the ledger yet, oldest first, then the orders that could not be
   * heard. Repeats are harmless. Throws VenueUnavailable when the venue as a whole cannot be heard.
   */
  reports(now: Instant): Promise<readonly (VenueReport | UnheardOrder)[]>
  /** Drops its connections; it is not asked again. Absent where there are none. */
  close?(): void
}

/** What the venue answered, with the answer itself: kept by its SHA-256 as the evidence of whatever is concluded from it. */
export interface Observed<Value> {
  readonly value: Value
  /** The raw answers as text, without secrets. */
  readonly raw: string
}

/** An order that rests at the venue, ours or anybody's. */
export interface RestingOrder {
  /** The client order id as we would have made it; undefined when the order carries none of ours. */
  readonly orderId: string | undefined
  readonly venueOrderId: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly filled: Decimal
}

/** A trade of the account, ours or anybody's. */
export interface AccountTrade {
  /** The venue's own number of the trade. */
  readonly tradeId: string
  readonly venueOrderId: string
  /** Our id, where the venue says it or we could ask for it. */
  readonly orderId: string | undefined
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: Decimal
  readonly quantity: Decimal
  /** In `feeCurrency`; negative is a rebate. */
  readonly fee: Decimal
  readonly feeCurrency: string
  readonly liquidity: 'maker' | 'taker'
  readonly venueTime: Instant
}

/** Whose an order at the venue is: the book's, by our id, or somebody else's. One that is not shown may be anybody's. */
export type OrderOwner =
  | { readonly kind: 'ours'; readonly orderId: string }
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'not-shown' }

/** What the venue says of the whole account: the other side of a reconciliation. Each call throws VenueUnavailable. */
export interface Account {
  restingOrders(): Promise<Observed<readonly RestingOrder[]>>
  /** Every trade since the instant, oldest first, all pages; a page that cannot be completed throws. */
  tradesSince(since: Instant): Promise<Observed<readonly AccountTrade[]>>
  /** Whose order has that number. Absent where a trade says it itself. */
  whose?(venueOrderId: string, symbol: string): Promise<Observed<OrderOwner>>
  /** Total quantity (free and in orders) by asset for crypto, by symbol for equities, cash by its currency; zeros left out. */
  holdings(): Promise<Observed<Readonly<Record<string, Decimal>>>>
}

/** The venue gave no usable answer to a question. Nothing may be concluded from it; asking again later is safe. */
export class VenueUnavailable extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'VenueUnavailable'
  }
}
