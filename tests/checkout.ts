// A built checkout in a temporary folder: what a person has after `npm ci`, and what a newcomer makes of it.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Run } from './console-blocks.ts'

export const project = resolve(import.meta.dirname, '..')

/** Folders of the code, as the build file names them. */
const code = ['domain', 'projections', 'adapters', 'commands']

/**
 * Copies the code into `folder` and builds it there; `change` may touch it first. Throws with the compiler's words
 * when it does not compile.
 */
export const checkout = (folder: string, change: (folder: string) => void = () => {}): void => {
  mkdirSync(folder, { recursive: true })
  for (const name of [...code, 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(project, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'examples']) symlinkSync(join(project, name), join(folder, name))
  change(folder)
  try {
    execFileSync(join(project, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: folder })
  } catch (error) {
    throw new Error(`the checkout does not build:\n${(error as { stdout?: Buffer }).stdout}`)
  }
}

/** The steps of docs/strategies.md: one file, one line in domain/strategies.ts. */
export const addMyStrategy = (folder: string): void => {
  const strategy = readFileSync(join(project, 'examples/my-strategy.ts'), 'utf8')
  writeFileSync(
    join(folder, 'domain/strategies/my-strategy.ts'),
    strategy.replaceAll('../domain/strategies/', './').replaceAll('../domain/', '../'),
  )
  const list = join(folder, 'domain/strategies.ts')
  const text = readFileSync(list, 'utf8')
  writeFileSync(
    list,
    text
      .replace("import { emaCross } from './strategies/ema-cross.ts'\n", line => `${line}${importLine}\n`)
      .replace('  registered(avwapPullback),\n', line => `${line}${registryLine}\n`),
  )
}
export const importLine = "import { myStrategy } from './strategies/my-strategy.ts'"
export const registryLine = '  registered(myStrategy),'

/** Where documents say that the project lies. */
const home = '/home/you/veritape'

/** A shell in `folder` whose `veritape` is the program built in `built`. It remembers the last exit code for `$?`. */
export const shell = (folder: string, built: string): Run => {
  let last = 0
  return command => {
    const program = join(built, 'dist/commands/main.js')
    const script = `exec 2>&1\nveritape() { '${process.execPath}' '${program}' "$@"; }\n(exit ${last})\n${command}`
    const { stdout, status } = spawnSync('sh', ['-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      maxBuffer: 64_000_000,
    })
    last = status ?? 128
    return stdout.replaceAll(folder, home).replaceAll(dirname(folder), dirname(home)).split('\n')
  }
}
