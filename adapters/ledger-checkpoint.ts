// Checkpoints: what a writer knew at the end of a closed segment, so that opening a book costs its active segment and
// not its age. They lie with the views, outside the ledger, and anybody may delete them:
//
//   state/<book>/checkpoints/2026-11-20.jsonl.checkpoint    a line of JSON, then the streams as text (ledger-past.ts)
//   ledger/<book>/CHECKPOINT                                which of them the ledger vouches for, by its SHA-256
//
// A checkpoint is derived, so it is never trusted by itself: its bytes must be the ones that CHECKPOINT names, and the
// segment that it speaks of must be there with the same length and the same last hash. Whoever can forge all that can
// write the ledger itself. Anything else is ignored, and the segments are gone through again.

import { hash } from 'node:crypto'
import fs from 'node:fs'
import * as z from 'zod'
import { codeOf, FolderNotSynced, type LedgerFiles, replaceFile } from './ledger-files.ts'
import type { DurableMark } from './ledger-head.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { type Known, nothingKnown } from './ledger-known.ts'
import { hashIn, lineBytesMin } from './ledger-line-bytes.ts'
import { pastOf } from './ledger-past.ts'
import { openSegment, type SegmentBytes } from './ledger-segment-bytes.ts'

const Header = z.strictObject({
  checkpointVersion: z.literal(1),
  ledgerId: z.string(),
  segment: z.string(),
  end: z.int(),
  seq: z.int(),
  hash: z.string(),
  at: z.string(),
  next: z.string(),
  decisive: z.int(),
  epoch: z.string(),
  /** Files of the quarantine that the ledger has recorded. */
  recorded: z.array(z.string()),
})
type Header = z.infer<typeof Header>

const voucherName = 'CHECKPOINT'
const ending = '.checkpoint'
const voucherForm = /^(\S+\.checkpoint) ([0-9a-f]{64})\n$/

/** What the newest checkpoint knows; undefined when there is none that can be trusted. */
export const loadCheckpoint = (
  folder: string,
  checkpoints: string,
  { ledgerId }: LedgerIdentity,
  head: DurableMark,
): Known | undefined => {
  const text = vouchedText(folder, checkpoints)
  if (text === undefined) return undefined
  const headerEnd = text.indexOf('\n') + 1
  const header = Header.safeParse(JSON.parse(text.toString('utf8', 0, headerEnd))).data
  if (header === undefined) return undefined // of another version of the program
  if (header.ledgerId !== ledgerId || !isAcknowledged(header, head) || !endsAs(folder, header))
    return undefined
  const { end, seq, hash, at, next, decisive, epoch, segment } = header
  const standpoint = { segment, end, seq, hash, at, next, decisive, epoch }
  return {
    ...nothingKnown(),
    ...standpoint,
    unlisted: true,
    past: pastOf(text.subarray(headerEnd)),
    settled: standpoint,
    recorded: new Set(header.recorded),
  }
}

/** The bytes of the checkpoint that the ledger vouches for; undefined when they are not there as they were. */
const vouchedText = (folder: string, checkpoints: string): Buffer | undefined => {
  const [, file, sha256] = voucherForm.exec(readIfThere(`${folder}/${voucherName}`)?.toString() ?? '') ?? []
  if (file === undefined) return undefined
  const text = readIfThere(`${checkpoints}/${file}`)
  return text !== undefined && hash('sha256', text, 'hex') === sha256 ? text : undefined
}

/** A checkpoint can always be done without: one that cannot be read is none. */
const readIfThere = (path: string): Buffer | undefined => {
  try {
    return fs.readFileSync(path)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined
  }
}

/** HEAD stands at or behind it. After a power cut it may not: then the lines have to show what was acknowledged. */
const isAcknowledged = ({ seq, hash }: Header, head: DurableMark): boolean =>
  head.seq > seq || (head.seq === seq && head.hash === hash)

const endsAs = (folder: string, { segment, end, hash }: Header): boolean => {
  const source = openIfThere(folder, segment)
  if (source === undefined) return false
  try {
    if (source.size !== end) return false
    if (source.seal !== undefined) return source.seal.lastHash === hash
    const bytes = Buffer.alloc(Math.min(lineBytesMin, end))
    return (
      source.read(bytes, bytes.length, end - bytes.length) === bytes.length &&
      hashIn(bytes, bytes.length) === hash
    )
  } finally {
    source.close()
  }
}

const openIfThere = (folder: string, segment: string): SegmentBytes | undefined => {
  try {
    return openSegment(folder, segment)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined // the search through the segments will say so
    throw error
  }
}

/**
 * Writes down what is known at the end of the last closed segment, and removes older checkpoints. Without room or
 * permission there is none, and the next opening takes longer. The caller holds the lock.
 */
export const saveCheckpoint = (
  files: LedgerFiles,
  folder: string,
  checkpoints: string,
  { ledgerId }: LedgerIdentity,
  { settled, past, recorded }: Known,
): void => {
  if (settled?.next === undefined) return
  const { segment, end, seq, hash: lastHash, at, next, decisive, epoch } = settled
  const header: Header = {
    checkpointVersion: 1,
    ledgerId,
    segment,
    end,
    seq,
    hash: lastHash,
    at,
    next,
    decisive,
    epoch,
    recorded: [...recorded],
  }
  const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), past.print()])
  const file = `${segment}${ending}`
  try {
    fs.mkdirSync(checkpoints, { recursive: true })
    replaceFile(files, checkpoints, file, bytes)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return
  }
  try {
    replaceFile(files, folder, voucherName, `${file} ${hash('sha256', bytes, 'hex')}\n`)
    for (const old of fs.readdirSync(checkpoints))
      if (old.endsWith(ending) && old !== file) files.remove(`${checkpoints}/${old}`)
  } catch (error) {
    if (codeOf(error) === undefined || error instanceof FolderNotSynced) throw error
  }
}
