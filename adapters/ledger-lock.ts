// LOCK: one process writes at a time. A kernel lock on an open file (OFD), freed by the kernel when its holder
// dies, however it dies. Only ever tried, never waited for in the kernel: waiting there would park a thread of the
// pool that all file access shares. Inside stands who last took it, for diagnosis only.

import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LedgerDamaged } from '../domain/event-store.ts'
import { instantOf } from '../domain/time.ts'
import { tryLock, unlock } from './kernel-lock.ts'

export interface LedgerLock {
  /** Takes the lock if it is free. Throws LedgerDamaged when LOCK was replaced: two could hold it then. */
  tryTake(): boolean
  /** Says in LOCK that this process holds it. */
  sign(): void
  release(): void
  /** Who signed last, as a sentence for a person. */
  holder(): string
  close(): void
}

const recordBytes = 128

export const openLock = (folder: string, role: string): LedgerLock => {
  const path = `${folder}/LOCK`
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
  if (fd < 3)
    throw new Error('standard input, output or error is closed; a ledger must not be opened in its place')
  const inode = fs.fstatSync(fd).ino
  const since = instantOf(Math.round(performance.timeOrigin)) // of the process, to tell it from a later one with its pid
  const record = Buffer.from(`${`pid ${process.pid} as ${role} since ${since}`.padEnd(recordBytes - 1)}\n`)

  const requireSameFile = () => {
    const now = fs.statSync(path, { throwIfNoEntry: false })
    if (now?.ino === inode) return
    throw new LedgerDamaged(
      'not-ours',
      `${path} was deleted or replaced while in use, so two processes could write at once; stop all processes of this book, then start them again`,
    )
  }

  return {
    tryTake: () => {
      if (!tryLock(fd)) return false
      try {
        requireSameFile()
      } catch (error) {
        unlock(fd)
        throw error
      }
      return true
    },
    sign: () => {
      fs.writeSync(fd, record, 0, record.length, 0)
    },
    release: () => unlock(fd),
    holder: () => {
      const bytes = Buffer.alloc(recordBytes)
      const length = fs.readSync(fd, bytes, 0, recordBytes, 0)
      return bytes.toString('utf8', 0, length).trim() || 'unknown'
    },
    close: () => fs.closeSync(fd),
  }
}

/** Waits a random 1 to 2 ms, at the tenth time up to 10: neighbours must not march in step. */
export const backOff = (attempt: number): Promise<void> => sleep(1 + Math.random() * Math.min(attempt, 9))

/** Another process held the lock for too long. Nothing was changed; try again. */
export class LedgerBusy extends Error {
  readonly waitedMs: number
  readonly holder: string
  constructor(folder: string, waitedMs: number, holder: string) {
    super(
      `${folder} has been held for ${waitedMs} ms by another process (${holder}); try again, and look at that process if this stays`,
    )
    this.name = 'LedgerBusy'
    this.waitedMs = waitedMs
    this.holder = holder
  }
}
