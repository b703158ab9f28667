// What another process writes between what was said about a candle and the group that writes it down.

import { expect, test } from 'vitest'
import type { Bookkeeper, Write } from '../../commands/bookkeeper.ts'
import type { Executor } from '../../commands/executor.ts'
import { takeCandle } from '../../commands/take-candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { ChampionVerified } from '../../domain/champion.ts'
import { defaults } from '../../domain/config.ts'
import { emptyDesk, witness } from '../../domain/desk.ts'
import { OrderRejected } from '../../domain/order.ts'
import { strategies } from '../../domain/strategies.ts'
import type { Strategy } from '../../domain/strategy.ts'
import { bookOpened, candleClosed, champion, symbol, timeframe } from '../cast.ts'
import { buy, fill, intent, ledgerOf, requested } from '../projections/ledger-of.ts'

const verified = ChampionVerified({
  champion,
  strategy: 'ema-cross',
  symbol,
  timeframe,
  source: 'champions/x.json',
  sha256: 'a',
  orderValue: '2000',
  parameters: { fast: 2, slow: 3 },
})
const selling = requested(4, { side: 'sell', reduceOnly: true, quantity: '0.5' })

/** Sells whatever it holds, and counts how often it was asked. */
const seller = () => {
  let asked = 0
  const strategy: Strategy = {
    ...(strategies.get('ema-cross') as Strategy),
    start: () => () => {
      asked++
      return { action: 'sell', signal: -1, confidence: 1, reasons: ['out'], indicators: {} }
    },
  }
  return { asked: () => asked, known: new Map([['ema-cross', strategy]]) }
}

/** Holds 2, of which an order sells 0.5 already; then, once, `meanwhile` is written before the group is. */
const stage = async (meanwhile: BookEvent) => {
  const { asked, known } = seller()
  const desk = emptyDesk(known)
  const events = ledgerOf([bookOpened, verified, buy('2', '100'), intent(), selling, meanwhile])
  const show = (recorded: (typeof events)[number]) =>
    witness(
      desk,
      recorded,
      async () => [],
      () => {},
    )
  for (const recorded of events.slice(0, -1)) await show(recorded)
  const tried: (readonly Write[])[] = []
  const keeper: Pick<Bookkeeper, 'append' | 'catchUp'> = {
    append: async (writes, ifUnmoved) => {
      expect(ifUnmoved).toBe(true)
      tried.push(writes)
      return tried.length > 1 ? [] : false
    },
    catchUp: async () => {
      await show(events.at(-1) as (typeof events)[number])
    },
  }
  const executor = {
    engine: { config: defaults, log: { info: () => {}, warn: () => {} } },
    desk,
    keeper,
    venue: { rules: () => ({ tick: '0.01', lot: '0.001', minimumQuantity: '0.001' }) },
    decidedAlready: new Set(),
  } as unknown as Executor
  const wished = () =>
    tried.map(writes =>
      writes.flatMap(({ events: all }) => all).find(({ event }) => event.type === 'IntentRaised'),
    )
  return { executor, asked, wished }
}

test('an order that turns out to be none frees what it sold: the wish is worked out again, the strategy is not asked again', async () => {
  const { executor, asked, wished } = await stage(
    OrderRejected({ orderId: selling.data.orderId, reason: 'the venue never had it' }),
  )
  await takeCandle(executor, candleClosed(0).data)
  expect(wished().map(wish => wish?.event.data)).toMatchObject([{ quantity: '1.5' }, { quantity: '2' }])
  expect(wished()[0]?.id).toBe(wished()[1]?.id)
  expect(asked()).toBe(1)
})

test('a fill changes what the strategy was told: nothing is written, and the process starts again', async () => {
  const { executor, wished } = await stage(fill({ tradeId: 't-9', side: 'sell', quantity: '0.5' }))
  await expect(takeCandle(executor, candleClosed(0).data)).rejects.toThrow('in the middle of a decision')
  expect(wished()).toHaveLength(1)
})
