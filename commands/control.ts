// An operator at the ledger: folded up to now, open for wishes and halts.

import { type Book, emptyBook, evolveBook } from '../domain/book.ts'
import { type Bookkeeper, bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'

export interface Control {
  readonly book: Book
  readonly keeper: Bookkeeper
  close(): Promise<void>
}

/** Throws NoSuchBook: an operator cannot create a book. What is 'urgent' is recorded even on a full disk. */
export const openControl = async (engine: Engine, urgency?: 'urgent'): Promise<Control> => {
  const store = await engine.writeLedger('cli', undefined, urgency)
  const book = emptyBook()
  const keeper = bookkeeper(engine, store, 'cli', recorded => {
    evolveBook(book, recorded)
  })
  await keeper.catchUp()
  if (book.lastCycle !== undefined) engine.simulated?.jumpTo(book.lastCycle)
  return { book, keeper, close: () => store.close() }
}
