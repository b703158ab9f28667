// The book's own store of daily bars: which bars there are, and which tickers have none for a while.
//
//   asked for at a source ──validated──▶ a part in the data folder ──▶ a manifest of all parts: the dataset
//
// Parts and manifests are named by their SHA-256, so a scan that names its dataset can be made again for ever. A ticker
// that cannot be had is shelved until a date, with its reason: it is not asked for every morning.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import type { BookEvent } from './catalogue.ts'
import { type EventOf, event, type Recorded } from './event.ts'
import { type CalendarDate, DateText, InstantText } from './time.ts'

export const BarsStored = event('BarsStored', 1, {
  /** SHA-256 of the manifest: all bars of the store as of now. */
  dataset: z.string(),
  /** Name of the market data that was asked. */
  source: z.string(),
  /** The last session whose bars were wanted. */
  lastBar: DateText,
  clock: InstantText,
  /** Tickers of the universe. */
  wanted: z.int().nonnegative(),
  /** Those of them that now have the bar of that session. */
  current: z.int().nonnegative(),
  /** Bars that were not there before. */
  added: z.int().nonnegative(),
  /** Tickers whose past the source tells otherwise now, as after a split: all their bars were taken anew. */
  restated: z.array(SymbolName).readonly(),
  /** Why it ends before everybody was asked; absent when it does not. */
  interrupted: z.string().optional(),
})
export type BarsStored = EventOf<typeof BarsStored>

export const ShelfReason = z.enum(['unknown-at-source', 'no-recent-bars', 'bad-bars'])
export type ShelfReason = z.infer<typeof ShelfReason>

export const TickerShelved = event('TickerShelved', 1, {
  ticker: SymbolName,
  reason: ShelfReason,
  detail: z.string(),
  /** Not asked for again before this date. */
  until: DateText,
})
export type TickerShelved = EventOf<typeof TickerShelved>
export type Shelved = TickerShelved['data']

/** Days on the shelf. A symbol that the source does not know seldom comes back; a broken row is soon mended. */
export const shelfDays: Readonly<Record<ShelfReason, number>> = {
  'unknown-at-source': 30,
  'no-recent-bars': 7,
  'bad-bars': 2,
}

export interface BarStore {
  /** The last state of the store; undefined before the first. */
  readonly latest: BarsStored['data'] | undefined
  /** By ticker, the last word on it. */
  readonly shelf: ReadonlyMap<string, Shelved>
}

export const emptyBarStore: BarStore = { latest: undefined, shelf: new Map() }

export const evolveBarStore = (store: BarStore, { event: { type, data } }: Recorded<BookEvent>): BarStore => {
  if (type === 'BarsStored') return { ...store, latest: data }
  if (type === 'TickerShelved') return { ...store, shelf: new Map(store.shelf).set(data.ticker, data) }
  return store
}

export const isShelved = ({ shelf }: BarStore, ticker: string, today: CalendarDate): boolean =>
  (shelf.get(ticker)?.until ?? '') > today
