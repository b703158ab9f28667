// A book in EventStoreDB keeps the promises of the port, on both routes of the client.

import { esdbBook, realBook, realServer } from './esdb-book.ts'
import { eventStoreContract } from './event-store.contract.ts'

/** A group of 9,900 events is one append: servers from 25.1 on take it, and so does this one. */
const wide = { appendBytesMax: 256 * 1024 * 1024 }
/** Nothing goes wrong here, so nothing is late: 9,900 events on a busy machine take their time. */
const parameters = 'appendBytesMax=268435456&deadlineMs=60000&patienceMs=120000'

if (realServer !== undefined) eventStoreContract('a real EventStoreDB', realBook)

eventStoreContract('EventStoreDB, one call an append,', now => esdbBook(now, { ...wide, parameters }))
eventStoreContract('EventStoreDB, the batch route,', now =>
  esdbBook(now, { ...wide, parameters: `${parameters}&append=batch` }),
)
