// The live world of a book, as its configuration names it: where candles come from and who fills orders. Nothing that can
// trade is constructed for a dry run, and no key is read for it.

import type { Calendar } from '../domain/calendar.ts'
import type { Config } from '../domain/config.ts'
import type { MarketData } from '../domain/market-data.ts'
import type { Order } from '../domain/order.ts'
import type { Instant } from '../domain/time.ts'
import type { Venue } from '../domain/venue.ts'
import { alpacaEquities, alpacaRules } from './alpaca-equities.ts'
import { alpacaMarket, requireSameCalendar } from './alpaca-market.ts'
import { ccxtAccount } from './ccxt-account.ts'
import { type CcxtExchange, type CcxtSettings, constructCcxt, openCcxt } from './ccxt-exchange.ts'
import { ccxtMarket } from './ccxt-market.ts'
import { ccxtVenue } from './ccxt-venue.ts'
import { venueKeys } from './venue-keys.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** ccxt's name: Alpaca without a suffix is the broker of US equities. */
const exchangeOf = (name: string): string => (name === 'alpaca-crypto' ? 'alpaca' : name)

/** Opens the source of candles; loads its markets. Throws VenueMisconfigured, VenueUnavailable. */
export const liveMarket = async (
  { market, venue, mode }: Config,
  environment: Environment,
  calendar: Calendar,
): Promise<MarketData> => {
  // Alpaca gives bars of equities to its customers only. Nothing that this connection is asked can trade.
  if (market.source === 'alpaca')
    return alpacaMarket(
      await openAlpaca({ keys: venueKeys(environment, 'alpaca'), sandbox: false, url: market.url }),
      calendar,
    )
  const name = market.exchange !== '' ? market.exchange : venue.name === 'paper' ? '' : venue.name
  if (name === '')
    throw new VenueMisconfigured(
      'market.source is ccxt: say which exchange in market.exchange, such as kraken',
    )
  const exchange = exchangeOf(name)
  // Nor does it tell anybody else which coins it has, and it tells them where the keys of the mode belong.
  if (exchange === 'alpaca') {
    const keys = venueKeys(environment, 'alpaca-crypto')
    return ccxtMarket(await openCcxt({ exchange, keys, sandbox: mode === 'paper', url: market.url }))
  }
  return ccxtMarket(await openCcxt({ exchange, sandbox: false, url: market.url }))
}

/** Throws VenueMisconfigured when the exchange has no test system, before anything is written or asked. */
export const requireSandbox = async ({ venue }: Config): Promise<void> => {
  if (venue.name !== 'alpaca')
    await constructCcxt({ exchange: exchangeOf(venue.name), sandbox: true, url: '' })
}

export interface BookSide {
  readonly orders: () => Iterable<Order>
  /** Of the book's order ids. */
  readonly prefix: string
  readonly now: () => Instant
}

const openAlpaca = (settings: Pick<CcxtSettings, 'keys' | 'sandbox' | 'url'>): Promise<CcxtExchange> =>
  openCcxt({ ...settings, exchange: 'alpaca', withMarkets: false })

/** Opens the venue that fills orders, with its keys. Throws VenueMisconfigured, VenueUnavailable. */
export const liveVenue = async (
  { venue, execute, mode }: Config,
  environment: Environment,
  calendar: Calendar,
  { orders, prefix, now }: BookSide,
): Promise<Venue> => {
  const keys = venueKeys(environment, venue.name)
  const pollMs = execute.pollSeconds * 1000
  if (venue.name === 'alpaca') {
    const exchange = await openAlpaca({ keys, sandbox: mode === 'paper', url: venue.url })
    await requireSameCalendar(exchange, calendar, now())
    const dialect = alpacaEquities
    const account = ccxtAccount({ exchange, dialect, symbols: () => [], orders, prefix, now })
    return ccxtVenue({ exchange, dialect, rules: () => alpacaRules, account, orders, now, pollMs })
  }
  const { sandbox, url } = venue
  const exchange = await openCcxt({ exchange: exchangeOf(venue.name), keys, sandbox, url })
  const symbols = () => [
    ...new Set([...execute.symbols, ...[...orders()].map(({ request }) => request.symbol)]),
  ]
  const account = ccxtAccount({ exchange, symbols, orders, prefix, now })
  return ccxtVenue({ exchange, account, orders, now, pollMs })
}
