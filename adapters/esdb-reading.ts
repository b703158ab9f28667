// Reading a book in EventStoreDB: pages, the head, and a subscription that goes on by itself. Every line is verified
// (its hash, its place, its link to the line before), so whatever was deleted or changed over there is found here.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq, StreamName } from '../domain/event.ts'
import { type EventStore, type Head, LedgerDamaged } from '../domain/event-store.ts'
import { type EsdbClient, pause, type RemoteEvent } from './esdb-client.ts'
import { lineOf, type RemoteLine } from './esdb-line.ts'
import { zeroHash } from './ledger-line-bytes.ts'

/** Events that one read asks for. */
const pageEvents = 500

export interface RemoteBook {
  readonly client: EsdbClient
  /** The stream with the lines. */
  readonly stream: string
}

const lost = ({ client, stream }: RemoteBook, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'lost-acknowledged',
    `the stream ${stream} in EventStoreDB at ${client.address.text} has lost events: ${what}. Stop the book and restore it from a copy`,
  )

/** Lines after a seq, up to and including another, each verified against the one before. */
export async function* linesBetween(book: RemoteBook, after: Seq, upTo: Seq): AsyncGenerator<RemoteLine> {
  let seq = after
  let hash = after === 0 ? zeroHash : undefined
  while (seq < upTo) {
    const count = Math.min(pageEvents, upTo - seq)
    const page = await book.client.read(book.stream, seq, count)
    if (page === 'missing' || page.length === 0)
      throw lost(book, `event ${seq + 1} is not there, and ${upTo} was`)
    for (const event of page) {
      const line = follow(book, event, seq, hash)
      seq = line.seq
      hash = line.hash
      yield line
    }
  }
}

const follow = (book: RemoteBook, event: RemoteEvent, seq: Seq, hash: string | undefined): RemoteLine => {
  if (event.revision !== seq)
    throw lost(
      book,
      `after event ${seq} comes event ${event.revision + 1}; the stream was truncated or deleted`,
    )
  const line = lineOf(book.stream, event)
  if (hash !== undefined && line.previous !== hash)
    throw new LedgerDamaged(
      'corrupt',
      `event ${line.seq} of ${book.stream} in EventStoreDB does not follow event ${seq}: it names ${line.previous} as the hash before, which is ${hash}`,
    )
  return line
}

/** What is there behind a seq now, page by page, until a page is not full. */
export async function* linesBehind(book: RemoteBook, after: Seq): AsyncGenerator<RemoteLine> {
  let seq = after
  for (;;) {
    const page = await book.client.read(book.stream, seq, pageEvents)
    const events = page === 'missing' ? [] : page
    if (page === 'missing') await requireNeverWritten(book, seq)
    for (const event of events) {
      const line = follow(book, event, seq, undefined)
      seq = line.seq
      yield line
    }
    if (events.length < pageEvents) return
  }
}

/** A stream that is missing is a new book only if nobody ever wrote it, and nobody set its metadata. */
const requireNeverWritten = async (book: RemoteBook, seen: Seq) => {
  if (seen > 0) throw lost(book, `it is gone, and it had ${seen} events`)
  const metadata = await book.client.metadata(book.stream)
  const [name] = Object.keys(metadata)
  if (name !== undefined)
    throw lost(book, `it is empty, and its metadata says ${name}: it was deleted or truncated`)
}

/** The last line; undefined for a book without events. */
export const lastLine = async (book: RemoteBook): Promise<RemoteLine | undefined> => {
  const since = performance.now()
  for (;;) {
    const last = await book.client.readLast(book.stream)
    if (last === undefined) {
      await requireNeverWritten(book, 0)
      return undefined
    }
    const line = lineOf(book.stream, last)
    if (line.index === line.count) return line
    if (performance.now() - since > book.client.address.patienceMs)
      throw lost(book, `it ends at line ${line.index} of a write group of ${line.count}, seq ${line.seq}`)
    await pause(5) // a group is appended whole; this one is not yet shown whole
  }
}

export type Reading = Pick<EventStore, 'read' | 'readAll' | 'subscribe' | 'head'> & {
  /** Resolves when every head that was asked for is known: what is appended later comes behind it. */
  settled(): Promise<unknown>
}

/** `read` is shown every line that is read in order. */
export const esdbReading = (
  book: RemoteBook,
  opened: () => void,
  read: (line: RemoteLine) => void = () => {},
): Reading => {
  const asked = new Set<Promise<unknown>>()
  /** The last event that this process has seen: a head before it means that something was lost. */
  let seen: Seq = 0

  const headLine = (): Promise<RemoteLine | undefined> => {
    const head = lastLine(book).then(line => {
      if ((line?.seq ?? 0) < seen)
        throw lost(book, `it ends at event ${line?.seq ?? 0}, and ${seen} was there`)
      seen = line?.seq ?? 0
      return line
    })
    asked.add(head)
    head.catch(() => {}).finally(() => asked.delete(head))
    return head
  }

  async function* between(
    head: Promise<RemoteLine | undefined>,
    after: Seq,
    upTo: Seq,
    wants: (line: RemoteLine) => boolean,
  ): AsyncGenerator<Recorded<BookEvent>> {
    const end = Math.min(upTo, (await head)?.seq ?? 0)
    for await (const line of linesBetween(book, after, end)) {
      read(line)
      if (wants(line)) yield line.recorded()
    }
  }

  return {
    settled: () => Promise.allSettled([...asked]),
    read: (stream: StreamName) => {
      opened()
      return between(headLine(), 0, Number.POSITIVE_INFINITY, line => line.stream === stream)
    },
    readAll: ({ after = 0, upTo = Number.POSITIVE_INFINITY, types } = {}) => {
      opened()
      return between(headLine(), after, upTo, ({ type }) => types === undefined || types.has(type))
    },
    subscribe: (after, signal) => {
      opened()
      return following(book, after, signal, headLine)
    },
    head: async (): Promise<Head> => {
      opened()
      const line = await headLine()
      return { seq: line?.seq ?? 0, hash: line?.hash ?? zeroHash }
    },
  }
}

/** One subscription after the other, each from where the one before ended. */
async function* following(
  book: RemoteBook,
  after: Seq,
  signal: AbortSignal,
  headLine: () => Promise<RemoteLine | undefined>,
): AsyncGenerator<Recorded<BookEvent>> {
  if (signal.aborted) return
  // Where nothing is yet, a subscription cannot begin: it begins at the end, and skips.
  let seq = Math.min(after, (await headLine())?.seq ?? 0)
  let hash: string | undefined
  let group: RemoteLine[] = []
  for (let attempt = 0; !signal.aborted; attempt++) {
    if (attempt > 0) await untilAborted(Math.min(20 * 2 ** Math.min(attempt, 6), 1000), signal)
    const known = seq + group.length
    for await (const event of book.client.subscribe(book.stream, known - 1, signal)) {
      const next = seq + group.length
      if (event.revision < next) continue // once more, after a reconnection
      const line = follow(book, event, next, group.at(-1)?.hash ?? hash)
      attempt = 0
      group.push(line)
      if (line.index < line.count) continue // only whole groups
      for (const each of group) {
        seq = each.seq
        hash = each.hash
        if (each.seq > after) yield each.recorded()
        if (signal.aborted) return
      }
      group = []
    }
    // That it ended may mean that the stream is gone: then the head says so.
    if (!signal.aborted) await headLine()
  }
}

const untilAborted = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
