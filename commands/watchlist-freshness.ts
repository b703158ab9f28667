// Is the watchlist of today? Asked of the ledger's event and of the files that people and other programs read.
//
// `watchlist check` and the preflight ask everything. The executor trades the event, and its ladder asks the event's
// session with every entry; the file it asks once, when it starts.

import { isDayKnown, tradingDate } from '../domain/calendar.ts'
import type { CalendarDate, Instant } from '../domain/time.ts'
import { candidateFiles } from '../projections/candidates.ts'
import { feed } from '../projections/projection.ts'
import { type Watchlist, watchlist, watchlistFiles } from '../projections/watchlist.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { sessions } from './sessions.ts'

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
  const state = await published(engine)
  if (state.latest === undefined) return stale('no scan has published a watchlist; run veritape scan')
  const { session: of, tickers } = state.latest
  if (of < session) return stale(`the watchlist is of ${of}, today is ${session}; run veritape scan`)
  if (of > session)
    return stale(`the watchlist is of ${of}, which is after today, ${session}; check the clock`)
  if (tickers.length === 0)
    return stale(`the scan for ${session} found no candidate; veritape why-not TICKER says why`)
  const [file] = await filesThatDiffer(engine, state)
  if (file !== undefined)
    return stale(`${file.path} is ${file.missing ? 'missing' : otherwise}; run veritape project --once`)
  return { fresh: true, session, tickers }
}

const otherwise = 'not what the ledger says'

/**
 * The executor's own look, at its start: when the list in the ledger is of today and a file says something else, some
 * hand wished for another list, or another program reads an old one. Throws Stop, 78. A file that is not there was not
 * altered: views may be deleted at any time. A list of another session is the ladder's to deny.
 */
export const requireSameWatchlist = async (engine: Engine, now: Instant): Promise<void> => {
  if (engine.config.execute.symbols.length > 0) return
  const session = tradingDate(sessions(engine), now)
  const state = await published(engine)
  if (session === undefined || state.latest?.session !== session) return
  const altered = (await filesThatDiffer(engine, state)).find(({ missing }) => !missing)
  if (altered !== undefined)
    throw new Stop(
      exit.refused,
      `${altered.path} is ${otherwise} of ${session}: nothing is traded on two lists; run veritape project --once`,
    )
}

const published = async (engine: Engine): Promise<Watchlist> => {
  const store = await engine.readLedger()
  try {
    let state = watchlist.initial()
    for await (const recorded of store.readAll({ types: new Set(watchlist.types) }))
      state = feed(watchlist, state, recorded)
    return state
  } finally {
    await store.close()
  }
}

const filesThatDiffer = async ({ views }: Engine, state: Watchlist) => {
  const differing: { readonly path: string; readonly missing: boolean }[] = []
  for (const { path, text } of [...candidateFiles(state), ...watchlistFiles(state)]) {
    const file = await views.read(path)
    if (file !== text()) differing.push({ path, missing: file === undefined })
  }
  return differing
}
