// What an exchange demands of orders in a market, read from ccxt's three ways to write a precision.

import type { Exchange, MarketInterface } from 'ccxt'
import { type Decimal, isPositive, readDecimal } from '../domain/decimal.ts'
import { SymbolUnknown } from '../domain/market-data.ts'
import type { MarketRules } from '../domain/venue.ts'
import { exactDecimal } from './exact-decimal.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'

/** ccxt's constants. */
const decimalPlaces = 2
const significantDigits = 3

/**
 * Where prices have significant digits only (bitfinex), nothing says the step of a quantity. Bitfinex took one with more places
 * as one with eight (https://github.com/ccxt/ccxt/issues/7310, 2020); that prices have as many at most is no documented rule.
 */
const finest: Decimal = '0.00000001'

/** Throws SymbolUnknown for a market it does not have, VenueMisconfigured for one that cannot be traded by these rules. */
export const ccxtRules = (api: Exchange, symbol: string): MarketRules => {
  const markets = (api.markets ?? {}) as Record<string, MarketInterface | undefined>
  const market = markets[symbol]
  if (market === undefined)
    throw new SymbolUnknown(symbol, near(Object.keys(markets), symbol), `market of ${api.id}`)
  if (market.spot === false)
    throw new VenueMisconfigured(
      `${symbol} of ${api.id} is no spot market; positions here are long or flat, unlevered`,
    )
  const { price, amount } = market.precision
  const tick = stepOf(api, symbol, 'price', price)
  const lot = stepOf(api, symbol, 'quantity', amount)
  const minimum = positive(market.limits.amount?.min)
  const minimumNotional = positive(market.limits.cost?.min)
  return {
    tick,
    lot,
    minimumQuantity: minimum ?? lot,
    ...(minimumNotional === undefined ? {} : { minimumNotional }),
    ...(api.precisionMode === significantDigits ? { priceDigits: Number(price) } : {}),
  }
}

const stepOf = (api: Exchange, symbol: string, what: string, precision: unknown): Decimal => {
  if (api.precisionMode === significantDigits) return finest
  const text = exactDecimal(precision)
  if (text === undefined || (api.precisionMode !== decimalPlaces && !isPositive(text)))
    throw new VenueMisconfigured(
      `${api.id} does not say the step of a ${what} of ${symbol}; trade another market`,
    )
  if (api.precisionMode !== decimalPlaces) return text
  const places = Number(text)
  return (places > 0 ? `0.${'0'.repeat(places - 1)}1` : `1${'0'.repeat(-places)}`) as Decimal
}

const positive = (given: unknown): Decimal | undefined => {
  const text = exactDecimal(given)
  return text !== undefined && readDecimal(text) !== undefined && isPositive(text) ? text : undefined
}

const near = (symbols: readonly string[], symbol: string): readonly string[] => {
  const [base = symbol] = symbol.split('/')
  const alike = symbols.filter(each => each.startsWith(base.slice(0, 3)))
  return (alike.length > 0 ? alike : symbols).slice(0, 10)
}
