// npm run test:sim -- --seeds N [--seed S] [--minutes M] [--workers W] [--eventstoredb] [--write]   N runs from seed S on,
// or as many as M minutes allow; with --eventstoredb the ledger lies on a faulty stand-in. A failing seed is named with
// the command that replays it; --write puts the tables of what was hit into docs/simulation.md.

import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { simulate } from './on-disk.ts'
import { oneRunOnEsdb } from './on-eventstoredb.ts'
import type { Run } from './one-run.ts'
import { objections } from './oracle.ts'

interface Summary {
  seeds: number
  simulatedMs: number
  failed: number
  hits: Record<string, number>
  counts: Record<string, number>
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    eventstoredb: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const deadline = minutes === 0 ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000
const page = 'docs/simulation.md'

const nothing = (): Summary => ({ seeds: 0, simulatedMs: 0, failed: 0, hits: {}, counts: {} })

const count = (into: Record<string, number>, key: string, by = 1) => {
  into[key] = (into[key] ?? 0) + by
}

const tell = (seed: number, found: readonly string[]) => {
  const where = values.eventstoredb ? ' --eventstoredb' : ''
  console.error(`seed ${seed} failed; again: npm run test:sim -- --seeds 1 --seed ${seed}${where}`)
  for (const sentence of found.slice(0, 6)) console.error(`  ${sentence}`)
}

const runOf = async (seed: number, summary: Summary): Promise<Run> => {
  if (!values.eventstoredb) return simulate(seed)
  const { run, struck, audit } = await oneRunOnEsdb(seed)
  for (const [kind, times] of struck) count(summary.hits, `EventStoreDB, ${kind}`, times)
  if (audit.damages > 0 || audit.events !== run.events.length)
    throw new Error(`the book in EventStoreDB has ${audit.damages} damages and ${audit.events} events`)
  return run
}

const take = async (summary: Summary, seed: number): Promise<void> => {
  let found: readonly string[]
  try {
    const run = await runOf(seed, summary)
    found = objections(run)
    summary.simulatedMs += run.simulatedMs
    for (const [key, times] of run.hits) count(summary.hits, key, times)
    for (const { event } of run.events) count(summary.counts, event.type)
    count(summary.counts, 'orders at the exchange', run.exchange.orders.length)
    count(summary.counts, 'trades at the exchange', run.exchange.trades.length)
  } catch (error) {
    found = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
  summary.seeds++
  if (found.length === 0) return
  summary.failed++
  tell(seed, found)
}

const runHere = async (first: number, many: number, progress: (done: number) => void): Promise<Summary> => {
  const summary = nothing()
  for (let seed = first; seed < first + many; seed++) {
    await take(summary, seed)
    progress(summary.seeds)
    if ((values.bail && summary.failed > 0) || performance.now() > deadline) break
  }
  return summary
}

/** Seeds are shared out in equal pieces, each to a process of its own. */
const runShared = async (first: number, many: number, workers: number): Promise<Summary> => {
  const each = Math.ceil(many / workers)
  const done = new Array<number>(workers).fill(0)
  const total = nothing()
  await Promise.all(
    done.map((_, worker) => {
      const from = first + worker * each
      const size = Math.min(each, first + many - from)
      const child = fork(fileURLToPath(import.meta.url), [
        '--seed',
        `${from}`,
        '--seeds',
        `${size}`,
        '--minutes',
        `${minutes}`,
        ...(values.eventstoredb ? ['--eventstoredb'] : []),
      ])
      child.on('message', (message: number | Summary) => {
        if (typeof message === 'number') {
          done[worker] = message
          show(
            done.reduce((sum, part) => sum + part, 0),
            many,
          )
          return
        }
        total.seeds += message.seeds
        total.failed += message.failed
        total.simulatedMs += message.simulatedMs
        for (const [key, times] of Object.entries(message.hits)) count(total.hits, key, times)
        for (const [key, times] of Object.entries(message.counts)) count(total.counts, key, times)
      })
      return new Promise<void>(resolve => child.on('exit', () => resolve()))
    }),
  )
  return total
}

const show = (done: number, many: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${many} seeds`)
}

const rowsOf = (summary: Summary): readonly string[] => {
  const faults = new Map<string, Map<string, number>>()
  const interrupted = new Map<string, number>()
  for (const [key, times] of Object.entries(summary.hits)) {
    const [fault = '', state = ''] = key.split(' | ')
    const own = faults.get(fault) ?? new Map<string, number>()
    faults.set(fault, own)
    own.set(state, (own.get(state) ?? 0) + times)
    interrupted.set(fault, (interrupted.get(fault) ?? 0) + times)
  }
  return [...faults]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([fault, states]) => {
      const by = [...states].sort(([, a], [, b]) => b - a).map(([state, times]) => `${state} ${times}`)
      return `| ${fault} | ${interrupted.get(fault)} | ${by.join(', ')} |`
    })
}

const tableOf = (summary: Summary, first: number, seconds: number): string =>
  [
    `${summary.seeds} runs from seed ${first} on, ${Math.round(summary.simulatedMs / 86_400_000)} simulated days, ${Math.round(seconds)} s on ${cpus().length} processors; **${summary.failed} failed**.`,
    '',
    '| in the ledgers and at the exchange | times |',
    '| --- | ---: |',
    ...Object.entries(summary.counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, times]) => `| ${type} | ${times} |`),
    '',
    '| what was done | times | to an order whose last event was |',
    '| --- | ---: | --- |',
    ...rowsOf(summary),
  ].join('\n')

const marks = ['<!-- the long run -->', '<!-- end of the long run -->'] as const

const writePage = (table: string) => {
  const text = readFileSync(page, 'utf8')
  const [before, rest] = text.split(marks[0]) as [string, string]
  const after = rest.split(marks[1])[1]
  writeFileSync(page, `${before}${marks[0]}\n\n${table}\n\n${marks[1]}${after}`)
}

const main = async (): Promise<number> => {
  const [first, many, workers] = [Number(values.seed), Number(values.seeds), Number(values.workers)]
  const since = performance.now()
  const child = process.send?.bind(process)
  const summary =
    workers > 1
      ? await runShared(first, many, workers)
      : await runHere(first, many, done => (child === undefined ? show(done, many) : child(done)))
  if (child !== undefined) {
    await new Promise<void>(resolve => child(summary, () => resolve()))
    process.disconnect()
    return 0
  }
  const seconds = (performance.now() - since) / 1000
  const days = summary.simulatedMs / 86_400_000
  console.log(
    `${summary.seeds} seeds, ${days.toFixed(1)} simulated days in ${seconds.toFixed(1)} s (${Math.round((days / seconds) * 60)} a minute): ${summary.failed} failed`,
  )
  if (values.write) writePage(tableOf(summary, first, seconds))
  return summary.failed === 0 && summary.seeds >= (values.bail || minutes > 0 ? 1 : many) ? 0 : 1
}

process.exitCode = await main()
