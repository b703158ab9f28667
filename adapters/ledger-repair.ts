// The way out of POISON. A sync failed: the kernel may have dropped bytes that it still shows, and it will not say so
// twice. So nothing is synced again where it is. What the ledger itself proves is copied to where it never was:
//
//   prove all ─▶ torn end to the quarantine ─▶ segments from HEAD's on into new files ─▶ HEAD ─▶ prove all again
//             ─▶ POISON to the quarantine        (the next writer records LedgerRepaired)
//
// POISON stands until all of it is durable, so that a repair which was interrupted anywhere is begun again. No line that
// was acknowledged is ever left out: where one is missing or damaged nothing is touched, and a backup is the way.

import fs from 'node:fs'
import { LedgerDamaged } from '../domain/event-store.ts'
import type { RepairReport } from '../domain/ledger-repair.ts'
import { advance } from './ledger-advance.ts'
import { codeOf, type LedgerFiles, nodeFiles, readOnly, replaceFile, shortWrite } from './ledger-files.ts'
import { openHead, readHead, writeSlot } from './ledger-head.ts'
import {
  type LedgerIdentity,
  NoSuchBook,
  readIdentity,
  requireFileSystem,
  requireWritable,
  writeIdentity,
} from './ledger-identity.ts'
import { type Known, nothingKnown } from './ledger-known.ts'
import { previousIn, seqOf } from './ledger-line-bytes.ts'
import { LedgerBusy, openLock } from './ledger-lock.ts'
import { clearPoison } from './ledger-poison.ts'
import { damageError, judge, setAside, type Verdict } from './ledger-recovery.ts'
import { type Chain, chainAfter, chunksOf, takeLine } from './ledger-scan.ts'
import { sealName } from './ledger-seal.ts'
import { isBefore, listSegments } from './ledger-segment.ts'
import { openSegment, type SegmentBytes, sizeOf } from './ledger-segment-bytes.ts'
import { verifyLedger } from './ledger-verify.ts'

export interface RepairOptions {
  /** Only looks when it is not set. */
  readonly apply: boolean
  /** For tests: a file system in memory loses everything when the machine stops. */
  readonly allowMemory?: boolean
  /** For tests: file operations that fail on purpose. */
  readonly files?: LedgerFiles
}

/**
 * Looks at a poisoned ledger, or repairs it; without POISON there is nothing to do. Throws NoSuchBook; LedgerDamaged when
 * what was acknowledged is not all there, with nothing changed; LedgerBusy; RepairFailed when the disk failed again.
 */
export const repairLedger = async (
  folder: string,
  { apply, allowMemory = false, files = nodeFiles }: RepairOptions,
): Promise<RepairReport> => {
  if (!apply) return reportOf(await examine(folder), false)
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  requireWritable(folder, identity)
  requireFileSystem(folder, allowMemory)
  const lock = openLock(folder, 'repair')
  try {
    if (!lock.tryTake()) throw new LedgerBusy(folder, 0, lock.holder())
    lock.sign()
    const found = await examine(folder)
    if (found.poison === undefined) return reportOf(found, false)
    await orFailed(folder, () => writeAnew(files, folder, identity, found))
    requireSame(folder, found, await examine(folder))
    await orFailed(folder, async () => clearPoison(files, folder, found.known.seq))
    return reportOf(found, true)
  } finally {
    lock.close()
  }
}

/** The disk failed once more. POISON still stands. */
export class RepairFailed extends Error {
  constructor(folder: string, error: Error) {
    super(
      `${folder} was not repaired (${error.message}); POISON stands and no acknowledged line was touched. If there is no ` +
        "room, free some and repair again; else the disk is failing: 'veritape backup' to another one and restore there",
    )
    this.name = 'RepairFailed'
  }
}

const orFailed = async (folder: string, act: () => Promise<void>) => {
  try {
    await act()
  } catch (error) {
    if (error instanceof Error && codeOf(error) !== undefined) throw new RepairFailed(folder, error)
    throw error
  }
}

// ── the proof ───────────────────────────────────────────────────────────────────────────────────────────────────

type Torn = RepairReport['torn']

interface Findings extends Omit<RepairReport, 'repaired' | 'head'> {
  readonly known: Known
}

/** Proves every byte of the ledger. Throws LedgerDamaged unless all that was acknowledged is there. */
const examine = async (folder: string): Promise<Findings> => {
  const steps = verifyLedger(folder)
  let step = await steps.next()
  let first: string | undefined
  for (; step.done !== true; step = await steps.next()) {
    if (step.value.kind !== 'damage') continue
    const { segment, byte, expected, found } = step.value.damage
    first ??= `${folder}/${segment} is damaged at byte ${byte}: expected ${expected}, found ${found}`
  }
  const headFd = openHead(folder, 'r')
  try {
    const { mark } = readHead(headFd, folder)
    const known = nothingKnown()
    const { poison } = step.value
    // Without POISON others may be writing: what stands behind HEAD is then theirs.
    const upTo = poison === undefined ? { upTo: mark } : {}
    const damage = advance(folder, known, { head: mark, verifyFrom: mark.segment, ...upTo })
    const verdict = judge(folder, known, damage, mark)
    const error = damageError(folder, verdict)
    if (error !== undefined) throw error
    if (first !== undefined)
      throw new LedgerDamaged('corrupt', `${first}. Nothing was changed. Restore from a backup`)
    const torn = tornOf(folder, verdict)
    const segments = listSegments(folder)
      .filter(name => !isBefore(name, mark.segment) && fs.existsSync(`${folder}/${name}`))
      .map(segment => ({
        segment,
        bytes: torn?.segment === segment ? torn.offset : sizeOf(folder, segment),
      }))
    return { poison, acknowledged: mark.seq, known, segments: poison === undefined ? [] : segments, torn }
  } finally {
    fs.closeSync(headFd)
  }
}

