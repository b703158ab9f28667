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
  return redirect(
    new Vendor({
      apiKey: key,
      secret,
      password: passphrase,
      enableRateLimit: false,
      timeout: 3000,
      options: spotOnly[venue.name] ?? {},
      ...options,
    }),
    venue,
  )
}

const spotOnly: Partial<Record<VenueName, Record<string, unknown>>> = {
  binance: { fetchMarkets: { types: ['spot'] }, defaultType: 'spot' },
  kucoin: { fetchMarkets: { types: ['spot'] } },
}
