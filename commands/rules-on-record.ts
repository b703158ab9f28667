// What a live venue demands of orders, as part of the run's recorded configuration: a replay must decide by the rules of
// that day, and the venue cannot be asked for them any more.

import { rulesOf } from '../domain/config.ts'
import type { EventStore } from '../domain/event-store.ts'
import { sha256 } from '../domain/hash.ts'
import type { MarketData } from '../domain/market-data.ts'
import { runStream } from '../domain/stream.ts'
import type { MarketRules } from '../domain/venue.ts'
import type { Engine } from './engine.ts'
import { configOf } from './proof.ts'

/** The engine with `venue.markets` as the source of the candles gives them. A recording leaves the configuration's. */
export const withRulesOnRecord = (engine: Engine, market: MarketData): Engine => {
  if (market.rules === undefined) return engine
  const { symbols } = engine.config.execute
  // A watchlist can name any symbol: a source that serves one has the same rules for all.
  const names = symbols.length > 0 ? [...symbols].sort() : ['*']
  const markets = Object.fromEntries(names.map(symbol => [symbol, market.rules?.(symbol)]))
  const configured = JSON.parse(engine.configText) as { readonly venue: object }
  const configText = JSON.stringify({ ...configured, venue: { ...configured.venue, markets } })
  return { ...engine, configText, configHash: sha256(configText) }
}

/** The rules that the newest run of the executor decided by; the configuration's before there was one. */
export const rulesOnRecord = async (
  engine: Engine,
  store: Pick<EventStore, 'read'>,
): Promise<(symbol: string) => MarketRules> => {
  let hash: string | undefined
  for await (const { event } of store.read(runStream('execute')))
    if (event.type === 'RunStarted') hash = event.data.configHash
  const { venue } = hash === undefined ? engine.config : await configOf(engine, hash)
  return rulesOf(venue.markets)
}
