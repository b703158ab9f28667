// The dead man's ping: an address outside is asked while the executor gets on, so that whoever listens there raises the
// alarm when it falls silent. A living process is no progress; only a fresh cycle is.

import { NotificationFailed } from '../domain/notification.ts'
import type { CycleCompleted } from '../domain/run.ts'
import { millisecondsOf } from '../domain/time.ts'
import type { Engine } from './engine.ts'
import type { Teller } from './teller.ts'

export interface DeadMansPing {
  /** A cycle was completed. */
  progressed(cycle: CycleCompleted['data']): void
  done(): Promise<void>
}

/** An executor records a cycle each minute, and one that is older is history that is being read. */
const freshMs = 130_000

export const deadMansPing = (
  { messenger: { ping }, config, clock, signal, log, clean }: Engine,
  { write }: Pick<Teller, 'write'>,
): DeadMansPing => {
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  let works = true
  let lastCycle = 0

  const ask = async (now: number) => {
    askedAt = now
    const said = (await ping?.(signal)) ?? 'pinged'
    const worked = said === 'pinged'
    if (!worked && works) {
      log.warn({}, `the dead man's address was not reached: ${said}`)
      await write(NotificationFailed({ about: 0, channel: 'ping', detail: clean(said) }))
    }
    works = worked
  }

  return {
    progressed: ({ cycle, clock: at }) => {
      const now = millisecondsOf(clock.now())
      const isProgress = cycle > lastCycle && now - millisecondsOf(at) < freshMs
      lastCycle = Math.max(lastCycle, cycle)
      if (ping === undefined || !isProgress || asking !== undefined) return
      // Cycles come at about every minute: one that is a little early is meant.
      if (now - askedAt < config.notify.pingSeconds * 900) return
      asking = ask(now).finally(() => {
        asking = undefined
      })
    },
    done: async () => {
      await asking
    },
  }
}
