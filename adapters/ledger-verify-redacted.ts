// Checking a redacted export: what its holder can know without the hidden bytes, and what an opened line adds.

import { hash } from 'node:crypto'
import * as z from 'zod'
import type { Revision, Seq } from '../domain/event.ts'
import type { Head } from '../domain/event-store.ts'
import { type RedactedReport, RedactedUnusable } from '../domain/ledger-copies.ts'
import { redactedLine } from './ledger-export-redacted.ts'
import { lineBytesMax, trailerBytes } from './ledger-line-bytes.ts'
import { textLines } from './text-lines.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const Header = z.strictObject({
  redacted: z.literal(1),
  ledgerId: z.uuid(),
  book: z.string(),
  first: z.strictObject({ seq: z.int().positive(), previous: Sha256 }),
  last: z.strictObject({ seq: z.int().nonnegative(), hash: Sha256 }),
  lines: z.int().nonnegative(),
})
type Header = z.infer<typeof Header>

const RedactedLine = z.strictObject({
  n: z.string().regex(/^\d{16}$/),
  b: z.string().regex(/^\d{4}\/\d{4}$/),
  t: z.string(),
  s: z.string(),
  r: z.string().regex(/^\d{10}$/),
  i: z.string(),
  at: z.string(),
  k: z.int().positive(),
  m: z.strictObject({ cause: z.int(), correlation: z.int(), run: z.int() }),
  d: z.record(z.string(), z.unknown()),
  hidden: z.array(z.string()),
  p: Sha256,
  h: Sha256,
})
type RedactedLine = z.infer<typeof RedactedLine>

/** At most this many faults are told; one line that is missing makes the next ones wrong too. */
const faultsMax = 20

/**
 * Checks the links and the order of the lines, the header, the anchor, and the opened lines. Throws RedactedUnusable for a
 * file that is no redacted export.
 */
export const verifyRedacted = async (
  file: string,
  anchor: Head | undefined,
  openings: string | undefined,
): Promise<RedactedReport> => {
  const faults: string[] = []
  const fault = (sentence: string) => {
    if (faults.length < faultsMax) faults.push(sentence)
  }
  const plain = await openedLines(openings, fault)
  const opened: Seq[] = []
  let header: Header | undefined
  let chain: Chain | undefined
  let anchored = false
  let lines = 0
  for await (const text of textLines(file)) {
    if (header === undefined) {
      header = headerIn(text, file)
      chain = {
        seq: header.first.seq - 1,
        hash: header.first.previous,
        index: 0,
        count: 0,
        at: '',
        revisions: new Map(),
      }
      continue
    }
    lines++
    const line = lineIn(text, `${file} line ${lines + 1}`)
    const seq = Number(line.n)
    for (const wrong of follows(chain as Chain, line, header.first.seq === 1)) fault(`event ${seq}: ${wrong}`)
    if (anchor?.seq === seq) {
      anchored = true
      if (line.h !== anchor.hash)
        fault(`event ${seq} has the hash ${line.h}, but the anchor names ${anchor.hash}`)
    }
    const told = plain.get(line.h)
    if (told !== undefined) {
      if (redactedLine(told) === text) opened.push(seq)
      else fault(`event ${seq}: the opened line has its hash, but says something else than the redacted one`)
      plain.delete(line.h)
    }
  }
  if (header === undefined || chain === undefined) throw noExport(file, 'it is empty')
  if (lines !== header.lines) fault(`${header.lines} lines were promised, ${lines} are there`)
  if (chain.index !== chain.count) fault(`the last write group has ${chain.index} of ${chain.count} lines`)
  if (lines > 0 && (chain.seq !== header.last.seq || chain.hash !== header.last.hash))
    fault(
      `it ends with event ${chain.seq} (${chain.hash}), not with ${header.last.seq} (${header.last.hash})`,
    )
  if (anchor !== undefined && !anchored)
    fault(`the anchor names event ${anchor.seq}, which is not among the lines`)
  for (const [own] of plain) fault(`an opened line has the hash ${own}, which no line here has`)
  return {
    ledgerId: header.ledgerId,
    book: header.book,
    first: header.first.seq,
    last: { seq: header.last.seq, hash: header.last.hash },
    anchor,
    opened,
    faults,
  }
}

/** Plain lines by the hash of their bytes. */
const openedLines = async (
  path: string | undefined,
  fault: (sentence: string) => void,
): Promise<Map<string, string>> => {
  const lines = new Map<string, string>()
  if (path === undefined) return lines
  for await (const text of textLines(path)) {
    const trailer = text.slice(-trailerBytes + 1)
    const own = hash('sha256', text.slice(0, -trailerBytes + 1), 'hex')
    if (text.length > lineBytesMax || trailer !== `,"h":"${own}"}`)
      fault(`an opened line does not hash to its own h: ${text.slice(0, 40)}…`)
    else lines.set(own, text)
  }
  return lines
}

interface Chain {
  seq: Seq
  hash: string
  /** Lines of the write group that have been seen, of `count`. */
  index: number
  count: number
  at: string
  readonly revisions: Map<string, Revision>
}

/** Takes a line into the chain; yields what does not fit. Afterwards the chain stands behind this line. */
function* follows(chain: Chain, line: RedactedLine, fromTheBeginning: boolean): Generator<string> {
  const seq = Number(line.n)
  if (seq !== chain.seq + 1) yield `expected seq ${chain.seq + 1}`
  if (line.p !== chain.hash) yield `it names ${line.p} as the hash before it, which is ${chain.hash}`
  if (line.at <= chain.at) yield `its time ${line.at} is not after ${chain.at}`
  const [index = 0, count = 0] = line.b.split('/').map(Number)
  const isOpen = chain.index < chain.count
  // A part of the book may begin in the middle of a group.
  const begins =
    chain.at === '' && !fromTheBeginning ? index >= 1 && index <= count : index === 1 && count >= 1
  const fits = isOpen ? index === chain.index + 1 && count === chain.count : begins
  if (!fits)
    yield `line ${index} of ${count} of a write group does not follow line ${chain.index} of ${chain.count}`
  const revision = Number(line.r)
  const before = chain.revisions.get(line.s) ?? (fromTheBeginning ? -1 : revision - 1)
  if (revision !== before + 1) yield `expected revision ${before + 1} of ${line.s}, found ${revision}`
  if (line.m.cause >= seq || line.m.correlation > seq) yield 'its cause does not stand before it'
  chain.revisions.set(line.s, revision)
  Object.assign(chain, { seq, hash: line.h, at: line.at, index, count })
}

const noExport = (file: string, why: string): RedactedUnusable =>
  new RedactedUnusable(
    `${file} is no redacted export: ${why}; ask for one made by 'veritape export --redacted'`,
  )

const headerIn = (text: string, file: string): Header => {
  const header = Header.safeParse(jsonOf(text))
  if (header.success) return header.data
  throw noExport(file, `its first line does not parse (${z.prettifyError(header.error)})`)
}

/** A line is read only as it is printed: with another order of keys it could not be compared with an opened one. */
const lineIn = (text: string, place: string): RedactedLine => {
  const line = RedactedLine.safeParse(jsonOf(text))
  if (!line.success) throw noExport(place, z.prettifyError(line.error))
  return line.data
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said by the schema
  }
}
