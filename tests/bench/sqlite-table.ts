// The table that a careful person would keep events in: one index, the journal synced with every transaction.

import type { Group } from '../../domain/event-store.ts'
import type { SqliteDatabase } from './peer.ts'

type Row = readonly (string | number)[]

export interface EventTable {
  /** One transaction, durable when it returns, except with NORMAL. */
  insert(rows: readonly Row[]): void
  close(): void
}

export const openTable = (database: SqliteDatabase, synchronous: 'FULL' | 'NORMAL' = 'FULL'): EventTable => {
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${synchronous}`)
  database.exec(
    'create table events (seq integer primary key, type text, stream text, revision integer, id text, at text, version integer, run integer, data text)',
  )
  const insert = database.prepare(
    'insert into events (type, stream, revision, id, at, version, run, data) values (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const all = database.transaction((rows: readonly Row[]) => {
    for (const row of rows) insert.run(...row)
  })
  return { insert: all, close: () => database.close() }
}

/** Of a group with one event. */
export const rowOf = ({ run, writes }: Group): Row => {
  const [write] = writes
  const proposal = write?.events[0]
  if (write === undefined || proposal === undefined) throw new Error('a group without an event')
  const { event, id } = proposal
  const revision = write.expected === 'no-stream' ? 0 : write.expected.revision + 1
  const at = new Date().toISOString()
  return [event.type, write.stream, revision, id, at, event.version, run, JSON.stringify(event.data)]
}
