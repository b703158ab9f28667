// LEDGER.json: which ledger a folder is. Written once, when the ledger is created; a restore alone replaces it,
// with a new epoch. Its presence means that the folder was created completely.

import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import * as z from 'zod'
import { type Identity, LedgerDamaged, type Mode } from '../domain/event-store.ts'
import { type Instant, isZone } from '../domain/time.ts'
import { codeOf, type LedgerFiles, replaceFile, syncAbove } from './ledger-files.ts'

export const formatVersion = 1
export const segmentBytesMaxDefault = 256 * 1024 * 1024

export const LedgerFile = z.strictObject({
  formatVersion: z.int().positive(),
  /** A program whose own format version is smaller may not touch the ledger. */
  minReaderVersion: z.int().positive(),
  ledgerId: z.uuid(),
  book: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  mode: z.enum(['dry-run', 'paper', 'live', 'backtest']),
  epoch: z.string(),
  zone: z.string().refine(isZone),
  hash: z.literal('sha256'),
  /** A segment that has grown beyond it is closed. */
  segmentBytesMax: z.int().positive(),
  /** Room on the disk that is kept for a halt; 0 keeps none. */
  reserveBytes: z.int().nonnegative().default(0),
  /** The ledger whose events were imported into this one, as far as it went, and the file that they came in. */
  derivedFrom: z.strictObject({ book: z.string(), seq: z.int(), sha256: z.string() }).optional(),
})
export type LedgerIdentity = Readonly<z.infer<typeof LedgerFile>>

/** What a ledger is created with. */
export interface Creation {
  readonly book: string
  readonly mode: Mode
  /** IANA zone whose date names the segments. */
  readonly zone: string
  readonly segmentBytesMax?: number
  /** Bytes on the disk that are kept for a halt; none when left out. */
  readonly reserveBytes?: number
}

/** There is no ledger where one was expected. Nothing is damaged: it has not been created yet. */
export class NoSuchBook extends Error {
  readonly folder: string
  constructor(folder: string) {
    super(
      `there is no ledger in ${folder}; it is created by the first 'veritape execute --dry-run' (or --paper) of that book, ` +
        'or check --ledger and --book',
    )
    this.name = 'NoSuchBook'
    this.folder = folder
  }
}

/**
 * Lies in the folder of a book while it is restored: what else is there may be thrown away. Beside LEDGER.json it says nothing,
 * and is removed.
 */
export const restoringName = 'RESTORING'

/** What may lie in the folder of a book before it has a ledger: a restore that died before it began, too. */
const beforeCreation = new Set([
  'LOCK',
  'KILL',
  'HEAD',
  'LEDGER.json',
  `${restoringName}.tmp`,
  'anchors',
  'quarantine',
])

/** Whether a name is one of `names`, or the temporary file of one whose writer died before it had its name. */
export const isNamed = (names: ReadonlySet<string>, name: string): boolean =>
  names.has(name) || (name.endsWith('.tmp') && [...names].some(own => name.startsWith(`${own}.`)))

/**
 * The ledger of the folder; undefined when there is none yet. Throws LedgerDamaged for a folder that is not ours,
 * or that a newer program wrote.
 */
