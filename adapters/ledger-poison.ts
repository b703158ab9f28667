// POISON: a sync failed, so nobody knows what the disk holds. The file stops every writer, in this process and in
// all others, until a person has looked and repaired the ledger (ledger-repair.ts), which moves it to the quarantine.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { LedgerDamaged } from '../domain/event-store.ts'
import { LedgerRepaired } from '../domain/segment.ts'
import type { Instant } from '../domain/time.ts'
import { codeOf, FolderNotSynced, type LedgerFiles, quarantineOf, replaceFile } from './ledger-files.ts'
import { digits } from './ledger-line.ts'

const name = 'POISON'
const remedy = "check the disk, stop all processes of this book, then run 'veritape repair'"

export interface Poison {
  /** Throws when this writer has stopped, or POISON is there. */
  refuse(): void
  /** Stops this writer for good; every later call of `refuse` throws this. */
  stop(error: LedgerDamaged): never
  /** Stops all writers: bytes may be lost that the kernel will never report again. */
  spread(error: unknown): never
  /** Throws the error; when it is that of a folder's sync, spreads it. */
  raise(error: unknown): never
  /** As spread, for a failure that nobody waits for: the next call of `refuse` throws it. */
  note(error: unknown): void
  readonly stopped: () => boolean
  /** Whether this writer has stopped, or POISON is there. */
  readonly stands: () => boolean
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
      fs.writeFileSync(`${folder}/${name}`, `${clock()} pid ${process.pid}: ${sentence}\n`, { flush: true })
      files.syncFolder(folder)
    } catch (again) {
      sentence = `${sentence} (POISON could not be written either: ${String(again)})`
    }
    return stop(new LedgerDamaged('poisoned', sentence))
  }
  const isThere = () => fs.statSync(`${folder}/${name}`, { throwIfNoEntry: false }) !== undefined
  return {
    stopped: () => stopped !== undefined,
    stands: () => stopped !== undefined || isThere(),
    stop,
    refuse: () => {
      if (stopped !== undefined) throw stopped
      if (!isThere()) return
      const sentence = `${folder}/${name} exists: a sync failed there and nobody may write. Read it, ${remedy}`
      throw new LedgerDamaged('poisoned', sentence)
    },
    spread,
    raise: error => {
      if (error instanceof FolderNotSynced) spread(error)
      throw error
    },
    note: error => {
      try {
        spread(error)
      } catch (poisoned) {
        if (poisoned !== stopped) throw poisoned
      }
    },
  }
}

/** What POISON says, for people who only look; undefined when it is not there. In a folder that is shut nothing is seen. */
export const readPoison = (folder: string): string | undefined => {
  const path = `${folder}/${name}`
  try {
    if (fs.statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined
  }
  try {
    return fs.readFileSync(path, 'utf8').trim()
  } catch (error) {
    return `${path} cannot be read (${codeOf(error) ?? error})`
  }
}

// ── after a repair ──────────────────────────────────────────────────────────────────────────────────────────────

/** 'POISON.0000000000001912.1f00…(16 digits)': the last event that was proven, and a hash of what POISON said. */
const clearedForm = /^POISON\.(\d{16})\.[0-9a-f]{16}$/

/** Moves POISON to the quarantine: writers may write again. `seq` is the last event that was proven. */
export const clearPoison = (files: LedgerFiles, folder: string, seq: number): void => {
  const bytes = fs.readFileSync(`${folder}/${name}`)
  const cleared = `${name}.${digits(seq, 16)}.${sha256Of(bytes).slice(0, 16)}`
  replaceFile(files, quarantineOf(files, folder), cleared, bytes)
  files.remove(`${folder}/${name}`)
  files.syncFolder(folder)
}

/** One event for each POISON in the quarantine that is not recorded yet; made from the files, as recoveries are. */
export const repairs = (
  folder: string,
  recorded: ReadonlySet<string>,
): ReturnType<typeof LedgerRepaired>[] => {
  const place = `${folder}/quarantine`
  if (!fs.existsSync(place)) return []
  return fs
    .readdirSync(place)
    .sort()
    .flatMap(file => {
      const quarantined = `quarantine/${file}`
      const [, seq] = clearedForm.exec(file) ?? []
      if (seq === undefined || recorded.has(quarantined)) return []
      const sha256 = sha256Of(fs.readFileSync(`${place}/${file}`))
      return LedgerRepaired({ seq: Number(seq), sha256, quarantined })
    })
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
