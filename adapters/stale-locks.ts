// Lock files of other programs whose owner is dead. Veritape's own locks are the kernel's and are never stale; many
// programs write their process id into a file instead, and leave it behind when they are killed.
//
// When in doubt a lock is left: a file without a process id, one that changed while it was looked at, a process id that
// somebody has, even if the number was given out anew.

import fs from 'node:fs'
import { join } from 'node:path'
import type { LockSweep } from '../domain/guard.ts'
import { codeOf } from './ledger-files.ts'

/** The longest lock file that is read. */
const lockBytesMax = 4096

/** `paths` are lock files, or folders whose *.lock files are meant. `dryRun` removes nothing. */
export const sweepLocks = (paths: readonly string[], dryRun: boolean): LockSweep => {
  const cleared: string[] = []
  const kept: string[] = []
  for (const path of paths.flatMap(lockFilesAt)) {
    const owner = deadOwnerOf(path)
    if (typeof owner === 'string') kept.push(`${path} (${owner})`)
    else if (owner !== undefined) {
      if (!dryRun) fs.unlinkSync(path)
      cleared.push(`${path} of pid ${owner}`)
    }
  }
  return { cleared, kept }
}

const lockFilesAt = (path: string): readonly string[] => {
  const found = fs.lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  if (!found.isDirectory()) return [path]
  return fs
    .readdirSync(path)
    .filter(name => name.endsWith('.lock'))
    .sort()
    .map(name => join(path, name))
}

/** The process id of the dead owner, or why the file is left where it is. Undefined when it has gone meanwhile. */
const deadOwnerOf = (path: string): number | string | undefined => {
  try {
    const before = fs.lstatSync(path)
    if (!before.isFile()) return 'no regular file'
    if (before.size > lockBytesMax) return 'too large for a lock'
    const pid = Number(/^\D{0,40}(\d{1,10})\b/.exec(fs.readFileSync(path, 'utf8'))?.[1] ?? 0)
    if (pid < 2) return 'it names no owner'
    if (isAlive(pid)) return `its owner ${pid} lives`
    const after = fs.lstatSync(path)
    return after.ino === before.ino && after.mtimeMs === before.mtimeMs ? pid : 'it changes'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (codeOf(error) === undefined) throw error
    return `it cannot be read, ${codeOf(error)}`
  }
}

/** Signal 0 only asks. A process of another user says EPERM, and lives. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