const tornOf = (folder: string, verdict: Verdict): Torn => {
  if (verdict.kind !== 'torn') return undefined
  const { segment, from: offset } = verdict
  return { segment, offset, bytes: sizeOf(folder, segment) - offset }
}

const reportOf = ({ known, ...found }: Findings, repaired: boolean): RepairReport => ({
  ...found,
  head: { seq: known.seq, hash: known.hash },
  repaired,
})

/** What was written anew says what was proven before, and nothing else. */
const requireSame = (folder: string, before: Findings, after: Findings) => {
  const same = after.known.seq === before.known.seq && after.known.hash === before.known.hash
  if (same && after.torn === undefined && after.acknowledged === before.known.seq) return
  throw new LedgerDamaged(
    'corrupt',
    `${folder} ends at event ${after.known.seq} after it was written anew, and at ${before.known.seq} before: the disk ` +
      "does not keep what it is given. POISON stands. 'veritape backup' to another disk and restore there",
  )
}

// ── new files ───────────────────────────────────────────────────────────────────────────────────────────────────

const writeAnew = async (
  files: LedgerFiles,
  folder: string,
  identity: LedgerIdentity,
  { known, torn, segments }: Findings,
) => {
  nameAnew(files, folder, identity)
  let chain: Chain | undefined
  for (const { segment, bytes } of segments) {
    const source = openSegment(folder, segment)
    try {
      if (torn?.segment === segment) setAside(files, folder, segment, bytes)
      chain = await copyAnew(files, folder, segment, source, bytes, chain)
    } finally {
      source.close()
    }
  }
  acknowledge(files, folder, known)
}

/**
 * A failed sync of the folder may have dropped names as well: each that others build on is given once more. A seal is one
 * while its plain segment, which it lets a sealer remove, is there; a quarantine with files in it was durable before them.
 */
const nameAnew = (files: LedgerFiles, folder: string, identity: LedgerIdentity) => {
  writeIdentity(files, folder, identity)
  for (const segment of listSegments(folder)) {
    const seal = sealName(segment)
    if (fs.existsSync(`${folder}/${segment}`) && fs.existsSync(`${folder}/${seal}`))
      replaceFile(files, folder, seal, fs.readFileSync(`${folder}/${seal}`), readOnly)
  }
  const place = `${folder}/quarantine`
  if (fs.existsSync(place) && fs.readdirSync(place).length === 0) fs.rmdirSync(place)
  files.syncFolder(folder)
}

/** The first bytes of a segment as another file, which then takes its name. What is written is proven line by line. */
const copyAnew = async (
  files: LedgerFiles,
  folder: string,
  segment: string,
  source: SegmentBytes,
  to: number,
  before: Chain | undefined,
): Promise<Chain | undefined> => {
  const temporary = `${folder}/${segment}.tmp`
  fs.rmSync(temporary, { force: true }) // of an earlier attempt: it may hold what a failed sync has dropped
  const target = fs.openSync(temporary, 'wx', 0o644)
  let chain = before
  let copied = 0
  try {
    for await (const { bytes, offset } of chunksOf(source, 0, to)) {
      chain = proven(chain, bytes, start => `${folder}/${segment} at byte ${offset + start}`)
      const written = files.write(target, bytes, bytes.length, null)
      if (written !== bytes.length) throw shortWrite(segment, written, bytes.length)
      copied += written
    }
    if (copied !== to) throw readAnew(`${folder}/${segment}`, `${copied} of ${to} bytes were read`)
    fs.fsyncSync(target)
  } finally {
    fs.closeSync(target)
  }
  files.rename(temporary, `${folder}/${segment}`)
  files.syncFolder(folder)
  return chain
}

const proven = (before: Chain | undefined, bytes: Buffer, place: (start: number) => string): Chain => {
  const firstEnd = bytes.indexOf(newline) + 1
  const chain = before ?? chainAfter(seqOf(bytes, 0) - 1, previousIn(bytes, firstEnd))
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start) + 1
    const wrong = takeLine(chain, bytes, start, end, true)
    if (wrong !== undefined) throw readAnew(place(start), `expected ${wrong.expected}, found ${wrong.found}`)
    start = end
  }
  return chain
}

const newline = 0x0a

/** It was proven a moment ago, and is not what it was. */
const readAnew = (place: string, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'corrupt',
    `${place} reads differently each time (${what}): the disk is failing. POISON stands. Restore a backup on another disk`,
  )

/**
 * HEAD, both slots of it written again, so that a sync has all of them to write. It stays the same file: readers that
 * follow the ledger have it open. One slot is durable before the other is touched.
 */
const acknowledge = (files: LedgerFiles, folder: string, { seq, segment, end, hash }: Known) => {
  const fd = openHead(folder, 'r+')
  try {
    const { nextSlot } = readHead(fd, folder)
    for (const slot of [nextSlot, nextSlot === 0 ? 1 : 0] as const) {
      writeSlot(files, fd, slot, { seq, segment, end, hash })
      files.sync(fd)
    }
  } finally {
    fs.closeSync(fd)
  }
}
