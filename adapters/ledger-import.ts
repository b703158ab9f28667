// A new ledger from the text of an old one: every event at its seq, in the same segments, in a chain of its own.
//
// It takes the whole history or nothing. Events point at each other by seq, also inside their data, and order ids are
// made of them: a part, or events that are numbered anew, would point at the wrong ones. The new ledger has another id
// and begins another epoch behind the imported events, so its order ids are its own.
//
//   .importing-… ──every line parsed, written, HEAD, KILL, LEDGER.json──▶ rename to <book>

import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Revision, StreamName } from '../domain/event.ts'
import { ImportRefused, type ImportReport, PlaceTaken } from '../domain/ledger-copies.ts'
import type { Instant } from '../domain/time.ts'
import { parseStored } from '../domain/upcast.ts'
import { killSwitch } from './kill-switch.ts'
import { nodeFiles, replaceFile } from './ledger-files.ts'
import { type DurableMark, nothingDurable, printSlot } from './ledger-head.ts'
import { type Creation, newIdentity, requireFileSystem, writeIdentity } from './ledger-identity.ts'
import { encodeLine, fitsOnLine } from './ledger-line.ts'
import { epochAfter } from './ledger-restore.ts'
import { isBefore, readSegmentName } from './ledger-segment.ts'
import { textLines } from './text-lines.ts'

const Seq = z.int().positive()
const Pointer = z.int().nonnegative()

