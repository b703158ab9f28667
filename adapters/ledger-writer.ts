// The writer's half of a ledger: everything that happens while the lock is held. All of it is synchronous, so that
// nothing of this process comes between.
//
//   catch up ─▶ decide each request ─▶ encode as ONE write group ─▶ one write ─▶ one fdatasync ─▶ HEAD
//
// A sync that failed is never tried again: the kernel may have dropped the bytes and would report success. POISON
// then stops every writer until a person has looked.

import fs from 'node:fs'
import { left } from '../domain/result.ts'
import { SegmentClosed, type SegmentEvent } from '../domain/segment.ts'
import type { Instant } from '../domain/time.ts'
import { type ActiveSegment, activeSegment } from './ledger-active.ts'
import { advance } from './ledger-advance.ts'
import { linesAppender, NoRoom } from './ledger-appending.ts'
import { loadCheckpoint, saveCheckpoint } from './ledger-checkpoint.ts'
import type { Request } from './ledger-decision.ts'
import { FolderNotSynced, type LedgerFiles, syncAbove } from './ledger-files.ts'
import { type Outcome, type WriteGroup, writeGroup } from './ledger-group.ts'
import type { DurableMark } from './ledger-head.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { type Known, nothingKnown, settle } from './ledger-known.ts'
import { lineBuffer } from './ledger-lines.ts'
import { openingOf, ownRequest, unrecorded } from './ledger-own.ts'
import { type Poison, poisonOf } from './ledger-poison.ts'
import { damageError, judge, quarantine } from './ledger-recovery.ts'
import { reserveOf } from './ledger-reserve.ts'
import { rollDue, segmentName } from './ledger-segment.ts'
import { storedEventsIn } from './ledger-stored.ts'
import { datesOf, recordedTime } from './ledger-time.ts'
import { type Watermark, watermarkOf } from './ledger-watermark.ts'

export interface LedgerWriter {
  /** Answers all requests with one write group. The caller holds the lock. Throws LedgerDamaged. */
  commit(requests: readonly Request[]): readonly Outcome[]
  /** Takes in what other processes made durable; needs no lock. */
  refresh(): Known
  /** Makes HEAD durable as well, unless a sync has failed before, and closes the files. */
  close(): void
}

export interface WriterOptions {
  readonly folder: string
  readonly identity: LedgerIdentity
  readonly clock: () => Instant
  readonly files: LedgerFiles
  readonly headFd: number
  /** Called when other processes have written since the last commit. */
  readonly sign: () => void
  /** Folder of the checkpoints; undefined goes without. */
  readonly checkpoints: string | undefined
  /** May use up the room that is kept for a halt. */
  readonly urgent: boolean
}

type Failure =
  | { readonly kind: 'disk-full'; readonly detail: string }
  | { readonly kind: 'outcome-unknown'; readonly detail: string }

/**
 * Opens the ledger's files for writing; recovers what a dead writer left. The caller holds the lock. `headFd` is the
 * writer's from now on, closed too when it throws.
 */
export const openWriter = (options: WriterOptions): LedgerWriter => {
  const { folder, clock, files, headFd } = options
  const poison = poisonOf(files, folder, clock)
  const active = activeSegment(folder)
  let head: Watermark | undefined
  try {
    head = watermarkOf(files, folder, headFd, poison)
    return writerOf(options, poison, head, active)
  } catch (error) {
    active.close()
    if (head === undefined) fs.closeSync(headFd)
    else head.abandon()
    return poison.raise(error)
  }
}

