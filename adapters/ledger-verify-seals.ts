// Verifying seals: each must say of its segment what the lines say, byte for byte, and name the seal before it.

import fs from 'node:fs'
import { LedgerDamaged } from '../domain/event-store.ts'
import type { Damage } from './ledger-advance.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { noSeal, readSeal, type Seal, type SealRead, sealBlockBytes, sealName } from './ledger-seal.ts'
import { sha256OfFile } from './ledger-sealing.ts'
import { sealedName } from './ledger-segment.ts'
import type { SegmentWalk } from './ledger-verify-lines.ts'

/** How far the chain of seals was followed. */
export interface SealChain {
  /** The last seal that was read; undefined before the first, and behind one that is damaged. */
  previous: SealRead | undefined
  /** The first segment without a seal: none behind it can have one. */
  unsealed: string | undefined
  /** Segments that had no seal when their lines had been gone through; they may have been sealed since. */
  readonly waiting: SegmentWalk[]
  /** The segment in front of the first one, whose seal is taken on trust. */
  readonly trusted: string | undefined
  /** Seals that were checked. */
  count: number
  /** By segment. */
  readonly read: Map<string, SealRead>
}

/** The chain in front of a segment; what it says is taken on trust. */
export const sealChainBefore = (
  folder: string,
  all: readonly string[],
  first: string | undefined,
): SealChain => {
  const trusted = all[all.indexOf(first ?? '') - 1]
  const chain: SealChain = {
    previous: undefined,
    unsealed: trusted,
    waiting: [],
    trusted,
    count: 0,
    read: new Map(),
  }
  trust(folder, chain)
  return chain
}

const trust = (folder: string, chain: SealChain): void => {
  if (chain.trusted === undefined || chain.unsealed !== chain.trusted) return
  try {
    chain.previous = readSeal(folder, chain.trusted)
  } catch (error) {
    if (!(error instanceof LedgerDamaged)) throw error
  }
  if (chain.previous !== undefined) chain.unsealed = undefined
}

/** Checks the seal of a segment whose lines were just gone through. */
export const verifySeal = async (
  folder: string,
  identity: LedgerIdentity,
  chain: SealChain,
  walk: SegmentWalk,
  found: Damage[],
): Promise<void> => {
  const { segment } = walk
  const report = (file: string, expected: string, what: string) =>
    found.push({ segment: file, byte: 0, line: 1, expected, found: what })
  let read: SealRead | undefined
  try {
    read = readSeal(folder, segment)
  } catch (error) {
    if (!(error instanceof LedgerDamaged)) throw error
    report(sealName(segment), 'the seal as it was printed', error.message)
    await verifySealedSince(folder, identity, chain, found)
    chain.waiting.length = 0
    chain.previous = undefined
    chain.unsealed ??= segment
    return
  }
  if (read === undefined) {
    // A crash before the seal was written leaves a compressed file beside the plain one: sealing goes on from there.
    chain.unsealed ??= segment
    chain.waiting.push(walk)
    return
  }
  await verifySealedSince(folder, identity, chain, found)
  chain.count++
  chain.read.set(segment, read)
  chain.waiting.length = 0
  if (chain.unsealed !== undefined)
    report(sealName(chain.unsealed), `a seal, because ${segment} behind it has one`, 'none that can be read')
  for (const [key, expected, there] of differences(read.seal, identity, chain, walk))
    report(sealName(segment), `${key} ${expected}`, there)
  chain.previous = read
  chain.unsealed = undefined
  await verifyPacked(folder, read.seal, report)
}

/** Looks again at segments that had no seal: a sealer may be at work, and it goes from the first to the last. */
export const verifySealedSince = async (
  folder: string,
  identity: LedgerIdentity,
  chain: SealChain,
  found: Damage[],
): Promise<void> => {
  trust(folder, chain)
  const waiting = chain.waiting.splice(0)
  if (chain.unsealed === waiting[0]?.segment) chain.unsealed = undefined
  for (const walk of waiting) await verifySeal(folder, identity, chain, walk, found)
}

const differences = (
  seal: Seal,
  { book, ledgerId }: LedgerIdentity,
  chain: SealChain,
  { bytes, sha256, first, lastSeq, lastHash }: SegmentWalk,
): (readonly [key: string, expected: string, found: string])[] => {
  const gaps: Partial<Seal> = {
    book,
    ledgerId,
    bytes,
    sha256,
    lastSeq,
    lastHash,
    blockBytes: sealBlockBytes,
    ...(first === undefined
      ? {}
      : {
          epoch: first.epoch,
          firstSeq: first.seq,
          previousHash: first.previousHash,
          events: lastSeq - first.seq + 1,
        }),
    ...(chain.unsealed === undefined ? { previousSeal: chain.previous?.sha256 ?? noSeal } : {}),
  }
  return Object.entries(gaps)
    .filter(([key, value]) => seal[key as keyof Seal] !== value)
    .map(([key, value]) => [key, `${value}`, `${seal[key as keyof Seal]}`])
}

/** The compressed file itself: also bytes that change nothing when it is unpacked. */
const verifyPacked = async (
  folder: string,
  { segment, gzSha256, blocks }: Seal,
  report: (file: string, expected: string, found: string) => void,
): Promise<void> => {
  const name = sealedName(segment)
  if (!fs.existsSync(`${folder}/${name}`)) return report(name, 'the compressed segment', 'no file')
  const sha256 = await sha256OfFile(`${folder}/${name}`)
  if (sha256 !== gzSha256) report(name, `SHA-256 ${gzSha256}`, sha256)
  const size = fs.statSync(`${folder}/${name}`).size
  const sum = blocks.reduce((sum, block) => sum + block, 0)
  if (size !== sum) report(name, `${sum} bytes`, `${size}`)
}
