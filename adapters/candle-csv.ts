// Candles as csv. Four kinds of layout, told apart by the header:
//
//   ts,open,high,low,close,volume             ts: when the candle opens, epoch milliseconds
//   date,open,high,low,close,volume           date: a New York session; a last column adj_close is left unread
//   ticker,date,open,high,low,close,volume    the same for many symbols, in any order of symbols
//   ticker,ts,open,high,low,close,volume      many symbols of markets that never close
//
// A file can have hundreds of thousands of rows: they are read into doubles, and the exact text of a candle is cut
// from the file when somebody asks for it. Doubles decide what is sane only where they tell the numbers apart.

import { type Calendar, sessionOn } from '../domain/calendar.ts'
import { type Candle, candleObjection, SymbolName } from '../domain/candle.ts'
import type { Decimal } from '../domain/decimal.ts'
import { instantOf, millisecondsOf } from '../domain/time.ts'
import { millisecondsIn, type Timeframe } from '../domain/timeframe.ts'
import { BadRow, CandleFileUnusable } from './bad-row.ts'
import { type CandleSeries, type SeriesBuilder, seriesBuilder } from './candle-series.ts'
import { csvRows } from './csv-rows.ts'

/** Where the time stands, and how many fields there are; five numbers follow the time. */
interface Layout {
  readonly time: number
  readonly kind: 'ts' | 'date'
  readonly fields: number
}

const layouts: Readonly<Record<string, Layout>> = {
  'ts,open,high,low,close,volume': { time: 0, kind: 'ts', fields: 6 },
  'date,open,high,low,close,volume': { time: 0, kind: 'date', fields: 6 },
  'date,open,high,low,close,volume,adj_close': { time: 0, kind: 'date', fields: 7 },
  'ticker,date,open,high,low,close,volume': { time: 1, kind: 'date', fields: 7 },
  'ticker,ts,open,high,low,close,volume': { time: 1, kind: 'ts', fields: 7 },
}

interface Span {
  readonly openTime: number
  readonly closeTime: number
}

/** A series under construction, with where its rows begin in the text. */
interface Growing {
  readonly builder: SeriesBuilder
  readonly rows: number[]
}

type Complaint = (what: string, remedy?: string) => BadRow

/**
 * Reads the text of a csv file. `symbol` names the market of a file without a ticker column; `timeframe` is what its
 * rows are said to be. Throws BadRow at the first row that is not as it should be.
 */
export const readCsv = (
  file: string,
  text: string,
  symbol: string | undefined,
  timeframe: Timeframe,
  calendar: Calendar,
): ReadonlyMap<string, CandleSeries> => {
  const headerEnd = text.includes('\n') ? text.indexOf('\n') : text.length
  const layout = layoutOf(file, text.slice(0, headerEnd).trimEnd(), symbol, timeframe)
  const { time, fields } = layout
  const rows = csvRows(text, headerEnd + 1, fields)
  const bad: Complaint = (what, remedy = 'correct the row, or take it out and record that') =>
    new BadRow(file, rows.line, what, remedy)
  const spanOf = layout.kind === 'ts' ? candleSpan(timeframe, bad) : sessionSpan(calendar, bad)
  const numberAt = (place: number): number => {
    const number = rows.number(place)
    if (number === undefined) throw bad(`"${rows.field(place)}" is no plain decimal such as 12.5`)
    return number
  }
  const growing = new Map<string, Growing>()
  let ticker = ''
  let current: Growing | undefined

  while (rows.next()) {
    if (rows.fields !== fields) throw bad(`it has ${rows.fields} fields, the header has ${fields}`)
    const named = time === 0 ? (symbol as string) : rows.field(0)
    if (current === undefined || named !== ticker) {
      ticker = named
      current = growing.get(named) ?? begin(named, timeframe, bad)
      growing.set(named, current)
    }
    const { openTime, closeTime } = spanOf(rows.field(time))
    if (openTime < current.builder.lastClose)
      throw bad(
        `${rows.field(time)} does not come after the candle before it`,
        'sort the file by time and keep each candle once',
      )
    const open = numberAt(time + 1)
    const high = numberAt(time + 2)
    const low = numberAt(time + 3)
    const close = numberAt(time + 4)
    const volume = numberAt(time + 5)
    const isSane = low > 0 && low <= open && open <= high && low <= close && close <= high && volume >= 0
    if (!isSane || !rows.isFaithful) {
      const objection = candleObjection(exactNumbers(rows.row(), time))
      if (objection !== undefined) throw bad(`${objection.replaceAll('-', ' ')} in ${rows.row()}`)
    }
    current.builder.add({ openTime, closeTime, open, high, low, close, volume })
    current.rows.push(rows.start)
  }
  if (growing.size === 0)
    throw new CandleFileUnusable(file, 'it has a header and no rows', 'record some candles')

  const built = new Map<string, CandleSeries>()
  for (const [name, { builder, rows: places }] of growing) {
    const series: CandleSeries = builder.build(index => candleAt(text, places, time, series, index))
    if (layout.kind === 'ts' && time === 0) checkStep(file, series)
    built.set(name, series)
  }
  return built
}

