// Copying files so that they are there after a power cut, with the names of all folders that were made for them.
//
//   .incoming-… ──fsync──▶ rename ──fsync folder, and those above──▶ there for good

import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { LedgerDamaged } from '../domain/event-store.ts'
import { nodeFiles, shortWrite, syncAbove } from './ledger-files.ts'

const copyBytes = 1024 * 1024

/** Copies a file, or its first bytes; durable, with the names of new folders. Whoever finds `to` finds all of it. */
export const copyFile = async (from: string, to: string, bytes?: number): Promise<void> => {
  const folder = dirname(to)
  const source = fs.openSync(from, 'r')
  try {
    fs.mkdirSync(folder, { recursive: true })
    const temporary = join(folder, `.incoming-${process.pid}-${randomUUID()}`)
    try {
      const copied = await copyBytesOf(source, temporary, bytes)
      if (bytes !== undefined && copied !== bytes)
        throw new LedgerDamaged(
          'lost-acknowledged',
          `${from} has ${copied} bytes, but ${bytes} were acknowledged`,
        )
      nodeFiles.rename(temporary, to)
    } catch (error) {
      fs.rmSync(temporary, { force: true })
      throw error
    }
  } finally {
    fs.closeSync(source)
  }
  nodeFiles.syncFolder(folder)
  syncAbove(nodeFiles, folder)
}

/** Copies the first bytes of an open file, all of them when `bytes` is left out, into a new file; how many they were. */
const copyBytesOf = async (source: number, to: string, bytes = Number.POSITIVE_INFINITY): Promise<number> => {
  const target = fs.openSync(to, 'wx', 0o644)
  try {
    const buffer = Buffer.allocUnsafe(copyBytes)
    let copied = 0
    while (copied < bytes) {
      const length = fs.readSync(source, buffer, 0, Math.min(copyBytes, bytes - copied), copied)
      if (length === 0) break
      const written = nodeFiles.write(target, buffer, length, null)
      if (written !== length) throw shortWrite(to, written, length)
      copied += length
      await turn() // a large segment keeps nobody else waiting
    }
    fs.fsyncSync(target)
    return copied
  } finally {
    fs.closeSync(target)
  }
}

/**
 * Makes a file that is there already, and its name, as durable as a copy: who put it there may have died before that, or
 * not be done yet. The names of the folders above are the caller's.
 */
export const syncFile = (path: string): void => {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  nodeFiles.syncFolder(dirname(path))
}

/** 64 lower-case hex digits. */
export const hashOfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of fs.createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
