// What is particular to each exchange: the form of our order id, how it is asked for by it, how its trades are paged, and
// what its answers look like when they are answers. Each has a file of its own; ccxt-dialects.ts knows them all.
//
// The last one matters most: ccxt turns an empty object, a page of HTML or half an answer into an empty list, and an empty
// list would prove that the exchange does not know an order.

import type { Exchange, Order, Trade } from 'ccxt'
import type { Decimal } from '../domain/decimal.ts'
import type { OrderRequest } from '../domain/order.ts'

export interface Wanted {
  /** Our id in the exchange's form. */
  readonly clientId: string
  readonly symbol: string
  /** A while before the order was asked for, ms since 1970 UTC. */
  readonly since: number
}

/** One place to look for an order. */
export interface Lookup {
  readonly name: string
  look(api: Exchange, wanted: Wanted): Promise<readonly Order[]>
  /** Whether the exchange's text, parsed, is an answer to this question. */
  answers(json: unknown): boolean
  /** A page of so many rows may hide more; undefined when the exchange filters by our id. */
  readonly page?: number
}

export interface Dialect {
  /** Our id as the exchange takes it; undefined when it cannot carry it. */
  readonly clientIdOf: (orderId: string) => string | undefined
  /** What createOrder gets with it. */
  readonly placing: (clientId: string) => Record<string, unknown>
  /** How an order is sent; undefined where ccxt's createOrder does it. */
  readonly create?: (api: Exchange, request: OrderRequest, clientId: string) => Promise<Order>
  readonly cancel?: (api: Exchange, id: string) => Promise<unknown>
  /** A refusal of the exchange, parsed, that ccxt has no class for. */
  readonly refuses?: (json: unknown) => boolean
  /** In this order: an order that moves from one to the next in between is found in the next. */
  readonly lookups: readonly Lookup[]
  /** Whether an order that is in none of them is provably not known. */
  readonly proves: boolean
  /** How far back the lookups reach. */
  readonly windowMs: number
  /** An order by the exchange's own id; undefined when it is nowhere. */
  readonly byVenueId: (api: Exchange, id: string, symbol: string) => Promise<Order | undefined>
  /** ccxt's word for how an order stands, where ccxt hands on the exchange's own or misreads it; undefined: as ccxt says. */
  readonly statusOf?: (order: Order) => string | undefined
  readonly tradesOfOrder: (
    api: Exchange,
    id: string,
    symbol: string,
    since: number,
  ) => Promise<readonly Trade[]>
  /** Whether orders and trades are told for one market at a time; otherwise `symbol` is undefined: the whole account. */
  readonly perSymbol: boolean
  readonly trades: (
    api: Exchange,
    symbol: string | undefined,
    since: number,
    now: number,
  ) => Promise<readonly Trade[]>
  readonly openOrders?: (api: Exchange) => Promise<readonly Order[]>
  readonly answersTrades: (json: unknown) => boolean
  readonly holdings: (api: Exchange) => Promise<Readonly<Record<string, unknown>>>
  /** Of all answers that were heard. */
  readonly answersHoldings: (jsons: readonly unknown[]) => boolean
  readonly answersOpenOrders: (json: unknown) => boolean
  /**
   * What createOrder gets for a stop order, which becomes a market order at its price; undefined where there is none, or it is
   * kept elsewhere. ccxt hands on a name that it does not know, and what arrives is a market order: tests hold it to the wire.
   */
  readonly stop: ((price: Decimal) => Record<string, unknown>) | undefined
  /** Whether it cancels everything when it is not told to wait. */
  readonly deadMansSwitch: boolean
}
