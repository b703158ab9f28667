// The world of tests/engine-in-memory.ts with its ledger on an EventStoreDB, as a rule the stand-in. Everything else of it
// stays in memory.

import { openEsdbClient } from '../adapters/esdb-client.ts'
import { openEsdbReader, openEsdbStore } from '../adapters/esdb-store.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import type { Role } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { addressOf } from './adapters/esdb-book.ts'
import { identity } from './cast.ts'
import { champions, closeOf, config, type World, world } from './engine-in-memory.ts'

/** `url` is the server's, with the parameters of --store. `now` is as of `world`. */
export const worldOnEsdb = (
  url: string,
  settings = config,
  seated = champions,
  now?: () => Instant,
): World => {
  const address = addressOf(url)
  let clock = now ?? (() => closeOf(0))
  const inMemory = world(settings, seated, now)
  const { book } = identity
  const create = { book, mode: settings.mode, zone: 'UTC' } as const
  const connect = () => openEsdbClient(address, undefined)
  const write = async (role: Role) =>
    openEsdbStore({ client: await connect(), book, role, clock: () => clock(), create })
  const reading = async <T>(read: (store: EventStore) => Promise<T>): Promise<T> => {
    const store = await write('cli') // creates the book when there is none yet, as in memory
    await store.close()
    const reader = await openEsdbReader(await connect(), book)
    try {
      return await read(reader)
    } finally {
      await reader.close()
    }
  }
  return {
    ...inMemory,
    store: () => {
      throw new Error('a store on a server is opened by an engine')
    },
    events: () =>
      reading(async reader => {
        const all: Recorded<BookEvent>[] = []
        for await (const each of reader.readAll()) all.push(each)
        return all
      }),
    head: () => reading(async reader => (await reader.head()).seq),
    engine: (given = {}, wrap = store => store) => {
      const engine = inMemory.engine(given)
      if (now === undefined) clock = () => engine.clock.now()
      return {
        ...engine,
        readLedger: () => write('cli'),
        readBook: () => write('cli'),
        writeLedger: async role => {
          const opened = await write(role)
          // A process that dies leaves its connection; the test does not.
          return { ...wrap(opened), close: () => opened.close() }
        },
      }
    },
  }
}
