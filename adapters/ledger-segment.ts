// Segments: the files that hold the ledger's lines. `2026-11-20.jsonl` is the first of its day, `2026-11-20.0002.jsonl`
// the second, after a size cap. Which file a line lies in has no meaning: sequence and chain run across them. A sealed
// one is compressed: `2026-11-20.jsonl.gz`, with `2026-11-20.jsonl.seal.json`.

import fs from 'node:fs'
import type { CalendarDate } from '../domain/time.ts'

const form = /^(\d{4}-\d\d-\d\d)(?:\.(\d{4}))?\.jsonl$/

interface SegmentName {
  readonly date: CalendarDate
  /** 1 is the first of the day. */
  readonly part: number
}

export const readSegmentName = (name: string): SegmentName | undefined => {
  const [, date, part] = form.exec(name) ?? []
  if (date === undefined) return undefined
  return { date, part: part === undefined ? 1 : Number(part) }
}

export const segmentName = (date: CalendarDate, part = 1): string =>
  part === 1 ? `${date}.jsonl` : `${date}.${String(part).padStart(4, '0')}.jsonl`

/** The date in a segment's name. */
export const dateOf = (segment: string): CalendarDate => segment.slice(0, 10)

/** The number of the first part is left out of its name; in the order of names it would come last. */
const orderKey = (name: string): string =>
  name.length === firstNameLength ? `${dateOf(name)}.0001` : name.slice(0, dateLength + 5)

const dateLength = 10
const firstNameLength = dateLength + '.jsonl'.length

/** Whether a segment comes before another; the empty name comes before all. */
export const isBefore = (name: string, other: string): boolean =>
  other !== '' && orderKey(name) < orderKey(other)

/** A sealed segment is compressed; its plain file is gone. */
export const sealedName = (segment: string): string => `${segment}${gzip}`
const gzip = '.gz'

/** The segments of a ledger in the order of their lines, sealed ones too, by the names of their plain files. */
export const listSegments = (folder: string): string[] => {
  const names: string[] = []
  let parts = false
  for (const file of fs.readdirSync(folder)) {
    const name = file.endsWith(gzip) ? file.slice(0, -gzip.length) : file
    if (!form.test(name)) continue
    names.push(name)
    parts ||= name.length > firstNameLength
  }
  names.sort() // which is right as long as no day has a second part, and quick in a folder of many years
  if (parts) names.sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0))
  return names.filter((name, at) => name !== names[at - 1]) // a plain file whose compressed one is there already
}

/** Why and to what the segment must be left before the next line; undefined while it may go on. Never backwards. */
export const rollDue = (
  segment: string,
  bytes: number,
  bytesMax: number,
  today: CalendarDate,
): { readonly why: 'day' | 'size'; readonly next: string } | undefined => {
  const { date, part } = readSegmentName(segment) as SegmentName
  if (today > date) return { why: 'day', next: segmentName(today) }
  if (bytes < bytesMax) return undefined
  return { why: 'size', next: segmentName(date, part + 1) }
}
