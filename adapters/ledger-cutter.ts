// Cutting single fields out of the data of a line, without parsing the rest of it.
//
// A fold over a long ledger needs two or three fields of most events. The keys of an event's data stand in the order
// of its declaration, so a cutter walks along the declared keys, skips what is not wanted and stops behind the last
// field that is. Whatever it meets that is not as declared, it gives undefined, and the caller parses the data: a
// cutter gives the values of JSON.parse or none. (Data with the same key twice is the one exception: nobody who
// prints objects can make it.)

import { declarationOf, UnknownEvent } from '../domain/catalogue.ts'
import type { Page } from './ledger-page.ts'

/**
 * The wanted fields of the data that begins at `from`; undefined when it has to be parsed. Texts that a caller keeps
 * do not keep the page.
 */
export type Cutter = (page: Page, from: number) => Record<string, unknown> | undefined

const yes = Buffer.from('true')
const no = Buffer.from('false')
const zero = 0x30
const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const opening = 0x7b
const closing = 0x7d
const bracket = 0x5b
const closingBracket = 0x5d
/** A field whose text is new so many times more often than not is no longer remembered. */
const tries = 50

/**
 * A cutter for some fields of an event; throws when the declaration has no such field. Each is compiled once for the
 * life of the process: a function is slow until V8 has seen it run some thousand times, and events as rare as fills
 * would never get there within one ledger.
 */
export const cutterOf = (type: string, version: number, fields: readonly string[]): Cutter => {
  const key = `${type} ${version} ${fields.join()}`
  const known = compiled.get(key)
  if (known !== undefined) return known
  const made = declaredCutter(type, version, fields)
  compiled.set(key, made)
  return made
}

const compiled = new Map<string, Cutter>()

const declaredCutter = (type: string, version: number, fields: readonly string[]): Cutter => {
  const declaration = declarationOf(type, version)
  if (declaration === undefined) throw new UnknownEvent(type, version)
  const shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>> =
    declaration.data.shape
  const names = Object.keys(shape)
  for (const field of fields)
    if (!names.includes(field)) throw new Error(`${type} version ${version} has no field ${field}`)
  const last = Math.max(-1, ...fields.map(field => names.indexOf(field)))
  const steps = names.map(name => ({
    name,
    isWanted: fields.includes(name),
    isOptional: shape[name]?.safeParse(undefined).success === true,
  }))
  return compile(steps.slice(0, last + 1), steps.slice(last + 1))
}

interface Step {
  readonly name: string
  readonly isWanted: boolean
  readonly isOptional: boolean
}

/**
 * The walk over the declared keys as the source of one function, because a loop over them is three times as slow: it
 * compares keys byte by byte with constants, and makes the object in one piece. Only names of our own declarations
 * come into the source.
 *
 *   if (bytes[at] === 34 && bytes[at + 1] === 115 …) { at += 9; value = take(page, at, slot); at = slot.end … }
 *
 * It ends behind the last wanted field. When one of them is left out it might stand out of order: then the walk goes on
 * over the `others`, and only when nothing undeclared stands before the closing brace is it really missing.
 */
const compile = (steps: readonly Step[], others: readonly Step[]): Cutter => {
  const wanted = steps.filter(({ isWanted }) => isWanted)
  const slots = wanted.map(() => emptySlot())
  const walk = ({ name, isWanted, isOptional }: Step): string => {
    const key = Buffer.from(`${JSON.stringify(name)}:`)
    const isHere = [...key].map((byte, index) => `bytes[at + ${index}] === ${byte}`).join(' && ')
    const index = wanted.findIndex(each => each.name === name)
    const value = isWanted
      ? `v${index} = take(page, at, slots[${index}]); at = slots[${index}].end`
      : 'at = endOfValue(bytes, at)'
    const step = `at += ${key.length}; ${value}
      if (at < 0) return undefined
      separator = bytes[at]
      if (separator !== ${comma} && separator !== ${closing}) return undefined
      at++`
    const isMissing = !isOptional ? ' else return undefined' : isWanted ? ' else whole = true' : ''
    return `if (${isHere}) { ${step} }${isMissing}`
  }
  const variables = wanted.map((_, index) => `, v${index}`).join('')
  const entries = wanted.map(({ name }, index) => `${JSON.stringify(name)}: v${index}`).join(', ')
  const present = wanted.map(
    ({ name }, index) => `if (v${index} !== undefined) data[${JSON.stringify(name)}] = v${index}`,
  )
  const source = `return (page, from) => {
    const { bytes } = page
    if (bytes[from] !== ${opening}) return undefined
    let at = from + 1, separator = 0, whole = false${variables}
    ${steps.map(walk).join('\n    ')}
    if (!whole) return { ${entries} }
    ${others.map(walk).join('\n    ')}
    if (separator !== ${closing}) return undefined
    const data = {}
    ${present.join('\n    ')}
    return data
  }`
  return new Function('take', 'endOfValue', 'slots', source)(take, endOfValue, slots) as Cutter
}

