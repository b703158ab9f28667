// A page: whole lines as bytes and as text at once, so that places are the same in both. Bytes are quick to look at one
// by one, text is quick to compare and to cut from.

import { lineBytesMax, lineBytesMin } from './ledger-line-bytes.ts'

export interface Page {
  readonly bytes: Buffer
  /** One character for each byte. */
  readonly text: string
}

export const pageOf = (bytes: Buffer): Page => ({ bytes, text: bytes.toString('latin1') })

/** Texts of about a megabyte and more lie outside V8's heap, where looking at single characters is slow. */
const pageBytes = 2 * lineBytesMax

const newline = 0x0a

/** Whole lines in pages, with the place of each page among them. */
export function* pagesOf(lines: Buffer): Generator<readonly [from: number, page: Page]> {
  for (let from = 0; from < lines.length; ) {
    const last = lines.subarray(from, from + pageBytes).lastIndexOf(newline)
    const page = lines.subarray(from, last < 0 ? lines.length : from + last + 1)
    yield [from, pageOf(page)]
    from += page.length
  }
}

/** The place behind the line that begins at `start`. */
export const endOfLine = ({ text }: Page, start: number): number => {
  const end = text.indexOf('\n', start + lineBytesMin - 1) + 1
  return end > 0 ? end : text.length
}
