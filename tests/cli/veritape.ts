// The built program as its users meet it: a process of its own, with arguments, streams and an exit code.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const examples = join(root, 'examples')
export const cryptoExample = join(examples, 'demo-crypto.json')
export const equitiesExample = join(examples, 'demo-equities.json')

export interface Ended {
  /** The exit code, or the name of the signal that ended it. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd: string
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Another Node than the one that runs the tests. */
  readonly node?: string
  /** Another build than dist/. */
  readonly dist?: string
  /** Words in front of the command: `setpriv …`, `strace …`. */
  readonly through?: readonly string[]
}

export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

/** Starts `veritape …`. Its stdin is closed, its output a pipe. */
export const start = (argv: readonly string[], { cwd, env, node, dist, through }: Surroundings): Running => {
  const program = join(dist ?? freshBuild(), 'commands/main.js')
  const [command = '', ...rest] = [...(through ?? []), node ?? process.execPath, program, ...argv]
  const child = spawn(command, rest, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text.stdout += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.stderr += part
  })
  return {
    process: child,
    ended: new Promise((done, failed) => {
      child.on('error', failed)
      child.on('close', (code, signal) => done({ code: code ?? signal ?? 'unknown', ...text }))
    }),
  }
}

export const veritape = (argv: readonly string[], surroundings: Surroundings): Promise<Ended> =>
  start(argv, surroundings).ended

/** What a shell would give the program, without what the test runner added. */
const environment = (added: Surroundings['env'] = {}): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VERITAPE|VITEST|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$)/.test(name),
  )
  return Object.fromEntries([...inherited, ...Object.entries(added)])
}

const sources = ['domain', 'projections', 'adapters', 'commands']
let build: string | undefined

/** dist/, unless a source is newer: then a test would judge yesterday's program. */
const freshBuild = (): string => {
  if (build !== undefined) return build
  const dist = join(root, 'dist')
  for (const folder of sources)
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.d.ts')) continue
      const built = join(dist, folder, name.replace(/\.ts$/, '.js'))
      if (!existsSync(built) || statSync(built).mtimeMs < statSync(join(root, folder, name)).mtimeMs)
        throw new Error(`dist/ is older than ${folder}/${name}: npm run build`)
    }
  build = dist
  return dist
}
