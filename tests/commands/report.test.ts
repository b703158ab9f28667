// veritape report costs, report latency and the drift of status, on a book in memory.

import { expect, test } from 'vitest'
import type { Engine } from '../../commands/engine.ts'
import { reconcile } from '../../commands/reconcile.ts'
import { reportCosts } from '../../commands/report-costs.ts'
import { reportLatency } from '../../commands/report-latency.ts'
import { status } from '../../commands/status.ts'
import { sum } from '../../domain/decimal.ts'
import { closeOf, named, trade, type World, world } from '../engine-in-memory.ts'

/** What a verb prints for programs. */
const printed = async (
  book: World,
  verb: { run(engine: Engine, options: object): Promise<number> },
  given: Partial<Engine> = {},
) => {
  const told: unknown[] = []
  const engine = book.engine({
    replay: async (_, visit) => {
      for (const each of await book.events()) visit(each)
      return book.store().head()
    },
    ...given,
  })
  const screen = { ...engine.screen, result: (value: unknown) => told.push(value) }
  expect(await verb.run({ ...engine, screen }, {})).toBe(0)
  // biome-ignore lint/suspicious/noExplicitAny: what a program would parse
  return told[0] as any
}

test('the costs of all orders are those of the fills, and the groups add up to them', async () => {
  const book = world()
  await trade(book.engine(), closeOf(24))
  const fills = named(await book.events(), 'OrderFilled')
  const { total, bySymbol, byWisher, orders } = await printed(book, reportCosts)
  expect(fills.length).toBeGreaterThan(3)
  expect(total.fees).toBe(sum(fills.map(({ event }) => event.data.fee)))
  for (const groups of [bySymbol, byWisher]) {
    const each = Object.values<typeof total>(groups)
    expect(each.length).toBeGreaterThan(1)
    expect(sum(each.map(({ fees }) => fees))).toBe(total.fees)
    const slippages = each.map(({ slippage }) => slippage.cost).filter(cost => cost !== 'n/a')
    expect(sum(slippages)).toBe(total.slippage.cost)
  }
  expect(orders.length).toBe(total.orders)
})

test('a recorded book has no latency; a book on a clock of its own has that of its orders', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  const recorded = await printed(book, reportLatency)
  expect(recorded.steps['OrderRequested to OrderAccepted']).toEqual({
    p50: 'n/a',
    p99: 'n/a',
    longest: 'n/a',
    orders: 0,
  })
  const live = await printed(book, reportLatency, { simulated: undefined })
  const accepted = named(await book.events(), 'OrderAccepted').length
  expect(accepted).toBeGreaterThan(1)
  expect(live.steps['OrderRequested to OrderAccepted'].orders).toBe(accepted)
  expect(live.steps['OrderRequested to OrderAccepted'].p50).toBeGreaterThan(0) // recorded times never stand still
})

test('the status tells the minutes in drift once the book was reconciled', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  expect((await printed(book, status)).driftMinutes.total).toBe('n/a')
  expect(await reconcile.run(book.engine(), {})).toBe(0)
  expect((await printed(book, status)).driftMinutes).toEqual({
    current: 0,
    total: 0,
    toDetectAtMost: 'n/a',
    toRepair: 'n/a',
  })
})
