import { expect, test } from 'vitest'
import { equity, equityDays, equityFiles } from '../../projections/equity.ts'
import { fold } from '../../projections/projection.ts'
import { buy, candle, cycle, later, ledgerOf, noon, opened, sell } from './ledger-of.ts'

const equityOf = (...events: Parameters<typeof ledgerOf>[0]) => fold(equity, ledgerOf(events))
const curveOf = (...events: Parameters<typeof ledgerOf>[0]) =>
  [...equityFiles(equityOf(...events))][0]?.text()

test('a day is its last sample, with the highest and the lowest between', () => {
  expect(
    curveOf(
      opened({ cash: '1000' }),
      buy('10', '100'),
      candle('BTC/USDT', '120', noon),
      cycle(),
      candle('BTC/USDT', '90', later(5)),
      cycle({ clock: later(5) }),
      candle('BTC/USDT', '114', later(10)),
      cycle({ clock: later(10) }),
    ),
  ).toBe('date,equity,cash,high,low,drawdown,samples\n2023-03-24,1140,0,1200,900,0.05,3\n')
})

test('what happens between cycles is not sampled', () => {
  const state = equityOf(
    opened({ cash: '1000' }),
    buy('10', '100'),
    candle('BTC/USDT', '10', noon),
    candle('BTC/USDT', '100', later(5)),
    cycle({ clock: later(5) }),
  )
  expect([state.maxDrawdown, state.samples]).toEqual(['0', 1])
  expect(state.portfolio.maxDrawdown).toBe('0.9')
})

test('the drawdown counts from the opening cash and over all days', () => {
  const state = equityOf(
    opened({ cash: '1000' }),
    buy('10', '100', { fee: '100' }),
    cycle(),
    sell('10', '80'),
    cycle({ clock: later(1440) }),
  )
  expect(state.maxDrawdown).toBe('0.3')
})

test('a cycle at midnight exactly belongs to the day that ends there', () => {
  const midnight = '2023-03-25T00:00:00.000Z'
  const days = equityDays(
    equityOf(opened(), cycle({ clock: midnight }), cycle({ clock: '2023-03-25T00:00:00.001Z' })),
  )
  expect(days.map(({ date }) => date)).toEqual(['2023-03-24', '2023-03-25'])
})

test("days are those of the book's zone, also when its clocks change", () => {
  // New York's 12 March 2023 has 23 hours: it lasts from 05:00Z to 04:00Z.
  const clocks = [
    '2023-03-12T05:00:00.001Z',
    '2023-03-13T04:00:00.000Z',
    '2023-03-13T04:00:00.001Z',
    '2023-03-14T03:59:00.000Z',
  ]
  const days = equityDays(
    equityOf(opened({ zone: 'America/New_York' }), ...clocks.map(clock => cycle({ clock }))),
  )
  expect(days.map(({ date, samples }) => [date, samples])).toEqual([
    ['2023-03-12', 2],
    ['2023-03-13', 2],
  ])
})

test('a book with sessions has no row for a day without a market, and the curve does not change with it', () => {
  const friday = [
    opened({ calendar: 'nyse', zone: 'America/New_York' }),
    cycle({ clock: '2023-03-24T20:00:00.000Z' }),
  ]
  const saturday = cycle({ clock: '2023-03-25T15:00:00.000Z', sessionOpen: false })
  const before = equityOf(...friday)
  const both = equityOf(...friday, saturday)
  expect(equityDays(both)).toEqual(equityDays(before))
  expect(both.curveAsOf).toBe(before.curveAsOf)
  expect(equityDays(equityOf(...friday, cycle({ ...saturday.data, candles: 1 })))).toHaveLength(2)
})

test('exposure counts the cycles with an open position while the market traded', () => {
  const state = equityOf(
    opened({ calendar: 'nyse', zone: 'America/New_York' }),
    cycle(),
    buy('1', '100'),
    cycle({ clock: later(1) }),
    cycle({ clock: later(2) }),
    cycle({ clock: later(3), sessionOpen: false }),
  )
  expect([state.exposedSamples, state.tradedSamples, state.samples]).toEqual([2, 3, 4])
})
