// The book in memory keeps the promises of the port.

import { memoryBook } from '../../adapters/memory-store.ts'
import { identity } from '../cast.ts'
import { eventStoreContract } from './event-store.contract.ts'

eventStoreContract('the memory store', async now => {
  const book = memoryBook(identity, now)
  return { open: async role => book.open(role), end: async () => {} }
})
