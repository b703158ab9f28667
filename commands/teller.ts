// Says one message on every channel, one after the other, and takes down what became of it.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Revision } from '../domain/event.ts'
import { type Message, NotificationFailed, NotificationSent } from '../domain/notification.ts'
import { notifyStream } from '../domain/stream.ts'
import { appendNext } from './append-next.ts'
import type { Engine } from './engine.ts'

export interface Teller {
  /** Never throws for a channel that fails. */
  say(message: Pick<Message, 'severity' | 'subject' | 'sentence' | 'seq'>): Promise<void>
  /** An event of the stream of notifications; a ledger that takes none is a line in the log. */
  write(event: BookEvent): Promise<void>
  /** Of this run. */
  count(): { readonly sent: number; readonly failed: number }
  close(): Promise<void>
}

export const teller = async (engine: Engine): Promise<Teller> => {
  const { messenger, signal, config, clock, clean, log } = engine
  const store = await engine.writeLedger('notify')
  let revision: Revision = -1
  let [sent, failed, missed] = [0, 0, 0]
  let last: Promise<unknown> = Promise.resolve()

  const write = async (event: BookEvent) => {
    try {
      revision = (await appendNext(store, notifyStream, revision, event, clock.now())).revision
    } catch (error) {
      log.warn({}, `${event.type} is not in the ledger: ${error instanceof Error ? error.message : error}`)
    }
  }

  const sayNow: Teller['say'] = async given => {
    const before = missed === 0 ? '' : ` (${missed} before it could not be said)`
    const sentence = clean(`${given.sentence}${before}`)
    const message: Message = { ...given, sentence, book: config.book, at: clock.now() }
    const reached: Message['subject'][] = []
    for (const channel of messenger.channels) {
      const why = await messenger.send(channel, message, signal)
      if (why === undefined) reached.push(channel)
      else {
        failed += 1
        log.warn({ channel, about: given.seq }, `not told: ${why}`)
        await write(NotificationFailed({ about: given.seq, channel, detail: clean(why) }))
      }
    }
    if (reached.length === 0 && messenger.channels.length > 0) missed += 1
    else missed = 0
    if (reached.length === 0) return
    sent += 1
    const channels = messenger.channels.filter(each => reached.includes(each))
    await write(NotificationSent({ about: given.seq, channels, sentence }))
  }

  return {
    /** One after the other, so that people read them in the order in which things happened. */
    say: message => {
      const mine = last.then(() => sayNow(message))
      last = mine.catch(() => {})
      return mine
    },
    write,
    count: () => ({ sent, failed }),
    close: async () => {
      await last
      await store.close()
    },
  }
}