const writerOf = (
  options: WriterOptions,
  poison: Poison,
  head: Watermark,
  active: ActiveSegment,
): LedgerWriter => {
  const { folder, identity, clock, files, sign, checkpoints, urgent } = options
  const time = recordedTime(clock)
  const today = datesOf(clock, identity.zone)
  const appendLines = linesAppender(files, poison)
  const lines = lineBuffer()
  const reserve = reserveOf(files, folder, identity.reserveBytes, urgent)
  poison.refuse()
  // Who gave the ledger its names, and those of the folders above it, may have been killed before they were durable.
  files.syncFolder(folder)
  syncAbove(files, folder)
  const known = startFrom(options, head.mark())
  const resumed = known.settled?.segment
  const stored = storedEventsIn(folder, known)
  let ownDue: SegmentEvent[] = []

  const sync = (fd: number) => {
    try {
      files.sync(fd)
    } catch (error) {
      poison.spread(error)
    }
  }

  const catchUp = () => {
    const mark = head.look()
    const damage = advance(folder, known, { head: mark, verifyFrom: known.segment || mark.segment })
    const verdict = judge(folder, known, damage, mark)
    const error = damageError(folder, verdict)
    if (error !== undefined) poison.stop(error)
    if (verdict.kind === 'torn') {
      quarantine(files, folder, verdict.segment, verdict.from, poison)
      ownDue = unrecorded(folder, identity, known)
    }
    if (known.at !== '') time.continueAfter(known.at)
    if (known.segment === '') return
    const fd = active.activate(known.segment)
    if (known.seq === mark.seq) return
    // A dead writer's whole groups: durable first, then acknowledged, before anything is built on them.
    sync(fd)
    moveHead()
  }

  const moveHead = () => {
    const { seq, segment, end, hash } = known
    head.move({ seq, segment, end, hash })
  }

  const moveHeadOr = (what: string): Failure | undefined => {
    try {
      moveHead()
      return undefined
    } catch (error) {
      return { kind: 'outcome-unknown', detail: `${what}HEAD could not be written: ${String(error)}` }
    }
  }

  /** Writes, syncs and moves HEAD. Undefined when all of it is durable and acknowledged. */
  const write = (group: WriteGroup, segment: string): Failure | undefined => {
    const opens = segment !== known.segment
    const start = opens ? 0 : known.end
    let fd: number
    group.encode(lines)
    const bytes = lines.bytes()
    try {
      fd = active.activate(segment)
      if (opens) files.syncFolder(folder)
      appendWithReserve(fd, bytes, start)
    } catch (error) {
      group.drop()
      if (!(error instanceof NoRoom)) throw error
      return { kind: 'disk-full', detail: error.message }
    }
    sync(fd)
    group.settle(segment, start + bytes.length)
    return moveHeadOr('the events are durable, but ')
  }

  /** The room that is kept for a halt is given back to the disk when the halt finds none. */
  const appendWithReserve = (fd: number, bytes: Buffer, start: number): void => {
    try {
      reserve.requireRoom(bytes.length)
      appendLines(fd, bytes, start)
    } catch (error) {
      if (!(error instanceof NoRoom && reserve.release())) throw error
      appendLines(fd, bytes, start)
    }
  }

  /** Leaves the segment when its day is over or it is full; the next one is then to be opened. */
  const closeSegmentIfDue = (): Failure | undefined => {
    if (known.segment === '' || known.next !== undefined) return undefined
    const due = rollDue(known.segment, known.end, identity.segmentBytesMax, today())
    if (due === undefined) return undefined
    const closing = SegmentClosed({ segment: known.segment, nextSegment: due.next, why: due.why })
    const group = writeGroup(known, stored, time)
    group.stage(ownRequest(identity, known, [closing]))
    const failure = write(group, known.segment)
    if (failure?.kind === 'disk-full') return failure
    known.next = due.next
    // Nothing may stand there yet; if it does, it is looked at before anything is written behind it.
    if (failure === undefined && fs.existsSync(`${folder}/${due.next}`)) catchUp()
    return failure
  }

  /** What was acknowledged before stays so; the rest shares the fate of the write group. */
  const refuseAll = (outcomes: readonly Outcome[], failure: Failure): readonly Outcome[] =>
    outcomes.map(outcome => {
      if ('bug' in outcome || outcome._tag === 'Left') return outcome
      const settled = outcome.right.events.every(({ seq }) => seq <= head.mark().seq)
      return outcome.right.repeated && settled ? outcome : left(failure)
    })

  const commit = (requests: readonly Request[]): readonly Outcome[] => {
    poison.refuse()
    if (!active.isAsLeft(known)) {
      catchUp()
      sign()
    }
    const behind = known.seq === head.mark().seq ? undefined : moveHeadOr('')
    if (behind !== undefined) return requests.map(() => left(behind))
    time.tick()
    const closing = closeSegmentIfDue()
    if (closing !== undefined) return requests.map(() => left(closing))
    const segment = known.next ?? (known.segment === '' ? segmentName(today()) : known.segment)
    const opens = segment !== known.segment
    if (opens && known.segment !== '') settle(known)
    const group = writeGroup(known, stored, time)
    const own = opens ? [openingOf(identity, known, segment), ...ownDue] : ownDue
    if (own.length > 0) group.stage(ownRequest(identity, known, own))
    const outcomes = group.decide(requests)
    const written = outcomes.some(
      outcome => '_tag' in outcome && outcome._tag === 'Right' && !outcome.right.repeated,
    )
    if (!written && ownDue.length === 0) {
      group.drop() // nobody writes: the segment is opened when somebody does
      return outcomes
    }
    const failure = write(group, segment)
    if (failure?.kind !== 'disk-full') ownDue = []
    if (failure !== undefined) return refuseAll(outcomes, failure)
    if (opens) checkpoint()
    return outcomes
  }

  /** What it follows is acknowledged: a failed sync of the ledger's folder stops the next commit. */
  const checkpoint = () => {
    try {
      if (checkpoints !== undefined) saveCheckpoint(files, folder, checkpoints, identity, known)
    } catch (error) {
      if (!(error instanceof FolderNotSynced)) throw error
      poison.note(error)
    }
  }

  catchUp()
  if (known.settled?.segment !== resumed) checkpoint()
  ownDue = unrecorded(folder, identity, known)
  sign()
  if (ownDue.length > 0) commit([])

  return {
    commit: requests => {
      try {
        return commit(requests)
      } catch (error) {
        return poison.raise(error)
      }
    },
    refresh: () => {
      if (poison.stopped()) return known
      const durable = head.look()
      if (durable.seq <= known.seq) return known
      const limits = { head: durable, upTo: durable, verifyFrom: known.segment }
      const damage = advance(folder, known, limits)
      const error = damageError(folder, judge(folder, known, damage, durable))
      if (error !== undefined) throw error
      if (known.at !== '') time.continueAfter(known.at)
      return known
    },
    close: () => {
      active.close()
      head.close()
    },
  }
}

const startFrom = ({ folder, identity, checkpoints }: WriterOptions, head: DurableMark): Known => {
  if (checkpoints === undefined) return nothingKnown()
  return loadCheckpoint(folder, checkpoints, identity, head) ?? nothingKnown()
}
