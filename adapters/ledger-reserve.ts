// Room for the last words. A full disk must not keep a halt from being recorded, so a ledger keeps a file of real
// blocks beside it, RESERVE, which the halt gives back to the disk; and appends are refused while there is less free
// than that, before a write can tear.
//
// Asking the file system costs as much as a tenth of a small append, so it is not asked each time: only when this
// process has written a sixteenth of the reserve since, or a second has passed. What several processes write between
// two looks is small against the reserve.

import { randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import { isNoRoom, NoRoom } from './ledger-appending.ts'
import { codeOf, type LedgerFiles } from './ledger-files.ts'

export interface Reserve {
  /** Throws NoRoom when less is free than the reserve; `length` is what is about to be written. */
  requireRoom(length: number): void
  /** Gives the blocks back to the disk; false when there are none, or when they are not for this writer. */
  release(): boolean
}

const lookAfterMs = 1000
const looksPerReserve = 16
/** The reserve is laid aside again when that leaves twice as much. */
const plentyFactor = 3

/** `urgent` is a writer that may use the reserve up: the halt. */
export const reserveOf = (files: LedgerFiles, folder: string, bytes: number, urgent: boolean): Reserve => {
  let unlooked = Number.POSITIVE_INFINITY
  let lookedAt = 0

  const release = (): boolean => urgent && releaseReserve(files, folder)

  return {
    release,
    requireRoom: length => {
      if (bytes === 0) return
      unlooked += length
      if (unlooked < bytes / looksPerReserve && performance.now() - lookedAt < lookAfterMs) return
      const free = files.freeBytes(folder)
      if (free < bytes) {
        if (urgent) release()
        else throw new NoRoom(`${free} bytes are free, and ${bytes} are kept for a halt`)
      }
      unlooked = 0
      lookedAt = performance.now()
      if (free >= plentyFactor * bytes) layAside(folder, bytes)
    },
  }
}

export const reserveName = 'RESERVE'

/** Frees what was laid aside; false when there is nothing. */
export const releaseReserve = (files: LedgerFiles, folder: string): boolean => {
  try {
    files.remove(`${folder}/${reserveName}`)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
  files.syncFolder(folder)
  return true
}

/** The file is made when there is room. It need not survive a power cut: the next look makes it again. */
const layAside = (folder: string, bytes: number): void => {
  const path = `${folder}/${reserveName}`
  if (fs.statSync(path, { throwIfNoEntry: false })?.size === bytes) return
  const fd = fs.openSync(path, 'w', 0o644)
  try {
    fill(fd, bytes)
  } catch (error) {
    fs.unlinkSync(path)
    if (!isNoRoom(error)) throw error // somebody else was quicker; the next look tries again
  } finally {
    fs.closeSync(fd)
  }
}

/** Random bytes, because a file system may keep zeros, or bytes that repeat, without using blocks for them. */
const fill = (fd: number, bytes: number): void => {
  const part = randomFillSync(Buffer.allocUnsafe(Math.min(bytes, 1024 * 1024)))
  for (let written = 0; written < bytes; )
    written += fs.writeSync(fd, part, 0, Math.min(part.length, bytes - written))
}
