// Comma-separated rows as RFC 4180 has them, with '\n' at the end of each, safe to open in a spreadsheet.

import { readDecimal } from '../domain/decimal.ts'

export type Cell = string | number

/** Header and rows, each ended by a newline. */
export const printCsv = (header: readonly string[], rows: Iterable<readonly Cell[]>): string => {
  let text = `${header.join(',')}\n`
  for (const row of rows) text += printRow(row)
  return text
}

/** One row, ended by a newline. */
export const printRow = (row: readonly Cell[]): string => `${row.map(printCell).join(',')}\n`

const printCell = (cell: Cell): string => {
  const text = typeof cell === 'number' ? String(cell) : defused(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet runs text that begins with one of these as a formula; an apostrophe in front keeps it text. */
const defused = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && readDecimal(text) === undefined ? `'${text}` : text
