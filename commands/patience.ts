// Patience at the start: a venue without a usable answer is waited for, in growing pauses, by a run that shall last.
//
// A unit that dies of an outage is restarted a few times and then left dead by its start limit: nobody trades when the
// venue is back. So a run without --once stays, and says what it waits for.

import { VenueUnavailable } from '../domain/venue.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

const firstPauseMs = 5_000
/** Shorter than a watchdog's patience: whoever waits says so in between. */
const pauseMaxMs = 60_000

/**
 * Does `work` until the venue answers. Throws its VenueUnavailable at once with `once`, and in a book that lives at its
 * recording's time, where there is nothing to wait for; Stop 0 when told to stop; everything else that `work` throws.
 */
export const patiently = async <Value>(
  { clock, simulated, log, notifier, signal }: Engine,
  once: boolean,
  work: () => Promise<Value>,
): Promise<Value> => {
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, pauseMaxMs)) {
    try {
      return await work()
    } catch (error) {
      if (once || simulated !== undefined || !(error instanceof VenueUnavailable)) throw error
      const seconds = pause / 1000
      log.warn({ seconds }, `waiting, asked again in ${seconds} s: ${error.message}`)
      notifier.progress(`waiting for the venue: ${error.message.slice(0, 200)}`)
      await clock.sleep(pause, signal)
      if (signal.aborted) throw new Stop(exit.done, 'stopped while waiting for the venue; nothing was traded')
    }
  }
}
