// A file of tickers: one a line, or the first column of a csv. Blank lines and what follows a '#' are left out; a first
// line that says ticker or symbol is a header.

import { readFileSync } from 'node:fs'
import { SymbolName } from '../domain/candle.ts'
import { BadRow, CandleFileUnusable } from './bad-row.ts'

/** The tickers of all files, each once, sorted. Throws BadRow, CandleFileUnusable. */
export const readTickerLists = (files: readonly string[]): readonly string[] => {
  const tickers = new Set<string>()
  for (const file of files) for (const ticker of tickersIn(file, readText(file))) tickers.add(ticker)
  return [...tickers].sort()
}

const tickersIn = (file: string, text: string): readonly string[] => {
  const found: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const ticker = line.replace(/#.*/, '').split(',')[0]?.trim() ?? ''
    if (ticker === '' || (index === 0 && /^(?:ticker|symbol)$/i.test(ticker))) continue
    if (!SymbolName.safeParse(ticker).success)
      throw new BadRow(
        file,
        index + 1,
        `"${ticker}" is no ticker such as AAPL or BTC/USDT`,
        'correct the line, or take it out',
      )
    found.push(ticker)
  }
  if (found.length === 0)
    throw new CandleFileUnusable(file, 'it names no ticker', 'write one ticker on each line')
  return found
}

/** The text of a small file of a person, or a sentence about why not. */
export const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new CandleFileUnusable(file, `it cannot be read (${why})`, 'check the path and its permissions')
  }
}
