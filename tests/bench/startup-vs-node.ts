// startup_vs_node: `veritape status` from the shell to its last line, against a Node that does nothing.

import { spawnSync } from 'node:child_process'
import { appendAll, openBenchLedger } from './bench-ledger.ts'
import { type Benchmark, timed } from './benchmark.ts'
import { market } from './market-day.ts'
import { mainFile } from './place.ts'

export const startupVsNode: Benchmark = {
  name: 'startup_vs_node',
  ours: 'veritape status',
  theirs: "node -e '0'",
  ratio: 'cost',
  target: 2.5,
  prepare: async (folder, size) => {
    const from = market()
    const store = await openBenchLedger(`${folder}/ledger/bench`, from)
    await appendAll(store, from.groups(200, 2))
    await store.close()
    const status = [
      mainFile,
      'status',
      '--book',
      'bench',
      '--ledger',
      `${folder}/ledger`,
      '--state',
      `${folder}/state`,
    ]
    return {
      rounds: size === 'full' ? 21 : 1,
      unit: 'start',
      ours: () => timed(() => node(status, folder)),
      theirs: () => timed(() => node(['-e', '0'], folder)),
    }
  },
}

const node = (args: readonly string[], folder: string): void => {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
}
