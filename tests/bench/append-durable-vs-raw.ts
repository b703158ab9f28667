// append_durable_vs_raw: one event at a time, each awaited until it is durable, against a bare loop that writes the
// same bytes and syncs each of them. The loop knows no chain, no lock, no HEAD and no expected revision.

import fs from 'node:fs'
import { listSegments } from '../../adapters/ledger-segment.ts'
import { isLeft } from '../../domain/result.ts'
import { oneByOne, openBenchLedger } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'
import { market } from './market-day.ts'

export const appendDurableVsRaw: Benchmark = {
  name: 'append_durable_vs_raw',
  ours: 'append, awaited, one event',
  theirs: 'writeSync + fdatasync of the same bytes',
  ratio: 'speed',
  target: 0.9,
  prepare: async (folder, size) => {
    const rounds = size === 'full' ? 41 : 1
    const eventsPerRound = size === 'full' ? 150 : 20
    const from = market()
    const store = await openBenchLedger(`${folder}/book`, from)
    let read = 0
    const raw = fs.openSync(`${folder}/raw`, 'a')
    const segment = () => `${folder}/book/${listSegments(`${folder}/book`)[0]}`
    return {
      rounds,
      unit: 'event',
      ours: async () => {
        const batch = oneByOne(from.groups(eventsPerRound, 2))
        const took = await timed(async () => {
          for (const group of batch) {
            const answer = await store.append(group)
            if (isLeft(answer)) throw new Error(`append answered ${JSON.stringify(answer.left)}`)
          }
        })
        return took / batch.length
      },
      theirs: async () => {
        const all = fs.readFileSync(segment())
        const lines: Buffer[] = []
        while (read < all.length) {
          const end = all.indexOf(0x0a, read) + 1
          lines.push(all.subarray(read, end))
          read = end
        }
        if (lines.length < eventsPerRound) throw new Error('the book went on in another segment')
        const took = await timed(() => {
          for (const line of lines) {
            fs.writeSync(raw, line)
            fs.fdatasyncSync(raw)
          }
        })
        return took / lines.length
      },
      close: async () => {
        await store.close()
        fs.closeSync(raw)
      },
    }
  },
}
