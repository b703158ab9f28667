// EXECUTOR: one executor per book. A kernel lock on a file of the book's folder, held for the executor's whole life
// and freed by the kernel when it dies.

import fs from 'node:fs'
import { tryLock } from './kernel-lock.ts'
import { codeOf } from './ledger-files.ts'

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

/** Who holds the book ('pid 12'), or 'nobody'; undefined when this user may not ask. Takes the lock for an instant if it is free. */
export const executorHolder = (folder: string): string | undefined => {
  const path = `${folder}/EXECUTOR`
  let fd: number
  try {
    fd = fs.openSync(path, 'r+')
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return codeOf(error) === 'ENOENT' ? 'nobody' : undefined
  }
  try {
    return tryLock(fd) ? 'nobody' : fs.readFileSync(path, 'utf8').trim()
  } finally {
    fs.closeSync(fd)
  }
}
