// When the timers of a book run next, as New York and UTC say it.

import { dateIn, instantOf, NewYork, timeOfDayIn } from '../domain/time.ts'
import type { Units } from '../domain/units.ts'

export interface NextRun {
  readonly timer: string
  readonly newYork: string
  readonly utc: string
}

/** Of each timer among the units, in the order given. A timer that is not active has no next run. */
export const nextRuns = (units: Units, names: readonly string[]): readonly NextRun[] => {
  const timers = names.filter(name => name.endsWith('.timer'))
  if (timers.length === 0) return []
  const { said } = units.control('list-timers', '--all', '--output=json', ...timers)
  const next = new Map<string, number>()
  if (said.startsWith('['))
    for (const listed of JSON.parse(said) as Listed[]) next.set(listed.unit, listed.next)
  return timers.map(timer => {
    const at = next.get(timer) ?? 0
    if (at === 0) return { timer, newYork: 'never', utc: 'never' }
    const instant = instantOf(Math.round(at / 1000))
    return { timer, newYork: wall(NewYork, instant), utc: wall('UTC', instant) }
  })
}

/** A line of `systemctl list-timers`; `next` in microseconds, 0 for never. */
interface Listed {
  readonly unit: string
  readonly next: number
}

const wall = (zone: string, instant: string) => `${dateIn(zone, instant)} ${timeOfDayIn(zone, instant)}`
