import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CandleClosed } from '../../domain/candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { type Decimal, readDecimal } from '../../domain/decimal.ts'
import { instantAt, NewYork } from '../../domain/time.ts'
import { kpiFiles, kpiReport, printKpi } from '../../projections/key-figures.ts'
import { kpi } from '../../projections/kpi.ts'
import { fold } from '../../projections/projection.ts'
import {
  buy,
  candle,
  champion,
  cycle,
  denied,
  evaluated,
  expired,
  intent,
  later,
  ledgerOf,
  noon,
  opened,
  requested,
  sell,
  withheld,
} from './ledger-of.ts'

const reportOf = (...events: BookEvent[]) => kpiReport(fold(kpi, ledgerOf(events)))

/** Figures as printed: name → value. */
const figuresOf = (...events: BookEvent[]): Record<string, unknown> => {
  const { figures } = printKpi(reportOf(...events)) as { figures: Record<string, { value: unknown }> }
  return Object.fromEntries(Object.entries(figures).map(([name, { value }]) => [name, value]))
}

describe('on the daily bars of SPY, 2007 to 2013', () => {
  // The expected figures were computed apart from this code, with Python's decimal and statistics modules over the
  // same closes: returns = float(b / a) - 1 from the opening cash on, mean / stdev (n - 1) × √252, mean / √(Σ min(r,
  // 0)² / n) × √252, drawdown from the running maximum of exact equities, and the trades' net profits as Decimals.
  interface Session {
    readonly date: string
    readonly close: Decimal
  }
  const sessions: readonly Session[] = gunzipSync(
    readFileSync('examples/data/equity-spy-daily/SPY-daily-2007_2013.csv.gz'),
  )
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => {
      const [date, , , , close] = line.split(',')
      return { date: date as string, close: readDecimal(close as string) as Decimal }
    })

  const book = opened({ currency: 'USD', cash: '20000', calendar: 'nyse', zone: NewYork })
  const closing = ({ date, close }: Session, n: number): BookEvent[] => {
    const closeTime = instantAt(NewYork, date, '16:00')
    const openTime = instantAt(NewYork, date, '09:30')
    const prices = { open: close, high: close, low: close, close }
    return [
      CandleClosed({ symbol: 'SPY', timeframe: '1D', openTime, closeTime, ...prices, volume: '1' }),
      // The candle of the session closes when the session does: the cycle that takes it finds it over.
      cycle({ cycle: n + 1, clock: closeTime, sessionOpen: false, candles: 1 }),
    ]
  }
  const trade = (side: 'buy' | 'sell', { date, close }: Session): BookEvent =>
    (side === 'buy' ? buy : sell)('100', close, {
      symbol: 'SPY',
      fee: '1',
      venueTime: instantAt(NewYork, date, '15:59'),
    })

  test('100 shares held throughout', () => {
    const events = sessions.flatMap((session, n) => [
      ...(n === 0 ? [trade('buy', session)] : []),
      ...closing(session, n),
    ])
    const report = reportOf(book, ...events)
    const sampleOf = new Map(report.figures.map(({ name, sample }) => [name, sample]))
    expect(sampleOf.get('sharpe_daily_252_rf0')).toBe(1762)
    expect(figuresOf(book, ...events)).toEqual({
      trades: 0,
      win_rate: 'n/a',
      profit_factor_net: 'n/a',
      expectancy_net: 'n/a',
      average_win_net: 'n/a',
      average_loss_net: 'n/a',
      net_pnl_closed_trades: '0',
      fees: '1',
      slippage_arrival: 'n/a',
      slippage_arrival_bps: 'n/a',
      implementation_shortfall: 'n/a',
      implementation_shortfall_bps: 'n/a',
      equity: '24331',
      realized_pnl_before_fees: '0',
      unrealized_pnl_before_fees: '4332',
      sharpe_daily_252_rf0: 0.261674,
      sortino_daily_252_rf0: 0.364747,
      max_drawdown_equity: '0.410832171083217108',
      exposure_share_cycles: 1,
      drift_minutes_current: 'n/a',
      drift_minutes_total: 'n/a',
      drift_minutes_to_detect_at_most: 'n/a',
      drift_minutes_to_repair: 'n/a',
    })
  })

  test('100 shares from the first to the last session of each month', () => {
    const monthOf = (n: number) => sessions[n]?.date.slice(0, 7)
    const events = sessions.flatMap((session, n) => [
      ...(monthOf(n) === monthOf(n - 1) ? [] : [trade('buy', session)]),
      ...(monthOf(n) === monthOf(n + 1) ? [] : [trade('sell', session)]),
      ...closing(session, n),
    ])
    expect(figuresOf(book, ...events)).toEqual({
      trades: 84,
      win_rate: 0.619048,
      profit_factor_net: 1.111259,
      expectancy_net: 23.928571,
      average_win_net: 386.076923,
      average_loss_net: 564.5625,
      net_pnl_closed_trades: '2010',
      fees: '168',
      slippage_arrival: 'n/a',
      slippage_arrival_bps: 'n/a',
      implementation_shortfall: 'n/a',
      implementation_shortfall_bps: 'n/a',
      equity: '22010',
      realized_pnl_before_fees: '2178',
      unrealized_pnl_before_fees: '0',
      sharpe_daily_252_rf0: 0.165924,
      sortino_daily_252_rf0: 0.232279,
      max_drawdown_equity: '0.406415845337376801',
      exposure_share_cycles: 0.952327,
      drift_minutes_current: 'n/a',
      drift_minutes_total: 'n/a',
      drift_minutes_to_detect_at_most: 'n/a',
      drift_minutes_to_repair: 'n/a',
    })
  })
})