export const readIdentity = (folder: string): LedgerIdentity | undefined => {
  let text: string
  try {
    text = fs.readFileSync(`${folder}/LEDGER.json`, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    // Another process may have created the ledger since: then it is there now.
    return contentOf(folder) === 'ledger' ? readIdentity(folder) : undefined
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw notOurs(folder, 'LEDGER.json is not JSON; restore it from a backup')
  }
  const version = z.object({ minReaderVersion: z.int() }).safeParse(content)
  if (version.success && version.data.minReaderVersion > formatVersion)
    throw notOurs(
      folder,
      `it needs format ${version.data.minReaderVersion}, this program knows ${formatVersion}; update veritape`,
    )
  // What a newer program noted besides is not for this one; but a field too many of our own format is damage.
  const written = z.object({ formatVersion: z.int() }).safeParse(content).data?.formatVersion ?? 0
  const identity = (written > formatVersion ? LedgerFile.loose() : LedgerFile).safeParse(content)
  if (!identity.success)
    throw notOurs(
      folder,
      `LEDGER.json does not parse (${z.prettifyError(identity.error)}); restore it from a backup`,
    )
  return identity.data
}

/** Refuses to write into a ledger that a newer program writes: old programs may read it, as long as it lets them. */
export const requireWritable = (folder: string, { formatVersion: found }: LedgerIdentity): void => {
  if (found <= formatVersion) return
  throw notOurs(
    folder,
    `it is written in format ${found}, and this program writes ${formatVersion}; reading still works, to write update veritape`,
  )
}

const notOurs = (folder: string, why: string): LedgerDamaged =>
  new LedgerDamaged('not-ours', `${folder} is not a ledger this program can use: ${why}`)

/** What is in a folder in which LEDGER.json was missing a moment ago. Throws when it is somebody else's. */
const contentOf = (folder: string): 'nothing' | 'ledger' => {
  let names: string[]
  try {
    names = fs.readdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'nothing'
    throw error
  }
  if (names.includes('LEDGER.json')) return 'ledger'
  const [foreign, ...others] = names.filter(name => !isNamed(beforeCreation, name))
  if (foreign === undefined) return 'nothing'
  if (foreign === 'POISON' && others.length === 0)
    throw new LedgerDamaged(
      'poisoned',
      `${folder} holds POISON and no ledger: a sync failed while the ledger was being made, and nothing was acknowledged. ` +
        'Check the disk, then move the folder away (a halt that KILL in it says is to be said again)',
    )
  throw notOurs(
    folder,
    `it holds ${foreign} but no LEDGER.json; choose another folder with --ledger, or restore LEDGER.json`,
  )
}

/** Of a ledger that is being created, in whichever store. The first epoch is the time at which that is done. */
export const newIdentity = (
  { book, mode, zone, segmentBytesMax = segmentBytesMaxDefault, reserveBytes = 0 }: Creation,
  epoch: string,
): LedgerIdentity =>
  LedgerFile.parse({
    formatVersion,
    minReaderVersion: formatVersion,
    ledgerId: randomUUID(),
    book,
    mode,
    epoch,
    zone,
    hash: 'sha256',
    segmentBytesMax,
    reserveBytes,
  } satisfies LedgerIdentity)

/** Writes LEDGER.json; call it last, when all else that a new ledger needs is durable, and under the lock. */
export const createIdentity = (
  files: LedgerFiles,
  folder: string,
  create: Creation,
  now: Instant,
): LedgerIdentity => {
  const identity = newIdentity(create, now)
  writeIdentity(files, folder, identity)
  return identity
}

/**
 * Puts LEDGER.json in place of none, or of a copy's: by this a copied folder becomes a ledger of its own. Where it stands, the
 * names of all folders above it are durable: what is acknowledged in the ledger cannot be lost with one of them.
 */
export const writeIdentity = (files: LedgerFiles, folder: string, identity: LedgerIdentity): void => {
  syncAbove(files, folder)
  replaceFile(files, folder, 'LEDGER.json', `${JSON.stringify(LedgerFile.parse(identity), undefined, 2)}\n`)
}

/**
 * Where LEDGER.json stands a restore is done, though it may have been killed before it said so. Call it under the lock: while
 * RESTORING stands, a book that loses its LEDGER.json is taken for one that may be thrown away.
 */
export const endRestore = (files: LedgerFiles, folder: string): void => {
  const path = `${folder}/${restoringName}`
  if (!fs.existsSync(path)) return
  files.syncFolder(folder) // LEDGER.json first
  files.remove(path)
  files.syncFolder(folder)
}

/** Refuses a ledger that is of another book or mode than the one that was asked for. */
export const requireSame = (
  folder: string,
  identity: LedgerIdentity,
  { book, mode }: Pick<Creation, 'book' | 'mode'>,
): void => {
  if (identity.book === book && identity.mode === mode) return
  throw notOurs(
    folder,
    `it is the book '${identity.book}' in mode ${identity.mode}, not '${book}' in mode ${mode}; a book never changes its mode, choose another --book`,
  )
}

export const publicIdentity = ({ ledgerId, book, mode, epoch, zone }: LedgerIdentity): Identity => ({
  ledgerId,
  book,
  mode,
  epoch,
  zone,
})

// ── file systems ────────────────────────────────────────────────────────────────────────────────────────────────

/** statfs(2) magic numbers of file systems whose locks and syncs hold. The last one is macOS's number of APFS. */
const trusted = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0x794c7630, 'overlayfs'],
  [0x1a, 'apfs'],
])
const tmpfs = 0x01021994

/** Throws LedgerDamaged('not-ours') unless the folder lies on a file system that keeps a ledger's promises. */
export const requireFileSystem = (folder: string, allowMemory: boolean): void => {
  const type = Number(fs.statfsSync(folder).type) >>> 0
  if (trusted.has(type) || (allowMemory && type === tmpfs)) return
  const name = type === tmpfs ? 'tmpfs (memory)' : `type 0x${type.toString(16)}`
  throw notOurs(
    folder,
    `its file system (${name}) may lose what was acknowledged or forget its locks; put the ledger on ${[...trusted.values()].join(', ')}`,
  )
}
