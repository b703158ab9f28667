// Daily bars by content: parts of many tickers' bars, and a manifest that puts them together to a dataset.
//
//   manifest {"form":"veritape-bars-1","timeframe":"1D","layout":"date","parts":[{"sha256":"…","anew":["XYZ"]}, …]}
//   part     ticker,date,open,high,low,close,volume     (ts instead of date where the market never closes)
//
// Parts are read in order; each goes on where the ticker's bars ended, or takes their place when the part has them
// `anew`. A morning adds one small part; when there are many they are written together as one.

import * as z from 'zod'
import type { Calendar } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { DailyColumns } from '../domain/daily-columns.ts'
import type { DataFolder } from '../domain/data-folder.ts'
import { dateIn, millisecondsOf } from '../domain/time.ts'
import { CandleFileUnusable } from './bad-row.ts'
import { dailyBars } from './recorded-data.ts'

const Manifest = z.strictObject({
  form: z.literal('veritape-bars-1'),
  timeframe: z.literal('1D'),
  layout: z.enum(['date', 'ts']),
  parts: z.array(z.strictObject({ sha256: z.string(), anew: z.array(z.string()) })),
})
type Manifest = z.infer<typeof Manifest>

/** So many parts are read side by side; more are written together. */
const partsMax = 64

/** The manifest in these bytes; undefined when they are something else, such as a recorded file. */
const manifestIn = (bytes: Uint8Array): Manifest | undefined => {
  const text = Buffer.from(bytes.subarray(0, 20)).toString('latin1')
  if (!text.startsWith('{"form":"veritape-')) return undefined
  return Manifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

/** The daily bars behind a dataset: a manifest, or a recorded file. */
export const readDataset = async (
  data: DataFolder,
  dataset: string,
  calendar: Calendar,
): Promise<ReadonlyMap<string, DailyColumns>> => {
  const manifest = manifestIn(await data.get(dataset))
  if (manifest === undefined)
    return dailyBars({ file: await data.pathOf(dataset), timeframe: '1D' }, calendar).tickers
  const pieces = new Map<string, DailyColumns[]>()
  for (const { sha256, anew } of manifest.parts) {
    for (const ticker of anew) pieces.delete(ticker)
    const file = await data.pathOf(sha256)
    const { tickers } = dailyBars(
      { file, timeframe: '1D' },
      calendar,
      manifest.layout === 'ts' ? 'UTC' : undefined,
    )
    for (const [ticker, columns] of tickers) pieces.set(ticker, [...(pieces.get(ticker) ?? []), columns])
  }
  const joined = new Map<string, DailyColumns>()
  for (const [ticker, columns] of pieces) joined.set(ticker, joinedColumns(dataset, ticker, columns))
  return joined
}

const joinedColumns = (dataset: string, ticker: string, pieces: readonly DailyColumns[]): DailyColumns => {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  const dates = pieces.flatMap(piece => piece.dates)
  for (let at = 1; at < dates.length; at += 1)
    if ((dates[at] as string) <= (dates[at - 1] as string))
      throw new CandleFileUnusable(
        `data/${dataset}`,
        `${ticker} has ${dates[at]} behind ${dates[at - 1]}`,
        'fetch the bars again',
      )
  const column = (name: 'open' | 'high' | 'low' | 'close' | 'volume') => {
    const all = new Float64Array(dates.length)
    let at = 0
    for (const piece of pieces) {
      all.set(piece[name], at)
      at += piece.dates.length
    }
    return all
  }
  return {
    dates,
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    exact: index => {
      let at = index
      for (const piece of pieces) {
        if (at < piece.dates.length) return piece.exact(at)
        at -= piece.dates.length
      }
      throw new Error(`${ticker} has no bar ${index}`)
    },
  }
}

/**
 * Adds bars to a dataset (undefined: the first ones) and gives the new one. `anew` are tickers whose bars take the place
 * of what was there. Durable before it resolves; what is never referred to is rubbish and does no harm.
 */
export const addBars = async (
  data: DataFolder,
  dataset: string | undefined,
  bars: ReadonlyMap<string, readonly Candle[]>,
  anew: readonly string[],
  calendar: Calendar,
  layout: 'date' | 'ts',
): Promise<string> => {
  const before = dataset === undefined ? undefined : manifestIn(await data.get(dataset))
  const parts = before?.parts ?? []
  const sha256 = await data.put(Buffer.from(printPart(bars, calendar, layout)))
  const added = await putManifest(data, layout, [...parts, { sha256, anew: [...anew] }])
  if (parts.length + 1 < partsMax) return added
  const all = await readDataset(data, added, calendar)
  const text = [headerOf(layout)]
  for (const [ticker, columns] of [...all].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const [index, date] of columns.dates.entries()) {
      const { openTime, open, high, low, close, volume } = columns.exact(index)
      const time = layout === 'date' ? date : `${millisecondsOf(openTime)}`
      text.push([ticker, time, open, high, low, close, volume].join(','))
    }
  const whole = await data.put(Buffer.from(`${text.join('\n')}\n`))
  return putManifest(data, layout, [{ sha256: whole, anew: [] }])
}

const putManifest = (data: DataFolder, layout: Manifest['layout'], parts: Manifest['parts']) =>
  data.put(Buffer.from(JSON.stringify({ form: 'veritape-bars-1', timeframe: '1D', layout, parts })))

const headerOf = (layout: Manifest['layout']): string => `ticker,${layout},open,high,low,close,volume`

const printPart = (
  bars: ReadonlyMap<string, readonly Candle[]>,
  calendar: Calendar,
  layout: Manifest['layout'],
): string => {
  const lines = [headerOf(layout)]
  for (const [ticker, candles] of [...bars].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const { openTime, open, high, low, close, volume } of candles) {
      const time = layout === 'date' ? dateIn(calendar.zone, openTime) : `${millisecondsOf(openTime)}`
      lines.push([ticker, time, open, high, low, close, volume].join(','))
    }
  return `${lines.join('\n')}\n`
}
