// Anchors: one line of JSON for each sealed day, in anchors/<date>.json, signed when there is a key.
//
//   {"book":"paper","ledgerId":"…","epoch":"…","date":"2026-11-20","seq":1912,"hash":"…","sealSha256":"…",
//    "key":"<16 hex>","signature":"<base64>"}                                                     (all on one line)
//
// Signed is the line up to `,"key"`, closed by `}`: Ed25519 over its bytes. `key` is the beginning of the SHA-256 of
// the public key (DER), so that one can see which key it was.

import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import fs from 'node:fs'
import * as z from 'zod'
import { type Anchor, KeyRefused } from '../domain/anchor.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import { DateText } from '../domain/time.ts'
import { codeOf, type LedgerFiles, readOnly, replaceFile } from './ledger-files.ts'
import type { SealRead } from './ledger-seal.ts'
import { dateOf } from './ledger-segment.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** The last character of base64 has bits that mean nothing; they must not differ either. */
const isCanonical = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text

const AnchorLine = z.strictObject({
  book: z.string(),
  ledgerId: z.string(),
  epoch: z.string(),
  date: DateText,
  seq: z.int().positive(),
  hash: Sha256,
  sealSha256: Sha256,
  key: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  signature: z.base64().refine(isCanonical).optional(),
})

export interface AnchorRead {
  readonly anchor: Anchor
  readonly key?: string
  readonly signature?: string
}

export const anchorsFolder = 'anchors'

/** The anchor of the day whose last segment has this seal. */
export const anchorOf = ({ seal, sha256 }: SealRead): Anchor => ({
  book: seal.book,
  ledgerId: seal.ledgerId,
  epoch: seal.epoch,
  date: dateOf(seal.segment),
  seq: seal.lastSeq,
  hash: seal.lastHash,
  sealSha256: sha256,
})

/** What is signed. */
const printUnsigned = (anchor: Anchor): string => JSON.stringify(anchor)

export const printAnchor = ({ anchor, key, signature }: AnchorRead): string =>
  JSON.stringify(signature === undefined ? anchor : { ...anchor, key, signature })

/** Reads one line; undefined when it is not an anchor exactly as it is printed. */
export const parseAnchor = (line: string): AnchorRead | undefined => {
  let content: unknown
  try {
    content = JSON.parse(line)
  } catch {
    return undefined // said by the caller, with its place
  }
  const parsed = AnchorLine.safeParse(content).data
  if (parsed === undefined) return undefined
  const { key, signature, ...anchor } = parsed
  const read = key === undefined || signature === undefined ? { anchor } : { anchor, key, signature }
  return printAnchor(read) === line ? read : undefined
}

export const isSame = (a: Anchor, b: Anchor): boolean => printUnsigned(a) === printUnsigned(b)

/** Dates of the anchors of a ledger, in order. */
export const listAnchors = (folder: string): string[] => {
  const place = `${folder}/${anchorsFolder}`
  if (!fs.existsSync(place)) return []
  return fs
    .readdirSync(place)
    .filter(name => /^\d{4}-\d\d-\d\d\.json$/.test(name))
    .map(dateOf)
    .sort()
}

/**
 * The text of a day's anchor, without its end of line; undefined when there is none. A text whose end of line is missing
 * is none that parses: a byte of the file is gone.
 */
export const readAnchorText = (folder: string, date: string): string | undefined => {
  try {
    const text = fs.readFileSync(`${folder}/${anchorsFolder}/${date}.json`, 'utf8')
    return text.endsWith('\n') ? text.slice(0, -1) : `${text} without an end of line`
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The lines of a file of anchors that were kept elsewhere. */
export const readKeptAnchors = (file: string): readonly string[] =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '')

/**
 * Keeps a day's anchor, signed when there is a key. One that stands stays as it is, but for a signature that it
 * lacks. Throws LedgerDamaged when one stands that says something else: the past was changed.
 */
export const keepAnchor = (
  files: LedgerFiles,
  folder: string,
  anchor: Anchor,
  key: KeyObject | undefined,
): { readonly line: string; readonly signed: boolean; readonly written: boolean } => {
  const text = readAnchorText(folder, anchor.date)
  const standing = text === undefined ? undefined : parseAnchor(text)
  if (text !== undefined && (standing === undefined || !isSame(standing.anchor, anchor)))
    throw new LedgerDamaged(
      'corrupt',
      `${folder}/${anchorsFolder}/${anchor.date}.json says other than the seal of that day: the ledger, or the anchor, ` +
        "was changed since. Compare both with the anchors that you keep elsewhere; run 'veritape verify'",
    )
  const wanted =
    standing?.signature !== undefined || key === undefined ? (standing ?? { anchor }) : signed(anchor, key)
  const line = printAnchor(wanted)
  const isSigned = wanted.signature !== undefined
  if (line === text) return { line, signed: isSigned, written: false }
  const place = `${folder}/${anchorsFolder}`
  fs.mkdirSync(place, { recursive: true })
  files.syncFolder(folder)
  replaceFile(files, place, `${anchor.date}.json`, `${line}\n`, readOnly)
  return { line, signed: isSigned, written: true }
}

// ── signatures ──────────────────────────────────────────────────────────────────────────────────────────────────

const signed = (anchor: Anchor, key: KeyObject): AnchorRead => ({
  anchor,
  key: fingerprintOf(createPublicKey(key)),
  signature: sign(null, Buffer.from(printUnsigned(anchor)), key).toString('base64'),
})

export const isSignedBy = (read: AnchorRead, publicKey: KeyObject): boolean =>
  read.signature !== undefined &&
  read.key === fingerprintOf(publicKey) &&
  verify(null, Buffer.from(printUnsigned(read.anchor)), publicKey, Buffer.from(read.signature, 'base64'))

export const fingerprintOf = (key: KeyObject): string =>
  hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex').slice(0, 16)

/** Throws KeyRefused for a file that others can read: who can read the key can sign a forged past. */
export const readPrivateKey = (file: string): KeyObject => {
  const text = keyText(file)
  if ((fs.statSync(file).mode & 0o077) !== 0)
    throw new KeyRefused(
      `${file} can be read by others, so its signatures prove nothing; chmod 600 ${file}, or make a new key`,
    )
  return ed25519(file, 'private', () => createPrivateKey(text))
}

export const readPublicKey = (file: string): KeyObject => {
  const text = keyText(file)
  return ed25519(file, 'public', () => {
    if (text.includes('PRIVATE KEY')) throw new Error('it is a private key')
    return createPublicKey(text)
  })
}

const keyText = (file: string): string => {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw new KeyRefused(`${file} cannot be read (${codeOf(error) ?? String(error)}); name the key's file`)
  }
}

const ed25519 = (file: string, which: string, make: () => KeyObject): KeyObject => {
  let key: KeyObject | undefined
  let why = ''
  try {
    key = make()
    why = `it is of the kind ${key.asymmetricKeyType}`
  } catch (error) {
    why = error instanceof Error ? error.message : String(error)
  }
  if (key?.asymmetricKeyType === 'ed25519') return key
  throw new KeyRefused(
    `${file} is no ${which} Ed25519 key in PEM (${why}); make one with 'openssl genpkey -algorithm ed25519 -out key.pem', ` +
      "and its public half with 'openssl pkey -in key.pem -pubout -out key.pub'",
  )
}
