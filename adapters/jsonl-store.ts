// The embedded ledger: a folder of JSON Lines files that several processes write and read at the same time.
//
//   append ──▶ queue ──▶ LOCK ──▶ writer: catch up, decide, one write, one sync, HEAD ──▶ answered
//   read, readAll, subscribe ──▶ HEAD ──▶ segments, up to what HEAD acknowledges; no lock
//
// docs/ledger-format.md describes the bytes.

import fs from 'node:fs'
import type { EventStore } from '../domain/event-store.ts'
import type { Role } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { door } from './ledger-decision.ts'
import { type LedgerFiles, nodeFiles, replaceFile } from './ledger-files.ts'
import { nothingDurable, openHead, printSlot, readHead } from './ledger-head.ts'
import {
  type Creation,
  createIdentity,
  endRestore,
  type LedgerIdentity,
  NoSuchBook,
  publicIdentity,
  readIdentity,
  requireFileSystem,
  requireSame,
  requireWritable,
} from './ledger-identity.ts'
import { backOff, LedgerBusy, type LedgerLock, openLock } from './ledger-lock.ts'
import { poisonOf } from './ledger-poison.ts'
import { appendQueue } from './ledger-queue.ts'
import { requireEnd } from './ledger-reader.ts'
import { reading, streamOf } from './ledger-reading.ts'
import { openWriter } from './ledger-writer.ts'

export interface JsonlOptions {
  /** The folder of the book: ledger/<book>. */
  readonly folder: string
  /** Whose streams may be written. */
  readonly role: Role
  readonly clock: () => Instant
  /** Creates the ledger when there is none; refuses one of another book or mode. */
  readonly create?: Creation
  /** How long an append waits for other processes before it is answered 'ledger-busy'. */
  readonly busyAfterMs?: number
  /** Folder for checkpoints, with which a book opens as fast after ten years as on its second day. */
  readonly checkpoints?: string
  /** May use up the room on the disk that is kept for a halt. */
  readonly urgent?: boolean
  /** For tests: a file system in memory loses everything when the machine stops. */
  readonly allowMemory?: boolean
  /** For tests: file operations that fail on purpose. */
  readonly files?: LedgerFiles
}

const busyAfterMsDefault = 5000

/**
 * Opens a ledger for writing (and reading). Recovers what a dead writer left. Throws NoSuchBook when there is none
 * and `create` is not given, LedgerDamaged when it may not be written, LedgerBusy when it is held for too long.
 */
export const openJsonlStore = async ({
  folder,
  role,
  clock,
  create,
  busyAfterMs = busyAfterMsDefault,
  checkpoints,
  urgent = false,
  allowMemory = false,
  files = nodeFiles,
}: JsonlOptions): Promise<EventStore> => {
  if (create === undefined && readIdentity(folder) === undefined) throw new NoSuchBook(folder)
  fs.mkdirSync(folder, { recursive: true })
  requireFileSystem(folder, allowMemory)
  readIdentity(folder) // refuses a foreign folder before anything is put into it
  const lock = openLock(folder, role)
  await takeForOpening(lock, folder, busyAfterMs)
  try {
    const identity = readIdentity(folder) ?? createLedger(files, folder, create, clock())
    if (create !== undefined) requireSame(folder, identity, create)
    requireWritable(folder, identity)
    endRestore(files, folder)
    const headFd = openHead(folder, 'r+')
    const writer = openWriter({
      folder,
      identity,
      clock,
      files,
      headFd,
      sign: lock.sign,
      checkpoints,
      urgent,
    })
    lock.release()
    return writingStore({ folder, role, identity, writer, lock, busyAfterMs })
  } catch (error) {
    lock.close() // which frees it
    throw error
  }
}

const takeForOpening = async (lock: LedgerLock, folder: string, busyAfterMs: number): Promise<void> => {
  const since = performance.now()
  for (let attempt = 1; !lock.tryTake(); attempt++) {
    const waited = Math.round(performance.now() - since)
    if (waited >= busyAfterMs) {
      const holder = lock.holder()
      lock.close()
      throw new LedgerBusy(folder, waited, holder)
    }
    await backOff(attempt)
  }
}

/** HEAD first, LEDGER.json last: whoever finds LEDGER.json finds a complete ledger. */
const createLedger = (
  files: LedgerFiles,
  folder: string,
  create: Creation | undefined,
  now: Instant,
): LedgerIdentity => {
  if (create === undefined) throw new NoSuchBook(folder)
  replaceFile(files, folder, 'HEAD', printSlot(nothingDurable).repeat(2)) // made anew by the next one when it fails
  try {
    return createIdentity(files, folder, create, now)
  } catch (error) {
    return poisonOf(files, folder, () => now).raise(error)
  }
}

/**
 * Opens a ledger for reading only: needs no right to write, takes no lock and works while others write. Throws
 * NoSuchBook or LedgerDamaged.
 */
export const openJsonlReader = async (folder: string): Promise<EventStore> => {
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  const headFd = openHead(folder, 'r')
  try {
    requireEnd(folder, readHead(headFd, folder).mark)
  } catch (error) {
    fs.closeSync(headFd)
    throw error
  }
  let closed = false
  return {
    identity: publicIdentity(identity),
    ...reading(folder, headFd, new Set(), () => {
      if (closed) throw new Error('the store is closed')
    }),
    append: async () => {
      throw new Error(`${folder} was opened for reading; open it with openJsonlStore and a role to append`)
    },
    close: async () => {
      if (!closed) fs.closeSync(headFd)
      closed = true
    },
  }
}

interface Writing {
  readonly folder: string
  readonly role: Role
  readonly identity: LedgerIdentity
  readonly writer: ReturnType<typeof openWriter>
  readonly lock: LedgerLock
  readonly busyAfterMs: number
}

const writingStore = ({ folder, role, identity, writer, lock, busyAfterMs }: Writing): EventStore => {
  const woken = new Set<() => void>()
  const queue = appendQueue(lock, writer, busyAfterMs, () => {
    for (const wake of woken) wake()
  })
  const admit = door(role)
  const headFd = openHead(folder, 'r')
  let closed = false
  const opened = () => {
    if (closed) throw new Error('the store is closed')
  }
  const reads = reading(folder, headFd, woken, opened)

  return {
    identity: publicIdentity(identity),
    ...reads,
    read: stream => {
      opened()
      return streamOf(folder, writer.refresh(), stream, readHead(headFd, folder).mark)
    },
    append: group => {
      try {
        opened()
        return queue.append(admit(group))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    close: async () => {
      if (closed) return
      closed = true
      await queue.idle()
      writer.close()
      lock.close()
      fs.closeSync(headFd)
    },
  }
}
