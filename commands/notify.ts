// veritape notify   Follows the ledger and tells people outside what has changed; pings the dead man's address while the
// executor makes progress. A process of its own, so that no trading waits for a message; what cannot be told is an event.

import type { BookEvent, EventNamed } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import { type News, newsIn, newsTypes, nothingWatched } from '../domain/notice.ts'
import { noticeLimits } from '../domain/notice-limits.ts'
import { notifyStream } from '../domain/stream.ts'
import { millisecondsOf } from '../domain/time.ts'
import type { Command } from './command.ts'
import { deadMansPing } from './dead-mans-ping.ts'
import { exit, Stop } from './exit.ts'
import { teller } from './teller.ts'

export const notify: Command<{ once: boolean }> = {
  options: yargs =>
    yargs.option('once', { type: 'boolean', default: false, describe: 'Tell what is news, and stop' }),
  run: async (engine, { once }) => {
    const { config, messenger, signal, notifier, clock, screen } = engine
    if (messenger.channels.length === 0 && messenger.ping === undefined)
      throw new Stop(
        exit.refused,
        'nobody is to be told: name channels in notify.channels, or set VERITAPE_PING_URL',
      )
    const store = await engine.readLedger()
    const tell = await teller(engine)
    const pinging = deadMansPing(engine, tell)
    const limits = noticeLimits(config.notify)
    const watched = nothingWatched()
    const { topics } = config.notify

    const take = async (recorded: Recorded<BookEvent>, told: number) => {
      const news = newsIn(watched, recorded)
      if (news === undefined || news.seq <= told) return
      if (topics.length === 0 || topics.includes(news.topic)) await offer(news)
    }
    const offer = async (news: News) => {
      if (limits.admit(news, millisecondsOf(clock.now())) === 'say')
        await tell.say({ ...news, subject: news.topic })
    }
    const sayHeldBack = async () => {
      const count = limits.heldBack(millisecondsOf(clock.now()))
      if (count > 0)
        await tell.say({
          subject: 'notify',
          severity: 'warning',
          sentence: `${count} more were held back; the ledger has them`,
          seq: 0,
        })
    }

    try {
      const head = await store.head()
      const types = new Set<string>([...newsTypes, 'NotificationSent', 'NotificationFailed'])
      const past: Recorded<BookEvent>[] = []
      let told = -1
      for await (const recorded of store.readAll({ upTo: head.seq, types })) {
        const { stream, event } = recorded
        if (stream !== notifyStream) past.push(recorded)
        else if (isAboutNews(event)) told = Math.max(told, event.data.about)
      }
      // Nobody wants to hear of all the years before the first message.
      if (told < 0) {
        told = head.seq
        await tell.say({
          subject: 'notify',
          severity: 'info',
          sentence: `you hear of ${config.book} from here on`,
          seq: head.seq,
        })
      }
      for (const recorded of past) await take(recorded, told)
      await sayHeldBack()
      screen.say(`told: everything up to seq ${head.seq}`)
      screen.result({ told: head.seq, ...tell.count() })
      if (once) return exit.done

      const beat = () => notifier.progress(`told up to seq ${head.seq}`)
      beat()
      const beating = setInterval(() => {
        beat()
        void sayHeldBack()
      }, 10_000)
      try {
        for await (const recorded of store.subscribe(head.seq, signal)) {
          if (recorded.event.type === 'CycleCompleted') pinging.progressed(recorded.event.data)
          await take(recorded, told)
        }
      } finally {
        clearInterval(beating)
      }
      notifier.stopping()
      return exit.done
    } finally {
      await pinging.done()
      await tell.close()
      await store.close()
    }
  },
}

/** A ping that failed says nothing of what people have heard. */
const isAboutNews = (event: BookEvent): event is EventNamed<'NotificationSent' | 'NotificationFailed'> =>
  event.type === 'NotificationSent' || (event.type === 'NotificationFailed' && event.data.channel !== 'ping')
