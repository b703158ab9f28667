// Where the benchmarks work. On the disk of the checkout, because the folder for temporary files may be in memory,
// where nothing is ever synced.

import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** tests/bench, seen from its build in tests/bench/dist/tests/bench. */
export const benchFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
export const root = join(benchFolder, '..', '..')
/** What `veritape` starts. */
export const mainFile = join(root, 'dist', 'commands', 'main.js')

/** Gives an empty folder to `work` and removes it, whatever happens; a signal that ends the process too. */
export const inFolder = async <Result>(work: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = fs.mkdtempSync(join(benchFolder, 'dist', 'run-'))
  const remove = () => fs.rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await work(folder)
  } finally {
    process.removeListener('exit', remove)
    remove()
  }
}
