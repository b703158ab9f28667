// The few file operations that a ledger's promises hang on. The store gets them as an object, so that a test can
// let a disk be full, lie or fail at any step.

import fs from 'node:fs'
import { basename, dirname } from 'node:path'

export interface LedgerFiles {
  /** Appends or writes at `position`; returns how many bytes were written, which may be fewer than asked. */
  write(fd: number, bytes: Uint8Array, length: number, position: number | null): number
  /** Makes the file's bytes durable. */
  sync(fd: number): void
  truncate(fd: number, length: number): void
  /** Gives a file its name, in place of one that had it. */
  rename(from: string, to: string): void
  remove(path: string): void
  /** How many bytes the file system of a folder has for this user. */
  freeBytes(folder: string): number
  /** Makes the names in a folder durable. Throws FolderNotSynced when it was asked and failed. */
  syncFolder(folder: string): void
}

/** The sync of a folder failed: the kernel may have dropped names that it still shows, and will not say so twice. */
export class FolderNotSynced extends Error {
  /** Of the system error. */
  readonly code: string | undefined
  constructor(folder: string, cause: unknown) {
    super(`sync of the folder ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    this.name = 'FolderNotSynced'
    this.code = codeOf(cause)
  }
}

export const nodeFiles: LedgerFiles = {
  write: (fd, bytes, length, position) => fs.writeSync(fd, bytes, 0, length, position),
  sync: fd => fs.fdatasyncSync(fd),
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
  rename: (from, to) => fs.renameSync(from, to),
  remove: path => fs.unlinkSync(path),
  freeBytes: folder => {
    const { bavail, bsize } = fs.statfsSync(folder)
    return bavail * bsize
  },
  syncFolder: folder => {
    const fd = fs.openSync(folder, 'r')
    try {
      fs.fsyncSync(fd)
    } catch (error) {
      throw codeOf(error) === undefined ? error : new FolderNotSynced(folder, error)
    } finally {
      fs.closeSync(fd)
    }
  },
}

/**
 * Makes the names of a folder and of those above it durable, whoever made them: who died in between may not have got that
 * far. Ends where this user cannot have made one: at a mount point, and below a folder that it may not write.
 */
export const syncAbove = (files: LedgerFiles, folder: string): void => {
  for (let made = fs.realpathSync(folder); mayBeMade(made); made = dirname(made))
    files.syncFolder(dirname(made))
}

const mayBeMade = (folder: string): boolean => {
  const above = dirname(folder)
  if (fs.statSync(above).dev !== fs.statSync(folder).dev || above === folder) return false
  try {
    fs.accessSync(above, fs.constants.R_OK | fs.constants.W_OK)
    return true
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return false
  }
}

/** The mode of files that are never written again. */
export const readOnly = 0o444

/** Writes a small file and makes its bytes durable; its name is not. */
export const writeDurably = (
  files: LedgerFiles,
  path: string,
  text: string | Uint8Array,
  mode: 0o644 | 0o444 = 0o644,
): void => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const fd = fs.openSync(path, 'w', mode)
  try {
    const written = files.write(fd, bytes, bytes.length, null)
    if (written !== bytes.length) throw shortWrite(basename(path), written, bytes.length)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Writes a small file as a whole: after a crash either the old content or the new one is there. */
export const replaceFile = (
  files: LedgerFiles,
  folder: string,
  name: string,
  text: string | Uint8Array,
  mode: 0o644 | 0o444 = 0o644,
): void => {
  const temporary = `${folder}/${name}.tmp`
  if (mode === readOnly) fs.rmSync(temporary, { force: true }) // one that a crash left behind cannot be written to
  writeDurably(files, temporary, text, mode)
  files.rename(temporary, `${folder}/${name}`)
  files.syncFolder(folder)
}

/** The folder of what was taken out of the ledger's files; made when it is not there yet. */
export const quarantineOf = (files: LedgerFiles, folder: string): string => {
  const place = `${folder}/quarantine`
  fs.mkdirSync(place, { recursive: true })
  files.syncFolder(folder)
  return place
}

/** A write that took fewer bytes than it was given, and said nothing: there was no room for the rest. */
export const shortWrite = (name: string, written: number, length: number): Error =>
  Object.assign(new Error(`ENOSPC: only ${written} of ${length} bytes of ${name} were written`), {
    code: 'ENOSPC',
  })

/** Reads until `length` bytes are there or the file ends; returns how many there are. */
export const readFully = (fd: number, into: Uint8Array, length: number, position: number): number => {
  let filled = 0
  while (filled < length) {
    const count = fs.readSync(fd, into, filled, length - filled, position + filled)
    if (count === 0) break
    filled += count
  }
  return filled
}

/** The code of a system error ('ENOENT'); undefined for anything else. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
