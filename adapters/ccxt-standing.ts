// How an order stands at an exchange, by ccxt's word for it. It is over only by a word that says so: a cancel that the exchange
// has not done yet ('canceling'), a word that ccxt does not know, and none at all leave it open, because it may still fill.
//
// Words: https://docs.ccxt.com/#/README?id=order-structure

import type { Order } from 'ccxt'
import { compare, type Decimal } from '../domain/decimal.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { exactDecimal } from './exact-decimal.ts'

const ends: ReadonlySet<string> = new Set(['closed', 'canceled', 'expired', 'rejected'])

export const isOpen = ({ status }: Order): boolean => !ends.has(status ?? '')

/** The exchange has heard a cancel and not done it yet. */
export const isBeingCancelled = (order: Order): boolean => order.status === ('canceling' as string)

export const isCancelled = ({ status }: Order): boolean => status === 'canceled' || status === 'closed'

/** How an order that is over ended; 'closed' is filled, or closed by the exchange with a rest: the quantity tells. */
export const endOf = ({ status, filled, amount }: Order) => {
  if (status === 'canceled') return 'cancelled'
  if (status === 'expired' || status === 'rejected') return status
  const [done, asked] = [exactDecimal(filled), exactDecimal(amount)]
  if (done === undefined || asked === undefined) return undefined
  return compare(done, asked) >= 0 ? 'filled' : 'cancelled'
}

/** FIX CumQty. Throws VenueUnavailable where the exchange does not say it. */
export const filledOf = (venue: string, order: Order): Decimal => {
  const filled = exactDecimal(order.filled)
  if (filled !== undefined) return filled
  throw new VenueUnavailable(
    `${venue} gives no usable answer (order ${order.id}): it does not say how much is filled`,
  )
}

/** Whether less is filled than was asked for, as far as the exchange says both. */
export const hasRest = ({ filled, amount }: Order): boolean => {
  const [done, asked] = [exactDecimal(filled), exactDecimal(amount)]
  return done === undefined || asked === undefined || compare(done, asked) < 0
}

/** When it last changed, by the exchange's clock. */
export const timeOf = ({ lastUpdateTimestamp }: Order, otherwise: Instant): Instant => {
  const time = Number(lastUpdateTimestamp)
  return Number.isSafeInteger(time) && time > 0 ? instantOf(time) : otherwise
}
