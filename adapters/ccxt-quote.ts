// What an exchange of ccxt says of a market now: the last trade and the top of the order book, as exact decimals.

import type { Quote } from '../domain/market-data.ts'
import type { Observed } from '../domain/venue.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { ccxtRules } from './ccxt-rules.ts'
import { exactDecimal } from './exact-decimal.ts'

/** Both are asked of the exchange, one after the other. What is no number is left out. Throws VenueUnavailable, SymbolUnknown. */
export const ccxtQuote = async (exchange: CcxtExchange, symbol: string): Promise<Observed<Quote>> => {
  ccxtRules(exchange.api, symbol) // throws for a market that is not there, before anything is asked
  const ticker = await exchange.ask(`the ticker of ${symbol}`, api => api.fetchTicker(symbol))
  const book = await exchange.ask(`the order book of ${symbol}`, api => api.fetchOrderBook(symbol))
  const [bid, bidQuantity] = (book.value.bids?.[0] ?? []).map(exactDecimal)
  const [ask, askQuantity] = (book.value.asks?.[0] ?? []).map(exactDecimal)
  const given = { last: exactDecimal(ticker.value.last), bid, bidQuantity, ask, askQuantity }
  const quote: Quote = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { value: quote, raw: `${ticker.raw}\n${book.raw}` }
}
