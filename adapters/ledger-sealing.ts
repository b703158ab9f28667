// Sealing: a closed segment is proven, compressed, and replaced by its compressed self and its seal.
//
//   2026-11-20.jsonl ─▶ .jsonl.gz.tmp ─▶ .jsonl.gz ─▶ read back ─▶ .jsonl.seal.json ─▶ 2026-11-20.jsonl is removed
//
// Each arrow is durable before the next begins. While the plain file is there, it is what everybody reads; so a crash
// at any step leaves a book that reads as before, and sealing again goes on:
//
//   a .tmp file                    written again
//   .gz without a seal             made again from the plain file
//   .gz, seal and the plain file   all three compared, then the plain file is removed

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { LedgerDamaged } from '../domain/event-store.ts'
import { SegmentClosed, SegmentOpened } from '../domain/segment.ts'
import { codeOf, type LedgerFiles, readOnly, replaceFile, shortWrite } from './ledger-files.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { decodeLine } from './ledger-line.ts'
import { previousIn, zeroHash } from './ledger-line-bytes.ts'
import { chainAfter, chunksOf, takeLine } from './ledger-scan.ts'
import {
  noSeal,
  printSeal,
  readSeal,
  type Seal,
  type SealRead,
  type SegmentFacts,
  sealBlockBytes,
  sealName,
} from './ledger-seal.ts'
import { sealedName } from './ledger-segment.ts'
import { openSegment, packedBytes, type SegmentBytes } from './ledger-segment-bytes.ts'

const gzipAsync = promisify(gzip)

export interface Sealer {
  readonly folder: string
  readonly identity: LedgerIdentity
  readonly files: LedgerFiles
}

/**
 * Seals a segment that is closed and that nobody appends to; `previous` is the seal of the one before it. Sealed
 * already: gives its seal. Throws LedgerDamaged when a line, or what an earlier attempt left, does not hold.
 */
export const sealSegment = async (
  sealer: Sealer,
  segment: string,
  previous: SealRead | undefined,
): Promise<SealRead> => {
  const { folder } = sealer
  const standing = readSeal(folder, segment)
  if (standing !== undefined) requireChained(folder, standing.seal, previous)
  if (!fs.existsSync(`${folder}/${segment}`) && standing !== undefined) return standing
  const source = openSegment(folder, segment)
  try {
    const facts = await inspect(folder, source, segment, previous?.seal)
    const kept = standing === undefined ? undefined : await keptSeal(folder, standing, facts)
    const sealed = kept ?? (await pack(sealer, source, facts, previous))
    // The seal may be there because of one that was killed before its name was durable.
    sealer.files.syncFolder(folder)
    sealer.files.remove(`${folder}/${segment}`)
    sealer.files.syncFolder(folder)
    return sealed
  } finally {
    source.close()
  }
}

const requireChained = (folder: string, { segment, previousSeal }: Seal, previous: SealRead | undefined) => {
  const expected = previous?.sha256 ?? noSeal
  if (previousSeal === expected) return
  throw damaged(`${folder}/${sealName(segment)}`, `its previous seal is ${previousSeal}, not ${expected}`)
}

/** What an interrupted attempt left is used when it holds; a compressed file that does not is made again. */
const keptSeal = async (
  folder: string,
  standing: SealRead,
  facts: SegmentFacts,
): Promise<SealRead | undefined> => {
  const { segment, sha256 } = facts
  if (standing.seal.sha256 !== sha256)
    throw damaged(`${folder}/${segment}`, `its SHA-256 is ${sha256}, its seal says ${standing.seal.sha256}`)
  if (!fs.existsSync(`${folder}/${sealedName(segment)}`)) return undefined
  return (await packedProblem(folder, standing.seal)) === undefined ? standing : undefined
}

/** Goes through all lines; throws unless every one holds and follows the last one of the segment before. */
const inspect = async (
  folder: string,
  source: SegmentBytes,
  segment: string,
  previous: Seal | undefined,
): Promise<SegmentFacts> => {
  const chain = chainAfter(previous?.lastSeq ?? 0, previous?.lastHash ?? zeroHash)
  const sha256 = createHash('sha256')
  let first = ''
  let last = ''
  let previousHash = zeroHash
  const chunks = chunksOf(source, 0, source.size)
  let chunk = await chunks.next()
  for (; chunk.done !== true; chunk = await chunks.next()) {
    const { bytes, offset } = chunk.value
    sha256.update(bytes)
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(0x0a, start) + 1
      const wrong = takeLine(chain, bytes, start, end, true)
      if (wrong !== undefined)
        throw damaged(
          `${folder}/${segment} at byte ${offset + start}`,
          `expected ${wrong.expected}, found ${wrong.found}`,
        )
      if (first === '') {
        first = bytes.toString('utf8', start, end - 1)
        previousHash = previousIn(bytes, end)
      }
      if (end === bytes.length) last = bytes.toString('utf8', start, end - 1)
      start = end
    }
  }
  if (chunk.value.rest > 0)
    throw damaged(`${folder}/${segment}`, `${chunk.value.rest} bytes at its end are no line`)
  const opened = decodeLine(first).recorded
  const closed = decodeLine(last).recorded
  if (opened.event.type !== SegmentOpened.type || closed.event.type !== SegmentClosed.type)
    throw damaged(
      `${folder}/${segment}`,
      `it begins with ${opened.event.type} and ends with ${closed.event.type}`,
    )
  return {
    segment,
    epoch: opened.event.data.epoch,
    firstSeq: opened.seq,
    lastSeq: closed.seq,
    previousHash,
    lastHash: chain.hash,
    events: closed.seq - opened.seq + 1,
    bytes: source.size,
    sha256: sha256.digest('hex'),
  }
}

