// How a trader deals with each venue through ccxt: its symbol, its form of a client order id, its own way to ask by that id, its
// own way to page through trades. Facts about ccxt 4.5.84 and the venues; a test says when one of them changes.

import type { Exchange, Order, Trade } from 'ccxt'
import type { VenueName } from './script.ts'

export interface Trader {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  /** The n-th client order id, in the form the venue takes. */
  readonly clientId: (number: number) => string | number
  /** The order under this client id, open or done; undefined when the venue knows none. */
  readonly find: (exchange: Exchange, clientId: string | number, at: Date) => Promise<Order | undefined>
  /** Parameters of the page of trades that comes after these. */
  readonly nextPage: (seen: readonly Trade[]) => Record<string, unknown>
  /** A stop order to sell, as ccxt wants it said. */
  readonly stop: (exchange: Exchange, quantity: number, stopPrice: number) => Promise<Order>
  /** The class of a client-side error when the same client id is sent again while the first is open; undefined: taken twice. */
  readonly duplicate: string | undefined
  readonly unknownOrder: string
  readonly belowMinimum: string
  readonly wrongKey: string
}

const among = (orders: readonly Order[], clientId: string | number): Order | undefined =>
  orders.find(order => order.clientOrderId === String(clientId))

const oldestOf = (trades: readonly Trade[]): Trade | undefined =>
  trades.reduce<Trade | undefined>(
    (oldest, trade) =>
      Number(trade.timestamp) < Number(oldest?.timestamp ?? Number.POSITIVE_INFINITY) ? trade : oldest,
    undefined,
  )

const unlessUnknown = async (asked: Promise<Order>): Promise<Order | undefined> => {
  try {
    return await asked
  } catch (error) {
    if ((error as Error).name === 'OrderNotFound') return undefined
    throw error
  }
}

export const traders: Readonly<Record<VenueName, Trader>> = {
  binance: {
    symbol: 'BTC/USDT',
    base: 'BTC',
    quote: 'USDT',
    clientId: number => `veritape-${number}`,
    find: (exchange, clientOrderId) => unlessUnknown(exchange.fetchOrder('', 'BTC/USDT', { clientOrderId })),
    nextPage: seen => ({ fromId: Math.max(...seen.map(({ id }) => Number(id))) + 1 }),
    stop: (exchange, quantity, stopLossPrice) =>
      exchange.createOrder('BTC/USDT', 'market', 'sell', quantity, undefined, { stopLossPrice }),
    duplicate: 'InvalidOrder',
    unknownOrder: 'OrderNotFound',
    belowMinimum: 'InvalidOrder',
    wrongKey: 'AuthenticationError',
  },
  kraken: {
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    clientId: number => `veritape-${number}`,
    find: async (exchange, clientOrderId) =>
      among(
        await exchange.fetchOpenOrders('BTC/USD', undefined, undefined, { clientOrderId }),
        clientOrderId,
      ) ??
      among(
        await exchange.fetchClosedOrders('BTC/USD', undefined, undefined, { clientOrderId }),
        clientOrderId,
      ),
    nextPage: seen => ({ ofs: seen.length }),
    stop: (exchange, quantity, stopLossPrice) =>
      exchange.createOrder('BTC/USD', 'market', 'sell', quantity, undefined, { stopLossPrice }),
    duplicate: 'ExchangeError',
    unknownOrder: 'InvalidOrder',
    belowMinimum: 'InvalidOrder',
    wrongKey: 'AuthenticationError',
  },
  bitfinex: {
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    clientId: number => 35_184_372_000_000 + number,
    find: async (exchange, cid, at) => {
      const params = { cid, cid_date: at.toISOString().slice(0, 10) }
      return (
        among(await exchange.fetchOpenOrders('BTC/USD', undefined, undefined, params), cid) ??
        among(await exchange.fetchClosedOrders('BTC/USD', undefined, 2500), cid)
      )
    },
    nextPage: seen => ({ end: Number(oldestOf(seen)?.timestamp) - 1 }),
    stop: (exchange, quantity, stopPrice) =>
      exchange.createOrder('BTC/USD', 'market', 'sell', quantity, undefined, { stopPrice }),
    duplicate: undefined,
    unknownOrder: 'nothing',
    belowMinimum: 'PermissionDenied',
    wrongKey: 'AuthenticationError',
  },
  kucoin: {
    symbol: 'BTC/USDT',
    base: 'BTC',
    quote: 'USDT',
    clientId: number => `veritape-${number}`,
    find: (exchange, clientOrderId) => unlessUnknown(exchange.fetchOrder('', 'BTC/USDT', { clientOrderId })),
    // The page's own `lastId` is the number of its last row, which ccxt keeps in `info`.
    nextPage: seen => ({ lastId: Math.min(...seen.map(({ info }) => Number(info.id))) }),
    stop: (exchange, quantity, stopLossPrice) =>
      exchange.createOrder('BTC/USDT', 'market', 'sell', quantity, undefined, { stopLossPrice }),
    duplicate: 'BadRequest',
    unknownOrder: 'OrderNotFound',
    belowMinimum: 'InvalidOrder',
    wrongKey: 'AuthenticationError',
  },
  alpaca: {
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    clientId: number => `veritape-${number}`,
    find: async (exchange, client_order_id) => {
      try {
        const found = await exchange.request('v2/orders:by_client_order_id', ['trader', 'private'], 'GET', {
          client_order_id,
        })
        return exchange.parseOrder(found) as Order
      } catch (error) {
        if ((error as Error).message.includes('order not found')) return undefined
        throw error
      }
    },
    nextPage: seen => ({ page_token: oldestOf(seen)?.info.id }),
    // Stop-limit only, for crypto.
    stop: (exchange, quantity, triggerPrice) =>
      exchange.createOrder('BTC/USD', 'limit', 'sell', quantity, Math.round(triggerPrice * 0.9), {
        triggerPrice,
      }),
    duplicate: 'BadRequest',
    unknownOrder: 'InvalidOrder',
    belowMinimum: 'InvalidOrder',
    wrongKey: 'PermissionDenied',
  },
}
