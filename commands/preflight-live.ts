// The live gate's line of the preflight. It fails until there is a venue that takes real orders: without one there is
// nothing that two keys could open.

import type { Engine } from './engine.ts'
import { failed, type PreflightLine } from './preflight-lines.ts'

export const liveGateLine = ({ config }: Pick<Engine, 'config'>): PreflightLine =>
  failed(
    'live gate',
    `closed: ${config.venue.name} is no live venue, so there is no token to confirm`,
    'trade on paper: live trading is not built in',
  )
