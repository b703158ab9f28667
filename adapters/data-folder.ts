// Bytes that events refer to by their SHA-256: one file for each, named by its hash, never changed.
//
//   .incoming-… ──fsync──▶ rename to <sha256> ──fsync folder──▶ there for good
//
// What is already there is checked and synced before it is believed, and put right when it is damaged: we hold the true bytes.

import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataFolder } from '../domain/data-folder.ts'
import { sha256 as hashOf } from '../domain/hash.ts'
import { syncFile } from './durable-copy.ts'
import { codeOf, nodeFiles, syncAbove } from './ledger-files.ts'

/** Data that an event refers to is missing, or is not what it was. */
export class DataDamaged extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'DataDamaged'
  }
}

const hashForm = /^[0-9a-f]{64}$/

export const dataFolder = (folder: string): DataFolder => {
  const pathOf = (sha256: string) => join(folder, sha256)

  let isNamed = false
  /** With durable names; whether another process got that far cannot be seen. */
  const makeFolder = async (): Promise<void> => {
    const made = await mkdir(folder, { recursive: true })
    if (isNamed && made === undefined) return
    syncAbove(nodeFiles, folder)
    isNamed = true
  }

  /** Writes `bytes` under their hash, which is known once all of them have passed. */
  const keep = async (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> => {
    const temporary = join(folder, `.incoming-${process.pid}-${randomUUID()}`)
    try {
      const sha256 = await writeDurably(temporary, chunks)
      await rename(temporary, pathOf(sha256))
      nodeFiles.syncFolder(folder)
      return sha256
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  const isKept = async (sha256: string): Promise<boolean> => {
    if ((await hashOfFile(pathOf(sha256))) !== sha256) return false
    // Another process may have put it there a moment ago: it must be as durable as we say it is.
    syncFile(pathOf(sha256))
    return true
  }

  /** Files whose bytes this process has checked: they are never changed, only damaged. */
  const checked = new Set<string>()

  const get = async (sha256: string): Promise<Uint8Array> => {
    if (!hashForm.test(sha256)) throw new DataDamaged(`'${sha256}' is no SHA-256`)
    const bytes = await readFile(pathOf(sha256)).catch(missing(pathOf(sha256)))
    const found = hashOf(bytes)
    if (found !== sha256)
      throw new DataDamaged(
        `${pathOf(sha256)} is damaged: its bytes have the SHA-256 ${found}; restore it from a backup`,
      )
    checked.add(sha256)
    return bytes
  }

  return {
    put: async bytes => {
      await makeFolder()
      const sha256 = hashOf(bytes)
      return (await isKept(sha256)) ? sha256 : keep([bytes])
    },
    putFile: async path => {
      const sha256 = await hashOfFile(path)
      if (sha256 === undefined) throw new DataDamaged(`${path} is not there; nothing was copied`)
      await makeFolder()
      // Hashed again while it is copied: if the file changed meanwhile, the name is that of the copy.
      return (await isKept(sha256)) ? sha256 : keep(createReadStream(path))
    },
    get,
    pathOf: async sha256 => {
      if (!checked.has(sha256)) await get(sha256)
      return pathOf(sha256)
    },
  }
}

const missing =
  (path: string) =>
  (error: unknown): never => {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new DataDamaged(`${path} is missing, and an event refers to it; restore it from a backup`)
  }

/** Undefined when there is no such file. */
const hashOfFile = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  return hash.digest('hex')
}

const writeDurably = async (
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> => {
  const hash = createHash('sha256')
  const file: FileHandle = await open(path, 'wx', 0o444)
  try {
    for await (const chunk of chunks) {
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
