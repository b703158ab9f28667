// Files of earnings dates: csv with the header `ticker,date,when`; `when` is before-open or after-close, New York.

import * as z from 'zod'
import { SymbolName } from '../domain/candle.ts'
import { type Earnings, type EarningsDate, ReportTime } from '../domain/earnings.ts'
import { DateText } from '../domain/time.ts'
import { BadRow, CandleFileUnusable } from './bad-row.ts'
import { readText } from './ticker-list.ts'

const Row = z.tuple([SymbolName, DateText, ReportTime])
const header = 'ticker,date,when'

/** All files as one text in one order: what a scan keeps. Throws BadRow, CandleFileUnusable. */
export const readEarningsFiles = (files: readonly string[]): string => {
  const rows = new Set<string>()
  for (const file of files)
    for (const [ticker, date, when] of rowsOf(file, readText(file))) rows.add(`${ticker},${date},${when}`)
  return `${[header, ...[...rows].sort()].join('\n')}\n`
}

/** Dates by ticker, from such a text. `name` is what an error calls it. */
export const parseEarnings = (name: string, text: string): Earnings => {
  const earnings = new Map<string, EarningsDate[]>()
  for (const [ticker, date, when] of rowsOf(name, text)) {
    const known = earnings.get(ticker) ?? []
    earnings.set(ticker, known)
    known.push({ date, when })
  }
  for (const reports of earnings.values()) reports.sort((a, b) => (a.date < b.date ? -1 : 1))
  return earnings
}

const rowsOf = function* (file: string, text: string): Generator<z.infer<typeof Row>> {
  const [first = '', ...lines] = text.trimEnd().split('\n')
  if (first.trim() !== header)
    throw new CandleFileUnusable(file, `its first line is "${first.slice(0, 80)}"`, `it must be ${header}`)
  for (const [index, line] of lines.entries()) {
    const row = Row.safeParse(line.trim().split(','))
    if (!row.success)
      throw new BadRow(
        file,
        index + 2,
        `"${line}" is no row such as AAPL,2015-10-27,after-close`,
        'correct the row, or take it out',
      )
    yield row.data
  }
}
