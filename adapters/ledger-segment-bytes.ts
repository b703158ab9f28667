// The bytes of a segment, plain or sealed: a reader does not see the difference. A sealed one is gunzipped member by
// member, each of which holds the same number of plain bytes, so any place is found without going through the rest.

import fs from 'node:fs'
import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { LedgerDamaged } from '../domain/event-store.ts'
import { codeOf, readFully } from './ledger-files.ts'
import { readSeal, remedyForSeal, type Seal } from './ledger-seal.ts'
import { sealedName } from './ledger-segment.ts'

export interface SegmentBytes {
  /** Of the plain lines, when it was opened. */
  readonly size: number
  /** Of a sealed segment. */
  readonly seal: Seal | undefined
  /** Reads until `length` bytes are there or the segment ends; returns how many there are. */
  read(into: Uint8Array, length: number, position: number): number
  /** The same into `into` from `at` on, without keeping the process from other work. May return fewer. */
  readAsync(into: Buffer, at: number, length: number, position: number): Promise<number>
  /** Not while a readAsync is under way. */
  close(): void
}

/** Opens a segment by the name of its plain file. Throws LedgerDamaged when it is there but cannot be read. */
export const openSegment = (folder: string, segment: string): SegmentBytes => {
  try {
    return plainBytes(fs.openSync(`${folder}/${segment}`, 'r'))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return sealedBytes(folder, segment) ?? missing(error)
  }
}

/** Plain bytes of a segment. */
export const sizeOf = (folder: string, segment: string): number => {
  const source = openSegment(folder, segment)
  source.close()
  return source.size
}

const missing = (error: unknown): never => {
  throw error
}

const readAt = promisify(fs.read)

const plainBytes = (fd: number): SegmentBytes => ({
  size: fs.fstatSync(fd).size,
  seal: undefined,
  read: (into, length, position) => readFully(fd, into, length, position),
  readAsync: async (into, at, length, position) => (await readAt(fd, into, at, length, position)).bytesRead,
  close: () => fs.closeSync(fd),
})

/** The bytes of a sealed segment; undefined when it is not sealed. Throws LedgerDamaged when its seal is not there. */
const sealedBytes = (folder: string, segment: string): SegmentBytes | undefined => {
  const path = `${folder}/${sealedName(segment)}`
  if (!fs.existsSync(path)) return undefined
  const read = readSeal(folder, segment)
  if (read !== undefined) return packedBytes(folder, read.seal)
  throw new LedgerDamaged(
    'corrupt',
    `${path} has no seal and no plain file beside it. ${remedyForSeal(segment)}`,
  )
}

/** The plain bytes of a compressed segment, as its seal describes it. */
export const packedBytes = (folder: string, seal: Seal): SegmentBytes => {
  const path = `${folder}/${sealedName(seal.segment)}`
  return membersOf(fs.openSync(path, 'r'), path, seal)
}

const gunzipAsync = promisify(gunzip)

interface Member {
  readonly offset: number
  readonly length: number
  /** Plain bytes it must give. */
  readonly plain: number
}

const membersOf = (fd: number, path: string, seal: Seal): SegmentBytes => {
  const { bytes, blockBytes, blocks } = seal
  const members: Member[] = []
  let offset = 0
  for (const [index, length] of blocks.entries()) {
    members.push({ offset, length, plain: Math.min(blockBytes, bytes - index * blockBytes) })
    offset += length
  }

  const packed = ({ offset, length }: Member): Buffer => {
    const into = Buffer.allocUnsafe(length)
    if (readFully(fd, into, length, offset) === length) return into
    throw new SealBroken(path, offset, `${length} bytes`, 'the end of the file')
  }

  // A member in one piece: by default zlib comes back for every 16 KiB of it, and once more for a buffer that is just full.
  const options = { maxOutputLength: blockBytes, chunkSize: blockBytes + 64 }
  const checked = (member: Member, plain: Buffer): Buffer => {
    if (plain.length === member.plain) return plain
    throw new SealBroken(path, member.offset, `${member.plain} plain bytes`, `${plain.length}`)
  }
  const notGzip = (member: Member, error: unknown) =>
    new SealBroken(
      path,
      member.offset,
      'a gzip member',
      error instanceof Error ? error.message : String(error),
    )

  const unpack = (member: Member): Buffer => {
    const bytes = packed(member)
    let plain: Buffer
    try {
      plain = gunzipSync(bytes, options)
    } catch (error) {
      throw notGzip(member, error)
    }
    return checked(member, plain)
  }

  const unpackAsync = async (member: Member): Promise<Buffer> => {
    const bytes = packed(member)
    let plain: Buffer
    try {
      plain = await gunzipAsync(bytes, options)
    } catch (error) {
      throw notGzip(member, error)
    }
    return checked(member, plain)
  }

  // The last one is kept: who reads on, or searches nearby, meets it again.
  let last: { readonly member: Member; readonly plain: Buffer } | undefined
  const keep = (member: Member, plain: Buffer): Buffer => {
    last = { member, plain }
    return plain
  }

  const copy = (plain: Buffer, into: Uint8Array, at: number, length: number, position: number): number => {
    const from = position % blockBytes
    const count = Math.min(length, plain.length - from)
    into.set(plain.subarray(from, from + count), at)
    return count
  }

  const memberAt = (position: number): Member | undefined =>
    position < bytes ? members[Math.floor(position / blockBytes)] : undefined

  return {
    size: bytes,
    seal,
    read: (into, length, position) => {
      let filled = 0
      while (filled < length) {
        const member = memberAt(position + filled)
        if (member === undefined) break
        const plain = last?.member === member ? last.plain : keep(member, unpack(member))
        filled += copy(plain, into, filled, length - filled, position + filled)
      }
      return filled
    },
    readAsync: async (into, at, length, position) => {
      let filled = 0
      while (filled < length) {
        const member = memberAt(position + filled)
        if (member === undefined) break
        const plain = last?.member === member ? last.plain : keep(member, await unpackAsync(member))
        filled += copy(plain, into, at + filled, length - filled, position + filled)
      }
      return filled
    },
    close: () => fs.closeSync(fd),
  }
}

/** A sealed segment does not give its lines back. */
export class SealBroken extends LedgerDamaged {
  /** Name of the compressed file. */
  readonly file: string
  readonly byte: number
  readonly expected: string
  readonly found: string
  constructor(path: string, byte: number, expected: string, found: string) {
    super(
      'corrupt',
      `${path} is damaged at byte ${byte}: expected ${expected}, found ${found}. ` +
        "Run 'veritape verify' and restore it from a backup",
    )
    this.file = path.slice(path.lastIndexOf('/') + 1)
    this.byte = byte
    this.expected = expected
    this.found = found
  }
}