/** Longer texts are not remembered. */
const rememberedMax = 64

/** What stood in a field last: symbols and sides are the same again and again. */
interface Slot {
  /** The place behind the value that was taken; -1 when it has no end. */
  end: number
  last: string
  /** The same as it stands in the line, with its quotes, and how long that is; 0 before the first. */
  readonly lastQuoted: Uint8Array
  length: number
  /** How much more often it stood there again than not; it may go down to -tries. */
  repeats: number
}

const emptySlot = (): Slot => ({
  end: -1,
  last: '',
  lastQuoted: new Uint8Array(rememberedMax),
  length: 0,
  repeats: 0,
})

/** The value that begins at `start`; where it ends is put into the slot. */
const take = (page: Page, start: number, slot: Slot): unknown => {
  const { bytes, text } = page
  const { lastQuoted, length } = slot
  if (length > 0) {
    let same = 0
    while (same < length && bytes[start + same] === lastQuoted[same]) same++
    if (same === length) {
      slot.end = start + length
      if (slot.repeats < tries) slot.repeats++
      return slot.last
    }
  }
  let end = start + 1
  if (bytes[start] === quote) while (isPlain(bytes[end] as number)) end++
  if (bytes[end] !== quote || bytes[start] !== quote) return takeUnusual(bytes, start, slot)
  end++
  slot.end = end
  const value =
    end - start - 2 <= copiedMax
      ? text.slice(start + 1, end - 1)
      : bytes.toString('latin1', start + 1, end - 1)
  remember(slot, value, bytes, start, end)
  return value
}

/** Neither the end of a text nor anything that JSON writes with more than this one byte. */
const isPlain = (byte: number): boolean => byte !== quote && byte !== backslash && byte <= 0x7e

/** Anything but a plain text. */
const takeUnusual = (bytes: Buffer, start: number, slot: Slot): unknown => {
  const end = endOfValue(bytes, start)
  slot.end = end
  slot.length = 0
  return end < 0 ? undefined : valueIn(bytes, start, end)
}

/** Remembers a text for the next line, as long as that pays: the times it was found again are counted. */
const remember = (slot: Slot, value: string, bytes: Uint8Array, start: number, end: number): void => {
  slot.length = 0
  if (slot.repeats <= -tries || end - start > rememberedMax) return
  slot.repeats--
  slot.last = value
  slot.length = end - start
  for (let index = 0; index < slot.length; index++) slot.lastQuoted[index] = bytes[start + index] as number
}

/** Whether these very bytes stand there. */
export const isAt = (bytes: Uint8Array, at: number, literal: Uint8Array): boolean => {
  for (let index = 0; index < literal.length; index++) if (bytes[at + index] !== literal[index]) return false
  return true
}

/** The place behind the value that begins at `start`; -1 when there is no end on the page. */
const endOfValue = (bytes: Uint8Array, start: number): number => {
  const first = bytes[start]
  if (first === quote) return endOfText(bytes, start)
  if (first === opening || first === bracket) return endOfNested(bytes, start)
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === comma || byte === closing || byte === closingBracket) return at > start ? at : -1
  }
  return -1
}

const endOfText = (bytes: Uint8Array, start: number): number => {
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) return at + 1
    if (byte === backslash) at++
  }
  return -1
}

const endOfNested = (bytes: Uint8Array, start: number): number => {
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      const end = endOfText(bytes, at)
      if (end < 0) return -1
      at = end - 1
    } else if (byte === opening || byte === bracket) depth++
    else if (byte === closing || byte === closingBracket) {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** V8 copies a slice of up to this many characters; a longer one would keep the whole page in memory. */
const copiedMax = 12

const valueIn = (bytes: Buffer, start: number, end: number): unknown => {
  if (end - start === 4 && isAt(bytes, start, yes)) return true
  if (end - start === 5 && isAt(bytes, start, no)) return false
  const parse = () => JSON.parse(bytes.toString('utf8', start, end)) as unknown
  if (end - start > 9 || (bytes[start] === zero && end - start > 1)) return parse()
  let number = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - zero
    if (!(digit >= 0 && digit <= 9)) return parse()
    number = number * 10 + digit
  }
  return number
}
