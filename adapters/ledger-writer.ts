// The writer's half of a ledger: everything that happens while the lock is held. All of it is synchronous, so that
// nothing of this process comes between.
//
//   catch up ─▶ decide each request ─▶ encode as ONE write group ─▶ one write ─▶ one fdatasync ─▶ HEAD
//
// A sync that failed is never tried again: the kernel may have dropped the bytes and would report success. POISON
// then stops every writer until a person has looked.

import fs from 'node:fs'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, StreamName } from '../domain/event.ts'
import type { Appended, AppendRefusal } from '../domain/event-store.ts'
import { type Either, left, right } from '../domain/result.ts'
import { SegmentClosed, type SegmentEvent } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import { type CalendarDate, dateIn, type Instant } from '../domain/time.ts'
import { decideAppend, place, type Request, type Standing, type Stored } from './ledger-decision.ts'
import type { LedgerFiles } from './ledger-files.ts'
import { type DurableMark, readHead, writeSlot } from './ledger-head.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import {
  addToStream,
  advance,
  type Known,
  nothingKnown,
  removeFromStreams,
  revisionOf,
} from './ledger-known.ts'
import { digits, encodeLine } from './ledger-line.ts'
import { openingOf, ownRequest, unrecorded } from './ledger-own.ts'
import { poisonOf } from './ledger-poison.ts'
import { damageError, judge, quarantine } from './ledger-recovery.ts'
import { rollDue, segmentName } from './ledger-segment.ts'
import { storedEvent } from './ledger-stored.ts'
import { NoRoom, textAppender } from './ledger-text.ts'
import { recordedTime } from './ledger-time.ts'

/** The answer to one request; a `bug` is thrown to its caller alone. */
export type Outcome = Either<AppendRefusal, Appended> | { readonly bug: Error }

export interface LedgerWriter {
  /** Answers all requests with one write group. The caller holds the lock. Throws LedgerDamaged. */
  commit(requests: readonly Request[]): readonly Outcome[]
  /** Takes in what other processes made durable; needs no lock. */
  refresh(): Known
  /** Makes HEAD durable as well and closes the files. */
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
}

type Failure =
  | { readonly kind: 'disk-full'; readonly detail: string }
  | { readonly kind: 'outcome-unknown'; readonly detail: string }

