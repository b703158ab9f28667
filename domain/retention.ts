// Retention: what may be thrown away, and why. Days of the ledger never may.
//
//   disposable files ──too old, too many, disk short──▶ thrown away, the oldest first

import * as z from 'zod'
import { type EventOf, event } from './event.ts'
import { type Instant, millisecondsOf } from './time.ts'

export const RetentionCompleted = event('RetentionCompleted', 1, {
  /** Segments that were proven, compressed and sealed. */
  sealed: z.array(z.string()).readonly(),
  /** Files that were thrown away, and their bytes, by area. */
  removed: z.record(z.string(), z.strictObject({ files: z.int().positive(), bytes: z.int().nonnegative() })),
  /** Bytes on the ledger's disk afterwards, and the floor that was asked for. */
  free: z.int().nonnegative(),
  floor: z.int().nonnegative(),
})
export type RetentionCompleted = EventOf<typeof RetentionCompleted>

/** A file that can be made again, or that nobody needs. */
export interface Disposable {
  /** 'old view': under state/, but no view of the ledger any more; 'leftover': of an interrupted write; 'log'. */
  readonly area: 'leftover' | 'old view' | 'log'
  readonly path: string
  readonly bytes: number
  /** Last change. */
  readonly modified: Instant
}

export interface RetentionRules {
  readonly daysMax: number
  /** Of all disposable files together. */
  readonly bytesMax: number
  /** The disk shall have so many bytes free. */
  readonly freeMin: number
}

export interface Removal extends Disposable {
  readonly because: 'older than allowed' | 'more bytes than allowed' | 'the disk is short'
}

/** What changed within a day may still be written to. */
const restMs = 86_400_000

/** The oldest first. A file is removed for the first reason that holds. */
export const removalsOf = (
  files: readonly Disposable[],
  { daysMax, bytesMax, freeMin }: RetentionRules,
  now: Instant,
  free: number,
): readonly Removal[] => {
  const resting = files
    .filter(({ modified }) => millisecondsOf(now) - millisecondsOf(modified) > restMs)
    .sort((a, b) => (a.modified < b.modified ? -1 : a.modified > b.modified ? 1 : a.path < b.path ? -1 : 1))
  let bytes = files.reduce((sum, each) => sum + each.bytes, 0)
  let room = free
  const removals: Removal[] = []
  for (const file of resting) {
    const days = (millisecondsOf(now) - millisecondsOf(file.modified)) / 86_400_000
    const because =
      file.area === 'leftover' || days > daysMax
        ? 'older than allowed'
        : bytes > bytesMax
          ? 'more bytes than allowed'
          : room < freeMin
            ? 'the disk is short'
            : undefined
    if (because === undefined) continue
    removals.push({ ...file, because })
    bytes -= file.bytes
    room += file.bytes
  }
  return removals
}

/** A day that is over and not sealed yet. */
export interface UnsealedSegment {
  readonly segment: string
  readonly bytes: number
}

/** The port to the files that may be thrown away. */
export interface DisposableFiles {
  /** Of the book's state, and of folders of logs. Throws when a folder of logs cannot be read. */
  list(logFolders: readonly string[]): Promise<readonly Disposable[]>
  /** False when it was gone already, or has been written to since it was listed. Throws CannotWrite. */
  remove(file: Disposable): Promise<boolean>
  /** Days that are over and not sealed; throws NoSuchBook. */
  unsealed(): readonly UnsealedSegment[]
}
