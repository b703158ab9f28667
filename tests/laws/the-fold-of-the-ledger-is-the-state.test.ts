// Law: fold(ledger) = state. Incremental, rebuilt, and rebuilt on another machine, byte for byte.

import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { project, rebuild } from '../../commands/project.ts'
import { emptyBook, evolveBook } from '../../domain/book.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { foldAll, startFold, views } from '../../projections/views.ts'
import { world } from '../engine-in-memory.ts'
import { finished, run, type Step, steps, tries } from './any-run.ts'

const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const busy: readonly Step[] = [
  { does: 'trade', candles: 20 },
  { does: 'buy', symbol: 'BTC/USDT', quantity: '0.05', id: 1 },
  { does: 'die', candles: 10, fate: 'dies-after', write: 12 },
  { does: 'halt' },
  { does: 'trade', candles: 10 },
  { does: 'resume' },
  { does: 'trade', candles: 20 },
]

test('views that follow the ledger in pieces are the views that are built at once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.nat(400)), async (all, cuts) => {
      const events = await (await finished(all)).events()
      const followed = new Map<string, string>()
      const fold = startFold(views)
      for (const [index, recorded] of events.entries()) {
        fold.apply(recorded)
        if (cuts.includes(index)) for (const [path, text] of fold.changed()) followed.set(path, text)
      }
      for (const [path, text] of fold.changed()) followed.set(path, text)
      const built = (await foldAll(views, events)).all()
      expect(followed.size).toBeGreaterThan(5)
      expect(new Map([...followed].sort())).toEqual(new Map([...built].sort()))
    }),
    tries,
  )
})

test('views that were written between the steps of a run are those that rebuild writes', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = world()
      await run(book, all, async () => {
        await project.run(book.engine(), { once: true })
      })
      await project.run(book.engine(), { once: true })
      const before = new Map([...book.views].sort())
      expect(await rebuild.run(book.engine(), {})).toBe(0)
      expect(new Map([...book.views].sort())).toEqual(before)
    }),
    tries,
  )
})

test('rebuild says so when a view was not what the ledger says', async () => {
  const book = await finished(busy)
  await project.run(book.engine(), { once: true })
  const name = [...book.views.keys()].find(each => each.endsWith('.json') && each !== 'views.json') as string
  const true_ = book.views.get(name)
  book.views.set(name, `${true_} `)
  expect(await rebuild.run(book.engine(), {})).not.toBe(0)
  expect(book.views.get(name)).toBe(true_)
})

test('another machine, in another zone and with the ledger as text, builds the same bytes', async () => {
  const events = await (await finished(busy)).events()
  const here = (await foldAll(views, events)).all()
  const text = events.map(recorded => JSON.stringify(recorded))
  for (const other of ['Pacific/Kiritimati', 'America/New_York', 'Asia/Kathmandu']) {
    process.env.TZ = other
    const there = await foldAll(
      views,
      text.map(line => JSON.parse(line) as Recorded<BookEvent>),
    )
    expect(there.all()).toEqual(here)
  }
})

test('the book that decides is the fold too: with pauses, and from text', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(200), async (all, cut) => {
      const events = await (await finished(all)).events()
      const [once, twice] = [emptyBook(), emptyBook()]
      for (const recorded of events) evolveBook(once, recorded)
      for (const recorded of events.slice(0, cut)) evolveBook(twice, recorded)
      for (const recorded of events.slice(cut)) evolveBook(twice, JSON.parse(JSON.stringify(recorded)))
      expect(twice).toEqual(once)
    }),
    tries,
  )
})
