// Putting a backup where its book has no ledger.
//
//   RESTORING ──▶ KILL ──▶ data, segments, seals … HEAD ──▶ LEDGER.json with a new epoch ──▶ RESTORING removed
//
// The book is halted before there is a ledger to trade on, and there is a ledger only when all of it is durable. A
// restore that was interrupted is begun anew by the next one. The epoch is what order ids are made with: whatever the
// book did after the backup was taken, its order ids never come back.

import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { LedgerDamaged } from '../domain/event-store.ts'
import { PlaceTaken, type RestoreReport } from '../domain/ledger-copies.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { LedgerRestored, SegmentOpened } from '../domain/segment.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import { copyFile, hashOfFile, syncFile } from './durable-copy.ts'
import { openJsonlReader } from './jsonl-store.ts'
import { killSwitch } from './kill-switch.ts'
import { type BackupSource, checkBackup, dataName } from './ledger-backup.ts'
import { nodeFiles, replaceFile, syncAbove } from './ledger-files.ts'
import {
  endRestore,
  isNamed,
  readIdentity,
  requireFileSystem,
  requireWritable,
  restoringName,
  writeIdentity,
} from './ledger-identity.ts'
import { LedgerBusy, openLock } from './ledger-lock.ts'

/** What may lie in the folder of a book that has no ledger. */
const beside = new Set(['LOCK', 'EXECUTOR', 'KILL', restoringName])

export interface RestoreOptions {
  /** For tests: a file system in memory loses everything when the machine stops. */
  readonly allowMemory?: boolean
}

/** Restores the backup in `from` to the folder of its book. */
export const restoreBackup = async (
  from: string,
  { folder, dataFolder }: BackupSource,
  now: Instant,
  { allowMemory = false }: RestoreOptions = {},
): Promise<RestoreReport> => {
  const report = await checkBackup(from)
  const copied = join(from, report.book)
  const identity = readIdentity(copied)
  if (identity === undefined) throw new Error(`${copied} lost its LEDGER.json while it was read`)
  requireWritable(copied, identity)
  fs.mkdirSync(folder, { recursive: true })
  requireFileSystem(folder, allowMemory)
  const lock = openLock(folder, 'restore')
  try {
    if (!lock.tryTake()) throw new LedgerBusy(folder, 0, lock.holder())
    lock.sign()
    requireNoLedger(folder)
    await begin(folder, report.taken)
    for (const sha256 of report.data) await copyDatum(join(from, dataName, sha256), join(dataFolder, sha256))
    for (const path of filesIn(copied))
      if (path !== 'LEDGER.json' && path !== restoringName)
        await copyFile(join(copied, path), join(folder, path))
    const epochNow = epochAfter(report.book, now, await epochsIn(copied))
    writeIdentity(nodeFiles, folder, { ...identity, epoch: epochNow })
    endRestore(nodeFiles, folder)
    return { ...report, epochNow }
  } finally {
    lock.close()
  }
}

const requireNoLedger = (folder: string) => {
  const names = fs.readdirSync(folder)
  const interrupted = names.includes(restoringName) && !names.includes('LEDGER.json')
  const foreign = interrupted ? undefined : names.find(name => !isNamed(beside, name))
  if (foreign === undefined) return
  throw new PlaceTaken(
    `${folder} holds ${foreign}: a backup is restored only where the book has no ledger, never over one. Move the ` +
      'folder away (and keep it) or name another place with --ledger',
  )
}

/** Leaves the folder halted, signed as being restored, and otherwise empty. */
const begin = async (folder: string, taken: Instant) => {
  replaceFile(nodeFiles, folder, restoringName, '')
  await killSwitch(folder).pull('halted', 'restore', restoreReason(taken))
  for (const name of fs.readdirSync(folder))
    if (!isNamed(beside, name)) fs.rmSync(join(folder, name), { recursive: true })
  nodeFiles.syncFolder(folder)
}

/** Why a restored book is halted. */
export const restoreReason = (taken: Instant): string =>
  `restored from the backup of ${taken}: reconcile with the venue first, then resume`

const filesIn = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => fs.statSync(join(folder, path)).isFile())
    .sort()

/** Another book may share the file: it stays if it is what its name says. */
const copyDatum = async (from: string, to: string) => {
  if (!fs.existsSync(to)) return copyFile(from, to)
  if ((await hashOfFile(to)) !== (await hashOfFile(from)))
    throw new LedgerDamaged('corrupt', `${to} is damaged; delete it, the restore puts it right`)
  syncFile(to)
  syncAbove(nodeFiles, dirname(to))
}

// ── the epoch ───────────────────────────────────────────────────────────────────────────────────────────────────

/** All epochs that events of the ledger were written in. */
const epochsIn = async (folder: string): Promise<readonly string[]> => {
  const reader = await openJsonlReader(folder)
  try {
    const epochs = [reader.identity.epoch]
    for await (const { event } of reader.readAll({
      types: new Set([SegmentOpened.type, LedgerRestored.type]),
    }))
      if (event.type === SegmentOpened.type || event.type === LedgerRestored.type)
        epochs.push(event.data.epoch)
    return epochs
  } finally {
    await reader.close()
  }
}

/** The first instant from `now` on whose order ids begin otherwise than those of all former epochs. */
export const epochAfter = (book: string, now: Instant, former: readonly string[]): Instant => {
  const taken = new Set(former.map(epoch => orderPrefix(book, epoch)))
  let epoch = now
  while (taken.has(orderPrefix(book, epoch))) epoch = instantOf(millisecondsOf(epoch) + 1)
  return epoch
}
