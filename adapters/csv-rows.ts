// Walks the rows of a csv text without making anything of them: fields are cut out when they are asked for.

import { readDecimal } from '../domain/decimal.ts'

export interface CsvRows {
  /** Steps to the next row; false at the end of the text. */
  next(): boolean
  /** Number of the row's line, from 1, the header included. */
  readonly line: number
  /** Where the row begins in the text. */
  readonly start: number
  /** How many fields the row has. */
  readonly fields: number
  row(): string
  field(place: number): string
  /** A plain decimal as the nearest double; undefined when the field is none. */
  number(place: number): number | undefined
  /** Whether every number asked for in this row had so few digits that doubles tell such numbers apart. */
  readonly isFaithful: boolean
}

const comma = 44
const carriageReturn = 13
/** Decimals of up to 15 digits that differ are different doubles. */
const faithfulDigits = 15
const powersOfTen = Array.from({ length: faithfulDigits + 1 }, (_, power) => 10 ** power)

/** The rows of `text` from the index `from`, which is the start of line 2. Fields are never quoted. */
export const csvRows = (text: string, from: number, fieldsMax: number): CsvRows => {
  // Field f of the row is text.slice(starts[f], ends[f]).
  const starts = new Int32Array(fieldsMax)
  const ends = new Int32Array(fieldsMax)
  let line = 1
  let start = from
  let end = from
  let next = from
  let fields = 0
  let isFaithful = true

  const field = (place: number) => text.slice(starts[place], ends[place])

  const longNumber = (place: number): number | undefined => {
    const decimal = readDecimal(field(place))
    isFaithful = false
    return decimal === undefined ? undefined : Number(decimal)
  }

  return {
    get line() {
      return line
    },
    get start() {
      return start
    },
    get fields() {
      return fields
    },
    get isFaithful() {
      return isFaithful
    },
    row: () => text.slice(start, end),
    field,
    next: () => {
      if (next >= text.length) return false
      line += 1
      start = next
      const lineEnd = text.indexOf('\n', start)
      end = lineEnd === -1 ? text.length : lineEnd
      next = end + 1
      if (text.charCodeAt(end - 1) === carriageReturn) end -= 1
      fields = 0
      isFaithful = true
      let fieldStart = start
      for (let at = start; at <= end; at += 1) {
        if (at < end && text.charCodeAt(at) !== comma) continue
        if (fields < fieldsMax) {
          starts[fields] = fieldStart
          ends[fields] = at
        }
        fields += 1
        fieldStart = at + 1
      }
      return true
    },
    number: place => {
      const from = starts[place] as number
      const to = ends[place] as number
      let value = 0
      let point = -1
      for (let at = from; at < to; at += 1) {
        const code = text.charCodeAt(at)
        if (code >= 48 && code <= 57) value = value * 10 + code - 48
        else if (code === 46 && point < 0 && at > from) point = at
        else return longNumber(place)
      }
      const digits = to - from - (point < 0 ? 0 : 1)
      const padded = digits > 1 && text.charCodeAt(from) === 48 && point !== from + 1
      if (digits < 1 || digits > faithfulDigits || padded || point === to - 1) return longNumber(place)
      // Both sides are exact in a double, so the quotient is the double nearest to the text.
      return point < 0 ? value : value / (powersOfTen[to - point - 1] as number)
    },
  }
}
