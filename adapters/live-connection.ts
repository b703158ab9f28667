// The live world of a book, as its configuration names it: where candles come from and who fills orders. Nothing that can
// trade is constructed for a dry run, and no key is read for it.

import type { Config } from '../domain/config.ts'
import type { MarketData } from '../domain/market-data.ts'
import type { Order } from '../domain/order.ts'
import type { Instant } from '../domain/time.ts'
import type { Venue } from '../domain/venue.ts'
import { ccxtAccount } from './ccxt-account.ts'
import { openCcxt } from './ccxt-exchange.ts'
import { ccxtMarket } from './ccxt-market.ts'
import { ccxtVenue } from './ccxt-venue.ts'
import { venueKeys } from './venue-keys.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** ccxt's name: Alpaca without a suffix is the broker of US equities. */
const exchangeOf = (name: string): string => (name === 'alpaca-crypto' ? 'alpaca' : name)

/** Opens the source of candles; loads its markets. Throws VenueMisconfigured, VenueUnavailable. */
export const liveMarket = async ({ market, venue }: Config): Promise<MarketData> => {
  const name = market.exchange !== '' ? market.exchange : venue.name === 'paper' ? '' : venue.name
  if (name === '')
    throw new VenueMisconfigured(
      'market.source is ccxt: say which exchange in market.exchange, such as kraken',
    )
  return ccxtMarket(await openCcxt({ exchange: exchangeOf(name), sandbox: false, url: market.url }))
}

export interface BookSide {
  readonly orders: () => Iterable<Order>
  /** Of the book's order ids. */
  readonly prefix: string
  readonly now: () => Instant
}

/** Opens the venue that fills orders, with its keys. Throws VenueMisconfigured, VenueUnavailable. */
export const liveVenue = async (
  { venue, execute }: Config,
  environment: Environment,
  { orders, prefix, now }: BookSide,
): Promise<Venue> => {
  const exchange = await openCcxt({
    exchange: exchangeOf(venue.name),
    keys: venueKeys(environment, venue.name),
    sandbox: venue.sandbox,
    url: venue.url,
  })
  const symbols = () => [
    ...new Set([...execute.symbols, ...[...orders()].map(({ request }) => request.symbol)]),
  ]
  const account = ccxtAccount({ exchange, symbols, orders, prefix, now })
  return ccxtVenue({ exchange, account, orders, now, pollMs: execute.pollSeconds * 1000 })
}
