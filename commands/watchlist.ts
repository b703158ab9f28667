// veritape watchlist check   The freshness gate: the ledger's event and the file that people and other programs read
// are both of today's session. 0 fresh, 1 stale or missing.

import { dateInSession } from '../domain/calendar.ts'
import { candidateFiles } from '../projections/candidates.ts'
import { feed } from '../projections/projection.ts'
import { watchlist, watchlistFiles } from '../projections/watchlist.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'
import { timeOfDay } from './today.ts'

const stale = 1

export const watchlistCheck: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const objection = await freshness(engine)
    const { screen } = engine
    screen.say(
      objection === undefined
        ? screen.style.good('the watchlist is fresh: event and files are of today')
        : screen.style.bad(`stale: ${objection}`),
    )
    screen.result({ fresh: objection === undefined, objection: objection ?? null })
    return objection === undefined ? exit.done : stale
  },
}

/** Why the watchlist may not be traded, with what to do; undefined when it may. */
const freshness = async (engine: Engine): Promise<string | undefined> => {
  const now = timeOfDay(engine)
  const session = dateInSession(engine.calendar, now)
  if (session === undefined)
    return `there is no session today (${now.slice(0, 10)}), or the calendar does not know`
  const store = await engine.readLedger()
  try {
    let state = watchlist.initial()
    for await (const recorded of store.readAll({ types: new Set(watchlist.types) }))
      state = feed(watchlist, state, recorded)
    const published = state.latest
    if (published === undefined) return 'no scan has published a watchlist; run veritape scan'
    const { session: of, tickers } = published
    if (of < session) return `the watchlist is of ${of}, today is ${session}; run veritape scan`
    if (of > session) return `the watchlist is of ${of}, which is after today, ${session}; check the clock`
    if (tickers.length === 0)
      return `the scan for ${session} found no candidate; veritape why-not TICKER says why`
    for (const { path, text } of [...candidateFiles(state), ...watchlistFiles(state)]) {
      const file = await engine.views.read(path)
      if (file === undefined) return `${path} is missing; run veritape project --once`
      if (file !== text()) return `${path} is not what the ledger says; run veritape project --once`
    }
    return undefined
  } finally {
    await store.close()
  }
}
