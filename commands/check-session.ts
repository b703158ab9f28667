// veritape check session   Is there a session today? 0 yes, 10 no, 78 when the calendar does not know.

import { sessionOn } from '../domain/calendar.ts'
import { dateIn } from '../domain/time.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { timeOfDay } from './today.ts'

const closed = 10

export const checkSession: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { calendar, screen } = engine
    const date = dateIn(calendar.zone, timeOfDay(engine))
    const session = sessionOn(calendar, date)
    if (session === 'unknown')
      throw new Stop(
        exit.refused,
        `the calendar covers ${calendar.from} to ${calendar.to}, not ${date}; update veritape`,
      )
    screen.say(
      session === 'closed'
        ? `${date}: no session`
        : `${date}: session from ${session.open} to ${session.close}`,
    )
    screen.result({ date, session: session === 'closed' ? null : session })
    return session === 'closed' ? closed : exit.done
  },
}
