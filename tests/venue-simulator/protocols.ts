// The venues that the simulator can be.

import { binance } from './binance.ts'
import { kraken } from './kraken.ts'
import type { VenueName } from './script.ts'
import type { VenueProtocol } from './skin.ts'

export const protocols: Readonly<Partial<Record<VenueName, VenueProtocol>>> = { binance, kraken }
