// When the timers of a book run next, as New York and UTC say it.

import { dateIn, instantOf, NewYork, timeOfDayIn } from '../domain/time.ts'
import { settingsOf } from '../domain/unit-file.ts'
import type { Units } from '../domain/units.ts'

export interface NextRun {
  readonly timer: string
  readonly newYork: string
  readonly utc: string
}

/** Of each timer among the units, in the order given. A timer that is not active has no next run. */
export const nextRuns = (units: Units, names: readonly string[]): readonly NextRun[] =>
  names
    .filter(name => name.endsWith('.timer'))
    .map(timer => {
      const { said } = units.control('show', timer, '-p', 'NextElapseUSecRealtime', '--timestamp=unix')
      const seconds = Number(settingsOf(said)[0]?.value.replace('@', ''))
      if (!(seconds > 0)) return { timer, newYork: 'never', utc: 'never' }
      const next = instantOf(seconds * 1000)
      return { timer, newYork: wall(NewYork, next), utc: wall('UTC', next) }
    })

const wall = (zone: string, instant: string) => `${dateIn(zone, instant)} ${timeOfDayIn(zone, instant)}`
