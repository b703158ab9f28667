// The unmodified ccxt as a client of simulated venues: one exchange's file, loaded by its address, so that the hundred others
// stay out of the process.

import type { Exchange } from 'ccxt'
import type { VenueName } from './script.ts'
import { redirect, type Venue } from './venue.ts'

type Constructor = new (options: Record<string, unknown>) => Exchange

/** A ccxt exchange that signs with the venue's keys and speaks with nobody else. Further options go to ccxt as they are. */
export const ccxtClient = async (venue: Venue, options: Record<string, unknown> = {}): Promise<Exchange> => {
  const address = new URL(`./src/${venue.name}.js`, import.meta.resolve('ccxt')).href
  const { default: Vendor } = (await import(address)) as { default: Constructor }
  const { key, secret, passphrase } = venue.keys
  const exchange = new Vendor({
    apiKey: key,
    secret,
    password: passphrase,
    enableRateLimit: false,
    timeout: 3000,
    options: spotOnly[venue.name] ?? {},
    ...options,
  })
  exchange.nonce = rising(exchange.nonce.bind(exchange))
  return redirect(exchange, venue)
}

/** ccxt's nonces are milliseconds; without its rate limit two requests come in one, and kraken and bitfinex refuse the second. */
const rising = (next: () => number) => {
  let last = 0
  return () => {
    last = Math.max(last + 1, next())
    return last
  }
}

const spotOnly: Partial<Record<VenueName, Record<string, unknown>>> = {
  binance: { fetchMarkets: { types: ['spot'] }, defaultType: 'spot' },
  kucoin: { fetchMarkets: { types: ['spot'] } },
}
