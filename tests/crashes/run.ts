// npm run test:crashes [-- --write] [--venues binance,kraken] [--only TEXT] [--parts N] [--tally FILE]   The whole
// crash matrix, and its table; --write puts it into docs/crash-matrix.md. Every venue's cells are run in N parts beside each
// other, because most of the time is waiting. With a tally an interrupted run goes on where it was, and
// --parts 0 prints what there is.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { circumstances, row, writePart } from '../faults/page.ts'
import { venueNames } from '../venue-simulator/script.ts'
import { type Place, places } from './places.ts'

interface Cell {
  readonly venue: string
  readonly life: string
  readonly where: string
  readonly outcome: string
  /** As of `programNow`, when the cell was run. */
  readonly program?: string
}

const root = process.cwd()

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    venues: { type: 'string', default: venueNames.join() },
    only: { type: 'string' },
    parts: { type: 'string', default: '2' },
    tally: { type: 'string' },
  },
})
const venues = values.venues.split(',')

/** The last commit that changed the program, which a later one of tests or pages does not. */
const programNow = (): string => {
  const git = (...words: string[]) =>
    execFileSync('git', [...words, '--', 'domain', 'projections', 'adapters', 'commands'], {
      encoding: 'utf8',
    })
  const commit = git('log', '-1', '--format=%h').trim()
  return git('status', '--porcelain') === '' ? commit : `${commit}, changed since`
}

/** A part of the cells of one venue; resolves with whether each held. */
const column = (venue: string, part: string, tally: string, program: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      VERITAPE_CRASHES: 'full',
      VERITAPE_CRASH_VENUES: venue,
      VERITAPE_CRASHES_TALLY: tally,
      VERITAPE_CRASH_PART: part,
      VERITAPE_CRASH_PROGRAM: program,
      ...(values.only === undefined ? {} : { VERITAPE_CRASH_ONLY: values.only }),
    }
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const run = spawn(process.execPath, [vitest, 'run', 'tests/crashes/matrix.test.ts'], {
      cwd: root,
      env,
      stdio: 'inherit',
    })
    run.on('error', reject)
    run.on('close', code => resolve(code === 0))
  })

const outcomeOf = (cells: readonly Cell[], venue: string, { life, where }: Place): string =>
  cells.find(cell => cell.venue === venue && cell.life === life && cell.where === where)?.outcome ?? 'not run'

const totals = (cells: readonly Cell[]): string => {
  const broken = cells.filter(({ outcome }) => outcome === 'BROKEN').length
  const missing = places.length * venues.length - cells.length
  const rest = missing > 0 ? `${missing} cells were not run; ` : ''
  return `${cells.length} deaths at ${venues.length} venues; ${rest}duplicate orders, lost fills, ledgers that disagree with the venue: ${broken === 0 ? 'none' : `in ${broken} cells`}`
}

const shown = (cells: readonly Cell[]) =>
  places.filter(({ life, where }) => cells.some(cell => cell.life === life && cell.where === where))

const print = (cells: readonly Cell[]) => {
  const table = new Table({ head: ['order', 'dies', ...venues], style: { head: [], border: [] } })
  for (const place of shown(cells))
    table.push([place.life, place.where, ...venues.map(venue => outcomeOf(cells, venue, place))])
  console.log(table.toString())
  console.log(totals(cells))
}

const markdown = (cells: readonly Cell[], seconds: number | undefined): string =>
  [
    circumstances(seconds),
    `The program: ${[...new Set(cells.map(({ program }) => program ?? 'of an unknown commit'))].join('; ')}.`,
    '',
    row('order', 'dies', ...venues),
    row('---', '---', ...venues.map(() => '---')),
    ...shown(cells).map(place =>
      row(place.life, place.where, ...venues.map(venue => outcomeOf(cells, venue, place))),
    ),
    '',
    totals(cells),
    '',
  ].join('\n')

const main = async (): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-crashes-'))
  const tally = values.tally ?? join(folder, 'tally.jsonl')
  try {
    const since = performance.now()
    const parts = Array.from({ length: Number(values.parts) }, (_, index) => `${index}/${values.parts}`)
    const program = programNow()
    const verdicts = await Promise.all(
      venues.flatMap(venue => parts.map(part => column(venue, part, tally, program))),
    )
    if (!existsSync(tally)) throw new Error('no cell was run')
    const lines = readFileSync(tally, 'utf8').split('\n').slice(0, -1)
    const cells = lines.map(line => JSON.parse(line) as Cell)
    print(cells)
    // Of a run that was interrupted nobody knows how long it took.
    const seconds = values.tally === undefined ? Math.round((performance.now() - since) / 1000) : undefined
    if (values.write) writePart('matrix', markdown(cells, seconds), 'docs/crash-matrix.md')
    return verdicts.every(held => held) && cells.every(({ outcome }) => outcome !== 'BROKEN') ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

process.exitCode = await main()
