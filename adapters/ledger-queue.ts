// The queue in front of the lock: appends that arrive together are written together, with one sync. An append that
// comes alone is written at once.

import type { Appended, AppendRefusal } from '../domain/event-store.ts'
import { type Either, left } from '../domain/result.ts'
import { groupLinesMax, type Request } from './ledger-decision.ts'
import { backOff, type LedgerLock } from './ledger-lock.ts'
import type { LedgerWriter } from './ledger-writer.ts'

type Answer = Either<AppendRefusal, Appended>

interface Waiting {
  readonly request: Request
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  readonly since: number
}

export interface AppendQueue {
  append(request: Request): Promise<Answer>
  /** Resolves when all that was asked for is answered. */
  idle(): Promise<void>
}

/** Lines of the store itself (an opened segment, recoveries) that may join a write group. */
const ownLinesMax = 99
/** Keeps the bytes of one write bounded, except for a single request that is larger. */
const dataCharactersMax = 2 * 1024 * 1024
/** The longest that appends in a tight loop keep the rest of the process from running. */
const turnMs = 5

export const appendQueue = (
  lock: LedgerLock,
  writer: LedgerWriter,
  busyAfterMs: number,
  written: () => void,
): AppendQueue => {
  let waiting: Waiting[] = []
  let draining: Promise<void> | undefined
  let lastTurn = performance.now()

  const append = (request: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject, since: performance.now() })
      draining ??= drain()
    })

  const drain = async () => {
    await companions()
    while (waiting.length > 0) {
      if (performance.now() - lastTurn > turnMs) await new Promise(resolve => setImmediate(resolve))
      lastTurn = performance.now()
      if (!(await takeLock())) continue
      answer(nextBatch())
      await companions()
    }
    draining = undefined
  }

  /** Lets everybody who was just answered, or is in the same turn, ask too; takes no time when nobody does. */
  const companions = async () => {
    let before = -1
    while (waiting.length > before) {
      before = waiting.length
      for (let hop = 0; hop < 4; hop++) await undefined
    }
  }

  const takeLock = async (): Promise<boolean> => {
    for (let attempt = 1; waiting.length > 0; attempt++) {
      try {
        if (lock.tryTake()) return true
      } catch (error) {
        refuse(
          () => true,
          ({ reject }) => reject(error),
        )
        return false
      }
      await backOff(attempt)
      const now = performance.now()
      const holder = lock.holder()
      refuse(
        ({ since }) => now - since >= busyAfterMs,
        ({ resolve, since }) =>
          resolve(left({ kind: 'ledger-busy', waitedMs: Math.round(now - since), holder })),
      )
    }
    return false
  }

  const refuse = (late: (one: Waiting) => boolean, say: (one: Waiting) => void) => {
    const refused = waiting.filter(late)
    if (refused.length > 0) waiting = waiting.filter(one => !late(one))
    for (const one of refused) say(one)
  }

  /** As many requests as fit into one write group, in the order they came. */
  const nextBatch = (): readonly Waiting[] => {
    let lines = ownLinesMax
    let characters = 0
    let count = 0
    for (const { request } of waiting) {
      lines += request.data.length
      for (const data of request.data) characters += data.length
      if (count > 0 && (lines > groupLinesMax || characters > dataCharactersMax)) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  const answer = (batch: readonly Waiting[]) => {
    try {
      const outcomes = writer.commit(batch.map(({ request }) => request))
      for (let index = 0; index < batch.length; index++) {
        const outcome = outcomes[index]
        if (outcome === undefined) batch[index]?.reject(new Error('an append was not answered'))
        else if ('bug' in outcome) batch[index]?.reject(outcome.bug)
        else batch[index]?.resolve(outcome)
      }
      written()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      lock.release()
    }
  }

  return {
    append,
    idle: async () => {
      while (draining !== undefined) await draining
    },
  }
}
