// Law: every command may be repeated at will. Doing anything twice is the same as doing it once.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { halt, resume } from '../../commands/halt.ts'
import { project, rebuild } from '../../commands/project.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { isRight } from '../../domain/result.ts'
import { closeOf, named, trade, type World, wish, world } from '../engine-in-memory.ts'
import { finished, run, type Step, steps } from './any-run.ts'

/** The commands of a person and of systemd, each as it would be typed again. */
const commands = (
  book: World,
  until: string,
  order = 'nobody-1',
): Readonly<Record<string, () => Promise<unknown>>> => ({
  execute: () => trade(book.engine(), until),
  'intent buy': () =>
    wish(book.engine(), {
      what: 'buy',
      subject: 'BTC/USDT',
      quantity: '0.01',
      id: 'again-buy',
      limit: '27000',
    }),
  'intent close': () => wish(book.engine(), { what: 'close', subject: 'ETH/USDT', id: 'again-close' }),
  'intent cancel': () => wish(book.engine(), { what: 'cancel', subject: order, id: 'again-cancel' }),
  halt: () => halt.run(book.engine(), { reason: 'lunch', reducing: false }),
  'halt --reducing': () => halt.run(book.engine(), { reason: 'lunch', reducing: true }),
  resume: () => resume.run(book.engine(), { reason: 'back' }),
  project: () => project.run(book.engine(), { once: true }),
  rebuild: () => rebuild.run(book.engine(), {}),
})
const lastOrder = async (book: World): Promise<string | undefined> =>
  named(await book.events(), 'OrderRequested').at(-1)?.event.data.orderId

const names = Object.keys(commands(world(), closeOf(0)))

test.each(names)('veritape %s, twice, writes what it writes once', async name => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = world()
      const until = closeOf(await run(book, all))
      const command = commands(book, until, await lastOrder(book))[name]
      if (command === undefined) throw new Error(name)
      await command()
      const once = { head: await book.head(), views: new Map(book.views) }
      await command()
      await command()
      expect(await book.head()).toBe(once.head)
      expect(book.views).toEqual(once.views)
    }),
    { numRuns: 12 },
  )
})

test('all commands together, twice, write what they write once', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.shuffledSubarray(names.filter(name => !/halt|resume/.test(name))),
      async (all, order) => {
        const book = world()
        const until = closeOf(await run(book, all))
        await trade(book.engine(), until)
        const known = commands(book, until, await lastOrder(book))
        const everything = async () => {
          for (const name of order) await known[name]?.()
          await trade(book.engine(), until)
        }
        await everything()
        const head = await book.head()
        await everything()
        expect(await book.head()).toBe(head)
      },
    ),
    { numRuns: 12 },
  )
})

/** A process that never believes that it was heard: it says everything twice. */
const twice = (store: EventStore): EventStore => ({
  ...store,
  append: async group => {
    const first = await store.append(group)
    const again = await store.append(group)
    if (isRight(first)) {
      expect(again).toMatchObject({ _tag: 'Right', right: { repeated: true, events: first.right.events } })
    }
    return again
  },
})

test('a process that writes every group twice writes the ledger of one that writes it once', async () => {
  const [once, doubled] = [world(), world()]
  await trade(once.engine(), closeOf(40))
  await trade(doubled.engine({}, twice), closeOf(40))
  expect(await doubled.events()).toEqual(await once.events())
})

test('a wish under the same name is the same wish, even when it says something else', async () => {
  const wishes: readonly Step[] = [
    { does: 'trade', candles: 3 },
    { does: 'buy', symbol: 'BTC/USDT', quantity: '0.01', id: 1 },
    { does: 'buy', symbol: 'ETH/USDT', quantity: '0.05', id: 1 },
    { does: 'trade', candles: 1 },
    { does: 'buy', symbol: 'ETH/USDT', quantity: '0.05', id: 1 },
  ]
  const raised = named(await (await finished(wishes)).events(), 'IntentRaised')
  const own = raised.filter(({ event }) => event.data.source === 'operator')
  expect(own.map(({ event }) => [event.data.symbol, event.data.quantity])).toEqual([['BTC/USDT', '0.01']])
})
