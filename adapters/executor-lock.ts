// EXECUTOR: one executor per book. A kernel lock on a file of the book's folder, held for the executor's whole life
// and freed by the kernel when it dies.

import fs from 'node:fs'
import { tryLock } from './kernel-lock.ts'

/** Gives the release, or the sentence of whoever holds it. */
export const holdExecutor = (folder: string): (() => void) | { readonly holder: string } => {
  fs.mkdirSync(folder, { recursive: true })
  const path = `${folder}/EXECUTOR`
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
  if (!tryLock(fd)) {
    const holder = fs.readFileSync(path, 'utf8').trim()
    fs.closeSync(fd)
    return { holder }
  }
  fs.ftruncateSync(fd)
  fs.writeSync(fd, `pid ${process.pid}\n`, 0)
  return () => fs.closeSync(fd)
}
