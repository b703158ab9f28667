// POISON: a sync failed, so nobody knows what the disk holds. The file stops every writer, in this process and in
// all others, until a person has looked and removed it.

import fs from 'node:fs'
import { LedgerDamaged } from '../domain/event-store.ts'
import type { Instant } from '../domain/time.ts'
import type { LedgerFiles } from './ledger-files.ts'

const remedy = "check the disk, run 'veritape verify', copy or restore the ledger, then remove POISON"

export interface Poison {
  /** Throws when this writer has stopped, or POISON is there. */
  refuse(): void
  /** Stops this writer for good; every later call of `refuse` throws this. */
  stop(error: LedgerDamaged): never
  /** Stops all writers: bytes may be lost that the kernel will never report again. */
  spread(error: unknown): never
  /** As spread, for a failure that nobody waits for: the next call of `refuse` throws it. */
  note(error: unknown): void
  readonly stopped: () => boolean
}

export const poisonOf = (files: LedgerFiles, folder: string, clock: () => Instant): Poison => {
  let stopped: LedgerDamaged | undefined
  const stop = (error: LedgerDamaged): never => {
    stopped = error
    throw error
  }
  const spread = (error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error)
    let sentence = `${folder} could not be made durable (${why}): the kernel may have dropped what was written; ${remedy}`
    try {
      fs.writeFileSync(`${folder}/POISON`, `${clock()} pid ${process.pid}: ${sentence}\n`, { flush: true })
      files.syncFolder(folder)
    } catch (again) {
      sentence = `${sentence} (POISON could not be written either: ${String(again)})`
    }
    return stop(new LedgerDamaged('poisoned', sentence))
  }
  return {
    stopped: () => stopped !== undefined,
    stop,
    refuse: () => {
      if (stopped !== undefined) throw stopped
      if (fs.statSync(`${folder}/POISON`, { throwIfNoEntry: false }) === undefined) return
      const sentence = `${folder}/POISON exists: a sync failed there and nobody may write. Read it, ${remedy}`
      throw new LedgerDamaged('poisoned', sentence)
    },
    spread,
    note: error => {
      try {
        spread(error)
      } catch (poisoned) {
        if (poisoned !== stopped) throw poisoned
      }
    },
  }
}
