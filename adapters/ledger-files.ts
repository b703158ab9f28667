// The few file operations that a ledger's promises hang on. The store gets them as an object, so that a test can
// let a disk be full, lie or fail at any step.

import fs from 'node:fs'

export interface LedgerFiles {
  /** Appends or writes at `position`; returns how many bytes were written, which may be fewer than asked. */
  write(fd: number, bytes: Uint8Array, length: number, position: number | null): number
  /** Makes the file's bytes durable. */
  sync(fd: number): void
  truncate(fd: number, length: number): void
  /** Makes the names in a folder durable. */
  syncFolder(folder: string): void
}

export const nodeFiles: LedgerFiles = {
  write: (fd, bytes, length, position) => fs.writeSync(fd, bytes, 0, length, position),
  sync: fd => fs.fdatasyncSync(fd),
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
  syncFolder: folder => {
    const fd = fs.openSync(folder, 'r')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  },
}

/** Writes a small file as a whole: after a crash either the old content or the new one is there. */
export const replaceFile = (
  files: LedgerFiles,
  folder: string,
  name: string,
  text: string | Uint8Array,
): void => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const temporary = `${folder}/${name}.tmp`
  const fd = fs.openSync(temporary, 'w')
  try {
    const written = files.write(fd, bytes, bytes.length, null)
    if (written !== bytes.length)
      throw new Error(`only ${written} of ${bytes.length} bytes of ${name} were written`)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(temporary, `${folder}/${name}`)
  files.syncFolder(folder)
}

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
