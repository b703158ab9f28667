// Single events of the ledger, found by their seq.

import fs from 'node:fs'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq, StreamName } from '../domain/event.ts'
import type { Stored } from './ledger-decision.ts'
import { readFully } from './ledger-files.ts'
import type { Known } from './ledger-known.ts'
import { decodeLine, lineBytesMax } from './ledger-line.ts'
import { locate } from './ledger-scan.ts'

/** The segment that holds the seq: the last one that begins at or before it. */
export const segmentOf = (segments: Known['segments'], seq: Seq): string => {
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((segments[middle]?.first ?? 0) <= seq) low = middle
    else high = middle - 1
  }
  const found = segments[low]
  if (found === undefined || found.first > seq) throw new Error(`event ${seq} is not in the ledger`)
  return found.name
}

export const storedEvent = (folder: string, known: Known, seq: Seq): Stored => {
  const name = segmentOf(known.segments, seq)
  const fd = fs.openSync(`${folder}/${name}`, 'r')
  try {
    const size = name === known.segment ? known.end : fs.fstatSync(fd).size
    const offset = locate(fd, size, seq)
    const bytes = Buffer.allocUnsafe(Math.min(lineBytesMax, size - offset))
    const length = readFully(fd, bytes, bytes.length, offset)
    const end = bytes.subarray(0, length).indexOf(0x0a)
    if (end < 0) throw new Error(`event ${seq} is not in ${name}`)
    const { recorded, data } = decodeLine(bytes.toString('utf8', 0, end))
    if (recorded.seq !== seq) throw new Error(`event ${seq} is not in ${name}`)
    return { recorded, data }
  } finally {
    fs.closeSync(fd)
  }
}

/** Streams that are spread thinner than this are read event by event. */
const seqsPerEventMin = 500

/** A stream's events one by one; undefined when it pays to go through the segments instead. */
export const storedEvents = (
  folder: string,
  known: Known,
  stream: StreamName,
): AsyncGenerator<Recorded<BookEvent>> | undefined => {
  const seqs = (known.streams.get(stream) ?? []).filter(seq => seq <= known.seq)
  if (seqs.length * seqsPerEventMin > known.seq && seqs.length > 0) return undefined
  return eachStored(folder, known, seqs)
}

async function* eachStored(folder: string, known: Known, seqs: readonly Seq[]) {
  for (const seq of seqs) yield storedEvent(folder, known, seq).recorded
}
