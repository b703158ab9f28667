// append_group_vs_sqlite: 1024 callers who each append one event and wait until their own is durable, against SQLite
// with 1000 rows in each transaction and a sync for each. SQLite is given the rows in an array: it answers nobody,
// checks no revision and chains no hash.

import type { Group } from '../../domain/event-store.ts'
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
  target: 1.4,
  prepare: async (folder, size) => {
    const Database = peer<Sqlite>('better-sqlite3', benchFolder)
    if (Database === undefined) return { skipped: 'better-sqlite3 is not installed' }
    const rounds = size === 'full' ? 15 : 1
    const perRound = callers * (size === 'full' ? 12 : 1)
    const from = market()
    const store = await openBenchLedger(`${folder}/book`, from)
    const table = openTable(new Database(`${folder}/rows.sqlite`))
    // Made anew for each round: a heap full of events that wait for their turn would slow down whoever allocates.
    let groups: readonly Group[] = []
    return {
      rounds,
      unit: 'event',
      ours: async () => {
        groups = oneByOne(from.groups(perRound, 2))
        globalThis.gc?.() // what was made for the round is no garbage of ours
        let appended = 0
        const call = async () => {
          while (appended < groups.length) {
            const answer = await store.append(groups[appended++] as Group)
            if (isLeft(answer)) throw new Error(`append answered ${JSON.stringify(answer.left)}`)
          }
        }
        return (await timed(() => Promise.all(Array.from({ length: callers }, call)))) / groups.length
      },
      theirs: async () => {
        const took = await timed(() => {
          for (let from = 0; from < groups.length; from += rowsPerTransaction)
            table.insert(groups.slice(from, from + rowsPerTransaction).map(rowOf))
        })
        return took / groups.length
      },
      close: async () => {
        await store.close()
        table.close()
      },
    }
  },
}
