// The port to copies from one store to another: line for line, so that the copy has the same hash chain.

import type { Head } from './event-store.ts'
import type { Instant } from './time.ts'

export interface CopyOptions {
  /** 'jsonl' is the configured ledger folder, 'jsonl:FOLDER' another one, 'esdb://…' a server. */
  readonly from: string
  readonly to: string
  /** Goes on with what comes, until the signal aborts. */
  readonly follow: boolean
  /** Makes the finished copy the ledger: in a new epoch, halted until an operator resumes. */
  readonly takeOver: boolean
}

export type CopyStep =
  | { readonly kind: 'copied'; readonly seq: number; readonly head: number }
  /** The copy is as far as the source: both heads, read back. */
  | { readonly kind: 'equal'; readonly head: Head; readonly since: number }
  /** A mirror that cannot reach one side waits and goes on. */
  | { readonly kind: 'waiting'; readonly why: string }

export interface CopyReport {
  readonly from: Head
  readonly to: Head
  /** The seq that the copy began behind: what was there already. */
  readonly since: number
  /** The epoch that begins now, when the copy took over. */
  readonly epochNow?: Instant
}

/** The two sides do not belong together, or the copy is not one. Nothing was written. */
export class CopyRefused extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'CopyRefused'
  }
}
