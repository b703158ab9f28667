// A file of candles: csv or jsonl, as it is or gzipped. Read once a process, checked row by row, never repaired.
// Its bytes say what it is, not its name: in a ledger's data folder a file is named by its hash.
//
// jsonl has one candle a line, with the fields of CandleClosed: what a ledger's candles look like when exported.

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import * as z from 'zod'
import type { Calendar } from '../domain/calendar.ts'
import { barOf, type Candle, CandleClosed, candleObjection } from '../domain/candle.ts'
import { sha256 } from '../domain/hash.ts'
import type { Timeframe } from '../domain/timeframe.ts'
import { BadRow, CandleFileUnusable } from './bad-row.ts'
import { readCsv } from './candle-csv.ts'
import { type CandleSeries, type SeriesBuilder, seriesBuilder } from './candle-series.ts'

/** A file, and what it is said to hold. */
export interface Recording {
  readonly file: string
  readonly timeframe: Timeframe
  /** Of a csv file without a ticker column. */
  readonly symbol?: string
}

export interface CandleFile {
  /** Of the file's bytes as they lie on the disk. */
  readonly sha256: string
  readonly series: ReadonlyMap<string, CandleSeries>
}

interface Cached {
  readonly version: string
  readonly candles: CandleFile
  /** Whom a file that does not name its symbol was said to be about. */
  readonly said: string | undefined
}
const cache = new Map<string, Cached>()

/** Reads a file or throws BadRow or CandleFileUnusable. A file of the same size and time is not read again. */
export const readCandleFile = (recording: Recording, calendar: Calendar): CandleFile => {
  const path = resolve(recording.file)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new CandleFileUnusable(recording.file, 'there is no such file', 'check the path, or fetch it first')
  const key = `${path}\n${recording.timeframe}\n${calendar.to}`
  const version = `${stat.size} ${stat.mtimeMs}`
  const cached = cache.get(key)
  if (cached?.version === version && (cached.said === undefined || cached.said === recording.symbol))
    return cached.candles
  const candles = read(recording, calendar)
  const names = [...candles.series.keys()]
  cache.set(key, { version, candles, said: names.length === 1 ? recording.symbol : undefined })
  return candles
}

const read = ({ file, timeframe, symbol }: Recording, calendar: Calendar): CandleFile => {
  const bytes = readBytes(file)
  // Candles are ASCII; anything else is refused by the checks of each field.
  const text = (isGzip(bytes) ? unzip(file, bytes) : bytes).toString('latin1')
  const series = text.startsWith('{')
    ? readJsonl(file, text, timeframe)
    : readCsv(file, text, symbol, timeframe, calendar)
  return { sha256: sha256(bytes), series }
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const readBytes = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CandleFileUnusable(
      file,
      `it cannot be read (${(error as Error).message})`,
      'check its permissions',
    )
  }
}

const unzip = (file: string, bytes: Buffer): Buffer => {
  try {
    return gunzipSync(bytes)
  } catch (error) {
    throw new CandleFileUnusable(
      file,
      `it is not a whole gzip file (${(error as Error).message})`,
      'copy it again',
    )
  }
}

const readJsonl = (file: string, text: string, timeframe: Timeframe): ReadonlyMap<string, CandleSeries> => {
  const growing = new Map<string, { readonly builder: SeriesBuilder; readonly candles: Candle[] }>()
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n')
  for (const [index, line] of lines.entries()) {
    const bad = (what: string, remedy = 'correct the line, or take it out and record that') =>
      new BadRow(file, index + 1, what, remedy)
    const parsed = CandleClosed.data.safeParse(parseJson(line))
    if (!parsed.success) throw bad(`it is no candle: ${z.prettifyError(parsed.error)}`)
    const candle = parsed.data
    if (candle.timeframe !== timeframe)
      throw bad(`its timeframe is ${candle.timeframe}`, `the file was given as ${timeframe}`)
    const objection = candleObjection(candle)
    if (objection !== undefined) throw bad(`${objection.replaceAll('-', ' ')} in ${line}`)
    const bar = barOf(candle)
    if (!(bar.openTime < bar.closeTime)) throw bad('it closes before it opens')
    const known = growing.get(candle.symbol)
    const { builder, candles } = known ?? {
      builder: seriesBuilder(candle.symbol, timeframe),
      candles: [],
    }
    if (known === undefined) growing.set(candle.symbol, { builder, candles })
    if (bar.openTime < builder.lastClose)
      throw bad(
        `${candle.openTime} does not come after the candle before it`,
        'sort the file by time and keep each candle once',
      )
    builder.add(bar)
    candles.push(candle)
  }
  return new Map(
    [...growing].map(([symbol, { builder, candles }]) => [
      symbol,
      builder.build(index => {
        const candle = candles[index]
        if (candle === undefined) throw new Error(`${symbol} has no candle ${index}`)
        return candle
      }),
    ]),
  )
}

/** Undefined for text that is no JSON: the candle's parser then says what is missing. */
const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
