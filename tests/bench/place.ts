// Where the benchmarks work. On the disk of the checkout, because the folder for temporary files may be in memory,
// where nothing is ever synced.

import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Where the build of the benchmarks lies: under the program's own packages, because the packages of tests/bench bring
 * other versions of some of them along.
 */
const buildFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const root = join(buildFolder, '..', '..', '..')
export const benchFolder = join(root, 'tests', 'bench')
/** What `veritape` starts. */
export const mainFile = join(root, 'dist', 'commands', 'main.js')

/** Gives an empty folder to `work` and removes it, whatever happens; a signal that ends the process too. */
export const inFolder = async <Result>(work: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = fs.mkdtempSync(join(buildFolder, 'run-'))
  const remove = () => fs.rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await work(folder)
  } finally {
    process.removeListener('exit', remove)
    remove()
  }
}
