// Other processes for the suite. The sources are compiled once for each state they are in, because Node 20 cannot
// run TypeScript; test files that run at the same time share what one of them has compiled.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const sources = ['domain', 'adapters', 'tests/faults', 'tests/cast.ts']

const stateOfSources = (): string => {
  const hash = createHash('sha256')
  const add = (file: string) => {
    if (fs.statSync(file).isDirectory())
      for (const name of fs.readdirSync(file).sort()) add(path.join(file, name))
    else if (file.endsWith('.ts')) hash.update(file.slice(root.length)).update(fs.readFileSync(file))
  }
  for (const name of sources) add(path.join(root, name))
  return hash.digest('hex').slice(0, 16)
}

let compiled: string | undefined

/** Where the compiled child lies. */
const childProgram = (): string => {
  if (compiled !== undefined) return compiled
  const folder = path.join(os.tmpdir(), `veritape-compiled-${stateOfSources()}`)
  const program = path.join(folder, 'tests/faults/child.js')
  if (!fs.existsSync(program)) compile(folder, program)
  compiled = program
  return program
}

/** What was compiled an hour ago and longer is of sources that have changed since. */
const removeOld = () => {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const old = path.join(os.tmpdir(), name)
    if (!compiledForm.test(name) || Date.now() - fs.statSync(old).mtimeMs < 3_600_000) continue
    fs.rmSync(old, { recursive: true, force: true })
  }
}
const compiledForm = /^veritape-compiled-[0-9a-f]{16}$/

const compile = (folder: string, program: string): void => {
  removeOld()
  const making = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-compiling-'))
  fs.writeFileSync(path.join(making, 'package.json'), '{"type":"module"}')
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(making, 'node_modules'))
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  const options = ['-p', path.join(root, 'tests/faults/tsconfig.json'), '--outDir', making]
  try {
    execFileSync(process.execPath, [tsc, ...options], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
    fs.renameSync(making, folder)
  } catch (error) {
    fs.rmSync(making, { recursive: true, force: true })
    if (!fs.existsSync(program))
      // else another test file was quicker
      throw new Error(`the child does not compile: ${(error as { stdout?: string }).stdout ?? error}`)
  }
}

export interface Child {
  readonly process: ChildProcess
  /** All lines so far; grows. */
  readonly lines: readonly string[]
  /** Resolves with the first line that begins with `word`; throws when the process ends without one. */
  said(word: string): Promise<string>
  /** Resolves with its exit code, or the signal that ended it, when its output is complete. */
  readonly ended: Promise<number | string>
}

/** Starts child.ts with these arguments; `through` is put in front of the command. Killed when the test is over. */
export const child = (args: readonly string[], through: readonly string[] = []): Child =>
  run([...through, process.execPath, childProgram(), ...args])

/** Starts a command whose output is lines. Killed when the test is over. */
export const run = (command: readonly string[], options: { cwd?: string } = {}): Child => {
  const [first = '', ...rest] = command
  const started = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const lines: string[] = []
  let waiting: (() => void)[] = []
  let text = ''
  let over = false
  let complaint = ''
  const wake = () => {
    const all = waiting
    waiting = []
    for (const resolve of all) resolve()
  }
  started.stderr.setEncoding('utf8').on('data', (part: string) => {
    complaint += part
  })
  started.stdout.setEncoding('utf8').on('data', (part: string) => {
    const parts = (text + part).split('\n')
    text = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  const ended = new Promise<number | string>((resolve, reject) => {
    started.on('error', reject)
    started.on('close', (code, signal) => {
      over = true
      wake()
      resolve(code ?? signal ?? 'unknown')
    })
  })
  onTestFinished(async () => {
    if (over) return
    started.kill('SIGKILL')
    await ended
  })
  return {
    process: started,
    lines,
    ended,
    said: async word => {
      for (;;) {
        const found = lines.find(line => line.startsWith(word))
        if (found !== undefined) return found
        if (over)
          throw new Error(`the process ended without saying ${word}: ${lines.join('; ')} ${complaint}`)
        await new Promise<void>(resolve => waiting.push(resolve))
      }
    },
  }
}
