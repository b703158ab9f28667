// What a writer knows about the ledger: where it ends, and how far each stream is. Built from a checkpoint, or by going
// through the segments; then kept current by going through what other processes appended.
//
// The events of the active segment are known by their seqs. Of the closed ones only the last revision of each stream
// is kept, so that what is in memory does not grow with the age of the book.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Revision, Seq, StreamName } from '../domain/event.ts'
import { LedgerRecovered, LedgerRepaired, LedgerRestored, SegmentOpened } from '../domain/segment.ts'
import { zeroHash } from './ledger-line-bytes.ts'
import { type Past, pastOf } from './ledger-past.ts'

/** Where the ledger stands behind a line. */
export interface Standpoint {
  /** The last segment with a whole group; empty before the first. */
  segment: string
  /** Byte behind its last whole group. */
  end: number
  seq: Seq
  hash: string
  /** Recorded time of the last event; empty before the first. */
  at: string
  /** The segment that must follow, when the last line closes one. */
  next: string | undefined
  /** Seq of the last event that is not the store's own. */
  decisive: Seq
  /** The epoch that the store's own events last spoke of; empty before the first. */
  epoch: string
}

/** A stream's events in the active segment. */
export interface Recent {
  /** Revision of the first of them. */
  readonly from: Revision
  readonly seqs: Seq[]
}

export interface Known extends Standpoint {
  /** Segments with the first seq of each, once it was needed, in order. */
  readonly segments: { readonly name: string; first: Seq | undefined }[]
  /** The segments up to `settled` are missing from them: nobody has asked for an old event yet. */
  unlisted: boolean
  readonly streams: Map<StreamName, Recent>
  /** The streams in the closed segments, up to `settled`. */
  readonly past: Past
  /** The end of the last closed segment whose streams are in the past. */
  settled: Standpoint | undefined
  /** Files of the quarantine that the ledger has recorded. */
  readonly recorded: Set<string>
}

export const nothingKnown = (): Known => ({
  segment: '',
  end: 0,
  seq: 0,
  hash: zeroHash,
  at: '',
  next: undefined,
  decisive: 0,
  epoch: '',
  segments: [],
  unlisted: false,
  streams: new Map(),
  past: pastOf(),
  settled: undefined,
  recorded: new Set(),
})

export const standpointOf = (known: Standpoint): Standpoint => {
  const { segment, end, seq, hash, at, next, decisive, epoch } = known
  return { segment, end, seq, hash, at, next, decisive, epoch }
}

export const revisionOf = ({ streams, past }: Known, stream: StreamName): Revision => {
  const recent = streams.get(stream)
  if (recent !== undefined) return recent.from + recent.seqs.length - 1
  return past.of(stream)?.revision ?? -1
}

export const addToStream = (known: Known, stream: StreamName, seq: Seq): void => {
  const recent = known.streams.get(stream)
  if (recent !== undefined) recent.seqs.push(seq)
  else known.streams.set(stream, { from: revisionOf(known, stream) + 1, seqs: [seq] })
}

/** Takes back additions of events that did not become part of the ledger. */
export const removeFromStreams = ({ streams }: Known, added: readonly StreamName[]): void => {
  for (const stream of added) {
    const { seqs } = streams.get(stream) as Recent
    seqs.pop()
    if (seqs.length === 0) streams.delete(stream)
  }
}

/** Takes in what an event of the store itself says. */
export const noteOwn = (known: Pick<Known, 'epoch' | 'recorded'>, event: BookEvent): void => {
  if (event.type === SegmentOpened.type || event.type === LedgerRestored.type) known.epoch = event.data.epoch
  else if (event.type === LedgerRecovered.type || event.type === LedgerRepaired.type)
    known.recorded.add(event.data.quarantined)
}

/** When a segment is left for the next: its events are past. */
export const settle = (known: Known): void => {
  for (const [stream, { from, seqs }] of known.streams)
    known.past.set(stream, {
      revision: from + seqs.length - 1,
      first: known.past.of(stream)?.first ?? (seqs[0] as Seq),
      last: seqs.at(-1) as Seq,
    })
  known.streams.clear()
  known.settled = standpointOf(known)
}
