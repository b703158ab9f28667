// Law: a candle is evaluated exactly once, in order; a forming candle never.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Candle } from '../../domain/candle.ts'
import type { MarketData } from '../../domain/market-data.ts'
import { type Instant, instantOf, millisecondsOf } from '../../domain/time.ts'
import {
  begin,
  champions,
  closeOf,
  fates,
  named,
  recorded,
  trade,
  type World,
  world,
} from '../engine-in-memory.ts'
import { run, steps, tries } from './any-run.ts'

const candlesOf = async (symbol: string, until: Instant): Promise<readonly Candle[]> =>
  recorded.closedCandles(symbol, '5m', begin, until)

/** The whole law, of a book that has come to the close of a candle. */
const expectTheLaw = async (book: World, until: Instant) => {
  const events = await book.events()
  for (const { symbol, strategy } of champions) {
    const market = await candlesOf(symbol, until)
    const closed = named(events, 'CandleClosed').filter(({ event }) => event.data.symbol === symbol)
    expect(closed.map(({ event }) => event.data)).toEqual(market)
    const evaluated = named(events, 'StrategyEvaluated').filter(
      ({ event }) => event.data.champion === `${strategy}@${symbol}-5m`,
    )
    expect(evaluated.map(({ event }) => event.data.openTime)).toEqual(market.map(({ openTime }) => openTime))
    // Each stands behind its candle, in the group of it, and names it as its cause.
    expect(evaluated.map(({ cause }) => cause)).toEqual(closed.map(({ seq }) => seq))
  }
  const closes = named(events, 'CandleClosed').map(({ event }) => event.data.closeTime)
  expect(closes).toEqual([...closes].sort())
}

test('in one undisturbed run', async () => {
  const book = world()
  await trade(book.engine(), closeOf(40))
  await expectTheLaw(book, closeOf(40))
})

test('however the executor is stopped, killed or left without an answer, at whatever write', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = world()
      const candle = await run(book, all)
      await trade(book.engine(), closeOf(candle))
      await expectTheLaw(book, closeOf(candle))
    }),
    tries,
  )
})

test('a strategy that was interrupted says what it would have said', async () => {
  const whole = world()
  await trade(whole.engine(), closeOf(40))
  const said = async (book: World) =>
    named(await book.events(), 'StrategyEvaluated').map(({ event: { data } }) => [
      data.champion,
      data.openTime,
      data.action,
      data.indicators,
      data.holding,
    ])
  const expected = await said(whole)
  const interruptions = fc.array(
    fc.record({
      does: fc.constant('die' as const),
      candles: fc.integer({ min: 0, max: 10 }),
      fate: fc.constantFrom(...fates),
      write: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 2, maxLength: 4 },
  )
  await fc.assert(
    fc.asyncProperty(interruptions, async all => {
      const book = world()
      await run(book, all)
      await trade(book.engine(), closeOf(40))
      expect(await said(book)).toEqual(expected)
    }),
    tries,
  )
})

test('a forming candle is not looked at: at no time of the clock is there a candle that closes later', async () => {
  const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(minutes, async all => {
      const book = world()
      for (const minute of [...all].sort((a, b) => a - b)) {
        const until = instantOf(millisecondsOf(begin) + minute * 60_000)
        // The clock of this run stops here, in the middle of a candle or not.
        const market: MarketData = {
          ...recorded,
          nextClose: (_symbol, _timeframe, now) => (now < until ? until : undefined),
        }
        await trade(book.engine({ market: async () => market }), until)
        const closes = named(await book.events(), 'CandleClosed').map(({ event }) => event.data.closeTime)
        for (const close of closes) expect(close <= until, `${close} at ${until}`).toBe(true)
        await expectTheLaw(book, until)
      }
    }),
    tries,
  )
})
