// Sealing every day that is over, in order, and anchoring each. A day is over when a later day's segment is the one
// that HEAD names.

import fs from 'node:fs'
import type { SealOptions, SealStep } from '../domain/anchor.ts'
import { tryLock } from './kernel-lock.ts'
import { anchorOf, keepAnchor, readPrivateKey } from './ledger-anchor.ts'
import { type LedgerFiles, nodeFiles } from './ledger-files.ts'
import { openHead, readHead } from './ledger-head.ts'
import { NoSuchBook, readIdentity } from './ledger-identity.ts'
import { LedgerBusy } from './ledger-lock.ts'
import { type Poison, poisonOf } from './ledger-poison.ts'
import type { SealRead } from './ledger-seal.ts'
import { sealSegment } from './ledger-sealing.ts'
import { dateOf, listSegments } from './ledger-segment.ts'
import { sizeOf } from './ledger-segment-bytes.ts'
import { systemClock } from './system-clock.ts'

/**
 * Seals and anchors. Needs no lock of the writers: what it touches is never written again. Safe to repeat, and after
 * a crash. Throws NoSuchBook, KeyRefused, LedgerBusy when another process seals, LedgerDamaged when a line does not
 * hold or a sync had failed.
 */
export async function* sealDays(
  folder: string,
  { upTo, keyFile }: SealOptions = {},
  files: LedgerFiles = nodeFiles,
): AsyncGenerator<SealStep, void> {
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  const key = keyFile === undefined ? undefined : readPrivateKey(keyFile)
  const free = holdSealing(folder)
  const poison = poisonOf(files, folder, systemClock.now)
  try {
    poison.refuse() // a disk that failed a sync is given nothing to compress, and no plain file is removed
    const today = dateOf(headSegment(files, folder, poison))
    const closed = closedSegments(folder, today).filter(name => upTo === undefined || dateOf(name) <= upTo)
    let previous: SealRead | undefined
    for (const [index, segment] of closed.entries()) {
      const fresh = fs.existsSync(`${folder}/${segment}`)
      const read: SealRead = await sealSegment({ folder, identity, files }, segment, previous)
      const { events, bytes, blocks } = read.seal
      const gzBytes = blocks.reduce((sum, block) => sum + block, 0)
      if (fresh) yield { kind: 'sealed', segment, events, bytes, gzBytes }
      previous = read
      if (dateOf(closed[index + 1] ?? '') === dateOf(segment)) continue
      const anchor = anchorOf(read)
      yield { kind: 'anchored', anchor, ...keepAnchor(files, folder, anchor, key) }
    }
  } catch (error) {
    poison.raise(error)
  } finally {
    free()
  }
}

/** A crash before its first line leaves a segment empty; the book then begins with a later one. */
const closedSegments = (folder: string, today: string): readonly string[] =>
  listSegments(folder).filter(name => dateOf(name) < today && sizeOf(folder, name) > 0)

/** Closed segments that still lie there as they were written. Reads only; throws NoSuchBook. */
export const unsealedSegments = (folder: string): readonly { segment: string; bytes: number }[] => {
  if (readIdentity(folder) === undefined) throw new NoSuchBook(folder)
  const fd = openHead(folder, 'r')
  try {
    const today = dateOf(readHead(fd, folder).mark.segment)
    return closedSegments(folder, today)
      .filter(segment => fs.existsSync(`${folder}/${segment}`))
      .map(segment => ({ segment, bytes: fs.statSync(`${folder}/${segment}`).size }))
  } finally {
    fs.closeSync(fd)
  }
}

/** The segment that HEAD names, by a HEAD that survives a power cut: else it could come to stand inside a sealed one. */
const headSegment = (files: LedgerFiles, folder: string, poison: Poison): string => {
  const fd = openHead(folder, 'r')
  try {
    sync(files, fd, poison)
    return readHead(fd, folder).mark.segment
  } finally {
    fs.closeSync(fd)
  }
}

const sync = (files: LedgerFiles, fd: number, poison: Poison) => {
  try {
    files.sync(fd)
  } catch (error) {
    poison.spread(error)
  }
}

/** One process seals at a time. A kernel lock, freed when its holder dies. */
const holdSealing = (folder: string): (() => void) => {
  const fd = fs.openSync(`${folder}/SEALING`, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
  if (tryLock(fd)) {
    try {
      fs.ftruncateSync(fd)
      fs.writeSync(fd, `pid ${process.pid}\n`, 0)
    } catch (error) {
      fs.closeSync(fd) // a disk without room for the sign
      throw error
    }
    return () => fs.closeSync(fd)
  }
  const holder = fs.readFileSync(fd, 'utf8').trim()
  fs.closeSync(fd)
  throw new LedgerBusy(folder, 0, `${holder}, which seals`)
}
