// The simulator as JavaScript, because Node 20 cannot run TypeScript: compiled once for a test run, by the first test that
// starts a venue; the others wait for it.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = resolve(import.meta.dirname, '../..')

/** The program's path. Under vitest it lies in the folder of the test run; otherwise in a temporary one. */
export const compiledSimulator = async (): Promise<string> => {
  const shared = process.env.VERITAPE_TEST_RUN ?? mkdtempSync(join(tmpdir(), 'veritape-venues-'))
  const folder = join(shared, 'venue-simulator')
  const program = join(folder, 'tests/venue-simulator/main.js')
  const failed = join(shared, 'venue-simulator.failed')
  if (isFirst(`${folder}.making`)) {
    try {
      compileInto(`${folder}.making`)
      renameSync(`${folder}.making`, folder)
    } catch (error) {
      writeFileSync(failed, String((error as { stdout?: unknown }).stdout ?? error))
    }
  }
  for (let waited = 0; !existsSync(program); waited += 20) {
    if (existsSync(failed))
      throw new Error(`the venue simulator cannot be compiled: ${readFileSync(failed, 'utf8')}`)
    if (waited > 120_000) throw new Error('the venue simulator has not been compiled after two minutes')
    await sleep(20)
  }
  return program
}

const compileInto = (folder: string): void => {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(
    process.execPath,
    [tsc, '-p', join(import.meta.dirname, 'tsconfig.json'), '--outDir', folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
}

const isFirst = (folder: string): boolean => {
  if (existsSync(folder.replace(/\.making$/, ''))) return false
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
