// npm run test:mutants [-- NAME …]   Puts one bug after the other into a copy of the store and runs the quick fault
// suite on it: a bug that no test finds is a hole in the suite. Prints which test found which.

import { spawnSync } from 'node:child_process'
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

const root = process.cwd()

/** The files in the order in which most bugs are found soonest; the last ones start other processes. */
const soonest = [
  'every-operation',
  'power-cut',
  'every-byte',
  'clock',
  'checkpoint',
  'sealed',
  'every-syscall',
  'lock-and-place',
  'many-processes',
  'full-disk',
  'halt',
]

/** All of the suite. */
const order = (): readonly string[] => {
  const names = readdirSync(join(root, 'tests/faults')).filter(name => name.endsWith('.test.ts'))
  const all = names.map(name => name.slice(0, -'.test.ts'.length))
  return [...soonest.filter(name => all.includes(name)), ...all.filter(name => !soonest.includes(name))]
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
const runFile = (folder: string, file: string): Found | undefined => {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [
    'run',
    `tests/faults/${file}.test.ts`,
    '--bail=1',
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const { status } = spawnSync(process.execPath, [vitest, ...args], {
    cwd: folder,
    stdio: 'ignore',
    timeout: 240_000,
    env: { ...process.env, TMPDIR: join(folder, 'tmp') },
  })
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

const firstFound = (folder: string): Found | undefined => {
  for (const file of order()) {
    const found = runFile(folder, file)
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
const withBug = <T>(folder: string, mutation: Mutation, work: () => T): T => {
  const path = join(folder, mutation.file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, withEdits(text, mutation))
  try {
    return work()
  } finally {
    writeFileSync(path, text)
  }
}

const main = (): number => {
  const wanted = process.argv.slice(2)
  const chosen = mutations.filter(
    ({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)),
  )
  const folder = copyProject()
  try {
    for (const mutation of chosen) withBug(folder, mutation, () => requireCompiles(folder, mutation.name))
    if (wanted.length === 0) {
      const found = firstFound(folder)
      if (found !== undefined)
        throw new Error(`without a bug ${found.file} fails: ${found.test}: ${found.why}`)
      console.log('without a bug: every test passes')
    }
    const table = new Table({
      head: ['the bug', 'found by', 'which said'],
      colWidths: [42, 46, 60],
      wordWrap: true,
      style: { head: [], border: [] },
    })
    let survivors = 0
    for (const mutation of chosen) {
      const since = performance.now()
      const found = withBug(folder, mutation, () => firstFound(folder))
      const seconds = Math.round((performance.now() - since) / 1000)
      if (found === undefined) survivors++
      console.log(`${found === undefined ? 'NOT FOUND' : 'found'} (${seconds} s): ${mutation.name}`)
      table.push(
        found === undefined
          ? [mutation.name, 'NO TEST', '']
          : [mutation.name, `${found.file}: ${found.test}`, found.why],
      )
    }
    console.log(table.toString())
    console.log(`${chosen.length - survivors} of ${chosen.length} bugs found`)
    return survivors === 0 && chosen.length > 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
