// Single events of the ledger, found by their seq or by their place in their stream.

import type { Revision, Seq, StreamName } from '../domain/event.ts'
import type { Stored } from './ledger-decision.ts'
import type { Known, Recent } from './ledger-known.ts'
import { decodeLine } from './ledger-line.ts'
import { lineBytesMax, seqOf } from './ledger-line-bytes.ts'
import { forEachLine, locate, subjectOf } from './ledger-scan.ts'
import { isBefore, listSegments } from './ledger-segment.ts'
import { openSegment } from './ledger-segment-bytes.ts'

/** Seq of the first line of a segment. */
export const firstSeqOf = (folder: string, segment: string): Seq => {
  const source = openSegment(folder, segment)
  try {
    if (source.seal !== undefined) return source.seal.firstSeq
    const bytes = Buffer.alloc(22)
    source.read(bytes, bytes.length, 0)
    return seqOf(bytes, 0)
  } finally {
    source.close()
  }
}

/** Place in `known.segments` of the one that holds the seq: the last one that begins at or before it. */
const segmentOf = (folder: string, known: Known, seq: Seq): number => {
  list(folder, known)
  const { segments } = known
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (firstOf(folder, segments[middle]) <= seq) low = middle
    else high = middle - 1
  }
  if (seq > 0 && firstOf(folder, segments[low]) <= seq) return low
  throw new Error(`event ${seq} is not in the ledger`)
}

/** A writer that began with a checkpoint has not looked for the segments before it. */
const list = (folder: string, known: Known): void => {
  const settled = known.settled?.segment
  if (!known.unlisted || settled === undefined) return
  const have = new Set(known.segments.map(({ name }) => name))
  const before = listSegments(folder).filter(name => !isBefore(settled, name) && !have.has(name))
  known.segments.unshift(...before.map(name => ({ name, first: undefined })))
  known.unlisted = false
}

const firstOf = (folder: string, segment: Known['segments'][number] | undefined): Seq => {
  if (segment === undefined) return Number.POSITIVE_INFINITY
  segment.first ??= firstSeqOf(folder, segment.name)
  return segment.first
}

export const storedEvent = (folder: string, known: Known, seq: Seq): Stored => {
  const { name } = known.segments[segmentOf(folder, known, seq)] as Known['segments'][number]
  const source = openSegment(folder, name)
  try {
    const size = name === known.segment ? known.end : source.size
    const offset = locate(source, size, seq)
    const bytes = Buffer.allocUnsafe(Math.min(lineBytesMax, size - offset))
    const length = source.read(bytes, bytes.length, offset)
    const end = bytes.subarray(0, length).indexOf(0x0a)
    if (end < 0) throw new Error(`event ${seq} is not in ${name}`)
    const { recorded, data, version } = decodeLine(bytes.toString('utf8', 0, end))
    if (recorded.seq !== seq) throw new Error(`event ${seq} is not in ${name}`)
    // Compared with what is appended again, which is in the shape of today.
    return { recorded, data: version === recorded.event.version ? data : JSON.stringify(recorded.event.data) }
  } finally {
    source.close()
  }
}

/** Finds events by stream and revision; remembers the last closed segments that it went through. */
export interface StoredEvents {
  /** Throws when the stream has no such revision. */
  at(stream: StreamName, revision: Revision): Stored
}

/** Retries come for one day at a time, perhaps over midnight. */
const rememberedMax = 2

export const storedEventsIn = (folder: string, known: Known): StoredEvents => {
  const remembered = new Map<string, ReadonlyMap<StreamName, Recent>>()

  const streamsOf = (segment: string): ReadonlyMap<StreamName, Recent> => {
    const found = remembered.get(segment) ?? streamsIn(folder, segment)
    remembered.delete(segment)
    remembered.set(segment, found)
    for (const oldest of remembered.keys()) {
      if (remembered.size <= rememberedMax) break
      remembered.delete(oldest)
    }
    return found
  }

  /** The last event of the stream says in which segment to begin; from there it goes back. */
  const inThePast = (stream: StreamName, revision: Revision): Seq | undefined => {
    const past = known.past.of(stream)
    if (past === undefined || revision < 0 || revision > past.revision) return undefined
    const firstSegment = segmentOf(folder, known, past.first)
    for (let at = segmentOf(folder, known, past.last); at >= firstSegment; at--) {
      const recent = streamsOf(known.segments[at]?.name as string).get(stream)
      if (recent !== undefined && recent.from <= revision) return recent.seqs[revision - recent.from]
    }
    return undefined
  }

  return {
    at: (stream, revision) => {
      const recent = known.streams.get(stream)
      const isRecent = recent !== undefined && revision >= recent.from
      const seq = isRecent ? recent.seqs[revision - recent.from] : inThePast(stream, revision)
      if (seq === undefined) throw new Error(`${stream} has no revision ${revision}`)
      return storedEvent(folder, known, seq)
    },
  }
}

const streamsIn = (folder: string, segment: string): ReadonlyMap<StreamName, Recent> => {
  const streams = new Map<StreamName, Recent>()
  const source = openSegment(folder, segment)
  try {
    forEachLine(source, 0, source.size, (bytes, start) => {
      const { stream, revision } = subjectOf(bytes, start)
      const recent = streams.get(stream)
      if (recent === undefined) streams.set(stream, { from: revision, seqs: [seqOf(bytes, start)] })
      else recent.seqs.push(seqOf(bytes, start))
      return true
    })
  } finally {
    source.close()
  }
  return streams
}

/** The seqs between which a stream lies; undefined when it has no events. */
export const rangeOf = (
  { streams, past, seq: end }: Known,
  stream: StreamName,
): { readonly first: Seq; readonly last: Seq } | undefined => {
  const before = past.of(stream)
  const seqs = streams.get(stream)?.seqs.filter(seq => seq <= end) ?? []
  const first = before?.first ?? seqs[0]
  const last = seqs.at(-1) ?? before?.last
  return first === undefined || last === undefined ? undefined : { first, last }
}
