// npm run test:sim:mutants [-- NAME …]   Puts one bug after the other into a copy of the program and runs the simulation
// on it until a seed objects: a bug that no seed finds is a hole in the simulation.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutation, mutations } from './mutations.ts'
import type { Focus } from './swarm.ts'

const root = process.cwd()
/** Seeds that every bug must be found in, the first that objects being enough. */
const seeds = 400
/** Of those with the ledger in files, which take longer. */
const seedsOnDisk = 200
const page = 'docs/simulation.md'
const marks = ['<!-- the bugs -->', '<!-- end of the bugs -->'] as const

type Kind = 'plain' | 'disk' | Focus

const kindOf = ({ onDisk, focus }: Mutation): Kind => (onDisk ? 'disk' : (focus ?? 'plain'))

const copyProject = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-simulated-mutants-'))
  for (const name of [
    'domain',
    'projections',
    'adapters',
    'commands',
    'tests',
    'package.json',
    'tsconfig.json',
  ])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'examples']) symlinkSync(join(root, name), join(folder, name))
  return folder
}

/** Puts the bug in; gives what takes it out again. */
const plant = (folder: string, { name, file, find, put, also }: Mutation): (() => void) => {
  const before = new Map<string, string>()
  for (const edit of also === undefined
    ? [{ file, find, put }]
    : [
        { file, find, put },
        { file, ...also },
      ]) {
    const path = join(folder, edit.file)
    const text = readFileSync(path, 'utf8')
    if (text.split(edit.find).length !== 2)
      throw new Error(
        `the bug '${name}' no longer fits ${edit.file}: look for what replaced ${JSON.stringify(edit.find)}`,
      )
    if (!before.has(path)) before.set(path, text)
    writeFileSync(
      path,
      text.replace(edit.find, () => edit.put),
    )
  }
  return () => {
    for (const [path, text] of before) writeFileSync(path, text)
  }
}

const compile = (folder: string) => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [
    tsc,
    '-p',
    'tests/simulation/tsconfig.json',
    '--outDir',
    'compiled',
    '--noUnusedLocals',
    'false',
  ]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`it does not compile: ${stdout.split('\n')[0]}`)
}

/** The first seed that objects and what it says; undefined when none does. */
const firstObjection = (folder: string, kind: Kind): { seed: string; says: string } | undefined => {
  const main = join(folder, 'compiled/tests/simulation/main.js')
  const words = [
    main,
    '--bail',
    ...(kind === 'disk'
      ? ['--disk', '--seeds', `${seedsOnDisk}`]
      : ['--seeds', `${seeds}`, ...(kind === 'plain' ? [] : ['--focus', kind])]),
  ]
  const { status, stderr } = spawnSync(process.execPath, words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 1_800_000,
  })
  if (status === 0) return undefined
  if (status === null) return { seed: '?', says: 'it does not end' }
  const [, seed] = /^seed (\d+) failed/m.exec(stderr) ?? []
  if (seed === undefined) throw new Error(`the simulation itself broke: ${stderr.slice(-400)}`)
  const says = stderr.split('\n').find(line => line.startsWith('  ')) ?? stderr.slice(-200)
  return { seed, says: says.trim().replaceAll('|', '\\|').slice(0, 160) }
}

const main = (): number => {
  const wanted = process.argv.slice(2).filter(word => word !== '--write')
  const chosen = mutations.filter(
    ({ name }) => wanted.length === 0 || wanted.some(word => name.includes(word)),
  )
  const folder = copyProject()
  const rows: string[] = []
  let survivors = 0
  try {
    compile(folder)
    for (const kind of new Set(chosen.map(kindOf))) {
      const found = firstObjection(folder, kind)
      if (found !== undefined)
        throw new Error(`without any bug seed ${found.seed} (${kind}) fails: ${found.says}`)
      console.log(`without any bug ${kind === 'disk' ? seedsOnDisk : seeds} seeds pass: ${kind}`)
    }
    for (const mutation of chosen) {
      const takeOut = plant(folder, mutation)
      compile(folder)
      const found = firstObjection(folder, kindOf(mutation))
      takeOut()
      if (found === undefined) survivors++
      console.log(
        found === undefined
          ? `NOT FOUND: ${mutation.name}`
          : `found by seed ${found.seed}: ${mutation.name}: ${found.says}`,
      )
      rows.push(`| ${mutation.name} | ${found?.seed ?? 'NO SEED'} | ${found?.says ?? ''} |`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`${chosen.length - survivors} of ${chosen.length} bugs found`)
  if (process.argv.includes('--write')) {
    const text = readFileSync(page, 'utf8')
    const [before, rest] = text.split(marks[0]) as [string, string]
    const table = ['| the bug | found by seed | which said |', '| --- | ---: | --- |', ...rows].join('\n')
    writeFileSync(page, `${before}${marks[0]}\n\n${table}\n\n${marks[1]}${rest.split(marks[1])[1]}`)
  }
  return survivors === 0 && chosen.length > 0 ? 0 : 1
}

process.exitCode = main()
