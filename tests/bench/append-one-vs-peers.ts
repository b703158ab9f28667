// For information: one event at a time, each awaited, against stores that a program would use instead. None of them chains
// a hash.
//
//   append_one_vs_sqlite         WAL, FULL: durable when it returns, like ours
//   append_one_vs_sqlite_normal  WAL, NORMAL: not durable when it returns; a power cut takes the last events
//   append_one_vs_lmdb           put, then its flush awaited: durable, like ours
//   append_one_vs_emmett         an event store for Node on SQLite, WAL: durable, like ours, with streams and their versions

import type { Group } from '../../domain/event-store.ts'
import { isLeft } from '../../domain/result.ts'
import { oneByOne, openBenchLedger } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'
import { market } from './market-day.ts'
import { type Emmett, type Lmdb, peer, type Sqlite } from './peer.ts'
import { benchFolder } from './place.ts'
import { openTable, rowOf } from './sqlite-table.ts'

/** A store of somebody else's. */
interface Rows {
  insert(group: Group): Promise<void> | void
  close(): Promise<void> | void
}

const against = (
  name: string,
  theirs: string,
  packageName: string,
  open: (folder: string) => Rows | undefined,
): Benchmark => ({
  name,
  ours: 'append, awaited, one event',
  theirs,
  ratio: 'speed',
  target: undefined,
  prepare: async (folder, size) => {
    const rows = open(folder)
    if (rows === undefined) return { skipped: `${packageName} is not installed` }
    const eventsPerRound = size === 'full' ? 100 : 10
    const from = market()
    const store = await openBenchLedger(`${folder}/book`, from)
    let groups: readonly Group[] = []
    const all = async (work: (group: Group) => Promise<void> | void) =>
      (await timed(async () => {
        for (const group of groups) await work(group)
      })) / groups.length
    return {
      rounds: size === 'full' ? 15 : 1,
      unit: 'event',
      ours: () => {
        groups = oneByOne(from.groups(eventsPerRound, 2))
        return all(async group => {
          const answer = await store.append(group)
          if (isLeft(answer)) throw new Error(`append answered ${JSON.stringify(answer.left)}`)
        })
      },
      theirs: () => all(rows.insert),
      close: async () => {
        await store.close()
        await rows.close()
      },
    }
  },
})

const sqlite =
  (synchronous: 'FULL' | 'NORMAL') =>
  (folder: string): Rows | undefined => {
    const Database = peer<Sqlite>('better-sqlite3', benchFolder)
    if (Database === undefined) return undefined
    const table = openTable(new Database(`${folder}/rows.sqlite`), synchronous)
    return { insert: group => table.insert([rowOf(group)]), close: () => table.close() }
  }

const lmdb = (folder: string): Rows | undefined => {
  const database = peer<Lmdb>('lmdb', benchFolder)?.open({ path: `${folder}/rows` })
  if (database === undefined) return undefined
  let key = 0
  const insert = async (group: Group) => {
    await database.put(key++, JSON.stringify(rowOf(group)))
    await database.flushed
  }
  return { insert, close: () => database.close() }
}

const emmett = (folder: string): Rows | undefined => {
  const emmettSqlite = peer<Emmett>('@event-driven-io/emmett-sqlite', benchFolder)
  if (emmettSqlite === undefined) return undefined
  const pool = emmettSqlite.SQLiteConnectionPool({ fileName: `${folder}/events.sqlite` })
  const store = emmettSqlite.getSQLiteEventStore({ pool })
  const insert = async ({ writes }: Group) => {
    for (const { stream, events } of writes)
      await store.appendToStream(
        stream,
        events.map(({ event: { type, data } }) => ({ type, data })),
      )
  }
  return { insert, close: () => pool.close() }
}

export const appendOneVsPeers: readonly Benchmark[] = [
  against('append_one_vs_sqlite', 'better-sqlite3, WAL, FULL', 'better-sqlite3', sqlite('FULL')),
  against(
    'append_one_vs_sqlite_normal',
    'better-sqlite3, WAL, NORMAL: not durable',
    'better-sqlite3',
    sqlite('NORMAL'),
  ),
  against('append_one_vs_lmdb', 'lmdb, flush awaited', 'lmdb', lmdb),
  against('append_one_vs_emmett', "Emmett's SQLite store", '@event-driven-io/emmett-sqlite', emmett),
]
