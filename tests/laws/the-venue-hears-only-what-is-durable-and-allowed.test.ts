// Law: write the wish, then act. The venue hears of no order that is not in the ledger, and of none at all while the
// book is halted, also when a process died between the wish and the act.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine } from '../../commands/engine.ts'
import { halt } from '../../commands/halt.ts'
import { emptyBook, evolveBook } from '../../domain/book.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { tradingOf } from '../../domain/safety.ts'
import { closeOf, fated, named, trade, tradeUntilDeath, type World, world } from '../engine-in-memory.ts'
import { run, steps, tries } from './any-run.ts'

/** A world whose every process has its venue overheard. */
const overheard = (hear: (book: World, request: OrderRequest) => Promise<void>): World => {
  const book = world()
  const engine: World['engine'] = (given, wrap) => {
    const inner = book.engine(given, wrap)
    const venue: Engine['venue'] = async (...asked) => {
      const open = await inner.venue(...asked)
      const place: typeof open.place = async request => {
        await hear(book, request)
        return open.place(request)
      }
      return { ...open, place }
    }
    return { ...inner, venue }
  }
  return { ...book, engine }
}

test('whatever happens, the venue hears of an order after its request is in the ledger', async () => {
  let heard = 0
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = overheard(async (at, request) => {
        heard += 1
        const requests = named(await at.events(), 'OrderRequested').map(({ event }) => event.data)
        expect(requests).toContainEqual(request)
      })
      await trade(book.engine(), closeOf(await run(book, all)))
    }),
    tries,
  )
  expect(heard).toBeGreaterThan(20)
})

test('whatever happens, the venue hears of nothing while halted, and only of less while reducing', async () => {
  let heard = 0
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = overheard(async (at, request) => {
        heard += 1
        const now = emptyBook()
        for (const each of await at.events()) evolveBook(now, each)
        const trading = tradingOf(now.halts)
        expect(trading).not.toBe('halted')
        if (trading === 'reducing') expect(request.reduceOnly).toBe(true)
      })
      await trade(book.engine(), closeOf(await run(book, all)))
    }),
    { numRuns: 40 },
  )
  expect(heard).toBeGreaterThan(20)
})

test('an order whose process died before it was sent is not sent after a halt, and the ledger says why', async () => {
  // Dies at the first write behind an OrderRequested: the venue may or may not have heard of it.
  for (let write = 1; write < 200; write++) {
    const book = world()
    if (!(await tradeUntilDeath(book.engine({}, fated('dies-before', write)), closeOf(60)))) break
    const last = (await book.events()).at(-1)
    if (last?.event.type !== 'OrderRequested') continue
    const { orderId } = last.event.data
    await halt.run(book.engine(), { reason: 'something smells', reducing: false })
    let sent = 0
    const after = overheardAgain(book, () => sent++)
    await trade(after, closeOf(60))
    expect(sent).toBe(0)
    const ends = named(await book.events(), 'OrderRejected').filter(
      ({ event }) => event.data.orderId === orderId,
    )
    expect(ends.map(({ event }) => event.data.reason)).toEqual([expect.stringMatching(/halt/)])
    return
  }
  throw new Error('no process ever died between a request and its answer')
})

const overheardAgain = (book: World, hear: () => void): Engine => {
  const inner = book.engine()
  return {
    ...inner,
    venue: async (...given) => {
      const open = await inner.venue(...given)
      return {
        ...open,
        place: request => {
          hear()
          return open.place(request)
        },
      }
    },
  }
}
