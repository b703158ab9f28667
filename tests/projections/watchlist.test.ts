import { expect, test } from 'vitest'
import { fold } from '../../projections/projection.ts'
import { watchlist, watchlistFiles } from '../../projections/watchlist.ts'
import { ledgerOf } from './ledger-of.ts'
import { found, published, scanStarted } from './scan-events.ts'

const listOf = (...events: Parameters<typeof ledgerOf>[0]) => fold(watchlist, ledgerOf(events))
const textOf = (...events: Parameters<typeof ledgerOf>[0]) =>
  [...watchlistFiles(listOf(...events))].map(({ path, text }) => [path, text()])

test('a watchlist is a section named after its session, one ticker on a line, best first', () => {
  expect(textOf(scanStarted('2015-08-24'), published('2015-08-24', 'MSFT', 'BRK.B'))).toEqual([
    ['tradingview_watchlist.txt', '###2015-08-24\nMSFT\nBRK.B\n'],
  ])
})

test('a pair is written as TradingView names it: a slash would be a ratio there', () => {
  expect(textOf(published('2015-08-24', 'BTC/USDT'))[0]?.[1]).toBe('###2015-08-24\nBTCUSDT\n')
})

test('a scan that has not published shows nothing', () => {
  expect(textOf(scanStarted('2015-08-24'), found('2015-08-24', 'MSFT', 1))).toEqual([])
})

test('the latest session stands, whichever was published last', () => {
  const state = listOf(published('2015-08-25', 'AAPL'), published('2015-08-24', 'MSFT'))
  expect(state.latest).toMatchObject({ session: '2015-08-25', tickers: ['AAPL'], asOf: 1 })
})

test('a scan that starts again forgets what the first attempt found', () => {
  const { latest } = listOf(
    scanStarted('2015-08-24'),
    found('2015-08-24', 'AAPL', 1),
    scanStarted('2015-08-24'),
    found('2015-08-24', 'MSFT', 2),
    found('2015-08-24', 'KO', 1),
    published('2015-08-24', 'KO', 'MSFT'),
  )
  expect(latest?.candidates.map(({ ticker }) => ticker)).toEqual(['KO', 'MSFT'])
})
