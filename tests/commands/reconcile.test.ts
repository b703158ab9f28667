// veritape reconcile and intent --what-if on a book in memory; and what the simulation found in the bookkeeper.

import { expect, test } from 'vitest'
import { bookkeeper } from '../../commands/bookkeeper.ts'
import { intent } from '../../commands/intent.ts'
import { reconcile } from '../../commands/reconcile.ts'
import { outside, propose } from '../../domain/event.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { AlertRaised } from '../../domain/health.ts'
import { controlStream, safetyStream } from '../../domain/stream.ts'
import { tradingHalted } from '../cast.ts'
import { closeOf, named, trade, world } from '../engine-in-memory.ts'

test('the account of a paper book agrees with its ledger, and asking again writes nothing', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  expect(await reconcile.run(book.engine(), {})).toBe(0)
  const events = await book.events()
  expect(named(events, 'ReconciliationCompleted').map(({ event }) => event.data.verdict)).toEqual(['agrees'])
  expect(named(events, 'OrderFilled').length).toBeGreaterThan(0)
  const head = await book.head()
  expect(await reconcile.run(book.engine(), {})).toBe(0)
  expect(await book.head()).toBe(head)
})

test('a wish that is only asked about is answered by the same ladder and leaves the ledger as it was', async () => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  const head = await book.head()
  const told: unknown[] = []
  const engine = book.engine()
  const ask = (quantity: string) =>
    intent.run(
      { ...engine, screen: { ...engine.screen, result: (value: unknown) => told.push(value) } },
      {
        what: 'buy',
        subject: 'BTC/USDT',
        id: 'w',
        quantity,
        holder: 'operator',
        expires: 300,
        reason: 'r',
        whatIf: true,
      },
    )
  expect(await ask('0.01')).toBe(0)
  expect(await ask('9')).toBe(0)
  expect(told).toMatchObject([
    { answer: { type: 'OrderRequested', data: { side: 'buy', quantity: '0.01' } } },
    { answer: { type: 'IntentDenied', data: { reason: 'order-value-too-large' } } },
  ])
  expect(await book.head()).toBe(head)
})

test('what was decided before a run began is decided again when the book moved in the meantime', async () => {
  const book = world()
  await trade(book.engine(), closeOf(2))
  let seen = 0
  let isFirst = true
  const interrupted = (store: EventStore): EventStore => ({
    ...store,
    append: async group => {
      if (isFirst) {
        isFirst = false
        const control = book.store('cli')
        const revision = named(await book.events(), 'TradingHalted').length - 1
        await control.append({
          run: 0,
          writes: [
            {
              stream: controlStream,
              expected: revision < 0 ? 'no-stream' : { revision },
              events: [propose(outside('in between'), tradingHalted)],
            },
          ],
        })
      }
      return store.append(group)
    },
  })
  const keeper = bookkeeper(book.engine(), interrupted(book.store('execute')), 'execute', async () => {
    seen++
  })
  await keeper.catchUp()
  const alert = AlertRaised({ severity: 'warning', subject: 's', sentence: 'decided on what was known' })
  const write = [{ stream: safetyStream, events: [propose(outside('alert'), alert)] }]
  expect(await keeper.append(write, true)).toBe(false)
  expect(named(await book.events(), 'AlertRaised')).toEqual([])
  expect(seen).toBe(await book.head())
  expect(await keeper.append(write, true)).not.toBe(false)
})
