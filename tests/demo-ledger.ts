// One run of the demo that all tests of a test run share, made by the first that asks for it. It is read only:
// whoever changes something copies it first.
//
// As vitest's global setup this file makes the folder of the test run and removes it at the end.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ended, veritape } from './cli/veritape.ts'

const variable = 'VERITAPE_TEST_RUN'

export default (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-tests-'))
  chmodSync(folder, 0o755)
  process.env[variable] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

/** The folder of this test run. */
export const runFolder = (): string => {
  const folder = process.env[variable]
  if (folder === undefined) throw new Error('run the tests with vitest: its global setup makes the folder')
  return folder
}

export interface Demo extends Ended {
  /** Where it ran: ledger/ and state/ are in it. */
  readonly folder: string
}

/** What the demo says and leaves when it runs in an empty folder. */
export const demo = async (): Promise<Demo> => {
  const shared = runFolder()
  const folder = join(shared, 'demo')
  const result = join(shared, 'demo.json')
  if (isFirst(folder)) {
    const ended = await veritape(['demo'], { cwd: folder }).catch((error: Error) => ({
      failed: error.message,
    }))
    writeFileSync(`${result}.tmp`, JSON.stringify(ended))
    renameSync(`${result}.tmp`, result)
  }
  for (let waited = 0; !existsSync(result); waited += 50) {
    if (waited > 280_000) throw new Error('the demo has not ended after several minutes')
    await sleep(50)
  }
  const ended = JSON.parse(readFileSync(result, 'utf8')) as Ended | { failed: string }
  if ('failed' in ended) throw new Error(ended.failed)
  return { folder, ...ended }
}

const isFirst = (folder: string): boolean => {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
