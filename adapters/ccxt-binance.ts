// Binance, spot: it is asked for an order by our id, and proves that it does not know one.

import type { Dialect } from './ccxt-dialect.ts'
import {
  asClientOrderId,
  byVenueId,
  day,
  direct,
  isList,
  isObject,
  open,
  paged,
  totals,
  whole,
  windowed,
} from './ccxt-questions.ts'

export const binance: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [
    { name: 'the order', look: direct, answers: isObject },
    open(isList),
    {
      name: 'all orders',
      look: (api, { symbol }) => api.fetchOrders(symbol, undefined, 1000),
      answers: isList,
      page: 1000,
    },
  ],
  proves: true,
  windowMs: 80 * day,
  byVenueId,
  tradesOfOrder: (api, id, symbol) => api.fetchOrderTrades(id, symbol, undefined, 1000),
  perSymbol: true,
  trades: (api, symbol, since, now) =>
    windowed(
      day,
      (begin, until) => paged(from => api.fetchMyTrades(symbol, from, 1000, { until }), begin, 1000),
      since,
      now,
    ),
  answersTrades: isList,
  holdings: totals,
  answersHoldings: jsons => jsons.some(json => isObject(json) && isList(json.balances)),
  answersOpenOrders: isList,
  stop: triggerPrice => ({ triggerPrice }),
  deadMansSwitch: false,
}
