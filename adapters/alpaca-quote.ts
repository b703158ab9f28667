// What Alpaca says of a share now: the last trade and the best bid and ask at IEX, as exact decimals. API:
// https://docs.alpaca.markets/reference/stocksnapshotsingle; names of the fields:
// https://forum.alpaca.markets/t/snapshotsv2-in-alpacatradeapi/7109

import type { Quote } from '../domain/market-data.ts'
import { type Observed, VenueUnavailable } from '../domain/venue.ts'
import { alpacaApi } from './alpaca-equities.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { isObject } from './ccxt-questions.ts'
import { exactDecimal } from './exact-decimal.ts'

/** A side without an order has the price 0 there, and is left out. Throws VenueUnavailable. */
export const alpacaQuote = async (exchange: CcxtExchange, symbol: string): Promise<Observed<Quote>> => {
  const what = `the quote of ${symbol}`
  const { value, raw } = await exchange.ask(what, api =>
    alpacaApi(api).marketPrivateGetV2StocksSymbolSnapshot({ symbol, feed: 'iex' }),
  )
  if (!isObject(value) || value.symbol !== symbol)
    throw new VenueUnavailable(`alpaca gives no usable answer (${what}): it is not of ${symbol}`)
  const trade = isObject(value.latestTrade) ? value.latestTrade : {}
  const top = isObject(value.latestQuote) ? value.latestQuote : {}
  // No quantities: whether they count shares or round lots hangs on the feed and the year.
  const given = { last: priceOf(trade.p), bid: priceOf(top.bp), ask: priceOf(top.ap) }
  return {
    value: Object.fromEntries(Object.entries(given).filter(([, price]) => price !== undefined)),
    raw,
  }
}

const priceOf = (told: unknown) => {
  const price = exactDecimal(told)
  return price === '0' ? undefined : price
}
