// Rows of the tables of a document, as text without markup.

import { readFileSync } from 'node:fs'

/** All rows of all tables with this head, in order. Throws when there is no such table. */
export const tableRows = (path: string, head: readonly string[]): readonly (readonly string[])[] => {
  const rows: string[][] = []
  let inside = false
  let tables = 0
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const cells = line.startsWith('|')
      ? line
          .slice(1, -1)
          .split(' | ')
          .map(cell => cell.trim())
      : undefined
    if (cells === undefined) inside = false
    else if (cells.join() === head.join()) {
      inside = true
      tables++
    } else if (inside && !/^[-: |]+$/.test(line)) rows.push(cells)
  }
  if (tables === 0) throw new Error(`${path} has no table with the head ${head.join(', ')}`)
  return rows
}
