// The seal of a closed segment: what its bytes are, for ever. It lies beside the compressed segment:
//
//   2026-11-20.jsonl.gz          the segment, in gzip members of 1 MiB of plain bytes each; `zcat` gives the lines
//   2026-11-20.jsonl.seal.json   this record, printed in exactly one way
//
// Each seal names the SHA-256 of the seal before it, so the newest one vouches for all of them.

import { hash } from 'node:crypto'
import fs from 'node:fs'
import * as z from 'zod'
import { LedgerDamaged } from '../domain/event-store.ts'
import { codeOf } from './ledger-files.ts'
import { zeroHash } from './ledger-line-bytes.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const Count = z.int().positive()

const SealFile = z.strictObject({
  sealVersion: z.literal(1),
  segment: z.string(),
  book: z.string(),
  ledgerId: z.uuid(),
  /** Of the ledger when the segment was opened. */
  epoch: z.string(),
  firstSeq: Count,
  lastSeq: Count,
  /** Hash of the line before the first, as that line says. */
  previousHash: Sha256,
  lastHash: Sha256,
  events: Count,
  /** Of the plain segment. */
  bytes: Count,
  sha256: Sha256,
  gzSha256: Sha256,
  /** Plain bytes in each gzip member but the last. */
  blockBytes: Count,
  /** Bytes of each gzip member, in order. */
  blocks: z.array(Count),
  /** SHA-256 of the seal file of the segment before; 64 zeros on the first. */
  previousSeal: Sha256,
})
export type Seal = Readonly<z.infer<typeof SealFile>>

export const sealBlockBytes = 1024 * 1024
export type SegmentFacts = Omit<
  Seal,
  'sealVersion' | 'book' | 'ledgerId' | 'gzSha256' | 'blockBytes' | 'blocks' | 'previousSeal'
>

/** What stands for the seal before the first one. */
export const noSeal = zeroHash

export const sealName = (segment: string): string => `${segment}.seal.json`

export const printSeal = (seal: Seal): string => `${JSON.stringify(seal, undefined, 2)}\n`

export interface SealRead {
  readonly seal: Seal
  /** SHA-256 of the seal's file: what the next seal and the anchor name. */
  readonly sha256: string
}

/** The seal of a segment; undefined when it has none. Throws LedgerDamaged for a file that is not one. */
export const readSeal = (folder: string, segment: string): SealRead | undefined => {
  let text: string
  try {
    text = fs.readFileSync(`${folder}/${sealName(segment)}`, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const seal = parseSeal(text)
  if (seal?.segment !== segment)
    throw new LedgerDamaged(
      'corrupt',
      `${folder}/${sealName(segment)} is damaged: it is not the seal of ${segment} as it was printed. ` +
        remedyForSeal(segment),
    )
  return { seal, sha256: hash('sha256', text, 'hex') }
}

export const remedyForSeal = (segment: string): string =>
  `Restore it from a backup; 'veritape verify' says whether the lines are as they were, ` +
  `and 'zcat ${segment}.gz' still prints them`

/** A seal is read only as it is printed: a changed blank is a change. */
const parseSeal = (text: string): Seal | undefined => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined // said by the caller, with its place
  }
  const seal = SealFile.safeParse(content).data
  return seal !== undefined && printSeal(seal) === text ? seal : undefined
}
