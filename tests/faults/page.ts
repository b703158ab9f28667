// Pages of docs/ that are written by people, but for tables, which the runs put between their marks.

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'

/** Puts text between the marks of a part of a page. */
export const writePart = (name: 'suite' | 'bugs' | 'matrix', text: string, file = 'docs/faults.md'): void => {
  const page = join(process.cwd(), file)
  const [begin, end] = [`<!-- ${name}: written by the run -->\n`, `<!-- ${name}: end -->`]
  const whole = readFileSync(page, 'utf8')
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no marks for the part ${name}`)
  writeFileSync(page, `${whole.slice(0, from + begin.length)}\n${text}\n${whole.slice(to)}`)
}

/** A row of a Markdown table. */
export const row = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map(cell => String(cell).replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`

/** When, on what, and how long where that is known. */
export const circumstances = (seconds?: number): string => {
  const [first] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  return `${date}, Linux ${release()}, Node ${process.version}, ${cpus().length} × ${first?.model.trim()}${seconds === undefined ? '' : `, ${seconds} s`}.`
}
