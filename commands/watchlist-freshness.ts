// Is the watchlist of today? Asked of the ledger's event and of the files that people and other programs read.

import { isDayKnown, tradingDate } from '../domain/calendar.ts'
import type { CalendarDate, Instant } from '../domain/time.ts'
import { candidateFiles } from '../projections/candidates.ts'
import { feed } from '../projections/projection.ts'
import { watchlist, watchlistFiles } from '../projections/watchlist.ts'
import type { Engine } from './engine.ts'
import { sessions } from './executor.ts'

export type Freshness =
  | { readonly fresh: true; readonly session: CalendarDate; readonly tickers: readonly string[] }
  /** Why it may not be traded, with what to do. */
  | { readonly fresh: false; readonly objection: string }

/** A ladder: event first, then files. Throws NoSuchBook when there is no ledger. */
export const watchlistFreshness = async (engine: Engine, now: Instant): Promise<Freshness> => {
  const stale = (objection: string): Freshness => ({ fresh: false, objection })
  const calendar = sessions(engine)
  if (!isDayKnown(calendar, now))
    return stale(`the exchange calendar does not cover ${now.slice(0, 10)}; update veritape`)
  const session = tradingDate(calendar, now)
  if (session === undefined) return stale(`there is no session today (${now.slice(0, 10)})`)
  const store = await engine.readLedger()
  try {
    let state = watchlist.initial()
    for await (const recorded of store.readAll({ types: new Set(watchlist.types) }))
      state = feed(watchlist, state, recorded)
    const published = state.latest
    if (published === undefined) return stale('no scan has published a watchlist; run veritape scan')
    const { session: of, tickers } = published
    if (of < session) return stale(`the watchlist is of ${of}, today is ${session}; run veritape scan`)
    if (of > session)
      return stale(`the watchlist is of ${of}, which is after today, ${session}; check the clock`)
    if (tickers.length === 0)
      return stale(`the scan for ${session} found no candidate; veritape why-not TICKER says why`)
    for (const { path, text } of [...candidateFiles(state), ...watchlistFiles(state)]) {
      const file = await engine.views.read(path)
      if (file === undefined) return stale(`${path} is missing; run veritape project --once`)
      if (file !== text()) return stale(`${path} is not what the ledger says; run veritape project --once`)
    }
    return { fresh: true, session, tickers }
  } finally {
    await store.close()
  }
}