test('a book that has only been opened has no figures to show but its counts', () => {
  const figures = figuresOf(opened())
  const missing = Object.keys(figures).filter(name => figures[name] === 'n/a')
  expect(missing).toEqual([
    'win_rate',
    'profit_factor_net',
    'expectancy_net',
    'average_win_net',
    'average_loss_net',
    'slippage_arrival',
    'slippage_arrival_bps',
    'implementation_shortfall',
    'implementation_shortfall_bps',
    'equity',
    'realized_pnl_before_fees',
    'unrealized_pnl_before_fees',
    'sharpe_daily_365_rf0',
    'sortino_daily_365_rf0',
    'max_drawdown_equity',
    'exposure_share_cycles',
    'drift_minutes_current',
    'drift_minutes_total',
    'drift_minutes_to_detect_at_most',
    'drift_minutes_to_repair',
  ])
})

test('a book around the clock is annualised with 365 days, and one day is too few', () => {
  const day = [opened(), buy('1', '100'), candle('BTC/USDT', '90'), cycle()]
  expect(figuresOf(...day).sharpe_daily_365_rf0).toBe('n/a')
  const next = [candle('BTC/USDT', '95', later(1440)), cycle({ clock: later(1440) })]
  expect(figuresOf(...day, ...next).sharpe_daily_365_rf0).toBeTypeOf('number')
})

test('intents are counted by answer, denials by reason, evaluations by action, by symbol and by wisher', () => {
  const report = reportOf(
    opened(),
    evaluated('buy', noon),
    evaluated('none', later(5)),
    intent(),
    requested(4),
    buy('1', '100', { fee: '1' }),
    sell('1', '110', { fee: '1' }),
    intent({ by: 'op-1', source: 'operator', symbol: 'ETH/USDT' }),
    denied(8, 'not-enough-cash'),
    intent(),
    expired(10),
    intent(),
    withheld(12),
    intent(),
  )
  expect(report.intents).toEqual({ raised: 5, requested: 1, withheld: 1, denied: 1, expired: 1, open: 1 })
  expect(report.evaluations).toEqual({ buy: 1, sell: 0, none: 1 })
  expect(report.denials).toEqual([['not-enough-cash', 1]])
  expect(report.bySymbol.map(({ name }) => name)).toEqual(['BTC/USDT', 'ETH/USDT'])
  expect(report.byWisher).toMatchObject([
    {
      name: champion,
      figures: { trades: 1, wins: 1, netPnl: '8' },
      counted: { raised: 4, evaluations: { buy: 1 } },
    },
    { name: 'op-1', figures: { trades: 0, netPnl: '0' }, counted: { raised: 1, denied: 1 } },
  ])
})

test('fees in a third currency are figures of their own where the ledger knows no price of it', () => {
  const fees = (...before: BookEvent[]) =>
    Object.entries(
      figuresOf(
        opened(),
        ...before,
        buy('1', '100', { fee: '0.5' }),
        buy('1', '100', { tradeId: 't-2', fee: '0.002', feeCurrency: 'BTC' }),
        sell('1', '100', { tradeId: 't-3', fee: '0.01', feeCurrency: 'KCS' }),
        sell('0.9', '100', { tradeId: 't-4', fee: '0.03', feeCurrency: 'BNB' }),
      ),
    ).filter(([name]) => name.startsWith('fees'))
  expect(fees()).toEqual([
    ['fees', '0.7'],
    ['fees_in_BNB', '0.03'],
    ['fees_in_KCS', '0.01'],
  ])
  expect(fees(candle('BNB/USDT', '300'))).toEqual([
    ['fees', '9.7'],
    ['fees_in_KCS', '0.01'],
  ])
})

test('the file says what each figure was computed from', () => {
  const [file] = kpiFiles(fold(kpi, ledgerOf([opened(), buy('1', '100'), sell('1', '110')])))
  expect(file).toMatchObject({ path: 'kpi.json', asOf: 3 })
  expect(JSON.parse(file?.text() ?? '').figures.win_rate).toEqual({
    value: 1,
    unit: 'share',
    sample: 1,
    of: 'trades',
  })
})
