// A backup: the ledger of one book, copied while others write to it.
//
//   BACKUP/
//     BACKUP.json      what it holds; written last, so a folder without it is no backup
//     <book>/          LEDGER.json, HEAD, segments and seals, anchors/, quarantine/: `veritape verify --ledger BACKUP` works
//     data/<sha256>    the files that events of this book refer to
//
// HEAD is read first, everything else later: the segments only ever grow, so whatever HEAD named is in them. The copy
// of the segment that HEAD names is cut where HEAD says, and the copy's HEAD says the same.
//
// Not copied: LOCK, EXECUTOR and SEALING (who holds the book now), KILL (a restored book is halted anyway), RESTORING (about the
// restore that this book came from), POISON (about the disk, not the bytes), RESERVE (room), CHECKPOINT (made anew) and temporary files.

import fs from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { LedgerDamaged } from '../domain/event-store.ts'
import { type BackupReport, BackupUnusable, PlaceTaken } from '../domain/ledger-copies.ts'
import type { Instant } from '../domain/time.ts'
import { copyFile, hashOfFile } from './durable-copy.ts'
import { dataReferencesOf } from './ledger-data-references.ts'
import { codeOf, nodeFiles, replaceFile } from './ledger-files.ts'
import { type DurableMark, openHead, printSlot, readHead } from './ledger-head.ts'
import { type LedgerIdentity, NoSuchBook, readIdentity, restoringName } from './ledger-identity.ts'
import { readSeal, sealName } from './ledger-seal.ts'
import { isBefore, listSegments, sealedName } from './ledger-segment.ts'
import { verifyWhole } from './ledger-verify.ts'

const manifestName = 'BACKUP.json'
export const dataName = 'data'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const Manifest = z.strictObject({
  backupVersion: z.literal(1),
  book: z.string(),
  mode: z.enum(['dry-run', 'paper', 'live', 'backtest']),
  ledgerId: z.uuid(),
  epoch: z.string(),
  taken: z.string(),
  head: z.strictObject({ seq: z.int().nonnegative(), hash: Sha256 }),
  segments: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  data: z.array(Sha256),
  dataMissing: z.array(Sha256),
})

/** Names in the folder of a book that belong to running processes or to this machine. */
const notCopied = new Set([
  'LOCK',
  'EXECUTOR',
  'KILL',
  restoringName,
  'POISON',
  'RESERVE',
  'CHECKPOINT',
  'SEALING',
  'HEAD',
])
const isCopied = (path: string): boolean => !notCopied.has(path) && !path.endsWith('.tmp')

export interface BackupSource {
  /** ledger/<book> */
  readonly folder: string
  /** ledger/data */
  readonly dataFolder: string
}

/** Copies a ledger into `to`, an empty folder or none yet. */
export const backUp = async (
  { folder, dataFolder }: BackupSource,
  to: string,
  now: Instant,
): Promise<BackupReport> => {
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  requireOutside(folder, to)
  requireEmpty(to)
  const copy = join(to, identity.book)
  const mark = await copyLedger(folder, copy)
  const { data, dataMissing } = await copyData(copy, dataFolder, join(to, dataName))
  const { segments, bytes } = await proven(copy, mark, identity)
  const { book, mode, ledgerId, epoch } = identity
  const head = { seq: mark.seq, hash: mark.hash }
  const report = { book, mode, ledgerId, epoch, taken: now, head, segments, bytes, data, dataMissing }
  const manifest = Manifest.parse({ backupVersion: 1, ...report })
  replaceFile(nodeFiles, to, manifestName, `${JSON.stringify(manifest, undefined, 2)}\n`)
  return report
}

const requireOutside = (folder: string, to: string) => {
  const inside = `${fs.realpathSync(folder)}/`
  let above = to
  while (!fs.existsSync(above)) above = dirname(above)
  if (`${fs.realpathSync(above)}/`.startsWith(inside))
    throw new PlaceTaken(
      `${to} lies in the folder of the book itself; name a folder elsewhere, best on another disk`,
    )
}

const requireEmpty = (to: string) => {
  fs.mkdirSync(to, { recursive: true })
  const [first] = fs.readdirSync(to)
  if (first !== undefined)
    throw new PlaceTaken(`${to} is not empty (it holds ${first}); every backup goes into a folder of its own`)
}

// ── the ledger ──────────────────────────────────────────────────────────────────────────────────────────────────

const attemptsMax = 5

/** Copies the folder of a book; gives the mark that the copy ends at. */
const copyLedger = async (folder: string, copy: string): Promise<DurableMark> => {
  for (let attempt = 1; ; attempt++) {
    fs.mkdirSync(copy)
    // Anchors and quarantine can only be ahead of HEAD if they came after it: their names are taken before.
    const others = otherFilesIn(folder)
    const mark = headOf(folder)
    const isWhole = await copySegments(folder, copy, mark)
    if (isWhole) {
      for (const path of others) await copyFile(join(folder, path), join(copy, path))
      replaceFile(nodeFiles, copy, 'HEAD', printSlot(mark).repeat(2))
      return mark
    }
    fs.rmSync(copy, { recursive: true })
    if (attempt === attemptsMax)
      throw new BackupUnusable(
        `the segment that HEAD names was sealed ${attemptsMax} times while ${folder} was copied; start again`,
      )
  }
}

