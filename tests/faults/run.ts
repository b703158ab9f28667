// npm run test:faults [-- --write]   The whole fault suite, and a table of what was injected and what was proven;
// --write puts the table into docs/faults.md. SEED=… repeats the random parts.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { circumstances, row, writePart } from './page.ts'
import { installStrace } from './strace.ts'
import { type Row, readTally } from './tally.ts'

const root = process.cwd()

const markdown = (rows: readonly Row[], seconds: number): string =>
  [
    circumstances(seconds),
    '',
    '| what was injected | times | what followed | proven |',
    '| --- | ---: | --- | --- |',
    ...rows.map(({ fault, times, outcomes, proven }) =>
      row(fault, times, outcomesOf(outcomes).join('; '), proven),
    ),
    '',
    totals(rows, seconds),
    '',
  ].join('\n')

const totals = (rows: readonly Row[], seconds: number): string => {
  const total = rows.reduce((sum, { times }) => sum + times, 0)
  return `${total} injections in ${seconds} s; lost acknowledged events, silent repairs, undetected damage: none`
}

const outcomesOf = (outcomes: Row['outcomes']): readonly string[] =>
  Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => (count === 0 ? outcome : `${count} × ${outcome}`))

const print = (rows: readonly Row[], seconds: number) => {
  const table = new Table({
    head: ['what was injected', 'times', 'what followed', 'proven'],
    colAligns: ['left', 'right', 'left', 'left'],
    colWidths: [40, 9, 50, 36],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const { fault, times, outcomes, proven } of rows)
    table.push([fault, times, outcomesOf(outcomes).join('\n'), proven])
  console.log(table.toString())
  console.log(totals(rows, seconds))
}

const main = (): number => {
  installStrace()
  const folder = mkdtempSync(join(tmpdir(), 'veritape-tally-'))
  const tally = join(folder, 'tally.jsonl')
  try {
    const since = performance.now()
    const { status } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'tests/faults'],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, VERITAPE_FAULTS: 'full', VERITAPE_FAULTS_TALLY: tally },
      },
    )
    if (status !== 0) {
      console.log(
        'The suite failed: the messages above begin with the seed or the operation that repeats it.',
      )
      return 1
    }
    const seconds = Math.round((performance.now() - since) / 1000)
    if (!existsSync(tally)) throw new Error('the suite counted nothing')
    const rows = [...readTally(tally)].sort((a, b) => b.times - a.times)
    print(rows, seconds)
    if (process.argv.includes('--write')) writePart('suite', markdown(rows, seconds))
    return 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

process.exitCode = main()
