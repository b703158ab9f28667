// Bitfinex, spot: an order id is a number of 45 bits, unique within a day.

import { numberOf } from '../domain/order-id.ts'
import type { Dialect } from './ccxt-dialect.ts'
import { day, isList, open, paged, totals } from './ccxt-questions.ts'

export const bitfinex: Dialect = {
  clientIdOf: orderId => numberOf(orderId)?.toFixed(0),
  // Sent as it is given: bitfinex wants a number.
  placing: clientId => ({ clientOrderId: Number(clientId) }),
  lookups: [
    open(isList),
    {
      name: 'closed orders',
      look: (api, { symbol, since }) => api.fetchClosedOrders(symbol, since, 2500),
      answers: isList,
      page: 2500,
    },
  ],
  proves: true,
  windowMs: 13 * day,
  byVenueId: async (api, id, symbol) => {
    const active = await api.fetchOpenOrders(symbol, undefined, undefined, { id: [Number(id)] })
    const found = active.find(order => order.id === id)
    if (found !== undefined) return found
    const past = await api.fetchClosedOrders(symbol, undefined, undefined, { id: [Number(id)] })
    return past.find(order => order.id === id)
  },
  // ccxt knows the words and looks for their first half only, so it hands them on as they are.
  statusOf: ({ status }) => (/^(IOC|FILLORKILL|POSTONLY) CANCELED/.test(status ?? '') ? 'canceled' : status),
  tradesOfOrder: (api, id, symbol) => api.fetchOrderTrades(id, symbol),
  perSymbol: true,
  trades: (api, symbol, since) =>
    paged(from => api.fetchMyTrades(symbol, from, 1000, { sort: 1 }), since, 1000),
  answersTrades: isList,
  holdings: totals,
  answersHoldings: jsons => jsons.some(isList),
  answersOpenOrders: isList,
  stop: triggerPrice => ({ triggerPrice }),
  deadMansSwitch: false,
}
