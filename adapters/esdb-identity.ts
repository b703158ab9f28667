// Which ledger a book in EventStoreDB is: what LEDGER.json says of one on disk, as the last event of a stream of its
// own. And the names of the book's streams.
//
//   ledger-<book>   what LEDGER.json says; a copy says that it is one, until it is made a ledger with a new epoch
//   book-<book>     the lines, one event each, for ever
//   lease-<book>    which executor holds the book; only the last few events are kept

import { hash } from 'node:crypto'
import * as z from 'zod'
import { LedgerDamaged } from '../domain/event-store.ts'
import { StoreUnreachable } from '../domain/remote-store.ts'
import type { Instant } from '../domain/time.ts'
import type { EsdbClient } from './esdb-client.ts'
import {
  type Creation,
  formatVersion,
  LedgerFile,
  NoSuchBook,
  newIdentity,
  requireSame,
} from './ledger-identity.ts'

export const bookStream = (book: string): string => `book-${book}`
export const identityStream = (book: string): string => `ledger-${book}`
export const leaseStream = (book: string): string => `lease-${book}`

const RemoteIdentity = z.strictObject({
  ledger: LedgerFile,
  /** A copy follows another ledger: nobody else writes it. */
  copy: z.boolean(),
})
export type RemoteIdentity = Readonly<z.infer<typeof RemoteIdentity>>

interface Found {
  readonly identity: RemoteIdentity
  readonly revision: number
}

/** For people: where the book is. */
export const placeOf = ({ address }: EsdbClient, book: string): string =>
  `${address.text}, stream ${bookStream(book)}`

/** Undefined when there is no such book. Throws LedgerDamaged for what is not ours or of a newer program. */
export const readRemoteIdentity = async (client: EsdbClient, book: string): Promise<Found | undefined> => {
  const last = await client.readLast(identityStream(book))
  if (last === undefined) return undefined
  const parsed = RemoteIdentity.safeParse(last.data)
  const place = placeOf(client, book)
  if (!parsed.success)
    throw new LedgerDamaged(
      'not-ours',
      `${place} is not a ledger this program can use; update veritape, or name another book`,
    )
  if (parsed.data.ledger.minReaderVersion > formatVersion)
    throw new LedgerDamaged(
      'not-ours',
      `${place} needs format ${parsed.data.ledger.minReaderVersion}, this program knows ${formatVersion}; update veritape`,
    )
  return { identity: parsed.data, revision: last.revision }
}

/**
 * Writes what the identity is from now on, behind what it was. False when somebody else did in between. The same content
 * at the same place has the same id, so it may be sent again.
 */
export const writeRemoteIdentity = async (
  client: EsdbClient,
  identity: RemoteIdentity,
  behind: number,
): Promise<boolean> => {
  const { book } = identity.ledger
  const data = RemoteIdentity.parse(identity)
  const hex = hash('sha256', `${behind}\n${JSON.stringify(data)}`, 'hex')
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  const since = performance.now()
  for (;;) {
    const answer = await client.append(identityStream(book), behind, [
      { id, type: 'LedgerIdentity', data, metadata: {} },
    ])
    if (answer.kind === 'written') return true
    if (answer.kind === 'wrong-version') return false
    const there = await client.read(identityStream(book), behind + 1, 1)
    if (there !== 'missing' && there[0] !== undefined) return there[0].id === id
    if (performance.now() - since > client.address.patienceMs)
      throw new StoreUnreachable(
        `EventStoreDB at ${client.address.text} did not take the identity of ${book} (${answer.kind}); look at the server, then start again`,
      )
  }
}

/** The book's identity; creates it when `create` is given and there is none. Throws NoSuchBook, LedgerDamaged. */
export const requireRemoteIdentity = async (
  client: EsdbClient,
  book: string,
  create: Creation | undefined,
  now: () => Instant,
): Promise<RemoteIdentity> => {
  const there = await readRemoteIdentity(client, book)
  if (there !== undefined) {
    if (create !== undefined) requireSame(placeOf(client, book), there.identity.ledger, create)
    return there.identity
  }
  if (create === undefined) throw new NoSuchBook(placeOf(client, book))
  await writeRemoteIdentity(
    client,
    { ledger: newIdentity({ ...create, reserveBytes: 0 }, now()), copy: false },
    -1,
  )
  return requireRemoteIdentity(client, book, create, now) // ours, or of whoever was faster
}

/** Refuses to write into a copy: whoever follows would find two histories. */
export const requireNoCopy = (client: EsdbClient, { ledger, copy }: RemoteIdentity): void => {
  if (!copy) return
  throw new LedgerDamaged(
    'not-ours',
    `${placeOf(client, ledger.book)} is a copy that follows another ledger: reading works, writing would fork it. ` +
      "Write to the ledger that it follows, or make it the ledger with 'veritape copy … --take-over'",
  )
}