const pack = async (
  { folder, identity, files }: Sealer,
  source: SegmentBytes,
  facts: SegmentFacts,
  previous: SealRead | undefined,
): Promise<SealRead> => {
  const { segment } = facts
  const name = sealedName(segment)
  const temporary = `${folder}/${name}.tmp`
  const { blocks, gzSha256 } = await compress(files, source, temporary)
  files.rename(temporary, `${folder}/${name}`)
  files.syncFolder(folder)
  const { epoch, firstSeq, lastSeq, previousHash, lastHash, events, bytes, sha256 } = facts
  const seal: Seal = {
    sealVersion: 1,
    segment,
    book: identity.book,
    ledgerId: identity.ledgerId,
    epoch,
    firstSeq,
    lastSeq,
    previousHash,
    lastHash,
    events,
    bytes,
    sha256,
    gzSha256,
    blockBytes: sealBlockBytes,
    blocks,
    previousSeal: previous?.sha256 ?? noSeal,
  }
  const problem = await packedProblem(folder, seal)
  if (problem !== undefined) throw damaged(`${folder}/${name}`, `it was just written, and ${problem}`)
  replaceFile(files, folder, sealName(segment), printSeal(seal), readOnly)
  return readSeal(folder, segment) as SealRead
}

/** The number that says which system made a gzip file is left out, so that the same bytes are made everywhere. */
const systemAt = 9
const systemUnknown = 255

const compress = async (files: LedgerFiles, source: SegmentBytes, path: string) => {
  const blocks: number[] = []
  const gzSha256 = createHash('sha256')
  fs.rmSync(path, { force: true }) // what a crash left behind cannot be written to
  const fd = fs.openSync(path, 'w', readOnly)
  try {
    const plain = Buffer.allocUnsafe(Math.min(sealBlockBytes, source.size))
    for (let offset = 0; offset < source.size; offset += sealBlockBytes) {
      const length = source.read(plain, plain.length, offset)
      const member = await gzipAsync(plain.subarray(0, length))
      member[systemAt] = systemUnknown
      const written = files.write(fd, member, member.length, null)
      if (written !== member.length) throw shortWrite(path, written, member.length)
      gzSha256.update(member)
      blocks.push(member.length)
    }
    files.sync(fd)
  } catch (error) {
    if (codeOf(error) !== undefined) removeIfPossible(files, path)
    throw error
  } finally {
    fs.closeSync(fd)
  }
  return { blocks, gzSha256: gzSha256.digest('hex') }
}

const removeIfPossible = (files: LedgerFiles, path: string): void => {
  try {
    files.remove(path)
  } catch {
    // The first error is the one to tell; the next attempt removes it.
  }
}

/** What is wrong with a compressed segment, measured against its seal; undefined when nothing is. */
const packedProblem = async (folder: string, seal: Seal): Promise<string | undefined> => {
  if ((await sha256OfFile(`${folder}/${sealedName(seal.segment)}`)) !== seal.gzSha256)
    return 'its SHA-256 is not the one in its seal'
  const packed = packedBytes(folder, seal)
  try {
    const sha256 = createHash('sha256')
    const part = Buffer.allocUnsafe(seal.blockBytes)
    for (let offset = 0; offset < packed.size; offset += part.length)
      sha256.update(part.subarray(0, await packed.readAsync(part, 0, part.length, offset)))
    return sha256.digest('hex') === seal.sha256 ? undefined : 'it does not give back the plain bytes'
  } catch (error) {
    if (error instanceof LedgerDamaged) return error.message
    throw error
  } finally {
    packed.close()
  }
}

export const sha256OfFile = async (path: string): Promise<string> => {
  const sha256 = createHash('sha256')
  for await (const chunk of fs.createReadStream(path, { highWaterMark: 1024 * 1024 })) sha256.update(chunk)
  return sha256.digest('hex')
}

const damaged = (place: string, what: string): LedgerDamaged =>
  new LedgerDamaged('corrupt', `${place} is damaged: ${what}. Nothing was sealed. Run 'veritape verify'`)
