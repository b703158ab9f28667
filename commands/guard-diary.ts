// The guardian's diary: its own stream of the ledger. What it did before is its budget; each entry is caused by the one
// before it in the same story.

import type { BookEvent } from '../domain/catalogue.ts'
import { because, type Cause, type Recorded } from '../domain/event.ts'
import { type Message, NotificationFailed, NotificationSent } from '../domain/notification.ts'
import { guardStream } from '../domain/stream.ts'
import { feed } from '../projections/projection.ts'
import { type Recoveries, recoveries } from '../projections/recoveries.ts'
import { appendNext } from './append-next.ts'
import type { Engine } from './engine.ts'
import { sentenceOf } from './failure.ts'
import { foldFromKept } from './kept-fold.ts'

export interface GuardDiary {
  /** What was done up to now, this run included. */
  seen(): Recoveries
  /** Behind the entry before it, which is its cause. */
  write(event: BookEvent): Promise<Recorded<BookEvent>>
  /** Says it on every channel; what fails is an entry, and no more. */
  tell(engine: Engine, message: Pick<Message, 'severity' | 'subject' | 'sentence' | 'seq'>): Promise<void>
  close(): Promise<void>
}

export const openDiary = async (engine: Engine, dryRun: boolean): Promise<GuardDiary> => {
  const store = dryRun ? await engine.readLedger() : await engine.writeLedger('guard', undefined, 'urgent')
  let state: Recoveries
  try {
    state = await foldFromKept(engine, store, recoveries)
  } catch (error) {
    await store.close()
    throw error
  }
  let cause: Cause | undefined
  const write: GuardDiary['write'] = async event => {
    const recorded = await appendNext(store, guardStream, state.revision, event, engine.clock.now(), cause)
    state = feed(recoveries, state, recorded)
    cause = because(recorded)
    return recorded
  }
  return {
    seen: () => state,
    write,
    tell: async ({ messenger, signal, config: { book }, clock }, given) => {
      const message: Message = { ...given, book, at: clock.now() }
      const { seq: about, sentence } = given
      for (const channel of messenger.channels) {
        const failure = await messenger.send(channel, message, signal)
        await write(
          failure === undefined
            ? NotificationSent({ about, channels: [channel], sentence })
            : NotificationFailed({ about, channel, detail: failure }),
        )
      }
    },
    close: () => store.close(),
  }
}

/**
 * What the check said, for whoever asks why: the events hold its hash. A disk that has no room for it must not keep the
 * alarm about that disk back.
 */
export const kept = async ({ data, clean, log }: Engine, output: string): Promise<{ output?: string }> => {
  if (output.trim() === '') return {}
  try {
    return { output: await data.put(Buffer.from(clean(output))) }
  } catch (error) {
    log.warn({}, `what the check said is not kept: ${sentenceOf(error)}`)
    return {}
  }
}
