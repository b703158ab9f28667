// Any run that a book can have, on EventStoreDB behind a network that loses answers and cuts connections: nothing is
// written twice and nothing is missing. All laws are held against whole runs in tests/simulation/on-eventstoredb.test.ts.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { auditEsdbBook } from '../../adapters/esdb-audit.ts'
import { openEsdbClient } from '../../adapters/esdb-client.ts'
import { bookStream } from '../../adapters/esdb-identity.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { addressOf, esdbBook } from '../adapters/esdb-book.ts'
import { identity } from '../cast.ts'
import { closeOf, named, trade, world } from '../engine-in-memory.ts'
import type { AppendFault, ReadFault } from '../eventstore-stand-in/faults.ts'
import { worldOnEsdb } from '../world-on-eventstoredb.ts'
import { run, type Step, steps } from './any-run.ts'

interface Weather {
  readonly append: AppendFault
  readonly read: ReadFault
  readonly every: number
}

const weathers: fc.Arbitrary<Weather> = fc.record({
  append: fc.constantFrom<AppendFault>(
    'cut-after',
    'cut-before',
    'mute-after',
    'mute-before',
    'timeout',
    'busy',
    'slow',
  ),
  read: fc.constantFrom<ReadFault>('cut', 'mute', 'unavailable', 'slow'),
  every: fc.integer({ min: 5, max: 15 }),
})

/** The same world with its ledger on a stand-in that fails now and then. */
const stormy = async ({ append, read, every }: Weather) => {
  const book = await esdbBook(() => closeOf(0))
  const address = `${book.server.url}&deadlineMs=80&patienceMs=20000`
  for (let n = 1; n <= 60; n++) {
    book.server.appends.put({ kind: append, stream: 'book-', after: every * n })
    book.server.reads.put({ kind: read, stream: 'book-', after: 2 * every * n, amount: 1 })
  }
  return { there: worldOnEsdb(address), book }
}

const audit = async (url: string) => {
  const client = await openEsdbClient(addressOf(url, 'deadlineMs=2000'), undefined)
  try {
    const steps = auditEsdbBook({ client, stream: bookStream(identity.book) }, { deep: true })
    let step = await steps.next()
    while (step.done !== true) step = await steps.next()
    return step.value
  } finally {
    await client.close()
  }
}

const finishedIn = async (given: readonly Step[], weather: Weather) => {
  const { there, book } = await stormy(weather)
  try {
    const candle = await run(there, given)
    await trade(there.engine(), closeOf(candle))
    book.server.appends.clear()
    book.server.reads.clear()
    return {
      events: await there.events(),
      report: await audit(book.server.url),
      struck: book.server.appends.struck,
    }
  } finally {
    await book.end()
  }
}

test('every intent has one answer, every candle, trade and line is there once, and the chain is whole', async () => {
  const struck = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(steps, weathers, async (given, weather) => {
      const { events, report, struck: hits } = await finishedIn(given, weather)
      for (const [kind, count] of hits) struck.set(kind, (struck.get(kind) ?? 0) + count)
      expect(report).toMatchObject({ damages: 0, events: events.length })
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      // Every intent has one answer, every candle is there once and in order, every fill is a trade of its own.
      const answers = named(events, 'OrderRequested', 'OrderWithheld', 'IntentDenied', 'IntentExpired')
      const intents = named(events, 'IntentRaised').map(({ seq }) => seq)
      expect(answers.map(({ event }) => event.data.intent).sort()).toEqual(intents.sort())
      const opens = named(events, 'CandleClosed').map(
        ({ event }) => `${event.data.symbol} ${event.data.openTime}`,
      )
      expect(new Set(opens).size).toBe(opens.length)
      const trades = named(events, 'OrderFilled').map(({ event }) => event.data.tradeId)
      expect(new Set(trades).size).toBe(trades.length)
      const ids = events.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const { seq, cause } of events) expect(cause).toBeLessThan(seq)
    }),
    { numRuns: 2, seed: 20261125, endOnFailure: true },
  )
  expect(struck.size).toBeGreaterThan(0)
})

test('a run over a bad network leaves the same decisions as one in memory', async () => {
  const calm = world()
  await trade(calm.engine(), closeOf(12))
  const { events, struck } = await finishedIn([{ does: 'trade', candles: 12 }], {
    append: 'cut-after',
    read: 'cut',
    every: 6,
  })
  expect(struck.get('cut-after')).toBeGreaterThan(2)
  const told = (all: readonly Recorded<BookEvent>[]) =>
    named(all, 'CandleClosed', 'StrategyEvaluated', 'IntentRaised', 'IntentDenied', 'OrderFilled').map(
      ({ event }) => {
        const { orderId: _, intent: __, ...rest } = event.data as Record<string, unknown>
        return { type: event.type, ...rest, tradeId: undefined }
      },
    )
  expect(told(events)).toEqual(told(await calm.events()))
})
