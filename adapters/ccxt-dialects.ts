// The exchanges that were tried, and what is assumed of all others.

import { alpaca } from './ccxt-alpaca.ts'
import { binance } from './ccxt-binance.ts'
import { bitfinex } from './ccxt-bitfinex.ts'
import type { Dialect } from './ccxt-dialect.ts'
import { kraken } from './ccxt-kraken.ts'
import { kucoin } from './ccxt-kucoin.ts'
import {
  asClientOrderId,
  byVenueId,
  day,
  isList,
  isObject,
  open,
  paged,
  totals,
  whole,
} from './ccxt-questions.ts'

/** An exchange that was never tried: it is asked for what ccxt promises, and never proves that it does not know an order. */
const untried: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [open(json => isList(json) || isObject(json))],
  proves: false,
  windowMs: day,
  byVenueId,
  tradesOfOrder: async (api, id, symbol, since) =>
    (await api.fetchMyTrades(symbol, since)).filter(({ order }) => order === id),
  perSymbol: true,
  trades: (api, symbol, since) => paged(from => api.fetchMyTrades(symbol, from), since),
  answersTrades: json => isList(json) || isObject(json),
  holdings: totals,
  answersHoldings: jsons => jsons.length > 0,
  answersOpenOrders: json => isList(json) || isObject(json),
  stop: undefined,
  deadMansSwitch: false,
}

const dialects: Readonly<Record<string, Dialect>> = { alpaca, binance, bitfinex, kraken, kucoin }

/** By ccxt's name of the exchange. */
export const dialectOf = (exchange: string): Dialect => dialects[exchange] ?? untried
