// veritape fetch   Brings the book's own store of daily bars up to the last session. Only what is missing is asked for;
// safe to repeat, safe to kill. 69 when the source fails half way: what was got is stored.

import { emptyBarStore, evolveBarStore } from '../domain/bars.ts'
import { lastClosedDate } from '../domain/calendar.ts'
import { fetchBars } from './bar-fetch.ts'
import { bookkeeper } from './bookkeeper.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { sessions } from './sessions.ts'
import { timeOfDay } from './today.ts'

export const fetchCommand: Command<{ again: boolean }> = {
  options: yargs =>
    yargs.option('again', {
      type: 'boolean',
      default: false,
      describe: 'Ask for shelved tickers too',
    }),
  run: async (engine, { again }) => {
    const { screen, config } = engine
    const now = timeOfDay(engine)
    const lastBar = lastClosedDate(sessions(engine), now)
    if (lastBar === 'unknown')
      throw new Stop(
        exit.refused,
        `the exchange calendar does not cover ${now.slice(0, 10)}; update veritape`,
      )
    const store = await engine.writeLedger('scan', config.mode)
    try {
      let bars = emptyBarStore
      const keeper = bookkeeper(engine, store, 'scan', async recorded => {
        bars = evolveBarStore(bars, recorded)
      })
      await keeper.catchUp()
      const { stored, shelved, already } = await fetchBars(engine, keeper, () => bars, lastBar, again)
      await keeper.stop('finished', '')
      const { current, wanted, added, interrupted, dataset } = stored
      screen.say(
        `${already ? 'already stored: ' : ''}${current} of ${wanted} tickers have the bar of ${lastBar}${already ? '' : `, ${added} bars added`}`,
      )
      screen.say(`dataset ${dataset}`)
      if (shelved.length > 0)
        screen.table(
          ['shelved', 'until', 'because'],
          shelved.map(({ ticker, until, reason, detail }) => [ticker, until, `${reason}: ${detail}`]),
        )
      screen.result({ ...stored, shelved, already })
      if (interrupted === undefined) return exit.done
      screen.note(`veritape: ${interrupted}; run it again and it goes on from here`)
      return exit.venueUnavailable
    } finally {
      await store.close()
    }
  },
}