/** Opens the ledger's files for writing; recovers what a dead writer left. The caller holds the lock. */
export const openWriter = ({ folder, identity, clock, files, headFd, sign }: WriterOptions): LedgerWriter => {
  const known = nothingKnown()
  const time = recordedTime(clock)
  let head = readHead(headFd, folder)
  let active: { readonly name: string; readonly fd: number; readonly inode: number } | undefined
  let ownDue: SegmentEvent[] = []
  /** Of the last event that is in the ledger or staged for the write group. */
  let lastSeq = 0
  const poison = poisonOf(files, folder, clock)
  const appendText = textAppender(files, poison)
  let minute = ''
  let date: CalendarDate = ''

  const sync = (fd: number) => {
    try {
      files.sync(fd)
    } catch (error) {
      poison.spread(error)
    }
  }

  const activate = (name: string): number => {
    if (active?.name === name) return active.fd
    if (active !== undefined) fs.closeSync(active.fd)
    active = undefined
    const flags = fs.constants.O_RDWR | fs.constants.O_APPEND | fs.constants.O_CREAT
    const fd = fs.openSync(`${folder}/${name}`, flags, 0o644)
    active = { name, fd, inode: fs.fstatSync(fd).ino }
    return fd
  }

  /** Nothing to do when the active segment is as this process left it: one look at the file. */
  const isCurrent = (): boolean => {
    if (active === undefined || active.name !== known.segment || known.next !== undefined) return false
    const now = fs.statSync(`${folder}/${active.name}`, { throwIfNoEntry: false })
    return now !== undefined && now.ino === active.inode && now.size === known.end
  }

  const catchUp = () => {
    head = readHead(headFd, folder)
    const damage = advance(folder, known, { head: head.mark, verifyFrom: known.segment || head.mark.segment })
    const verdict = judge(folder, known, damage, head.mark)
    const error = damageError(folder, verdict)
    if (error !== undefined) poison.stop(error)
    if (verdict.kind === 'torn') {
      quarantine(files, folder, verdict.segment, verdict.from)
      ownDue = unrecorded(folder, identity, known)
    }
    if (known.at !== '') time.continueAfter(known.at)
    if (known.segment === '') return
    const fd = activate(known.segment)
    if (known.seq === head.mark.seq) return
    // A dead writer's whole groups: durable first, then acknowledged, before anything is built on them.
    sync(fd)
    moveHead()
  }

  const moveHead = () => {
    const mark: DurableMark = { seq: known.seq, segment: known.segment, end: known.end, hash: known.hash }
    writeSlot(files, headFd, head.nextSlot, mark)
    head = { mark, nextSlot: head.nextSlot === 0 ? 1 : 0 }
  }

  /** Leaves the segment when its day is over or it is full; the next one is then to be opened. */
  const closeSegmentIfDue = (): Failure | undefined => {
    if (known.segment === '' || known.next !== undefined) return undefined
    const due = rollDue(known.segment, known.end, identity.segmentBytesMax, today())
    if (due === undefined) return undefined
    const closing = SegmentClosed({ segment: known.segment, nextSegment: due.next, why: due.why })
    const failure = writeGroup([stage(ownRequest(identity, known, [closing]))], known.segment)
    if (failure?.kind !== 'disk-full') known.next = due.next
    return failure
  }

  /** The date of the book's clock; worked out once a minute, since no zone changes its date within one. */
  const today = (): CalendarDate => {
    const now = clock()
    if (now.slice(0, 16) !== minute) {
      minute = now.slice(0, 16)
      date = dateIn(identity.zone, now)
    }
    return date
  }

  // ── one write group ─────────────────────────────────────────────────────────────────────────────────────────────

  interface Staged {
    readonly request: Request
    readonly placed: readonly Recorded<BookEvent>[]
  }

  /** Numbers a request's events and lets later requests of the same group see them. */
  const stage = (request: Request): Staged => {
    const placed = place(request, lastSeq + 1, time.next)
    lastSeq += placed.length
    for (const { stream, seq } of placed) addToStream(known, stream, seq)
    return { request, placed }
  }

  const unstage = (staged: readonly Staged[]) => {
    const added: StreamName[] = staged.flatMap(({ placed }) => placed.map(({ stream }) => stream))
    removeFromStreams(known, added)
    lastSeq = known.seq
  }

  /** Writes, syncs and moves HEAD. Undefined when all of it is durable and acknowledged. */
  const writeGroup = (staged: readonly Staged[], segment: string): Failure | undefined => {
    const opens = segment !== known.segment
    const start = opens ? 0 : known.end
    let hash = known.hash
    let length: number
    let fd: number
    try {
      fd = activate(segment)
      if (opens) files.syncFolder(folder)
      const lines: string[] = []
      const frame = digits(lastSeq - known.seq, 4)
      for (const { placed, request } of staged)
        for (let index = 0; index < placed.length; index++) {
          const line = encodeLine(
            placed[index] as Recorded<BookEvent>,
            request.data[index] as string,
            lines.length + 1,
            frame,
            hash,
          )
          lines.push(line.text)
          hash = line.hash
        }
      length = appendText(fd, lines.length === 1 ? (lines[0] as string) : lines.join(''), start)
    } catch (error) {
      unstage(staged)
      if (!(error instanceof NoRoom)) throw error
      return { kind: 'disk-full', detail: error.message }
    }
    sync(fd)
    const last = staged.at(-1)?.placed.at(-1) as Recorded<BookEvent>
    if (opens) known.segments.push({ name: segment, first: known.seq + 1 })
    Object.assign(known, { segment, end: start + length, seq: last.seq, hash, at: last.at, next: undefined })
    try {
      moveHead()
    } catch (error) {
      return {
        kind: 'outcome-unknown',
        detail: `the events are durable, but HEAD could not be written: ${String(error)}`,
      }
    }
    return undefined
  }

  const standing = (staged: readonly Staged[]): Standing => ({
    decisiveSeq: () => {
      const own = known.streams.get(ledgerStream) ?? []
      let seq = lastSeq
      for (let at = own.length - 1; own[at] === seq; at--) seq--
      return seq
    },
    revisionOf: stream => revisionOf(known, stream),
    storedAt: (stream, revision): Stored => {
      const seq = known.streams.get(stream)?.[revision]
      if (seq === undefined) throw new Error(`${stream} has no revision ${revision}`)
      if (seq <= known.seq) return storedEvent(folder, known, seq)
      for (const { placed, request } of staged) {
        const index: number = seq - (placed[0]?.seq ?? 0)
        const recorded: Recorded<BookEvent> | undefined = placed[index]
        if (recorded?.seq === seq) return { recorded, data: request.data[index] as string }
      }
      throw new Error(`event ${seq} is neither in the ledger nor in the group`)
    },
  })

  const decideAll = (requests: readonly Request[], staged: Staged[]): Outcome[] => {
    const now = standing(staged)
    return requests.map((request): Outcome => {
      try {
        const decision = decideAppend(request, now)
        if (decision.kind === 'refused') return left(decision.refusal)
        if (decision.kind === 'repeated') return right({ repeated: true, events: decision.events })
        const next = stage(request)
        staged.push(next)
        return right({ repeated: false, events: next.placed })
      } catch (error) {
        return { bug: error instanceof Error ? error : new Error(String(error)) }
      }
    })
  }

  /** What was acknowledged before stays so; the rest shares the fate of the write group. */
  const refuseAll = (outcomes: readonly Outcome[], failure: Failure): readonly Outcome[] =>
    outcomes.map(outcome => {
      if ('bug' in outcome || outcome._tag === 'Left') return outcome
      const settled = outcome.right.events.every(({ seq }) => seq <= head.mark.seq)
      return outcome.right.repeated && settled ? outcome : left(failure)
    })

  const commit = (requests: readonly Request[]): readonly Outcome[] => {
    poison.refuse()
    if (!isCurrent()) {
      catchUp()
      sign()
    }
    if (known.seq !== head.mark.seq) {
      try {
        moveHead()
      } catch (error) {
        const failure: Failure = {
          kind: 'outcome-unknown',
          detail: `HEAD could not be written: ${String(error)}`,
        }
        return requests.map(() => left(failure))
      }
    }
    time.tick()
    lastSeq = known.seq
    const staged: Staged[] = []
    const closing = closeSegmentIfDue()
    if (closing !== undefined) return requests.map(() => left(closing))
    const segment = known.next ?? (known.segment === '' ? segmentName(today()) : known.segment)
    const own = ownDue.slice()
    if (segment !== known.segment) own.unshift(openingOf(identity, known, segment))
    if (own.length > 0) staged.push(stage(ownRequest(identity, known, own)))
    const outcomes = decideAll(requests, staged)
    const onlyOpened = ownDue.length === 0 && segment !== known.segment && staged.length === 1
    if (onlyOpened) unstage(staged) // nobody writes: the segment is opened when somebody does
    if (onlyOpened || staged.length === 0) return outcomes
    const failure = writeGroup(staged, segment)
    if (failure?.kind !== 'disk-full') ownDue = []
    return failure === undefined ? outcomes : refuseAll(outcomes, failure)
  }

  poison.refuse()
  catchUp()
  ownDue = unrecorded(folder, identity, known)
  sign()
  if (ownDue.length > 0) commit([])

  return {
    commit,
    refresh: () => {
      if (poison.stopped()) return known
      const now = readHead(headFd, folder)
      const durable = now.mark
      if (durable.seq <= known.seq) return known
      head = now
      const damage = advance(folder, known, { head: durable, upTo: durable, verifyFrom: known.segment })
      const error = damageError(folder, judge(folder, known, damage, durable))
      if (error !== undefined) throw error
      if (known.at !== '') time.continueAfter(known.at)
      return known
    },
    close: () => {
      if (active !== undefined) fs.closeSync(active.fd)
      active = undefined
      fs.fsyncSync(headFd)
      fs.closeSync(headFd)
    },
  }
}
