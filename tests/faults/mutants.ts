// npm run test:mutants [-- --write] [NAME …]   Puts one bug after the other into a copy of the store and runs the quick
// fault suite on it: a bug that no test finds is a hole in the suite. Prints which test found which; --write puts the
// table into docs/faults.md.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { type Mutation, mutations } from './mutations.ts'
import { circumstances, row, writePart } from './page.ts'
import { installStrace } from './strace.ts'

const root = process.cwd()

/** The files in the order in which most bugs are found soonest; the last ones start other processes. */
const usualOrder = [
  'every-operation',
  'power-cut',
  'every-byte',
  'clock',
  'checkpoint',
  'sealed',
  'repair',
  'repair-interrupted',
  'segments',
  'every-syscall',
  'lock-and-place',
  'many-processes',
  'full-disk',
  'halt',
]

/** All of the suite. */
const order = (soonest: string | undefined): readonly string[] => {
  const names = readdirSync(join(root, 'tests/faults')).filter(name => name.endsWith('.test.ts'))
  const all = names.map(name => name.slice(0, -'.test.ts'.length))
  const known = [...(soonest === undefined ? [] : [soonest]), ...usualOrder]
  const unknown = known.find(name => !all.includes(name))
  if (unknown !== undefined) throw new Error(`the suite has no part ${unknown}`)
  return [...new Set([...known, ...all])]
}

const copyProject = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-mutants-'))
  const parts = [
    'domain',
    'projections',
    'adapters',
    'commands',
    'dist',
    'tests',
    'package.json',
    'tsconfig.json',
  ]
  for (const name of [...parts, 'tsconfig.build.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'examples']) symlinkSync(join(root, name), join(folder, name))
  mkdirSync(join(folder, 'tmp'))
  // Without the set-up of the whole test run, which the fault suite does not need.
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    "export default { test: { include: ['tests/faults/*.test.ts'], testTimeout: 60_000, pool: 'forks' } }\n",
  )
  return folder
}

interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly title: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

interface Found {
  readonly file: string
  readonly test: string
  readonly why: string
}

/** Runs one test file; what failed first, or undefined when nothing did. */
const runFile = async (folder: string, file: string): Promise<Found | undefined> => {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const test = `tests/faults/${file}.test.ts`
  const status = await statusOf(
    spawn(process.execPath, [vitest, 'run', test, '--bail=1', '--reporter=json', `--outputFile=${report}`], {
      cwd: folder,
      stdio: 'ignore',
      timeout: 240_000,
      env: { ...process.env, TMPDIR: join(folder, 'tmp') },
    }),
  )
  if (status === 0) return undefined
  if (status === null) return { file, test: 'the whole file', why: 'it does not end' }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(each => each.status === 'failed')
  if (failed === undefined)
    throw new Error(`${file} failed without a failed test: ${testResults[0]?.message}`)
  const why = (failed.failureMessages[0] ?? '').split('\n')[0]?.replace(/^Error: /, '') ?? ''
  return { file, test: failed.title, why: why.length > 140 ? `${why.slice(0, 139)}…` : why }
}

const statusOf = (started: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    started.on('error', reject)
    started.on('close', resolve)
  })

const firstFound = async (folder: string, soonest?: string): Promise<Found | undefined> => {
  for (const file of order(soonest)) {
    const found = await runFile(folder, file)
    if (found !== undefined) return found
  }
  return undefined
}

/** The file with the bug in it; throws when the store has changed and the mutant has to be written anew. */
const withEdits = (text: string, { name, file, find, put, also }: Mutation): string => {
  let changed = text
  for (const edit of also === undefined ? [{ find, put }] : [{ find, put }, also]) {
    if (changed.split(edit.find).length !== 2)
      throw new Error(
        `the mutant '${name}' no longer fits ${file}: look for what replaced ${JSON.stringify(edit.find)}`,
      )
    changed = changed.replace(edit.find, () => edit.put)
  }
  return changed
}

/** A bug that the compiler finds proves nothing about the tests. */
const requireCompiles = (folder: string, name: string) => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit'], { cwd: folder, encoding: 'utf8' })
  const own = stdout.split('\n').filter(line => line.startsWith('adapters/'))
  if (own.length > 0) throw new Error(`the mutant '${name}' does not compile: ${own[0]}`)
}

/** Does `work` with the bug in place. */
const withBug = async <T>(folder: string, mutation: Mutation, work: () => Promise<T>): Promise<T> => {
  const path = join(folder, mutation.file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, withEdits(text, mutation))
  try {
    return await work()
  } finally {
    writeFileSync(path, text)
  }
}

interface Verdict {
  readonly bug: string
  readonly found: Found | undefined
}

/** Takes bugs from the list until it is empty; each worker has a copy of the project of its own. */
const hunt = async (folder: string, left: Mutation[], verdicts: Verdict[]): Promise<void> => {
  for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
    const { name, soonest } = mutation
    const since = performance.now()
    const found = await withBug(folder, mutation, async () => {
      requireCompiles(folder, name)
      return firstFound(folder, soonest)
    })
    const seconds = Math.round((performance.now() - since) / 1000)
    console.log(`${found === undefined ? 'NOT FOUND' : 'found'} (${seconds} s): ${name}`)
    verdicts.push({ bug: name, found })
  }
}

const requirePassesWithoutBug = async (folder: string): Promise<void> => {
  const found = await firstFound(folder)
  if (found !== undefined) throw new Error(`without a bug ${found.file} fails: ${found.test}: ${found.why}`)
  console.log('without a bug: every test passes')
}

const print = (verdicts: readonly Verdict[]) => {
  const table = new Table({
    head: ['the bug', 'found by', 'which said'],
    colWidths: [42, 46, 60],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const { bug, found } of verdicts)
    table.push(found === undefined ? [bug, 'NO TEST', ''] : [bug, `${found.file}: ${found.test}`, found.why])
  console.log(table.toString())
}

const writeMutants = (verdicts: readonly Verdict[], seconds: number) =>
  writePart(
    'bugs',
    [
      circumstances(seconds),
      '',
      '| the bug | found by | which said |',
      '| --- | --- | --- |',
      ...verdicts.map(({ bug, found }) =>
        row(bug, found === undefined ? 'no test' : `${found.file}: ${found.test}`, found?.why ?? ''),
      ),
      '',
    ].join('\n'),
  )

const main = async (): Promise<number> => {
  installStrace()
  const wanted = process.argv.slice(2).filter(word => !word.startsWith('--'))
  const chosen = mutations.filter(
    ({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)),
  )
  const since = performance.now()
  const folders = [copyProject(), copyProject()]
  try {
    const [first = ''] = folders
    if (wanted.length === 0) await requirePassesWithoutBug(first)
    const verdicts: Verdict[] = []
    const left = [...chosen]
    await Promise.all(folders.map(folder => hunt(folder, left, verdicts)))
    verdicts.sort((a, b) => placeOf(a) - placeOf(b))
    const seconds = Math.round((performance.now() - since) / 1000)
    const survivors = verdicts.filter(({ found }) => found === undefined).length
    print(verdicts)
    console.log(`${chosen.length - survivors} of ${chosen.length} bugs found in ${seconds} s`)
    if (process.argv.includes('--write')) writeMutants(verdicts, seconds)
    return survivors === 0 && chosen.length > 0 ? 0 : 1
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}

const placeOf = ({ bug }: Verdict): number => mutations.findIndex(({ name }) => name === bug)

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
