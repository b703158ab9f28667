import { expect, test } from 'vitest'
import { fold } from '../../projections/projection.ts'
import { tradeFiles } from '../../projections/trade-history.ts'
import { trades } from '../../projections/trades.ts'
import { buy, champion, intent, later, ledgerOf, noon, requested, sell } from './ledger-of.ts'

const filesOf = (...events: Parameters<typeof ledgerOf>[0]) =>
  new Map([...tradeFiles(fold(trades, ledgerOf(events)))].map(file => [file.path, file]))

test('a book without fills has no history', () => {
  expect(filesOf(intent()).size).toBe(0)
})

test('an open trade stands in the JSON, and the CSV waits for the first that ended', () => {
  const files = filesOf(buy('1', '100'))
  expect([...files.keys()]).toEqual(['trade_history.json'])
  expect(JSON.parse(files.get('trade_history.json')?.text() ?? '')).toMatchObject({
    asOf: 1,
    trades: [],
    open: [{ symbol: 'BTC/USDT', side: 'long', quantity: '1', entryPrice: '100' }],
  })
})

test('a row for each trade that ended, with what a spreadsheet would run as a formula defused', () => {
  const files = filesOf(
    intent({ reason: '=HYPERLINK("x"), really' }),
    requested(1, { orderId: 'in' }),
    buy('1', '100', { orderId: 'in', fee: '1' }),
    sell('1', '90', { orderId: 'out', venueTime: later(1) }),
  )
  expect(files.get('trade_history.csv')?.text()).toBe(
    [
      'by,symbol,side,scan,anchor,entry_time,exit_time,holding_seconds,quantity,entry_price,exit_price,gross_pnl,fees,net_pnl,entry_reasons,exit_reasons,order_ids,seqs',
      `${champion},BTC/USDT,long,,,${noon},${later(1)},60,1,100,90,-10,1,-11,"'=HYPERLINK(""x""), really",,in out,3 4`,
      '',
    ].join('\n'),
  )
})

test('the CSV is as of the last trade that ended, the JSON as of the last fill', () => {
  const files = filesOf(buy('1', '100'), sell('1', '90'), buy('1', '80'))
  expect([files.get('trade_history.csv')?.asOf, files.get('trade_history.json')?.asOf]).toEqual([2, 3])
})
