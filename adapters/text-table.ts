// Columns of text: with light rules and wrapped cells for a terminal, or aligned with spaces for a pipe.

import { createRequire } from 'node:module'
import { stripVTControlCharacters } from 'node:util'
import type CliTable3 from 'cli-table3'

type Rows = ReadonlyArray<readonly string[]>

const gap = '  '
/** A column of words is not made narrower than this: a table that is too wide anyway may as well be read. */
const widthMin = 8

const require = createRequire(import.meta.url)

/** What a cell may hold: text of others can have tabs and line ends, which would break the columns. */
const cellText = (cell: string | undefined): string => (cell ?? '').replace(/[\t\r\n]+/g, ' ')

const widthOf = (cell: string): number => [...stripVTControlCharacters(cell)].length

const widthsOf = (lines: Rows): number[] =>
  (lines[0] ?? []).map((_, column) => Math.max(...lines.map(line => widthOf(line[column] as string))))

const complete = (head: readonly string[], rows: Rows): Rows => [
  head.map(cellText),
  ...rows.map(row => head.map((_, column) => cellText(row[column]))),
]

/** Two spaces between columns, none at the end of a line. No escape sequences. */
export const plainTable = (head: readonly string[], rows: Rows, numbers: readonly number[]): string => {
  const lines = complete(head, rows).map(line => line.map(stripVTControlCharacters))
  const widths = widthsOf(lines)
  return lines
    .map(line =>
      line
        .map((cell, column) => {
          const blank = ' '.repeat((widths[column] as number) - widthOf(cell))
          return numbers.includes(column) ? blank + cell : cell + blank
        })
        .join(gap)
        .trimEnd(),
    )
    .join('\n')
}

/** Takes from the widest column of words until the table fits. Numbers are never wrapped. */
const fitted = (widths: readonly number[], numbers: readonly number[], columns: number): number[] => {
  const fit = [...widths]
  const room = columns - gap.length * (fit.length - 1)
  let excess = fit.reduce((sum, width) => sum + width, 0) - room
  while (excess > 0) {
    let widest = -1
    fit.forEach((width, column) => {
      if (!numbers.includes(column) && width > widthMin && width > (fit[widest] ?? 0)) widest = column
    })
    if (widest < 0) break
    fit[widest] = (fit[widest] as number) - 1
    excess--
  }
  return fit
}

/** Lines of at most `width` characters, broken at spaces, and inside a word only when it is longer than a line. */
const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    let rest = line === '' ? word : `${line} ${word}`
    if (widthOf(rest) > width && line !== '') {
      lines.push(line)
      rest = word
    }
    let letters = [...rest]
    while (letters.length > width) {
      lines.push(letters.slice(0, width).join(''))
      letters = letters.slice(width)
    }
    line = letters.join('')
  }
  return [...lines, line]
}

const sequences = '(?:\u001b\\[[0-9;]*m)*'
const dressed = new RegExp(`^(${sequences})([^]*?)(${sequences})$`, 'u')

/** A cell as the lines of its column. Nothing is cut off; each line has the colour of the cell. */
const cellLines = (cell: string, width: number): string => {
  if (widthOf(cell) <= width) return cell
  const [, before = '', , after = ''] = dressed.exec(cell) ?? []
  return wrapped(stripVTControlCharacters(cell), width)
    .map(line => before + line + after)
    .join('\n')
}

/** A bold head, a thin rule below it, no other lines: it reads well at 80 columns and copies well. */
export const terminalTable = (
  head: readonly string[],
  rows: Rows,
  numbers: readonly number[],
  columns: number,
  style: { strong(text: string): string; faint(text: string): string },
): string => {
  const Table = require('cli-table3') as typeof CliTable3
  const [titles = [], ...cells] = complete(head, rows)
  const widths = fitted(widthsOf([titles, ...cells]), numbers, columns)
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' }
  const noBottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' }
  const rule = { 'left-mid': '', mid: '─', 'mid-mid': '──', 'right-mid': '' }
  const table = new Table({
    head: titles.map((title, column) => cellLines(style.strong(title), widths[column] as number)),
    chars: { ...none, ...noBottom, ...rule, left: '', right: '', middle: gap },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: widths,
    colAligns: widths.map((_, column) => (numbers.includes(column) ? 'right' : 'left')),
  })
  table.push(...cells.map(row => row.map((cell, column) => cellLines(cell, widths[column] as number))))
  const lines = table.toString().split('\n')
  return lines.map(line => (/^─+$/.test(line) ? style.faint(line) : line.trimEnd())).join('\n')
}
