// Other processes for the tests of the ledger: the sources are compiled once into a temporary folder, because
// Node 20 cannot run TypeScript.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
let compiled: string | undefined

afterAll(() => {
  if (compiled !== undefined) fs.rmSync(compiled, { recursive: true })
})

const compile = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-process-'))
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const options = [
    ...['--ignoreConfig', '--target', 'es2023', '--module', 'nodenext', '--moduleResolution', 'nodenext'],
    ...[
      '--types',
      'node',
      '--skipLibCheck',
      '--strict',
      '--rewriteRelativeImportExtensions',
      '--noUncheckedIndexedAccess',
    ],
    ...['--exactOptionalPropertyTypes', '--rootDir', root, '--outDir', folder],
  ]
  const files = ['adapters/fs-native-extensions.d.ts', 'tests/adapters/ledger-child.ts']
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return folder
}

export interface OtherProcess {
  readonly process: ChildProcess
  /** Resolves with the next line it prints. */
  line(): Promise<string>
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** Starts tests/adapters/ledger-child.ts with these arguments. */
export const otherProcess = (...args: readonly string[]): OtherProcess => {
  compiled ??= compile()
  const child = spawn(process.execPath, [path.join(compiled, 'tests/adapters/ledger-child.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (text + chunk).split('\n')
    text = parts.pop() ?? ''
    for (const line of parts) {
      const next = waiting.shift()
      if (next === undefined) lines.push(line)
      else next(line)
    }
  })
  return {
    process: child,
    line: () =>
      new Promise(resolve => {
        const ready = lines.shift()
        if (ready === undefined) waiting.push(resolve)
        else resolve(ready)
      }),
    ended: new Promise(resolve => child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))),
  }
}
