// Everything that a verb asks of its ledger, for a book in EventStoreDB. What only files can do is refused with a
// sentence that says what to do instead; docs/eventstoredb.md has the table.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import type { EventStore, Head, Mode } from '../domain/event-store.ts'
import type { AuditOptions, AuditReport, AuditStep } from '../domain/ledger-audit.ts'
import type { LedgerCopies, Selection } from '../domain/ledger-copies.ts'
import { StoreRefused, StoreUnreachable } from '../domain/remote-store.ts'
import type { Role } from '../domain/stream.ts'
import { addDays, type Instant, instantAt } from '../domain/time.ts'
import type { Venue } from '../domain/venue.ts'
import { type EsdbCredentials, readEsdbAddress } from './esdb-address.ts'
import { type EsdbClient, openEsdbClient } from './esdb-client.ts'
import { bookStream, readRemoteIdentity, requireRemoteIdentity } from './esdb-identity.ts'
import { type HeldLease, takeLease } from './esdb-lease.ts'
import { lastLine, linesBetween } from './esdb-reading.ts'
import { type EsdbStore, openEsdbReader, openEsdbStore } from './esdb-store.ts'
import { fencedVenue } from './fenced-venue.ts'
import type { Creation } from './ledger-identity.ts'
import { zeroHash } from './ledger-line-bytes.ts'

export interface EsdbLedgerOptions {
  /** The address in --store. */
  readonly store: string
  readonly credentials: EsdbCredentials | undefined
  readonly book: string
  readonly creation: (mode: Mode) => Creation
  readonly clock: () => Instant
  readonly signal: AbortSignal
  /** What of the copies needs no ledger. */
  readonly files: LedgerCopies
}

export const esdbLedger = ({
  store,
  credentials,
  book,
  creation,
  clock,
  signal,
  files,
}: EsdbLedgerOptions) => {
  const address = readEsdbAddress(store)
  const connect = () => openEsdbClient(address, credentials)
  let executing: EsdbStore | undefined
  let lease: HeldLease | undefined

  /** Runs with a client of its own. */
  const using = async <T>(act: (client: EsdbClient) => Promise<T>): Promise<T> => {
    const client = await connect()
    try {
      return await act(client)
    } finally {
      await client.close()
    }
  }

  return {
    ledgerPath: `${address.text}, stream ${bookStream(book)}`,

    /** A server that cannot be asked may well have the book: a halt must not be refused because of it. */
    hasBook: (name: string): Promise<boolean> =>
      using(async client => {
        try {
          return (await readRemoteIdentity(client, name)) !== undefined
        } catch (error) {
          if (error instanceof StoreUnreachable) return true
          throw error
        }
      }),
    readBook: async (name: string): Promise<EventStore> => openEsdbReader(await connect(), name),
    readLedger: async (): Promise<EventStore> => openEsdbReader(await connect(), book),

    writeLedger: async (role: Role, create?: Mode): Promise<EventStore> => {
      if (create === 'backtest')
        throw new StoreRefused(
          'a backtest writes groups that are larger than an append to EventStoreDB; leave out --store, backtests belong into the embedded ledger',
        )
      const opened = await openEsdbStore({
        client: await connect(),
        book,
        role,
        clock,
        ...(create === undefined ? {} : { create: creation(create) }),
      })
      if (role === 'execute') executing = opened
      return opened
    },

    /** Takes the lease for the store that was opened to execute. */
    holdExecutor: async (): Promise<() => void> => {
      if (executing === undefined) throw new Error('the lease is taken for a store that is open')
      const client = await connect()
      try {
        lease = await takeLease(client, executing, signal)
      } catch (error) {
        await client.close()
        throw error
      }
      const taken = lease
      return () => {
        // A lease that cannot be given back runs out by itself.
        void taken
          .release()
          .catch(() => {})
          .finally(() => client.close())
      }
    },

    fenced: (venue: Venue): Venue => fencedVenue(venue, () => lease),

    replay: (
      wanted: ReadonlyMap<string, readonly string[]>,
      visit: (cut: Pick<Recorded<BookEvent>, 'seq' | 'event'>) => void,
    ): Promise<Head> =>
      using(async client => {
        const remote = { client, stream: bookStream(book) }
        await requireRemoteIdentity(client, book, undefined, clock)
        let head: Head = { seq: 0, hash: zeroHash }
        const end = (await lastLine(remote))?.seq ?? 0
        for await (const line of linesBetween(remote, 0, end)) {
          if (wanted.has(line.type)) visit(line.recorded())
          head = { seq: line.seq, hash: line.hash }
        }
        return head
      }),

    auditLedger: async function* (options: AuditOptions): AsyncGenerator<AuditStep, AuditReport> {
      const { auditEsdbBook } = await import('./esdb-audit.ts')
      const client = await connect()
      try {
        await requireRemoteIdentity(client, book, undefined, clock)
        return yield* auditEsdbBook({ client, stream: bookStream(book) }, options)
      } finally {
        await client.close()
      }
    },

    // biome-ignore lint/correctness/useYield: it refuses before there is anything to give
    sealLedger: async function* (): AsyncGenerator<never, void> {
      throw onlyFiles(
        'seal',
        "copy the book to files first: 'veritape copy --to jsonl:FOLDER', and seal those",
      )
    },

    repairLedger: async (): Promise<never> => {
      throw onlyFiles(
        'repair',
        "restore what EventStoreDB lost from a copy: 'veritape copy', under another name",
      )
    },

    copies: {
      ...files,
      backup: async () => {
        throw onlyFiles(
          'backup',
          "use 'veritape copy --to jsonl:FOLDER', or the backup of EventStoreDB itself",
        )
      },
      restore: async () => {
        throw onlyFiles('restore', "restore it without --store, then 'veritape copy' it over")
      },
      importEvents: async () => {
        throw onlyFiles('import', "import it without --store, then 'veritape copy' it over")
      },
      // biome-ignore lint/correctness/useYield: it refuses before there is anything to give
      redacted: async function* () {
        throw onlyFiles(
          'a redacted export',
          "copy the book to files first: 'veritape copy --to jsonl:FOLDER'",
        )
      },
      plainLine: (seq: Seq) =>
        using(async client => {
          for await (const line of linesBetween({ client, stream: bookStream(book) }, seq - 1, seq))
            return line.text
          throw new StoreRefused(`there is no event ${seq}`)
        }),
      rangeOf: (selection: Selection) => using(client => rangeOf(client, book, selection)),
    } satisfies LedgerCopies,
  }
}

const onlyFiles = (what: string, instead: string): StoreRefused =>
  new StoreRefused(`${what} works on the files of the embedded ledger, not on EventStoreDB; ${instead}`)

const rangeOf = async (
  client: EsdbClient,
  book: string,
  { day, from = 1, to }: Selection,
): Promise<{ readonly first: Seq; readonly last: Seq }> => {
  const { ledger } = await requireRemoteIdentity(client, book, undefined, () => '')
  const remote = { client, stream: bookStream(book) }
  const head = (await lastLine(remote))?.seq ?? 0
  const last = Math.min(to ?? head, head)
  if (day === undefined) return { first: from, last }
  const begins = instantAt(ledger.zone, day, '00:00')
  const ends = instantAt(ledger.zone, addDays(day, 1), '00:00')
  let first = head + 1
  let until = 0
  for await (const { seq, at } of linesBetween(remote, 0, head)) {
    if (at < begins || at >= ends) continue
    first = Math.min(first, seq)
    until = seq
  }
  return { first: Math.max(from, first), last: Math.min(last, until) }
}