const Imported = z.strictObject({
  seq: Seq,
  at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  type: z.string(),
  version: Seq,
  stream: z.string().regex(/^[!#-[\]-~]{1,200}$/),
  revision: Pointer,
  id: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  cause: Pointer,
  correlation: Seq,
  run: Pointer,
  data: z.record(z.string(), z.unknown()),
})

export interface ImportOptions {
  /** For tests: a file system in memory loses everything when the machine stops. */
  readonly allowMemory?: boolean
}

/** Makes the ledger in `folder`, which must not be there. Throws ImportRefused, PlaceTaken; then nothing is left. */
export const importLedger = async (
  file: string,
  folder: string,
  create: Creation,
  now: Instant,
  { allowMemory = false }: ImportOptions = {},
): Promise<ImportReport> => {
  if (fs.existsSync(folder))
    throw new PlaceTaken(
      `${folder} is there already: an import makes a new book; name another one with --book`,
    )
  fs.mkdirSync(dirname(folder), { recursive: true })
  requireFileSystem(dirname(folder), allowMemory)
  const stage = join(dirname(folder), `.importing-${randomUUID()}`)
  fs.mkdirSync(stage)
  try {
    const { mark, epochs, from, sha256 } = await writeSegments(file, stage)
    await killSwitch(stage).pull('halted', 'import', `imported from ${file}: look at it, then resume`)
    replaceFile(nodeFiles, stage, 'HEAD', printSlot(mark).repeat(2))
    const { book, mode } = create
    const epoch = epochAfter(book, now, epochs)
    const identity = newIdentity(create, epoch)
    writeIdentity(nodeFiles, stage, { ...identity, derivedFrom: { book: from, seq: mark.seq, sha256 } })
    fs.renameSync(stage, folder)
    nodeFiles.syncFolder(dirname(folder))
    return { book, mode, ledgerId: identity.ledgerId, epoch, seq: mark.seq, sha256 }
  } catch (error) {
    fs.rmSync(stage, { recursive: true, force: true })
    throw error
  }
}

interface Written {
  readonly mark: DurableMark
  /** All epochs that the events were written in. */
  readonly epochs: readonly string[]
  /** The book that they were of. */
  readonly from: string
  readonly sha256: string
}

const flushBytes = 1024 * 1024

const writeSegments = async (file: string, stage: string): Promise<Written> => {
  const whole = createHash('sha256')
  const revisions = new Map<StreamName, Revision>()
  const epochs: string[] = []
  let from = ''
  let mark = nothingDurable
  let next: string | undefined
  let last: Recorded<BookEvent> | undefined
  let segment: { readonly name: string; readonly fd: number } | undefined
  let text = ''

  const flush = () => {
    if (segment === undefined || text === '') return
    const bytes = Buffer.from(text)
    const written = nodeFiles.write(segment.fd, bytes, bytes.length, null)
    if (written !== bytes.length)
      throw new Error(`only ${written} of ${bytes.length} bytes were written; is the disk full?`)
    text = ''
  }
  const leave = () => {
    if (segment === undefined) return
    flush()
    fs.fsyncSync(segment.fd)
    fs.closeSync(segment.fd)
    segment = undefined
  }

  try {
    let number = 0
    for await (const line of textLines(file, part => whole.update(part))) {
      number++
      const recorded = recordedIn(line, `${file} line ${number}`, last, revisions)
      const { event } = recorded
      const opens = event.type === 'SegmentOpened' ? event.data.segment : undefined
      const wrong = segmentFault(opens, segment?.name, next)
      if (wrong !== undefined) throw new ImportRefused(`${file} line ${number}: ${wrong}`)
      if (opens !== undefined) {
        leave()
        segment = { name: opens, fd: fs.openSync(join(stage, opens), 'wx', 0o644) }
        mark = { ...mark, segment: opens, end: 0 }
      }
      if (event.type === 'SegmentOpened') from = event.data.book
      if (event.type === 'SegmentOpened' || event.type === 'LedgerRestored') epochs.push(event.data.epoch)
      next = event.type === 'SegmentClosed' ? event.data.nextSegment : undefined
      const encoded = encodeLine(recorded, JSON.stringify(event.data), 1, '0001', mark.hash)
      text += encoded.text
      mark = {
        ...mark,
        seq: recorded.seq,
        end: mark.end + Buffer.byteLength(encoded.text),
        hash: encoded.hash,
      }
      if (text.length > flushBytes) flush()
      last = recorded
    }
    if (last === undefined) throw new ImportRefused(`${file} holds no events`)
    leave()
  } finally {
    if (segment !== undefined) fs.closeSync(segment.fd)
  }
  nodeFiles.syncFolder(stage)
  return { mark, epochs, from, sha256: whole.digest('hex') }
}

/** A line as an event that continues what stands before it. Throws ImportRefused. */
const recordedIn = (
  line: string,
  place: string,
  last: Recorded | undefined,
  revisions: Map<StreamName, Revision>,
): Recorded<BookEvent> => {
  const { type, version, data, ...envelope } = parsed(line, place)
  const { seq, at, stream, revision, cause, correlation, run } = envelope
  const refuse = (expected: string, found: unknown): never => {
    throw new ImportRefused(
      `${place}: expected ${expected}, found ${found}; import takes the whole of what 'veritape export' writes`,
    )
  }
  const seqBefore = last?.seq ?? 0
  if (seq !== seqBefore + 1) refuse(`seq ${seqBefore + 1}`, seq)
  if (at <= (last?.at ?? '')) refuse(`a time after ${last?.at}`, at)
  const revisionDue = (revisions.get(stream) ?? -1) + 1
  if (revision !== revisionDue) refuse(`revision ${revisionDue} of ${stream}`, revision)
  if (cause >= seq) refuse(`a cause before ${seq}`, cause)
  if (correlation > seq) refuse(`a correlation up to ${seq}`, correlation)
  if (run >= seq) refuse(`a run before ${seq}`, run)
  revisions.set(stream, revision)
  let event: BookEvent
  try {
    event = parseStored({ type, version, data })
  } catch (error) {
    throw new ImportRefused(
      `${place} does not parse: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`,
    )
  }
  if (!fitsOnLine(type, stream, JSON.stringify(event.data))) refuse('data that fits on a line', 'more')
  return { ...envelope, event }
}

const parsed = (line: string, place: string): z.infer<typeof Imported> => {
  let content: unknown
  try {
    content = JSON.parse(line)
  } catch (error) {
    throw new ImportRefused(`${place} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const found = Imported.safeParse(content)
  if (found.success) return found.data
  throw new ImportRefused(`${place} does not parse: ${z.prettifyError(found.error)}`)
}

/** Segments open one after the other: first of all lines, then each where the one before says. */
const segmentFault = (
  opens: string | undefined,
  now: string | undefined,
  next: string | undefined,
): string | undefined => {
  if (opens === undefined)
    return now === undefined || next !== undefined
      ? `expected SegmentOpened${next === undefined ? '' : ` of ${next}`}`
      : undefined
  if (readSegmentName(opens) === undefined) return `'${opens}' is no name of a segment`
  if (now === undefined) return undefined
  return opens === next && isBefore(now, opens)
    ? undefined
    : `expected ${next ?? `more of ${now}`}, found ${opens}`
}
