// Which lines a reader asks for. The type stands at a fixed place and the stream right behind it, so a line that is not
// asked for is passed over without making text of it.

import { declarations } from '../domain/catalogue.ts'
import type { StreamName } from '../domain/event.ts'
import { typeAt } from './ledger-line-bytes.ts'

const quote = 0x22

/** Whether the line that begins at `start` is asked for. */
export type Wanted = (bytes: Buffer, start: number) => boolean

export const everything: Wanted = () => true

/** Compares a line's bytes from `at` on with text that is followed by a quote. */
const isAt = (bytes: Buffer, at: number, text: Uint8Array): boolean => {
  if (bytes[at + text.length] !== quote) return false
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return true
}

interface KnownType {
  readonly text: Uint8Array
  readonly wanted: boolean
}

/** Three letters of a type tell nearly all of them apart. */
const slotAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) * 31 + (bytes[at + 4] as number) * 7 + (bytes[at + 8] as number)) & (slots - 1)
const slots = 1024

/**
 * Lines of these types. A type that this program has never heard of is asked for as well: decoding it then stops the
 * reader, because what a fold of money does not know it must not leave out. (It takes about 15 ns a line.)
 */
export const ofTypes = (types: ReadonlySet<string>): Wanted => {
  const known: KnownType[][] = Array.from({ length: slots }, () => [])
  for (const { type } of declarations) {
    const text = Buffer.from(type)
    known[slotAt(text, 0)]?.push({ text, wanted: types.has(type) })
  }
  return (bytes, start) => {
    const at = start + typeAt
    const alike = known[slotAt(bytes, at)] as readonly KnownType[]
    for (let index = 0; index < alike.length; index++) {
      const { text, wanted } = alike[index] as KnownType
      if (isAt(bytes, at, text)) return wanted
    }
    return true
  }
}

export const ofStream = (stream: StreamName): Wanted => {
  const wanted = Buffer.from(stream)
  return (bytes, start) => {
    let at = start + typeAt
    while (bytes[at] !== quote && at < bytes.length) at++
    return isAt(bytes, at + 7, wanted)
  }
}
