// The desk: what the executor and the replay both sit at.

import { describe, expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { barOf, type Candle, HistoryLoaded } from '../../domain/candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { ChampionVerified } from '../../domain/champion.ts'
import {
  closeAfter,
  type Desk,
  decideCandle,
  emptyDesk,
  isSeated,
  seatsAt,
  witness,
} from '../../domain/desk.ts'
import { strategies } from '../../domain/strategies.ts'
import type { Evaluate, Holding, Strategy } from '../../domain/strategy.ts'
import { bookOpened, candleClosed, champion, symbol, timeframe } from '../cast.ts'
import { buy, fill, intent, ledgerOf, requested } from '../projections/ledger-of.ts'

const rules = { tick: '0.01', lot: '0.001', minimumQuantity: '0.001' } as const
const verified = (given: Partial<ChampionVerified['data']> = {}) =>
  ChampionVerified({
    champion,
    strategy: 'ema-cross',
    symbol,
    timeframe,
    source: 'champions/x.json',
    sha256: 'a',
    orderValue: '2000',
    parameters: { fast: 2, slow: 3 },
    ...given,
  })
const history = HistoryLoaded({
  champion,
  symbol,
  timeframe,
  dataset: 'd',
  from: candleClosed(0).data.openTime,
  to: candleClosed(1).data.closeTime,
  candles: 2,
  digest: 'd',
})

/** Says what it was asked, and answers as it is told to. */
const listener = (answers: Partial<ReturnType<Evaluate>> = {}) => {
  const asked: { readonly close: number; readonly holding: Holding }[] = []
  const strategy: Strategy = {
    ...(strategies.get('ema-cross') as Strategy),
    start:
      () =>
      ({ close }, holding) => {
        asked.push({ close, holding })
        return { action: 'none', signal: 0, confidence: 0, reasons: [], indicators: {}, ...answers }
      },
  }
  return { asked, known: new Map([['ema-cross', strategy]]) }
}

const show = async (
  desk: Desk,
  events: readonly BookEvent[],
  onCandle: (candle: Candle) => void = () => {},
) => {
  for (const recorded of ledgerOf(events))
    await witness(desk, recorded, async () => [candleClosed(0).data, candleClosed(1).data], onCandle)
}

describe('a seat', () => {
  test('is taken by a verified champion, fresh', async () => {
    const desk = emptyDesk(strategies)
    expect(isSeated(desk, verified().data)).toBe(false)
    await show(desk, [verified()])
    expect(isSeated(desk, verified().data)).toBe(true)
    expect(desk.seats.get(champion)).toMatchObject({ warmedUp: false, warmUp: 56 })
  })

  test('is kept when the same champion is verified again, and taken anew when its file changed', async () => {
    const desk = emptyDesk(strategies)
    await show(desk, [verified()])
    const first = desk.seats.get(champion)
    await show(desk, [verified()])
    expect(desk.seats.get(champion)).toBe(first)
    await show(desk, [verified({ sha256: 'b' })])
    expect(desk.seats.get(champion)).not.toBe(first)
    expect(desk.seats.get(champion)?.warmedUp).toBe(false)
  })

  test('is warmed up with the candles of the history, flat', async () => {
    const { asked, known } = listener()
    const desk = emptyDesk(known)
    await show(desk, [bookOpened, buy('1', '100'), verified(), history])
    expect(asked).toEqual(
      [0, 1].map(n => ({ close: 28_000 + n * 10, holding: { quantity: 0, entryPrice: 0 } })),
    )
    expect(desk.seats.get(champion)?.warmedUp).toBe(true)
  })

  test('of a strategy that this program does not have stops the replay', async () => {
    await expect(show(emptyDesk(strategies), [verified({ strategy: 'crystal-ball' })])).rejects.toThrow(
      'crystal-ball of the ledger is not in this program',
    )
  })

  test('evaluates the candles of its own market and timeframe, in the order of names', async () => {
    const desk = emptyDesk(strategies)
    await show(desk, [
      verified({ champion: 'z', sha256: '1' }),
      verified({ champion: 'a', sha256: '2' }),
      verified({ champion: 'eth', symbol: 'ETH/USDT', sha256: '3' }),
      verified({ champion: 'hourly', timeframe: '1h', sha256: '4' }),
    ])
    expect(seatsAt(desk, candleClosed(0).data).map(seat => seat.champion.champion)).toEqual(['a', 'z'])
  })
})

describe('a candle', () => {
  test('is decided on the book as it was before the candle', async () => {
    const desk = emptyDesk(strategies)
    const marks: unknown[] = []
    await show(desk, [bookOpened, candleClosed(0), candleClosed(1)], () =>
      marks.push(desk.book.marks.get(symbol)),
    )
    expect(marks).toEqual([undefined, '28000'])
    expect(desk.book.marks.get(symbol)).toBe('28010')
  })

  test('is shown to the strategy with what it holds itself', async () => {
    const { asked, known } = listener()
    const desk = emptyDesk(known)
    await show(desk, [bookOpened, verified(), buy('2', '100'), fill({ by: 'operator', tradeId: 't-2' })])
    const seat = desk.seats.get(champion)
    if (seat === undefined) throw new Error('nobody sits there')
    const { evaluated } = decideCandle(desk, seat, candleClosed(0).data, rules, undefined)
    expect(asked).toEqual([
      { close: barOf(candleClosed(0).data).close, holding: { quantity: 2, entryPrice: 100 } },
    ])
    expect(evaluated.data).toMatchObject({ champion, openTime: candleClosed(0).data.openTime, holding: '2' })
  })

  test('on which the strategy sells leads to a wish for what is free, good until the next close', async () => {
    const { known } = listener({ action: 'sell', signal: -1 })
    const desk = emptyDesk(known)
    const selling = requested(4, { side: 'sell', reduceOnly: true, quantity: '0.5' })
    await show(desk, [bookOpened, verified(), buy('2', '100'), intent(), selling])
    const seat = desk.seats.get(champion)
    if (seat === undefined) throw new Error('nobody sits there')
    const { intent: wish } = decideCandle(desk, seat, candleClosed(0).data, rules, undefined)
    expect(wish?.data).toMatchObject({ quantity: '1.5', expiresAt: candleClosed(1).data.closeTime })
  })

  test('on which the strategy asks for nothing leads to no wish', async () => {
    const { known } = listener()
    const desk = emptyDesk(known)
    await show(desk, [bookOpened, verified()])
    const seat = desk.seats.get(champion)
    if (seat === undefined) throw new Error('nobody sits there')
    expect(decideCandle(desk, seat, candleClosed(0).data, rules, undefined).intent).toBeUndefined()
  })
})

describe('the close of a later candle', () => {
  const daily = (openTime: string, closeTime: string): Candle => ({
    ...candleClosed(0).data,
    timeframe: '1D',
    openTime,
    closeTime,
  })
  const friday = daily('2023-03-10T14:30:00.000Z', '2023-03-10T21:00:00.000Z')

  test('is counted by the timeframe where markets never close', () => {
    expect(closeAfter(candleClosed(0).data, 3, undefined)).toBe(candleClosed(3).data.closeTime)
  })

  test("is the next sessions' close on an exchange, across weekend and clock change", () => {
    expect(closeAfter(friday, 1, nyseCalendar)).toBe('2023-03-13T20:00:00.000Z')
    expect(closeAfter(friday, 2, nyseCalendar)).toBe('2023-03-14T20:00:00.000Z')
  })

  test('beyond the calendar is unknown, and unknown stops', () => {
    const last = daily(`${nyseCalendar.to}T14:30:00.000Z`, `${nyseCalendar.to}T21:00:00.000Z`)
    expect(() => closeAfter(last, 1, nyseCalendar)).toThrow('does not know the session after')
  })
})
