// The venues that the simulator can be.

import { alpaca } from './alpaca.ts'
import { binance } from './binance.ts'
import { bitfinex } from './bitfinex.ts'
import { kraken } from './kraken.ts'
import { kucoin } from './kucoin.ts'
import type { VenueName } from './script.ts'
import type { VenueProtocol } from './skin.ts'

export const protocols: Readonly<Record<VenueName, VenueProtocol>> = {
  binance,
  kraken,
  bitfinex,
  kucoin,
  alpaca,
}
