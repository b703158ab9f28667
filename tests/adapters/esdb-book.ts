// A book in EventStoreDB for tests: on a stand-in, or on the real server that VERITAPE_ESDB_URL names.

import { randomUUID } from 'node:crypto'
import { type EsdbAddress, readEsdbAddress, readEsdbCredentials } from '../../adapters/esdb-address.ts'
import { type EsdbClient, openEsdbClient } from '../../adapters/esdb-client.ts'
import { type EsdbStore, openEsdbStore } from '../../adapters/esdb-store.ts'
import type { EventStore } from '../../domain/event-store.ts'
import type { Role } from '../../domain/stream.ts'
import { identity } from '../cast.ts'
import { type StandIn, type StandInOptions, standIn } from '../eventstore-stand-in/server.ts'
import type { TestBook } from './event-store.contract.ts'

/** A real server, when there is one. Every book there has a name of its own. */
export const realServer = process.env.VERITAPE_ESDB_URL

export interface EsdbBook extends TestBook {
  readonly server: StandIn
  readonly book: string
  address(parameters?: string): EsdbAddress
  client(parameters?: string): Promise<EsdbClient>
  open(role: Role, parameters?: string): Promise<EsdbStore>
}

/** Impatient, so that a test of a server that says nothing does not last. */
export const impatient = 'deadlineMs=150&patienceMs=1500'

export interface EsdbBookOptions extends StandInOptions {
  readonly parameters?: string
}

export const addressOf = (url: string, ...parameters: readonly string[]): EsdbAddress =>
  readEsdbAddress([url, ...parameters.filter(each => each !== '')].join(url.includes('?') ? '&' : '?'))

/** A new book on a new stand-in. */
export const esdbBook = async (
  now: () => string,
  { parameters = impatient, ...options }: EsdbBookOptions = {},
): Promise<EsdbBook> => {
  const server = await standIn(options)
  const open: EventStore[] = []
  const book = identity.book
  const address = (more = '') => addressOf(server.url, parameters, more)
  const client = (more = '') => openEsdbClient(address(more), undefined)
  return {
    server,
    book,
    address,
    client,
    open: async (role, more) => {
      const create = { book, mode: 'dry-run', zone: 'UTC' } as const
      const store = await openEsdbStore({ client: await client(more), book, role, clock: now, create })
      open.push(store)
      return store
    },
    end: async () => {
      for (const store of open) await store.close()
      await server.kill()
    },
  }
}

/** A new book on the real server. */
export const realBook = async (now: () => string): Promise<TestBook> => {
  const address = addressOf(realServer ?? '')
  const book = `contract-${randomUUID().slice(0, 8)}`
  const open: EventStore[] = []
  return {
    open: async role => {
      const client = await openEsdbClient(address, readEsdbCredentials(process.env))
      const create = { book, mode: 'dry-run', zone: 'UTC' } as const
      const store = await openEsdbStore({ client, book, role, clock: now, create })
      open.push(store)
      return store
    },
    end: async () => {
      for (const store of open) await store.close()
    },
  }
}
