// What a scan reads, gathered from the data folder by the hashes in its first event: the scan itself and its replay
// get the same.

import { noBars } from '../domain/daily-columns.ts'
import type { ScanStarted } from '../domain/scan.ts'
import type { ScanData } from '../domain/scan-record.ts'
import type { Engine } from './engine.ts'

export const scanData = async (
  { recorded, universe, data }: Pick<Engine, 'recorded' | 'universe' | 'data'>,
  { dataset, list, earnings, warnings }: ScanStarted['data'],
): Promise<ScanData> => {
  const all = await recorded.daily(dataset)
  const tickers =
    list === undefined
      ? all
      : new Map(tickersIn(await data.get(list)).map(ticker => [ticker, all.get(ticker) ?? noBars] as const))
  return {
    tickers,
    index: warnings === undefined ? undefined : all.get(warnings.index),
    earnings: earnings === undefined ? undefined : await universe.earnings(earnings),
  }
}

export const listBytes = (tickers: readonly string[]): Uint8Array => Buffer.from(`${tickers.join('\n')}\n`)

const tickersIn = (bytes: Uint8Array): readonly string[] =>
  Buffer.from(bytes).toString('utf8').trimEnd().split('\n')
