// append_group_vs_lmdb, for information: 1024 callers who each put one event and wait until it is flushed to disk,
// against the same callers on our ledger. LMDB checks no revision and chains no hash.

import type { Group } from '../../domain/event-store.ts'
import { isLeft } from '../../domain/result.ts'
import { oneByOne, openBenchLedger } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'
import { market } from './market-day.ts'
import { type Lmdb, peer } from './peer.ts'
import { benchFolder } from './place.ts'
import { rowOf } from './sqlite-table.ts'

const callers = 1024

export const appendGroupVsLmdb: Benchmark = {
  name: 'append_group_vs_lmdb',
  ours: '1024 callers, each awaits its own event',
  theirs: 'lmdb, 1024 callers, each awaits the flush',
  ratio: 'speed',
  target: undefined,
  prepare: async (folder, size) => {
    const lmdb = peer<Lmdb>('lmdb', benchFolder)
    if (lmdb === undefined) return { skipped: 'lmdb is not installed' }
    const perRound = callers * (size === 'full' ? 12 : 1)
    const from = market()
    const store = await openBenchLedger(`${folder}/book`, from)
    const rows = lmdb.open({ path: `${folder}/rows` })
    let groups: readonly Group[] = []
    let key = 0
    const all = async (work: (group: Group) => Promise<void>) => {
      let next = 0
      const call = async () => {
        while (next < groups.length) await work(groups[next++] as Group)
      }
      return (await timed(() => Promise.all(Array.from({ length: callers }, call)))) / groups.length
    }
    return {
      rounds: size === 'full' ? 9 : 1,
      unit: 'event',
      ours: () => {
        groups = oneByOne(from.groups(perRound, 2))
        globalThis.gc?.() // what was made for the round is no garbage of ours
        return all(async group => {
          const answer = await store.append(group)
          if (isLeft(answer)) throw new Error(`append answered ${JSON.stringify(answer.left)}`)
        })
      },
      theirs: () =>
        all(async group => {
          await rows.put(key++, JSON.stringify(rowOf(group)))
          await rows.flushed
        }),
      close: async () => {
        await store.close()
        await rows.close()
      },
    }
  },
}