const headOf = (folder: string): DurableMark => {
  const fd = openHead(folder, 'r')
  try {
    return readHead(fd, folder).mark
  } finally {
    fs.closeSync(fd)
  }
}

/** Everything that is neither a segment, a seal nor about the running processes; paths from the folder. */
const otherFilesIn = (folder: string): string[] => {
  const ofSegments = new Set(listSegments(folder).flatMap(name => [name, sealedName(name), sealName(name)]))
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => isCopied(path) && !ofSegments.has(path) && fs.statSync(join(folder, path)).isFile())
    .sort()
}

/** False when the segment that HEAD names was sealed behind it meanwhile: then a newer HEAD is there to begin with. */
const copySegments = async (folder: string, copy: string, mark: DurableMark): Promise<boolean> => {
  if (mark.segment === '') return true
  let unsealed: string[] = []
  for (const name of listSegments(folder)) {
    if (isBefore(mark.segment, name)) continue
    const isLast = name === mark.segment
    const seal = readSeal(folder, name)?.seal
    const plain = await copiedIfThere(join(folder, name), join(copy, name), isLast ? mark.end : undefined)
    const sealedAsFar = seal !== undefined && (!isLast || seal.bytes === mark.end)
    if (!plain && !sealedAsFar) return false
    unsealed.push(name)
    if (!sealedAsFar) continue
    // Sealing goes in order: what was copied before it had a seal has one by now. Where it has none, the proof says so.
    for (const sealed of unsealed.flatMap(each => [sealedName(each), sealName(each)]))
      await copiedIfThere(join(folder, sealed), join(copy, sealed))
    unsealed = []
  }
  return true
}

const copiedIfThere = async (from: string, to: string, bytes?: number): Promise<boolean> => {
  try {
    await copyFile(from, to, bytes)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

// ── the data ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Copies what the events of the ledger refer to. */
const copyData = async (
  ledger: string,
  from: string,
  to: string,
): Promise<Pick<BackupReport, 'data' | 'dataMissing'>> => {
  const there = new Set(fs.existsSync(from) ? fs.readdirSync(from) : [])
  const { named, required } = await dataReferencesOf(ledger, there)
  const data = [...named].sort()
  for (const sha256 of data) {
    if (fs.existsSync(join(to, sha256))) continue
    await copyFile(join(from, sha256), join(to, sha256))
  }
  return { data, dataMissing: [...required].filter(sha256 => !there.has(sha256)).sort() }
}

// ── the check ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Proves every byte of a copied ledger, and that it ends at the mark and nowhere else. Throws BackupUnusable. */
const proven = async (
  folder: string,
  { seq, hash }: Pick<DurableMark, 'seq' | 'hash'>,
  { book, ledgerId }: Pick<LedgerIdentity, 'book' | 'ledgerId'>,
): Promise<Pick<BackupReport, 'segments' | 'bytes'>> => {
  const identity = readIdentity(folder)
  if (identity?.book !== book || identity.ledgerId !== ledgerId)
    throw new BackupUnusable(
      `${folder} is not the ledger ${ledgerId} of the book ${book}; take another backup`,
    )
  const { head, segments, bytes, unacknowledgedBytes } = await verifyWhole(
    folder,
    ({ segment, byte, expected, found }) =>
      new BackupUnusable(
        `${folder}/${segment} is damaged at byte ${byte}: expected ${expected}, found ${found}. Use another backup`,
      ),
  )
  if (head.seq !== seq || head.hash !== hash)
    throw new BackupUnusable(`${folder} ends at event ${head.seq} (${head.hash}), not at ${seq} (${hash})`)
  if (unacknowledgedBytes > 0)
    throw new BackupUnusable(`${folder} holds ${unacknowledgedBytes} bytes more than were copied`)
  return { segments: segments.length, bytes }
}

/** Proves a backup. Throws BackupUnusable. */
export const checkBackup = async (from: string): Promise<BackupReport> => {
  const manifest = readManifest(from)
  const { backupVersion: _, ...report } = manifest
  const found = await proven(join(from, report.book), report.head, report).catch(unusable)
  for (const sha256 of report.data) {
    const path = join(from, dataName, sha256)
    if (!fs.existsSync(path)) throw new BackupUnusable(`${path} is missing, and events refer to it`)
    const hash = await hashOfFile(path)
    if (hash !== sha256) throw new BackupUnusable(`${path} is damaged: its bytes have the SHA-256 ${hash}`)
  }
  return { ...report, ...found }
}

const unusable = (error: unknown): never => {
  throw error instanceof LedgerDamaged
    ? new BackupUnusable(`${error.message} (this is about the backup)`)
    : error
}

const readManifest = (from: string): z.infer<typeof Manifest> => {
  const path = join(from, manifestName)
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new BackupUnusable(
      `${path} is not there: ${from} is no backup, or one that was not finished; use another one`,
    )
  }
  const manifest = Manifest.safeParse(jsonOf(text))
  if (manifest.success) return manifest.data
  throw new BackupUnusable(`${path} does not parse (${z.prettifyError(manifest.error)}); use another backup`)
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // said by the schema
  }
}
