// US equities at Alpaca, as a dialect of ccxt's implicit methods: signing, spacing and errors are ccxt's, the questions are
// ours. ccxt's unified calls are for Alpaca's crypto and would ask the wrong endpoints without a word.
//
// API: https://docs.alpaca.markets/reference/postorder, getallorders, getaccount, getallopenpositions

import type { Exchange, Order } from 'ccxt'
import type { OrderRequest } from '../domain/order.ts'
import type { MarketRules } from '../domain/venue.ts'
import { alpacaOrder, alpacaStatus, alpacaTrades } from './ccxt-alpaca.ts'
import type { Dialect } from './ccxt-dialect.ts'
import { ifShown, isList, isObject } from './ccxt-questions.ts'

/** The implicit methods that are used, by the names that ccxt gives them. */
export interface AlpacaApi {
  traderPrivateGetV2Account(): Promise<Readonly<Record<string, unknown>>>
  traderPrivateGetV2Positions(): Promise<readonly Readonly<Record<string, unknown>>[]>
  traderPrivateGetV2Orders(given: object): Promise<readonly object[]>
  traderPrivateGetV2OrdersOrderId(given: { readonly order_id: string }): Promise<object>
  traderPrivatePostV2Orders(given: object): Promise<object>
  traderPrivateDeleteV2OrdersOrderId(given: { readonly order_id: string }): Promise<unknown>
  traderPrivateGetV2AssetsSymbolOrAssetId(given: { readonly symbol_or_asset_id: string }): Promise<object>
  traderPrivateGetV2Clock(): Promise<Readonly<Record<string, unknown>>>
  traderPrivateGetV2Calendar(given: object): Promise<readonly Readonly<Record<string, unknown>>[]>
  marketPrivateGetV2StocksBars(given: object): Promise<Readonly<Record<string, unknown>>>
  marketPrivateGetV2StocksSymbolSnapshot(given: object): Promise<Readonly<Record<string, unknown>>>
}

export const alpacaApi = (api: Exchange): AlpacaApi => api as unknown as AlpacaApi

/**
 * Whole shares in cents, for every symbol: Alpaca's fractions are for day orders only, and sub-penny prices (SEC Rule 612)
 * for shares below a dollar only.
 */
export const alpacaRules: MarketRules = { tick: '0.01', lot: '1', minimumQuantity: '1' }

const parse = (api: Exchange, raw: object): Order => api.parseOrder(raw) as Order

/** Alpaca ends a DAY order itself; a GTD one rests as GTC and is ended by us. */
const timeInForceOf = ({ type, timeInForce }: OrderRequest): string => {
  if (timeInForce === 'IOC' || timeInForce === 'FOK') return timeInForce.toLowerCase()
  return timeInForce === 'DAY' || type === 'market' ? 'day' : 'gtc'
}

export const alpacaEquities: Dialect = {
  clientIdOf: orderId => orderId,
  placing: clientId => ({ client_order_id: clientId }),
  create: async (api, request, clientId) => {
    const { symbol, side, type, quantity, limitPrice, stopPrice } = request
    return parse(
      api,
      await alpacaApi(api).traderPrivatePostV2Orders({
        symbol,
        side,
        type,
        qty: quantity,
        time_in_force: timeInForceOf(request),
        client_order_id: clientId,
        ...(type === 'limit' ? { limit_price: limitPrice } : {}),
        ...(type === 'stop' ? { stop_price: stopPrice } : {}),
      }),
    )
  },
  cancel: (api, id) => alpacaApi(api).traderPrivateDeleteV2OrdersOrderId({ order_id: id }),
  // Not enough buying power or shares: ccxt would call it a network error.
  refuses: json => isObject(json) && json.code === 40310000,
  lookups: [
    { name: 'the order', look: alpacaOrder, answers: isObject },
    {
      name: 'all orders',
      look: async (api, { symbol, since }) => {
        const raw = await alpacaApi(api).traderPrivateGetV2Orders({
          status: 'all',
          symbols: symbol,
          after: new Date(since).toISOString(),
          limit: 500,
          direction: 'asc',
        })
        return (Array.isArray(raw) ? raw : []).map(each => parse(api, each))
      },
      answers: isList,
      page: 500,
    },
  ],
  proves: true,
  windowMs: 90 * 86_400_000,
  byVenueId: (api, id) =>
    ifShown(async () => {
      const raw = await alpacaApi(api).traderPrivateGetV2OrdersOrderId({ order_id: id })
      return isObject(raw) && typeof raw.id === 'string' ? parse(api, raw) : undefined
    }),
  statusOf: alpacaStatus,
  tradesOfOrder: async (api, id, _symbol, since) =>
    (await alpacaTrades(api, since)).filter(({ order }) => order === id),
  perSymbol: false,
  trades: (api, _symbol, since) => alpacaTrades(api, since),
  answersTrades: isList,
  openOrders: async api => {
    const raw = await alpacaApi(api).traderPrivateGetV2Orders({ status: 'open', limit: 500 })
    return (Array.isArray(raw) ? raw : []).map(each => parse(api, each))
  },
  answersOpenOrders: isList,
  holdings: async api => {
    const { cash, currency } = await alpacaApi(api).traderPrivateGetV2Account()
    const positions = await alpacaApi(api).traderPrivateGetV2Positions()
    const held: Record<string, unknown> = { [String(currency ?? 'USD')]: cash }
    for (const { symbol, qty } of Array.isArray(positions) ? positions : []) held[String(symbol)] = qty
    return held
  },
  answersHoldings: jsons =>
    jsons.some(json => isObject(json) && typeof json.cash === 'string') && jsons.some(isList),
  stop: () => ({}), // `create` sends its price
  deadMansSwitch: false,
}
