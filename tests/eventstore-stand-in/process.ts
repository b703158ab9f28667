// The stand-in in another process, for tests of whole programs. The sources are compiled once into a temporary folder,
// because Node 20 cannot run TypeScript.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
let compiled: string | undefined

afterAll(() => {
  if (compiled !== undefined) fs.rmSync(compiled, { recursive: true })
})

const compile = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-stand-in-'))
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const options = [
    ...['--ignoreConfig', '--target', 'es2023', '--module', 'nodenext', '--moduleResolution', 'nodenext'],
    ...['--types', 'node', '--skipLibCheck', '--strict', '--rewriteRelativeImportExtensions'],
    ...['--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--rootDir', root, '--outDir', folder],
  ]
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, ...options, 'tests/eventstore-stand-in/main.ts'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return folder
}

export interface StandInProcess {
  readonly url: string
  readonly process: ChildProcess
  /** Gives an order to tests/eventstore-stand-in/main.ts; resolves with its answer. */
  tell(order: object): Promise<string>
  end(): Promise<void>
}

export const standInProcess = async (): Promise<StandInProcess> => {
  compiled ??= compile()
  const child = spawn(process.execPath, [path.join(compiled, 'tests/eventstore-stand-in/main.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  return {
    url: await line(),
    process: child,
    tell: async order => {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return line()
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
