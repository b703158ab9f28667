// What an export needs besides the events: where a selection begins and ends, and where the text goes.

import fs from 'node:fs'
import { dirname } from 'node:path'
import type { Seq } from '../domain/event.ts'
import { PlaceTaken, type Selection, type TextOut } from '../domain/ledger-copies.ts'
import { addDays, type CalendarDate, instantAt } from '../domain/time.ts'
import { codeOf, nodeFiles } from './ledger-files.ts'
import { openHead, readHead } from './ledger-head.ts'
import { NoSuchBook, readIdentity } from './ledger-identity.ts'
import { lineBytesMax, seqOf } from './ledger-line-bytes.ts'
import { forEachLine, subjectOf } from './ledger-scan.ts'
import { dateOf, isBefore, listSegments } from './ledger-segment.ts'
import { openSegment } from './ledger-segment-bytes.ts'
import { firstSeqOf } from './ledger-stored.ts'

export interface SeqRange {
  readonly first: Seq
  readonly last: Seq
}

/**
 * The acknowledged events between which a selection lies; `last` is smaller than `first` when there are none. A day is
 * what was recorded on it, or with 'segments' the day's files as a whole, which is what a seal and an anchor are about.
 */
export const rangeOf = (
  folder: string,
  { day, from = 1, to }: Selection,
  dayIs: 'time' | 'segments' = 'time',
): SeqRange => {
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  const fd = openHead(folder, 'r')
  const { mark } = readHead(fd, folder)
  fs.closeSync(fd)
  const last = Math.min(to ?? mark.seq, mark.seq)
  if (day === undefined || mark.segment === '') return { first: from, last }
  const segments = listSegments(folder).filter(name => !isBefore(mark.segment, name))
  const ofDay =
    dayIs === 'segments'
      ? filesOf(folder, segments, day)
      : dayIn(
          folder,
          segments,
          instantAt(identity.zone, day, '00:00'),
          instantAt(identity.zone, addDays(day, 1), '00:00'),
        )
  return { first: Math.max(from, ofDay.first), last: Math.min(last, ofDay.last ?? last) }
}

/** `last` is left out when it is the book's own. */
interface DayRange {
  readonly first: Seq
  readonly last: Seq | undefined
}

const filesOf = (folder: string, segments: readonly string[], day: CalendarDate): DayRange => {
  const first = segments.find(name => dateOf(name) === day)
  if (first === undefined) return { first: 1, last: 0 }
  const next = segments.find(name => dateOf(name) > day)
  return {
    first: firstSeqOf(folder, first),
    last: next === undefined ? undefined : firstSeqOf(folder, next) - 1,
  }
}

/** Recorded time only ever increases, so a day lies in neighbouring segments; and there, between two lines. */
const dayIn = (folder: string, segments: readonly string[], begin: string, end: string): DayRange => {
  const firsts = segments.map(segment => ({ segment, ...firstLineOf(folder, segment) }))
  const beginIn = firsts.findLast(({ at }) => at < begin)
  const endIn = firsts.findLast(({ at }) => at < end)
  const first = beginIn === undefined ? (firsts[0]?.seq ?? 1) : seqAt(folder, beginIn.segment, begin)
  if (endIn === undefined) return { first, last: 0 }
  const behind = seqAt(folder, endIn.segment, end)
  return { first, last: behind - 1 }
}

const firstLineOf = (folder: string, segment: string): { readonly seq: Seq; readonly at: string } => {
  const source = openSegment(folder, segment)
  try {
    const bytes = Buffer.alloc(Math.min(lineBytesMax, source.size))
    source.read(bytes, bytes.length, 0)
    return { seq: seqOf(bytes, 0), at: timeOf(bytes, 0) }
  } finally {
    source.close()
  }
}

/** Recorded time of a framed line. */
export const timeOf = (bytes: Buffer, start: number): string => {
  const { type, stream } = subjectOf(bytes, start)
  const from = start + 45 + type.length + 7 + stream.length + 7 + 10 + 7 + 36 + 8
  return bytes.toString('latin1', from, from + 27)
}

/** Seq of the first line of the segment that was recorded at `instant` or later; the one behind it when none was. */
const seqAt = (folder: string, segment: string, instant: string): Seq => {
  const source = openSegment(folder, segment)
  try {
    let seq = 0
    let found: Seq | undefined
    forEachLine(source, 0, source.size, (bytes, start) => {
      seq = seqOf(bytes, start)
      if (timeOf(bytes, start) >= instant) found = seq
      return found === undefined
    })
    return found ?? seq + 1
  } finally {
    source.close()
  }
}

// ── where the text goes ─────────────────────────────────────────────────────────────────────────────────────────

/** stdout, or a file that appears under its name once it is complete and durable. */
export const openTextOut = async (path: string | undefined): Promise<TextOut> => {
  if (path === undefined) return standardOutput()
  if (fs.existsSync(path))
    throw new PlaceTaken(`${path} is there already; name another file, or move it away`)
  const temporary = `${path}.part`
  const file = await fs.promises.open(temporary, 'w')
  return {
    write: async text => {
      await file.writeFile(text)
      return true
    },
    close: async () => {
      await file.sync()
      await file.close()
      fs.renameSync(temporary, path)
      nodeFiles.syncFolder(dirname(path))
    },
    discard: async () => {
      await file.close()
      fs.rmSync(temporary)
    },
  }
}

const standardOutput = (): TextOut => {
  const { stdout } = process
  let failed: Error | undefined
  stdout.on('error', error => {
    failed = error
  })
  const isRead = (): boolean => {
    if (failed === undefined) return true
    if (codeOf(failed) === 'EPIPE') return false
    throw failed
  }
  return {
    write: async text => {
      if (!isRead()) return false
      await new Promise<void>(resolve => {
        stdout.write(text, error => {
          if (error) failed ??= error
          resolve()
        })
      })
      return isRead()
    },
    // The listener above stays: a pipe can also break behind the last write.
    close: async () => {},
    discard: async () => {},
  }
}
