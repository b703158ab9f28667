// An order at an exchange, looked for: by our id in every list that may have it, by the exchange's own number where that is
// known. That none has it is a proof only where the lists reach back to when it was asked for.

import type { Order as VendorOrder } from 'ccxt'
import type { Order } from '../domain/order.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import type { Dialect } from './ccxt-dialect.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { bodyOf, parsedBody } from './whole-answer.ts'

export interface CcxtLookupSettings {
  readonly exchange: CcxtExchange
  readonly dialect: Dialect
  /** The order in the ledger. */
  readonly orderById: (orderId: string) => Order | undefined
  readonly now: () => Instant
}

/** What the lists say of an order: it, that it provably is not there, or why that it is in none of them proves nothing. */
export type Sought =
  | { readonly kind: 'found'; readonly order: VendorOrder }
  | { readonly kind: 'not-known' }
  | { readonly kind: 'unproven'; readonly why: string }

export interface CcxtLookup {
  /** Throws VenueUnavailable. */
  search(orderId: string, symbol: string): Promise<Sought>
  /** How the order stands; undefined when the exchange provably does not know it. Anything less throws VenueUnavailable. */
  standing(orderId: string, symbol: string): Promise<VendorOrder | undefined>
}

/** Clocks may differ by so much when an exchange is asked for what happened since. */
export const skewMs = 5 * 60_000

export const ccxtLookup = ({ exchange, dialect, orderById, now }: CcxtLookupSettings): CcxtLookup => {
  const { name } = exchange

  const unusable = (what: string, why: string) =>
    new VenueUnavailable(`${name} gives no usable answer (${what}): ${why}`)

  const read = (order: VendorOrder): VendorOrder =>
    dialect.statusOf === undefined ? order : { ...order, status: dialect.statusOf(order) as 'open' }

  const byNumber = async (orderId: string, number: string, symbol: string) => {
    const { value } = await exchange.ask(`order ${orderId}`, given =>
      dialect.byVenueId(given, number, symbol),
    )
    return value === undefined || value.id !== number ? undefined : read(value)
  }

  const search = async (orderId: string, symbol: string): Promise<Sought> => {
    const clientId = dialect.clientIdOf(orderId)
    if (clientId === undefined) return { kind: 'not-known' } // it was never sent: `place` refuses it
    const { request, venueOrderId } = orderById(orderId) ?? {}
    const askedFor = millisecondsOf(request?.decided ?? now())
    const since = askedFor - skewMs
    let unproven: string | undefined
    for (const lookup of dialect.lookups) {
      const what = `${lookup.name}, for ${orderId}`
      const { value, heard } = await exchange.ask(what, given =>
        lookup.look(given, { clientId, symbol, since }),
      )
      const order = value.find(each => each.id !== undefined && each.clientOrderId === clientId)
      if (order !== undefined) return { kind: 'found', order: read(order) }
      if (!lookup.answers(parsedBody(heard)))
        throw unusable(what, `it is no answer: ${exchange.clean(bodyOf(heard))}`)
      const reached = value.some(({ timestamp }) => Number(timestamp) < since)
      if (lookup.page !== undefined && value.length >= lookup.page && !reached)
        unproven ??= `${lookup.name}: the page is full with ${value.length} orders, and there may be more`
    }
    if (!dialect.proves) unproven ??= `that it is in no list does not prove that ${name} does not know it`
    if (request === undefined || millisecondsOf(now()) - askedFor > dialect.windowMs)
      unproven ??= `the lists of ${name} do not reach back to when it was asked for`
    if (unproven === undefined) return { kind: 'not-known' }
    const order = venueOrderId === undefined ? undefined : await byNumber(orderId, venueOrderId, symbol)
    return order === undefined ? { kind: 'unproven', why: unproven } : { kind: 'found', order }
  }

  return {
    search,
    standing: async (orderId, symbol) => {
      const number = orderById(orderId)?.venueOrderId
      if (number === undefined) {
        const sought = await search(orderId, symbol)
        if (sought.kind === 'unproven') throw unusable(`order ${orderId}`, sought.why)
        return sought.kind === 'found' ? sought.order : undefined
      }
      const order = await byNumber(orderId, number, symbol)
      if (order === undefined)
        throw unusable(`order ${orderId}`, `it said to have it as ${number}, and does not show it`)
      return order
    },
  }
}
