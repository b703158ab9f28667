// npm run test:sim -- --seeds N [--from S] [--minutes M] [--parts P] [--chunk C] [--write] [--bail] [--claim]
//   [--disk | --eventstoredb | --focus cancels|doubts|riddles]
//
// N runs from seed S on (1 when left out), or as many as M minutes allow, in P processes. A failing seed is named with the
// command that replays it. --write adds each chunk to docs/simulation-results.json and docs/simulation.md as soon as it is
// done, and begins behind what stands there: it may be stopped and started again at will. --claim writes reachable.json.
// With --disk the ledger of every seed lies in files on a failing disk, with --eventstoredb on a faulty stand-in. With
// --focus every seed is heavy on one thing (swarm.ts).

import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { claim, type Hits, reachableFile, seedsForCells, seedsForKinds, unmet } from './coverage.ts'
import { isOnDisk, oneRunOnDisk, simulate } from './on-disk.ts'
import { oneRunOnEsdb } from './on-eventstoredb.ts'
import { oneRun, type Run } from './one-run.ts'
import { objections } from './oracle.ts'
import { addTo, count, faultTable, keep, nextSeed, nothing, type Summary } from './results.ts'
import { focuses } from './swarm.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    from: { type: 'string' },
    minutes: { type: 'string', default: '0' },
    parts: { type: 'string', default: '1' },
    chunk: { type: 'string', default: '2000' },
    write: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    claim: { type: 'boolean', default: false },
    disk: { type: 'boolean', default: false },
    eventstoredb: { type: 'boolean', default: false },
    focus: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
const since = performance.now()
const deadline = minutes === 0 ? Number.POSITIVE_INFINITY : since + minutes * 60_000
const isOver = (summary: Summary) =>
  (values.bail && summary.failed.length > 0) || performance.now() > deadline

const focus = focuses.find(name => name === values.focus)
if (values.focus !== undefined && focus === undefined)
  throw new Error(`--focus ${values.focus} is none of ${focuses.join(', ')}`)

/** Where the ledgers lie and what the weather is like, when it is not for the seed to say. */
const where = values.eventstoredb
  ? ['--eventstoredb']
  : values.disk
    ? ['--disk']
    : focus === undefined
      ? []
      : ['--focus', focus]

const tell = (seed: number, found: readonly string[]) => {
  console.error(
    `seed ${seed} failed; again: npm run test:sim -- ${['--seeds', '1', '--from', seed, ...where].join(' ')}`,
  )
  for (const sentence of found.slice(0, 6)) console.error(`  ${sentence}`)
}

const runOf = async (seed: number, summary: Summary): Promise<Run> => {
  if (values.disk) return oneRunOnDisk(seed)
  if (focus !== undefined) return oneRun(seed, undefined, focus)
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
    if (values.disk || (where.length === 0 && isOnDisk(seed)))
      count(summary.counts, 'ledgers in files on a failing disk')
  } catch (error) {
    found = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
  summary.seeds++
  if (found.length === 0) return
  summary.failed.push(seed)
  tell(seed, found)
}

const runHere = async (first: number, many: number, progress: (done: number) => void): Promise<Summary> => {
  const summary = nothing()
  for (let seed = first; seed < first + many && !isOver(summary); seed++) {
    await take(summary, seed)
    progress(summary.seeds)
  }
  return summary
}

/** Seeds are shared out in equal pieces, each to a process of its own; a process that dies fails the run. */
const runShared = async (
  first: number,
  many: number,
  parts: number,
  progress: (done: number) => void,
): Promise<Summary> => {
  const each = Math.ceil(many / parts)
  const done = new Array<number>(parts).fill(0)
  const summaries = await Promise.all(
    done.map((_, part) => {
      const from = first + part * each
      const size = Math.max(0, Math.min(each, first + many - from))
      const words = ['--from', `${from}`, '--seeds', `${size}`, ...where]
      const child = fork(fileURLToPath(import.meta.url), words)
      let own: Summary | undefined
      child.on('message', (message: number | Summary) => {
        if (typeof message !== 'number') own = message
        else {
          done[part] = message
          progress(done.reduce((sum, count) => sum + count, 0))
        }
      })
      return new Promise<Summary>((resolve, reject) =>
        child.on('exit', code => {
          if (own !== undefined) resolve(own)
          else reject(new Error(`the process with the seeds from ${from} on ended with ${code}`))
        }),
      )
    }),
  )
  const total = nothing()
  for (const summary of summaries) addTo(total, summary)
  return total
}

const show = (done: number, many: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${many} seeds`)
}

const rate = ({ seeds, simulatedMs, failed }: Summary): string => {
  const seconds = (performance.now() - since) / 1000
  const days = simulatedMs / 86_400_000
  return `${seeds} seeds, ${days.toFixed(1)} simulated days in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(1)} seeds a second, ${Math.round((days / seconds) * 60)} days a minute): ${failed.length} failed`
}

/** Chunk after chunk; what is done is kept before the next begins. */
const runAll = async (first: number, many: number, parts: number): Promise<Summary> => {
  const total = nothing()
  let firstHits: Hits | undefined
  while (total.seeds < many && !isOver(total)) {
    const from = first + total.seeds
    const left = many - total.seeds
    const wanted = values.claim && firstHits === undefined ? seedsForKinds : Number(values.chunk)
    const size = Math.min(left, wanted)
    const began = performance.now()
    const progress = (done: number) => show(total.seeds + done, many)
    const chunk =
      parts > 1 ? await runShared(from, size, parts, progress) : await runHere(from, size, progress)
    firstHits ??= { ...chunk.hits }
    addTo(total, chunk)
    if (values.write) {
      keep(chunk, from, (performance.now() - began) / 1000)
      console.log(`seeds ${from} to ${from + chunk.seeds - 1} are kept; so far ${rate(total)}`)
    }
  }
  if (values.claim && total.seeds >= seedsForCells)
    writeFileSync(reachableFile, claim(firstHits ?? {}, total.hits))
  return total
}

const main = async (): Promise<number> => {
  const [many, parts] = [Number(values.seeds), Number(values.parts)]
  const first = Number(values.from ?? (values.write ? nextSeed() : 1))
  const child = process.send?.bind(process)
  if (child !== undefined) {
    const summary = await runHere(first, many, done => child(done))
    await new Promise<void>(resolve => child(summary, () => resolve()))
    process.disconnect()
    return 0
  }
  const summary = await runAll(first, many, parts)
  if (!values.bail) for (const line of faultTable(summary.hits)) console.log(line)
  console.log(rate(summary))
  if (where.length > 0 || values.bail || values.claim) return summary.failed.length === 0 ? 0 : 1
  const missing = unmet(summary.hits, summary.seeds)
  for (const cell of missing) console.error(`never met, though it is claimed to be reachable: ${cell}`)
  const isWhole = summary.seeds >= (minutes > 0 ? 1 : many)
  return summary.failed.length === 0 && missing.length === 0 && isWhole ? 0 : 1
}

process.exitCode = await main()
