// A run of the whole engine whose ledger lies on a stand-in of EventStoreDB, behind a network that loses answers, cuts
// connections and is silent, and whose server is killed and started again. The seed says when; how long the client's own
// deadlines last is the machine's time and changes nothing: what is not answered is asked again until it is known.

import { auditEsdbBook } from '../../adapters/esdb-audit.ts'
import { openEsdbClient } from '../../adapters/esdb-client.ts'
import { bookStream } from '../../adapters/esdb-identity.ts'
import type { AuditReport } from '../../domain/ledger-audit.ts'
import { addressOf } from '../adapters/esdb-book.ts'
import { identity } from '../cast.ts'
import type { AppendFault, ReadFault } from '../eventstore-stand-in/faults.ts'
import { type StandIn, standIn } from '../eventstore-stand-in/server.ts'
import { type Chance, chanceOf } from '../faults/seeded.ts'
import { worldOnEsdb } from '../world-on-eventstoredb.ts'
import { oneRun, type Run } from './one-run.ts'

export interface RemoteRun {
  readonly run: Run
  /** What was done to the calls, and how often; 'restart' is of the server. */
  readonly struck: ReadonlyMap<string, number>
  readonly audit: AuditReport
}

const appendFaults = [
  'cut-after',
  'cut-before',
  'mute-after',
  'mute-before',
  'timeout',
  'busy',
] as const satisfies readonly AppendFault[]
const readFaults = ['cut', 'mute', 'unavailable'] as const satisfies readonly ReadFault[]

/** Every key that `struck` can have. */
export const stormKinds: readonly string[] = [
  'restart',
  ...appendFaults.map(kind => `append: ${kind}`),
  ...readFaults.map(kind => `read: ${kind}`),
]
const parameters = 'deadlineMs=100&patienceMs=60000'

/** One fault in so many calls, for longer than any run lasts. */
const storm = ({ appends, reads }: StandIn, chance: Chance) => {
  for (let n = 1, after = 0; n <= 400; n++) {
    after += 5 + chance.below(60)
    appends.put({ kind: chance.pick(appendFaults), stream: 'book-', after })
  }
  for (let n = 1, after = 0; n <= 400; n++) {
    after += 10 + chance.below(120)
    reads.put({ kind: chance.pick(readFaults), stream: 'book-', after, amount: chance.below(3) })
  }
}

export const oneRunOnEsdb = async (seed: number): Promise<RemoteRun> => {
  const chance = chanceOf(seed + 1_000_000)
  const server = await standIn()
  const url = `${server.url}&${parameters}`
  const kept = await openEsdbClient(addressOf(url), undefined) // one connection for all processes of the run
  storm(server, chance)
  let restarts = 0
  let untilRestart = 40
  try {
    const run = await oneRun(seed, (config, champions, now) => {
      const there = worldOnEsdb(url, config, champions, now)
      return {
        ...there,
        engine: (own, wrap = store => store) =>
          there.engine(own, store =>
            wrap({
              ...store,
              append: async group => {
                if (untilRestart-- === 0) {
                  untilRestart = 40 + chance.below(200)
                  restarts++
                  await server.restart()
                }
                return store.append(group)
              },
            }),
          ),
      }
    })
    const struck = new Map<string, number>(restarts === 0 ? [] : [['restart', restarts]])
    for (const [kind, count] of server.appends.struck) struck.set(`append: ${kind}`, count)
    for (const [kind, count] of server.reads.struck) struck.set(`read: ${kind}`, count)
    server.appends.clear()
    server.reads.clear()
    const steps = auditEsdbBook({ client: kept, stream: bookStream(identity.book) }, { deep: true })
    let step = await steps.next()
    while (step.done !== true) step = await steps.next()
    return { run, struck, audit: step.value }
  } finally {
    await kept.close()
    await server.kill()
  }
}
