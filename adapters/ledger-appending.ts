// Appending lines to a segment: all of them in one write, or nothing.

import { codeOf, type LedgerFiles } from './ledger-files.ts'
import type { Poison } from './ledger-poison.ts'

/** The disk had no room; the file is as it was before. */
export class NoRoom extends Error {}

/** Whether a file was not written because there was no room for it. */
export const isNoRoom = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '')

/**
 * Appends at `start`, the end of the file. On any failure the file gets its old length back and the error is thrown
 * (NoRoom for a full disk or a short write); poisons when even that fails.
 */
export type AppendLines = (fd: number, lines: Buffer, start: number) => void

export const linesAppender =
  (files: LedgerFiles, poison: Poison): AppendLines =>
  (fd, lines, start) => {
    const failure = written(files, fd, lines)
    if (failure === undefined) return
    try {
      files.truncate(fd, start)
      files.sync(fd)
    } catch (error) {
      poison.spread(error)
    }
    throw failure
  }

/** Writes all bytes at once; the failure when it could not. */
const written = (files: LedgerFiles, fd: number, lines: Buffer): Error | undefined => {
  try {
    const count = files.write(fd, lines, lines.length, null)
    return count === lines.length ? undefined : new NoRoom(`${count} of ${lines.length} bytes were written`)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return isNoRoom(error) ? new NoRoom(error.message) : error
  }
}
