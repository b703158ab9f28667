// append_group_vs_sqlite: 1024 callers who each append one event and wait until their own is durable, against SQLite
// with 1000 rows in each transaction and a sync for each. SQLite is given the rows in an array: it answers nobody,
// checks no revision and chains no hash.

import { isLeft } from '../../domain/result.ts'
import { oneByOne, openBenchLedger } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'
import { market } from './market-day.ts'
import { peer, type Sqlite } from './peer.ts'
import { benchFolder } from './place.ts'
import { openTable, rowOf } from './sqlite-table.ts'

const callers = 1024
const rowsPerTransaction = 1000

export const appendGroupVsSqlite: Benchmark = {
  name: 'append_group_vs_sqlite',
  ours: '1024 callers, each awaits its own event',
  theirs: 'better-sqlite3, WAL, FULL, 1000 rows a transaction',
  ratio: 'speed',
  target: 1.2,
  prepare: async (folder, size) => {
    const Database = peer<Sqlite>('better-sqlite3', benchFolder)
    if (Database === undefined) return { skipped: 'better-sqlite3 is not installed' }
    const rounds = size === 'full' ? 15 : 1
    const perRound = callers * (size === 'full' ? 12 : 1)
    const from = market()
    const store = await openBenchLedger(`${folder}/book`, from)
    const groups = oneByOne(from.groups((rounds + 1) * perRound, 2))
    const table = openTable(new Database(`${folder}/rows.sqlite`))
    let appended = 0
    let inserted = 0
    return {
      rounds,
      unit: 'event',
      ours: async () => {
        const end = appended + perRound
        const call = async () => {
          while (appended < end) {
            const answer = await store.append(groups[appended++] as (typeof groups)[number])
            if (isLeft(answer)) throw new Error(`append answered ${JSON.stringify(answer.left)}`)
          }
        }
        return (await timed(() => Promise.all(Array.from({ length: callers }, call)))) / perRound
      },
      theirs: async () => {
        const end = inserted + perRound
        const took = await timed(() => {
          while (inserted < end) {
            const rows = groups.slice(inserted, Math.min(inserted + rowsPerTransaction, end))
            table.insert(rows.map(rowOf))
            inserted += rows.length
          }
        })
        return took / perRound
      },
      close: async () => {
        await store.close()
        table.close()
      },
    }
  },
}
