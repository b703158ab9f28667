// Whether many lines continue a chain, one behind the other.

import { lineBytesMin } from './ledger-line-bytes.ts'
import { type Chain, takeLine } from './ledger-scan.ts'

const newline = 0x0a

/** The first line that does not continue the chain; `start` is its place among the lines that were taken. */
export interface WrongLine {
  readonly start: number
  readonly expected: string
  readonly found: string
}

/** Takes whole lines into the chain, up to the first that is wrong. */
export const takeLines = (chain: Chain, lines: Buffer): WrongLine | undefined => {
  for (let start = 0; start < lines.length; ) {
    const end = endOfLine(lines, start)
    const wrong = takeLine(chain, lines, start, end, true)
    if (wrong !== undefined) return { start, ...wrong }
    start = end
  }
  return undefined
}

/** The place behind the line that begins at `start`: the first end of line, unless that comes too soon for a line. */
const endOfLine = (lines: Buffer, start: number): number => {
  const at = lines.indexOf(newline, start + lineBytesMin - 1)
  return at < 0 ? lines.length : at + 1
}
