// Whole ledgers as files: every kind of copy behind one port. Each is loaded when it is first asked for.

import { join } from 'node:path'
import type { LedgerCopies } from '../domain/ledger-copies.ts'
import type { Creation } from './ledger-identity.ts'
import { systemClock } from './system-clock.ts'

/**
 * The copies of one book. Backups, restores and imports are a person's acts on a machine: they carry the time of the wall
 * clock, also for a book whose own clock is a recording's.
 */
export const ledgerCopies = (ledgers: string, creation: Creation): LedgerCopies => {
  const folder = join(ledgers, creation.book)
  const source = { folder, dataFolder: join(ledgers, 'data') }
  return {
    backup: async to => (await import('./ledger-backup.ts')).backUp(source, to, systemClock.now()),
    check: async from => (await import('./ledger-backup.ts')).checkBackup(from),
    restore: async from =>
      (await import('./ledger-restore.ts')).restoreBackup(from, source, systemClock.now()),
    rangeOf: async selection => (await import('./ledger-export.ts')).rangeOf(folder, selection),
    importEvents: async file =>
      (await import('./ledger-import.ts')).importLedger(file, folder, creation, systemClock.now()),
    redacted: async function* (selection) {
      yield* (await import('./ledger-export-redacted.ts')).redactedLines(folder, selection)
    },
    plainLine: async seq => (await import('./ledger-export-redacted.ts')).plainLine(folder, seq),
    verifyRedacted: async (file, anchor, openings) =>
      (await import('./ledger-verify-redacted.ts')).verifyRedacted(file, anchor, openings),
    textOut: async path => (await import('./ledger-export.ts')).openTextOut(path),
  }
}
