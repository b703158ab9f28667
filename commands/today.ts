// What "now" is for a verb that asks about today.

import type { Instant } from '../domain/time.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

/** The book's time. A recording has no today of its own: it must be said which moment is meant. */
export const timeOfDay = ({ clock, simulated, asOf }: Engine): Instant => {
  if (simulated !== undefined && asOf === undefined)
    throw new Stop(
      exit.usage,
      'a recorded book has no today: say which moment, such as --as-of 2015-10-05T08:30',
    )
  return clock.now()
}
