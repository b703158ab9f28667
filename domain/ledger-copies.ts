// The port to whole ledgers as files: copied while others write, checked, put in place again, told as text.

import type { Seq } from './event.ts'
import type { Head, Mode } from './event-store.ts'
import type { CalendarDate, Instant } from './time.ts'

/** What a finished backup holds. */
export interface BackupReport {
  readonly book: string
  readonly mode: Mode
  readonly ledgerId: string
  /** Of the ledger that was copied. */
  readonly epoch: string
  readonly taken: Instant
  readonly head: Head
  readonly segments: number
  /** Of the plain lines. */
  readonly bytes: number
  /** Files that events refer to, by SHA-256. */
  readonly data: readonly string[]
  /** Files that events refer to and that were not there to be copied. */
  readonly dataMissing: readonly string[]
}

export interface RestoreReport extends BackupReport {
  /** The epoch that begins now; order ids are made with it. */
  readonly epochNow: Instant
}

/**
 * Events between two places, both of them included. A day is what was recorded on a date of the book's zone; in a redacted
 * export it is the day's segments, which is what a seal and an anchor are about.
 */
export interface Selection {
  readonly day?: CalendarDate
  readonly from?: Seq
  readonly to?: Seq
}

export interface ImportReport {
  readonly book: string
  readonly mode: Mode
  readonly ledgerId: string
  readonly epoch: Instant
  /** Last of the imported events. */
  readonly seq: Seq
  /** SHA-256 of the file. */
  readonly sha256: string
}

/** What someone who holds a redacted export can say about it. */
export interface RedactedReport {
  readonly ledgerId: string
  readonly book: string
  /** First and last of the lines, which are all there. */
  readonly first: Seq
  readonly last: Head
  /** The anchor that was compared, when one was given. */
  readonly anchor: Head | undefined
  /** Events that were opened. */
  readonly opened: readonly Seq[]
  /** What does not hold, in sentences; the verdict is clean without any. */
  readonly faults: readonly string[]
}

/** Where text goes: stdout or a file, which is there as a whole when it is closed, or not at all. */
export interface TextOut {
  /** False when nobody reads any more, as behind `| head`: there is no need to go on. */
  write(text: string): Promise<boolean>
  close(): Promise<void>
  /** Leaves no file behind. */
  discard(): Promise<void>
}

export interface LedgerCopies {
  /**
   * Copies the book's ledger, as far as it is acknowledged now, into a folder that is empty or not there yet; others may
   * write meanwhile. The copy is durable and verified when it resolves. Throws PlaceTaken, BackupUnusable, NoSuchBook.
   */
  backup(to: string): Promise<BackupReport>
  /** Verifies a backup: all bytes of the ledger, and all files that it refers to. Throws BackupUnusable. */
  check(from: string): Promise<BackupReport>
  /**
   * Puts a backup where the book has no ledger, halted by a KILL file and in a new epoch. The store records
   * LedgerRestored when it is opened for writing next. Throws PlaceTaken, BackupUnusable, LedgerBusy.
   */
  restore(from: string): Promise<RestoreReport>
  /** The places between which the selected events lie; for a day, found without reading other days. */
  rangeOf(selection: Selection): Promise<{ readonly first: Seq; readonly last: Seq }>
  /** Makes a new ledger of the whole history in a file of `export`. Throws ImportRefused, PlaceTaken. */
  importEvents(file: string): Promise<ImportReport>
  /** The selected lines without what they say of sizes and prices, after a line that says what they are. */
  redacted(selection: Selection): AsyncIterable<string>
  /** The bytes of one line as text, its end of line included. Opens a redacted line. */
  plainLine(seq: Seq): Promise<string>
  /** Checks a redacted export, on any machine. `openings` is a file of plain lines. Throws RedactedUnusable. */
  verifyRedacted(
    file: string,
    anchor: Head | undefined,
    openings: string | undefined,
  ): Promise<RedactedReport>
  /** A file, or stdout when no path is given. Throws PlaceTaken when the file is there already. */
  textOut(path: string | undefined): Promise<TextOut>
}

/** Where something was to be put, there is something already. Nothing was changed. */
export class PlaceTaken extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'PlaceTaken'
  }
}

/** A folder that is no backup, or whose bytes are not what was copied. */
export class BackupUnusable extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'BackupUnusable'
  }
}

/** Text from which no ledger can be made: one line is enough. Nothing was written. */
export class ImportRefused extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'ImportRefused'
  }
}

/** Text that is no redacted export. */
export class RedactedUnusable extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'RedactedUnusable'
  }
}
