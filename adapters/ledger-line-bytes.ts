// What can be read from a line without making text of it. ledger-line.ts shows the whole of one.
//
//   bytes 6–21 n   29–32 index in the group   34–37 lines in the group   45… type
//   last 73 bytes  ,"h":"<64>"}\n             the 71 before them  ,"p":"<64>"
//
// It knows no events: the thread that checks lines loads it and little else, and is ready the sooner.

import { hash } from 'node:crypto'
import type { Seq } from '../domain/event.ts'

export const lineBytesMax = 65_536
/** The hash "before" the first line. */
export const zeroHash = '0'.repeat(64)

export const seqAt = 6
export const indexAt = 29
export const countAt = 34
export const typeAt = 45
/** ,"h":"<64 hex>"}\n */
export const trailerBytes = 73
/** ,"p":"<64 hex>" */
export const previousBytes = 71
/** No line is shorter: a search for the next end of line may jump this far. */
export const lineBytesMin = 300

/** Digits at a fixed place of the line that begins at `from`; NaN when they are none. */
export const numberAt = (bytes: Uint8Array, from: number, width: number): number => {
  let number = 0
  for (let at = from; at < from + width; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

export const seqOf = (bytes: Uint8Array, line: number): Seq => numberAt(bytes, line + seqAt, 16)

/** SHA-256 of the bytes that a line's own hash covers; `end` is behind its end of line. */
export const hashOfBytes = (bytes: Buffer, line: number, end: number): string =>
  hash('sha256', bytes.subarray(line, end - trailerBytes), 'hex')

/** The hash that the line claims to have. */
export const hashIn = (bytes: Buffer, end: number): string =>
  bytes.toString('latin1', end - trailerBytes + 6, end - 3)

/** The hash that the line claims its predecessor to have. */
export const previousIn = (bytes: Buffer, end: number): string =>
  bytes.toString('latin1', end - trailerBytes - previousBytes + 6, end - trailerBytes - 1)

/** Whether the line claims to have this hash. */
export const claimsHash = (bytes: Uint8Array, end: number, hash: string): boolean =>
  isHash(bytes, end - trailerBytes + 6, hash)

/** Whether the line claims its predecessor to have this hash. */
export const claimsPrevious = (bytes: Uint8Array, end: number, hash: string): boolean =>
  isHash(bytes, end - trailerBytes - previousBytes + 6, hash)

const hashCharacters = 64

const isHash = (bytes: Uint8Array, at: number, hash: string): boolean => {
  if (hash.length !== hashCharacters) return false
  for (let index = 0; index < hashCharacters; index++)
    if (bytes[at + index] !== hash.charCodeAt(index)) return false
  return true
}

const frameStart = Buffer.from('{"n":"')
const frameGroup = Buffer.from('","b":"')
const frameType = Buffer.from('","t":"')
const frameHash = Buffer.from(',"h":"')
const frameEnd = Buffer.from('"}\n')

const stands = (bytes: Uint8Array, at: number, literal: Uint8Array): boolean => {
  for (let index = 0; index < literal.length; index++) if (bytes[at + index] !== literal[index]) return false
  return true
}

/** Whether the line has the bytes that frame every line: its beginning and the keys of its end. */
export const isFramed = (bytes: Uint8Array, line: number, end: number): boolean =>
  end - line >= lineBytesMin &&
  stands(bytes, line, frameStart) &&
  stands(bytes, line + 22, frameGroup) &&
  stands(bytes, line + 38, frameType) &&
  stands(bytes, end - trailerBytes, frameHash) &&
  stands(bytes, end - 3, frameEnd)
