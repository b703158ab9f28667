// Appending text to a segment: all of it in one write, or nothing.

import { codeOf, type LedgerFiles } from './ledger-files.ts'
import type { Poison } from './ledger-poison.ts'

/** The disk had no room; the file is as it was before. */
export class NoRoom extends Error {}

/** Whether a file was not written because there was no room for it. */
export const isNoRoom = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '')

/**
 * Appends at `start`, the end of the file, and returns the number of bytes. On any failure the file gets its old
 * length back and the error is thrown (NoRoom for a full disk or a short write); poisons when even that fails.
 */
export type AppendText = (fd: number, text: string, start: number) => number

export const textAppender = (files: LedgerFiles, poison: Poison): AppendText => {
  let buffer = Buffer.allocUnsafe(64 * 1024)

  const write = (fd: number, length: number): Error | undefined => {
    try {
      const written = files.write(fd, buffer, length, null)
      return written === length ? undefined : new NoRoom(`${written} of ${length} bytes were written`)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return isNoRoom(error) ? new NoRoom(error.message) : error
    }
  }

  return (fd, text, start) => {
    if (buffer.length < text.length * 3) buffer = Buffer.allocUnsafe(text.length * 3)
    const length = buffer.write(text, 0, 'utf8')
    const failure = write(fd, length)
    if (failure === undefined) return length
    try {
      files.truncate(fd, start)
      files.sync(fd)
    } catch (error) {
      poison.spread(error)
    }
    throw failure
  }
}
