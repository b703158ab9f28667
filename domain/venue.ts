// The port to a place that fills orders. It reports; it never decides.

import type { Decimal } from './decimal.ts'
import type { Fill, OrderRequest } from './order.ts'
import type { Instant } from './time.ts'

/** What a venue demands of orders in one market. */
export interface MarketRules {
  /** Prices are multiples of it. */
  readonly tick: Decimal
  /** Quantities are multiples of it. */
  readonly lot: Decimal
  readonly minimumQuantity: Decimal
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

/** How an order stands at the venue, when asked by our id. */
export type VenueOrder =
  | { readonly kind: 'open'; readonly venueOrderId: string }
  | { readonly kind: 'done'; readonly venueOrderId: string }
  /** The venue provably has no such order. */
  | { readonly kind: 'not-known' }

export interface Venue {
  readonly name: string
  rules(symbol: string): MarketRules
  /** Sends the order under our id. Safe only once per id: on doubt ask with `find` first. */
  place(request: OrderRequest): Promise<PlaceAnswer>
  cancel(orderId: string, symbol: string): Promise<CancelAnswer>
  find(orderId: string, symbol: string): Promise<VenueOrder>
  /** Everything that happened up to `now` and may not be in the ledger yet, oldest first. Repeats are harmless. */
  reports(now: Instant): Promise<readonly VenueReport[]>
}
