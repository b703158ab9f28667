// HEAD: how far the ledger is durable. A chain of hashes cannot notice that its end was cut off; HEAD can.
//
// One file, two lines ("slots") of equal size, readable with `cat`. Each sync of the ledger overwrites the older
// slot, so that a torn write leaves the other one:
//
//   seq=0000000000001234 segment=2026-11-20.jsonl      end=0000000000432100 hash=<64 hex> crc=<8 hex>
//   seq=0000000000001231 segment=2026-11-20.jsonl      end=0000000000430822 hash=<64 hex> crc=<8 hex>
//
// `end` is the byte behind the last durable line of the segment; `crc` is CRC-32 of the slot before ` crc=`.

import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Seq } from '../domain/event.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import { codeOf, type LedgerFiles, readFully, shortWrite } from './ledger-files.ts'
import { digits } from './ledger-line.ts'
import { zeroHash } from './ledger-line-bytes.ts'

export interface DurableMark {
  readonly seq: Seq
  /** Name of the segment that holds `seq`; empty before the first. */
  readonly segment: string
  /** Byte behind its line. */
  readonly end: number
  readonly hash: string
}

export const nothingDurable: DurableMark = { seq: 0, segment: '', end: 0, hash: zeroHash }

const segmentWidth = 24
export const slotBytes = 4 + 16 + 9 + segmentWidth + 5 + 16 + 6 + 64 + 5 + 8 + 1

export const printSlot = ({ seq, segment, end, hash }: DurableMark): string => {
  const body = `seq=${digits(seq, 16)} segment=${segment.padEnd(segmentWidth)} end=${digits(end, 16)} hash=${hash}`
  return `${body} crc=${crcOf(body)}\n`
}

const crcOf = (text: string): string => crc32(text).toString(16).padStart(8, '0')

const form = /^(seq=(\d{16}) segment=(\S*) * end=(\d{16}) hash=([0-9a-f]{64})) crc=([0-9a-f]{8})\n$/

/** The mark of a slot; undefined when it is torn or damaged. */
export const readSlot = (text: string): DurableMark | undefined => {
  const [, body = '', seq, segment = '', end, hash = '', crc] = form.exec(text) ?? []
  if (text.length !== slotBytes || crcOf(body) !== crc) return undefined
  return { seq: Number(seq), segment, end: Number(end), hash }
}

export interface HeadRead {
  readonly mark: DurableMark
  /** The slot that the mark does not stand in: the one to overwrite next. */
  readonly nextSlot: 0 | 1
}

const bothSlots = Buffer.alloc(2 * slotBytes)

/** The newer of the two slots; undefined when neither can be read. */
export const readHeadFrom = (fd: number): HeadRead | undefined => {
  const length = readFully(fd, bothSlots, bothSlots.length, 0)
  const text = bothSlots.toString('latin1', 0, length)
  const first = readSlot(text.slice(0, slotBytes))
  const second = readSlot(text.slice(slotBytes))
  if (first === undefined && second === undefined) return undefined
  if (second === undefined || (first !== undefined && first.seq >= second.seq))
    return { mark: first as DurableMark, nextSlot: 1 }
  return { mark: second, nextSlot: 0 }
}

/** As readHeadFrom, by name. Throws LedgerDamaged when HEAD is missing or unreadable. */
export const openHead = (folder: string, flags: 'r' | 'r+'): number => {
  try {
    return fs.openSync(`${folder}/HEAD`, flags)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw headLost(folder, 'is missing')
    throw error
  }
}

/** HEAD of an open ledger. A reader can meet a slot that is just being written, but never two. */
export const readHead = (fd: number, folder: string): HeadRead => {
  const read = readHeadFrom(fd)
  if (read === undefined) throw headLost(folder, 'cannot be read')
  return read
}

const headLost = (folder: string, how: string): LedgerDamaged =>
  new LedgerDamaged(
    'corrupt',
    `${folder}/HEAD ${how}: nobody can say how much was acknowledged. Run 'veritape verify', compare its last event with ` +
      'a backup or an anchor, then restore',
  )

const slotBuffer = Buffer.alloc(slotBytes)

/** Overwrites one slot. Not synced: a HEAD that is behind after a power cut is told apart by the segment itself. */
export const writeSlot = (files: LedgerFiles, fd: number, slot: 0 | 1, mark: DurableMark): void => {
  slotBuffer.write(printSlot(mark), 'latin1')
  const written = files.write(fd, slotBuffer, slotBytes, slot * slotBytes)
  if (written !== slotBytes) throw shortWrite('HEAD', written, slotBytes)
}
