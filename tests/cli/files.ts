// Folders as tests see them: their bytes, a copy, a temporary one; and the lines of a ledger, read with JSON.parse
// and nothing of the program.

import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runFolder } from '../demo-ledger.ts'

/** Empty; removed with the folder of the test run. Other users may look into it. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(runFolder(), 'test-'))
  chmodSync(folder, 0o755)
  return folder
}

/** A copy of `from` in a temporary folder. */
export const copyOf = (from: string): string => {
  const folder = temporaryFolder()
  cpSync(from, folder, { recursive: true })
  return folder
}

/** Paths of all files, sorted, with '/' between folders. */
export const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => statSync(join(folder, name)).isFile())
    .sort()

/** SHA-256 of every file. LOCK and EXECUTOR say who holds a book, CHECKPOINT only saves time: none is what is in it. */
export const bytesOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    filesIn(folder)
      .filter(name => !/(^|\/)(LOCK|EXECUTOR|CHECKPOINT)$/.test(name))
      .map(name => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  )

/** One line of a ledger as any other program would read it. */
export interface LedgerLine {
  /** seq */
  readonly n: string
  readonly t: string
  readonly s: string
  /** revision */
  readonly r: string
  readonly i: string
  readonly at: string
  readonly k: number
  readonly m: { readonly cause: number; readonly correlation: number; readonly run: number }
  readonly d: Readonly<Record<string, unknown>>
  readonly h: string
}

/** The segments of a book, in order. */
export const segmentsOf = (book: string): readonly string[] =>
  readdirSync(book)
    .filter(name => name.endsWith('.jsonl'))
    .sort()

/** All lines of the book whose folder this is, in order. */
export const linesOf = (book: string): readonly LedgerLine[] =>
  segmentsOf(book).flatMap(name =>
    readFileSync(join(book, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as LedgerLine),
  )
