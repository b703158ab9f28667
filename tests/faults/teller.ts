// Tells a story to a ledger as a careful program would: an append that was refused or whose outcome is unknown is
// repeated as it was; a process that met an error starts again. Notes what was acknowledged.

import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { type EventStore, LedgerDamaged } from '../../domain/event-store.ts'
import type { Instant } from '../../domain/time.ts'
import { handClock } from '../cast.ts'
import { PowerCut } from './disk.ts'
import { groupOf, openBook } from './story.ts'
import { type Acknowledged, acknowledgedOf, candlesIn } from './witness.ts'

/**
 * What happens next: so many appends at the same time; midnight; the closed days are sealed; the end of the process
 * and another one.
 */
export type Step = number | 'midnight' | 'seal' | 'restart'

export const wholeStory: readonly Step[] = [1, 1, 'midnight', 3, 'seal', 'restart', 2, 'midnight', 1, 'seal']

export interface Told {
  readonly acknowledged: readonly Acknowledged[]
  /** What was refused or thrown on the way, by name. */
  readonly troubles: readonly string[]
  /** Set when the teller gave up. */
  readonly end: 'told' | 'poisoned' | 'gave-up' | 'power-cut'
}

const triesMax = 3

/** Tells the steps to the ledger in `folder`; `hear` gets what is acknowledged at that moment. */
export const tell = async (
  folder: string,
  steps: readonly Step[],
  hear: (acknowledged: Acknowledged) => void = () => {},
): Promise<Told> => {
  const clock = handClock()
  const acknowledged: Acknowledged[] = []
  const troubles: string[] = []
  let store: EventStore | undefined
  let next = 0

  const note = (one: Acknowledged) => {
    acknowledged.push(one)
    hear(one)
  }
  const end = (how: Told['end']): Told => ({ acknowledged, troubles, end: how })

  /** Opens, or gives up after some tries; what stopped it is the answer. */
  const opened = async (): Promise<EventStore | Told['end']> => {
    for (let tries = 1; ; tries++)
      try {
        store ??= await openBook(folder, clock.now)
        return store
      } catch (error) {
        const name = nameOf(error)
        troubles.push(`open: ${name}`)
        if (error instanceof PowerCut) return 'power-cut'
        if (name === 'poisoned') return 'poisoned'
        if (tries === triesMax) return 'gave-up'
      }
  }

  /** What the head says is acknowledged too, with the hash of its line. */
  const noteHead = async (current: EventStore) => {
    try {
      const { seq, hash } = await current.head()
      note({ seq, mark: hash })
    } catch (error) {
      troubles.push(`head: ${nameOf(error)}`)
    }
  }

  const closed = async () => {
    try {
      await store?.close()
    } catch (error) {
      troubles.push(`close: ${nameOf(error)}`)
    }
    store = undefined
  }

  /** Appends `count` groups at once; repeats until all of them stand there. */
  const append = async (count: number): Promise<Told['end'] | undefined> => {
    for (let tries = 1; ; tries++) {
      const current = await opened()
      if (typeof current === 'string') return current
      const numbers = Array.from({ length: count }, (_, index) => next + index)
      const answers = await Promise.allSettled(numbers.map(number => current.append(groupOf(number))))
      let done = 0
      let cut = false
      for (const answer of answers) {
        if (answer.status === 'rejected') {
          const name = nameOf(answer.reason)
          troubles.push(`append: ${name}`)
          if (answer.reason instanceof PowerCut) cut = true
          if (name === 'poisoned') return 'poisoned'
        } else if (answer.value._tag === 'Left') troubles.push(`append: ${answer.value.left.kind}`)
        else {
          done++
          for (const event of answer.value.right.events) note(acknowledgedOf(event))
        }
      }
      if (cut) return 'power-cut'
      if (done === count) {
        next += count
        await noteHead(current)
        return undefined
      }
      if (tries === triesMax) return 'gave-up'
      if (answers.some(({ status }) => status === 'rejected')) await closed()
    }
  }

  /** Sealing can wait: what fails is told, tried again, and left for tomorrow. */
  const seal = async (): Promise<Told['end'] | undefined> => {
    for (let tries = 1; tries <= triesMax; tries++)
      try {
        for await (const _ of sealDays(folder));
        return undefined
      } catch (error) {
        troubles.push(`seal: ${nameOf(error)}`)
        if (error instanceof PowerCut) return 'power-cut'
      }
    return undefined
  }

  try {
    for (const step of steps) {
      if (step === 'midnight') clock.advance(24 * 3_600_000)
      else if (step === 'restart') await closed()
      else {
        const stopped = step === 'seal' ? await seal() : await append(step)
        if (stopped !== undefined) return end(stopped)
      }
    }
    return end('told')
  } finally {
    await closed()
  }
}

export const nameOf = (error: unknown): string => {
  if (error instanceof LedgerDamaged) return error.verdict
  if (error instanceof PowerCut) return 'power cut'
  if (error instanceof Error && 'code' in error) return String(error.code)
  return error instanceof Error ? error.message : String(error)
}

/** Opens the book at that time and appends the next group of the story; throws when it is refused. */
export const appendNext = async (book: string, now: Instant): Promise<readonly Acknowledged[]> => {
  const store = await openBook(book, () => now)
  try {
    const answer = await store.append(groupOf(await candlesIn(store)))
    if (answer._tag === 'Left') throw new Error(`refused: ${answer.left.kind}`)
    return answer.right.events.map(acknowledgedOf)
  } finally {
    await store.close()
  }
}
