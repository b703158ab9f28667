// npm run test:faults [-- --write]   The whole fault suite, and a table of what was injected and what was proven;
// --write puts the table into docs/faults.md. SEED=… repeats the random parts.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { installStrace } from './strace.ts'
import { type Row, readTally } from './tally.ts'

const root = process.cwd()

const markdown = (rows: readonly Row[], seconds: number): string => {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const lines = rows.map(
    ({ fault, times, outcomes, proven }) =>
      `| ${cell(fault)} | ${times} | ${cell(outcomesOf(outcomes).join('; '))} | ${cell(proven)} |`,
  )
  return `${[
    '# What was done to the ledger',
    '',
    'The whole fault suite, as `npm run test:faults -- --write` printed it. After every injection the same is proven:',
    '`verify` finds a clean book or names the damage, every acknowledged line is where it was with its hash, whatever was',
    'cut off lies in the quarantine and an event says so, and the book opens and is appended to. Lost acknowledged events,',
    'silent repairs and undetected damage: none, or the run fails. `npm test` runs a quick form of it.',
    '`npm run test:mutants` proves the suite itself: it puts bugs into the store and shows which test finds each.',
    '',
    `Linux ${release()}, Node ${process.version}, ${cpus().length} processors, ${seconds} s.`,
    '',
    '| what was injected | times | what followed | proven |',
    '| --- | ---: | --- | --- |',
    ...lines,
    '',
    'G1 acknowledged is durable · G2 a group is whole or not there · G3 one order without gaps · G4 one writer at a time ·',
    'G6 damage is found before it is served · G7 nothing acknowledged is discarded in silence · G8 stops with a clear error',
    'and waits with a bound · G9 readers see whole, acknowledged groups only · G10 derived files are never trusted ·',
    'G11 no order after a halt · G12 time increases.',
  ].join('\n')}\n`
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
  const total = rows.reduce((sum, { times }) => sum + times, 0)
  console.log(table.toString())
  console.log(
    `${total} injections in ${seconds} s; lost acknowledged events, silent repairs, undetected damage: none`,
  )
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
    if (process.argv.includes('--write')) writeFileSync(join(root, 'docs/faults.md'), markdown(rows, seconds))
    return 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

process.exitCode = main()
