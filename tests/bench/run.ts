// npm run bench [-- --json] [--quick] [name …]   Performance as ratios; README.md says what each one means.

import { cpus } from 'node:os'
import { appendDurableVsRaw } from './append-durable-vs-raw.ts'
import { appendGroupVsLmdb } from './append-group-vs-lmdb.ts'
import { appendGroupVsSqlite } from './append-group-vs-sqlite.ts'
import { appendOneVsPeers } from './append-one-vs-peers.ts'
import { backtestVsGrademark } from './backtest-vs-grademark.ts'
import { type Benchmark, type Measured, measure, meets, type Size, type Skipped } from './benchmark.ts'
import { dayOf100Vs1 } from './day-of-100-vs-1.ts'
import { filterVsJsonparse } from './filter-vs-jsonparse.ts'
import { open10yVs1d } from './open-10y-vs-1d.ts'
import { orderPathVsBare } from './order-path-vs-bare.ts'
import { orderWireVsBare } from './order-wire-vs-bare.ts'
import { installPeers } from './peer.ts'
import { benchFolder, inFolder } from './place.ts'
import { replayVsJsonparse, sealedReplayVsJsonparse } from './replay-vs-jsonparse.ts'
import { scan500, scan3000 } from './scan-vs-bare.ts'
import { startupVsNode } from './startup-vs-node.ts'

const benchmarks: readonly Benchmark[] = [
  appendDurableVsRaw,
  appendGroupVsSqlite,
  replayVsJsonparse,
  sealedReplayVsJsonparse,
  filterVsJsonparse,
  dayOf100Vs1,
  open10yVs1d,
  startupVsNode,
  backtestVsGrademark,
  scan500,
  scan3000,
  orderPathVsBare,
  orderWireVsBare,
  appendGroupVsLmdb,
  ...appendOneVsPeers,
]

const args = process.argv.slice(2)
const size: Size = args.includes('--quick') ? 'quick' : 'full'
const json = args.includes('--json')
const wanted = args.filter(arg => !arg.startsWith('--'))

const shown = (value: number): string => value.toPrecision(3)

const rate = (milliseconds: number, unit: string): string =>
  milliseconds > 1 ? `${shown(milliseconds)} ms a ${unit}` : `${Math.round(1000 / milliseconds)} ${unit}s/s`

const rowOf = (benchmark: Benchmark, result: Measured | Skipped): readonly string[] => {
  const { name, target, ratio } = benchmark
  const aim = target === undefined ? '' : `${ratio === 'speed' ? '≥' : '≤'} ${target}`
  if ('skipped' in result) return [name, '–', aim, '', result.skipped, '', '']
  const verdict = target === undefined ? '' : meets(target, ratio, result.ratio) ? 'met' : 'missed'
  return [
    name,
    result.ratio.toFixed(2),
    aim,
    verdict,
    `${result.low.toFixed(2)}–${result.high.toFixed(2)}`,
    rate(result.ours, result.unit) +
      (result.memoryBytes === undefined ? '' : `, ${Math.round(result.memoryBytes / 2 ** 20)} MiB`),
    rate(result.theirs, result.unit),
  ]
}

const print = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Ratios by name, each a number or null when it could not be measured; `details` has the rest. */
const printJson = (results: ReadonlyMap<Benchmark, Measured | Skipped>): string => {
  const ratios: Record<string, number | null> = {}
  const details: Record<string, object> = {}
  for (const [{ name, target, ratio, ours, theirs }, result] of results) {
    const met = target === undefined || 'skipped' in result ? null : meets(target, ratio, result.ratio)
    ratios[name] = 'skipped' in result ? null : result.ratio
    details[name] = {
      target: target ?? null,
      better: ratio === 'speed' ? 'higher' : 'lower',
      met,
      compared: { ours, theirs },
      ...('skipped' in result ? result : { ...result, unit: `milliseconds a ${result.unit}` }),
    }
  }
  const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model ?? '' }
  return JSON.stringify({ ...ratios, size, machine, details }, undefined, 2)
}

const run = async (): Promise<void> => {
  for (const name of wanted)
    if (!benchmarks.some(benchmark => benchmark.name === name))
      throw new Error(`no benchmark is called ${name}`)
  if (size === 'full') installPeers(benchFolder)
  const results = new Map<Benchmark, Measured | Skipped>()
  for (const benchmark of benchmarks) {
    if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue
    process.stderr.write(`${benchmark.name} …\n`)
    const result = await inFolder(async folder => {
      const pair = await benchmark.prepare(folder, size)
      if ('skipped' in pair) return pair
      try {
        return await measure(benchmark, pair)
      } finally {
        await pair.close?.()
      }
    })
    results.set(benchmark, result)
  }
  const header = ['ratio', 'median', 'target', '', 'half of the rounds', 'ours', 'theirs']
  const rows = [...results].map(([benchmark, result]) => rowOf(benchmark, result))
  process.stdout.write(`${json ? printJson(results) : print([header, ...rows])}\n`)
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code))
await run()
