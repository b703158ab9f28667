// KuCoin, spot: every answer is wrapped, and a success has a code of its own.

import { add, type Decimal } from '../domain/decimal.ts'
import type { Dialect } from './ccxt-dialect.ts'
import {
  asClientOrderId,
  byVenueId,
  day,
  direct,
  isList,
  isObject,
  type Json,
  open,
  whole,
  windowed,
} from './ccxt-questions.ts'
import { exactDecimal } from './exact-decimal.ts'

const isKucoin = (json: unknown): json is Json => isObject(json) && json.code === '200000'
const isKucoinList = (json: unknown): boolean =>
  isKucoin(json) && (isList(json.data) || (isObject(json.data) && isList(json.data.items)))

export const kucoin: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [
    { name: 'the order', look: direct, answers: isObject },
    open(isKucoinList),
    {
      name: 'closed orders',
      look: (api, { symbol, since }) => api.fetchClosedOrders(symbol, since, 500),
      answers: isKucoinList,
      page: 500,
    },
  ],
  proves: true,
  windowMs: 7 * day,
  byVenueId,
  tradesOfOrder: (api, id, symbol) => api.fetchOrderTrades(id, symbol, undefined, 500),
  perSymbol: true,
  trades: (api, symbol, since, now) =>
    windowed(7 * day, (from, until) => api.fetchMyTrades(symbol, from, 500, { until }), since, now),
  answersTrades: isKucoinList,
  // ccxt gives one type of account and drops the others without a word: the list of all is read here.
  holdings: async api => {
    const { data } = await (api as unknown as KucoinAccounts).privateGetAccounts()
    const sums: Record<string, Decimal> = {}
    for (const { currency, type, balance } of Array.isArray(data) ? data : []) {
      if (type !== 'trade' && type !== 'trade_hf') continue
      const code = api.safeCurrencyCode(currency) as string
      sums[code] = add(sums[code] ?? '0', exactDecimal(balance) ?? '0')
    }
    return sums
  },
  answersHoldings: jsons => jsons.some(json => isKucoin(json) && isList(json.data)),
  answersOpenOrders: isKucoinList,
  stop: undefined,
  deadMansSwitch: false,
}

interface KucoinAccounts {
  privateGetAccounts(): Promise<{
    readonly data?: readonly { readonly currency: string; readonly type: string; readonly balance: string }[]
  }>
}
