// The ledger's own events: where a segment begins and ends, what a recovery set aside, what a repair wrote anew, and
// where a copy of a ledger went on as a ledger of its own.

import * as z from 'zod'
import { type EventOf, event } from './event.ts'

/** First line of every segment; repeats what the chain already says, so that a segment explains itself. */
export const SegmentOpened = event('SegmentOpened', 1, {
  segment: z.string(),
  previousSegment: z.string().optional(),
  book: z.string(),
  epoch: z.string(),
})
/** Last line of a segment that is full or whose day is over. */
export const SegmentClosed = event('SegmentClosed', 1, {
  segment: z.string(),
  nextSegment: z.string(),
  why: z.enum(['day', 'size']),
})
/** Torn bytes of a write that nobody was told about were moved to the quarantine. */
export const LedgerRecovered = event('LedgerRecovered', 1, {
  segment: z.string(),
  offset: z.int().nonnegative(),
  bytes: z.int().positive(),
  sha256: z.string(),
  quarantined: z.string(),
})
/**
 * What stands before was restored from a backup, or imported; from here on the book is in another epoch, so that its
 * order ids are new. Whatever the book did elsewhere after `seq` is not known here.
 */
export const LedgerRestored = event('LedgerRestored', 1, {
  book: z.string(),
  /** The epoch of what stands before. */
  from: z.string(),
  epoch: z.string(),
  /** The last event that was restored, and its hash. */
  seq: z.int().positive(),
  hash: z.string(),
})
/**
 * A sync had failed, and an operator repaired the ledger: all lines up to `seq` were proven, those that the failed sync
 * may have concerned were written into new files, and POISON went to the quarantine.
 */
export const LedgerRepaired = event('LedgerRepaired', 1, {
  seq: z.int().nonnegative(),
  /** Of what POISON said. */
  sha256: z.string(),
  quarantined: z.string(),
})
export type SegmentEvent =
  | EventOf<typeof SegmentOpened>
  | EventOf<typeof SegmentClosed>
  | EventOf<typeof LedgerRecovered>
  | EventOf<typeof LedgerRestored>
  | EventOf<typeof LedgerRepaired>
