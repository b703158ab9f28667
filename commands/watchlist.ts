// veritape watchlist check   The freshness gate: the ledger's event and the file that people and other programs read
// are both of today's session. 0 fresh, 1 stale or missing.

import type { Command } from './command.ts'
import { exit } from './exit.ts'
import { timeOfDay } from './today.ts'
import { watchlistFreshness } from './watchlist-freshness.ts'

const stale = 1

export const watchlistCheck: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const found = await watchlistFreshness(engine, timeOfDay(engine))
    const { screen } = engine
    screen.say(
      found.fresh
        ? screen.style.good('the watchlist is fresh: event and files are of today')
        : screen.style.bad(`stale: ${found.objection}`),
    )
    screen.result({ fresh: found.fresh, objection: found.fresh ? null : found.objection })
    return found.fresh ? exit.done : stale
  },
}
