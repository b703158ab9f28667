// The venue's journal: one line for each group of facts, on disk before anybody hears of it.
//
//   {"facts":[{"fact":"placed",…},{"fact":"traded",…}]}\n
//
// A group is a line, so a crash leaves whole groups; a last line without its end never happened and is cut off.

import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Books, emptyBooks, enter, type Fact } from './books.ts'

const fileIn = (folder: string): string => join(folder, 'journal.jsonl')

/** The books as they stand in the journal of this folder. May be read while the venue runs, and after it was killed. */
export const readBooks = (folder: string): Books => {
  const books = emptyBooks()
  if (existsSync(fileIn(folder))) foldLines(wholeLines(readFileSync(fileIn(folder), 'utf8')), books)
  return books
}

const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1)

const foldLines = (text: string, books: Books): void => {
  for (const line of text.split('\n')) {
    if (line === '') continue
    for (const fact of (JSON.parse(line) as { facts: readonly Fact[] }).facts) enter(books, fact)
  }
}

export interface Journal {
  readonly books: Books
  /** Enters the facts into the books; they are not on disk yet, and nobody outside may hear of them. */
  record(...facts: readonly Fact[]): void
  /** Returns when everything recorded is on disk, as one line. */
  commit(): void
  close(): void
}

export const openJournal = (folder: string): Journal => {
  mkdirSync(folder, { recursive: true })
  const books = emptyBooks()
  const file = openSync(fileIn(folder), 'a+')
  const text = readFileSync(file, 'utf8')
  const whole = wholeLines(text)
  if (whole.length < text.length) {
    ftruncateSync(file, Buffer.byteLength(whole))
    fsyncSync(file)
  }
  foldLines(whole, books)
  let group: Fact[] = []
  return {
    books,
    record: (...facts) => {
      for (const fact of facts) enter(books, fact)
      group.push(...facts)
    },
    commit: () => {
      if (group.length === 0) return
      writeSync(file, `${JSON.stringify({ facts: group })}\n`)
      fsyncSync(file)
      group = []
    },
    close: () => closeSync(file),
  }
}

/** Facts that are forgotten with the process: for an exchange without a folder. */
export const memoryJournal = (): Journal => {
  const books = emptyBooks()
  const record = (...facts: readonly Fact[]) => {
    for (const fact of facts) enter(books, fact)
  }
  return { books, record, commit: () => {}, close: () => {} }
}