const layoutOf = (file: string, header: string, symbol: string | undefined, timeframe: Timeframe): Layout => {
  const layout = layouts[header]
  if (layout === undefined)
    throw new CandleFileUnusable(
      file,
      `its first line is "${header.slice(0, 80)}"`,
      `it must be one of ${Object.keys(layouts).join(' or ')}`,
    )
  if (layout.kind === 'date' && timeframe !== '1D')
    throw new CandleFileUnusable(file, `it has daily sessions, not ${timeframe}`, 'give its timeframe as 1D')
  if (layout.time === 0 && symbol === undefined)
    throw new CandleFileUnusable(file, 'it does not name its symbol', 'give the symbol with the file')
  return layout
}

const begin = (symbol: string, timeframe: Timeframe, bad: Complaint): Growing => {
  if (!SymbolName.safeParse(symbol).success) throw bad(`"${symbol}" is no symbol such as BTC/USDT or AAPL`)
  return { builder: seriesBuilder(symbol, timeframe), rows: [] }
}

const candleSpan = (timeframe: Timeframe, bad: Complaint): ((ts: string) => Span) => {
  const length = millisecondsIn(timeframe)
  return ts => {
    const openTime = /^\d{1,15}$/.test(ts) ? Number(ts) : Number.NaN
    if (openTime % length !== 0)
      throw bad(
        `"${ts}" does not begin a ${timeframe} candle`,
        'ts is the opening in epoch milliseconds; check the timeframe given with the file',
      )
    return { openTime, closeTime: openTime + length }
  }
}

/** Kept by date: the zone arithmetic of each row anew would be most of the reading time. */
const sessionSpan = (calendar: Calendar, bad: Complaint): ((date: string) => Span) => {
  const known = new Map<string, Span>()
  return date => {
    const span = known.get(date)
    if (span !== undefined) return span
    if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw bad(`"${date}" is no date such as 2015-08-24`)
    const session = sessionOn(calendar, date)
    if (session === 'unknown')
      throw bad(`the calendar does not reach ${date}`, 'add its year to the table of sessions')
    if (session === 'closed') throw bad(`the exchange had no session on ${date}`)
    const made = { openTime: millisecondsOf(session.open), closeTime: millisecondsOf(session.close) }
    known.set(date, made)
    return made
  }
}

const exactNumbers = (row: string, time: number) => {
  const [open, high, low, close, volume] = row.split(',').slice(time + 1, time + 6)
  // The rows were checked field by field when the file was read.
  return { open, high, low, close, volume } as Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume'> &
    Record<string, Decimal>
}

const candleAt = (
  text: string,
  rows: readonly number[],
  time: number,
  { symbol, timeframe, openTime, closeTime }: CandleSeries,
  index: number,
): Candle => {
  const start = rows[index]
  if (start === undefined) throw new Error(`${symbol} has no candle ${index}`)
  const end = text.indexOf('\n', start)
  return {
    symbol,
    timeframe,
    openTime: instantOf(openTime[index] as number),
    closeTime: instantOf(closeTime[index] as number),
    ...exactNumbers(text.slice(start, end === -1 ? undefined : end).trimEnd(), time),
  }
}

/** Hourly candles said to be minutes stand on the grid of minutes, but none follows another after a minute. */
const checkStep = (file: string, { openTime, timeframe }: CandleSeries): void => {
  const length = millisecondsIn(timeframe)
  if (openTime.length < 2) return
  for (let index = 1; index < openTime.length; index += 1)
    if ((openTime[index] as number) - (openTime[index - 1] as number) === length) return
  throw new CandleFileUnusable(
    file,
    `no two of its candles are ${timeframe} apart`,
    'check the timeframe given with the file',
  )
}
