// Law: the same ledger gives the same decisions. The replay proof says N of N, and it says where when it does not.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Proof, prove } from '../../commands/proof.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { outside, propose, type Recorded } from '../../domain/event.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { RunStarted } from '../../domain/run.ts'
import { strategies } from '../../domain/strategies.ts'
import type { Strategy } from '../../domain/strategy.ts'
import { runStream } from '../../domain/stream.ts'
import { runStarted } from '../cast.ts'
import { closeOf, config, named, trade, type World, world } from '../engine-in-memory.ts'
import { finished, type Step, steps, tries } from './any-run.ts'

const proofOf = (book: World, store: EventStore = book.store()): Promise<Proof> =>
  prove(book.engine(), store, {}, () => {})

const sums = ({ counts }: Proof) =>
  Object.values(counts).reduce(
    (sum, { decisions, identical }) => ({
      decisions: sum.decisions + decisions,
      identical: sum.identical + identical,
    }),
    { decisions: 0, identical: 0 },
  )

const decisionTypes = [
  'StrategyEvaluated',
  'IntentRaised',
  'IntentDenied',
  'IntentExpired',
  'OrderRequested',
  'OrderWithheld',
] as const
const decisionsOf = (events: readonly Recorded<BookEvent>[]) =>
  named(events, ...decisionTypes).filter(
    ({ event }) => event.type !== 'IntentRaised' || event.data.source === 'strategy',
  )

const busy: readonly Step[] = [
  { does: 'trade', candles: 20 },
  { does: 'buy', symbol: 'BTC/USDT', quantity: '0.01', id: 1 },
  { does: 'die', candles: 15, fate: 'dies-after', write: 9 },
  { does: 'trade', candles: 10 },
]

test('of any run every decision is made again, and is identical', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = await finished(all)
      const proof = await proofOf(book)
      expect(proof.differences).toEqual([])
      const { decisions, identical } = sums(proof)
      expect(identical).toBe(decisions)
      expect(decisions).toBe(decisionsOf(await book.events()).length)
    }),
    tries,
  )
})

test('of a dry run too', async () => {
  const book = world({ ...config, mode: 'dry-run' })
  await trade(book.engine(), closeOf(40))
  const proof = await proofOf(book)
  expect(proof.differences).toEqual([])
  expect(proof.counts.answers.identical).toBeGreaterThan(5)
  expect(named(await book.events(), 'OrderWithheld').length).toBeGreaterThan(0)
  expect(named(await book.events(), 'OrderRequested')).toEqual([])
})

test('two processes of different configurations in one book are each proved by their own', async () => {
  const book = world()
  await trade(book.engine(), closeOf(20))
  const strict = { ...config, limits: { ...config.limits, orderValueMax: '1000' as const } }
  const text = JSON.stringify(strict)
  const other = book.engine()
  const configHash = await other.data.put(Buffer.from(text))
  await trade(book.engine({ config: strict, configText: text, configHash }), closeOf(40))
  expect(
    named(await book.events(), 'IntentDenied').some(
      ({ event }) => event.data.reason === 'order-value-too-large',
    ),
  ).toBe(true)
  expect((await proofOf(book)).differences).toEqual([])
})

test('a process that started in between with another configuration does not change how the first is proved', async () => {
  const book = world()
  await trade(book.engine(), closeOf(10))
  // A scan of an operator who tries other limits, in the middle of the executor's turn.
  const lax = JSON.stringify({
    ...config,
    limits: { ...config.limits, openOrdersMax: 99, grossExposureMax: '99999' },
  })
  let scanned = false
  const interrupted = (store: EventStore): EventStore => ({
    ...store,
    append: async given => {
      if (!scanned && given.writes.some(({ stream }) => stream.startsWith('candles-'))) {
        scanned = true
        const configHash = await book.engine().data.put(Buffer.from(lax))
        const started = RunStarted({ ...runStarted.data, command: 'scan', configHash })
        const stream = runStream('scan')
        await book.store('scan').append({
          run: 0,
          writes: [{ stream, expected: 'no-stream', events: [propose(outside(stream), started)] }],
        })
      }
      return store.append(given)
    },
  })
  await trade(book.engine({}, interrupted), closeOf(40))
  expect(scanned).toBe(true)
  expect(named(await book.events(), 'IntentDenied').length).toBeGreaterThan(0)
  expect((await proofOf(book)).differences).toEqual([])
})

/** Runs with a strategy of the program replaced: what a changed line of code would do. */
const withStrategy = async <Result>(changed: Strategy, run: () => Promise<Result>): Promise<Result> => {
  const program = strategies as Map<string, Strategy>
  const original = program.get(changed.name) as Strategy
  program.set(changed.name, changed)
  try {
    return await run()
  } finally {
    program.set(changed.name, original)
  }
}

test('when a strategy decides otherwise today, the proof fails and names the first decision that differs', async () => {
  const book = await finished(busy)
  const original = strategies.get('ema-cross') as Strategy
  const bolder: Strategy = {
    ...original,
    start: parameters => {
      const evaluate = original.start(parameters)
      let seen = 0
      return (bar, holding) => {
        const evaluation = evaluate(bar, holding)
        seen += 1
        return seen === 60 ? { ...evaluation, confidence: 0.123 } : evaluation
      }
    },
  }
  const { differences } = await withStrategy(bolder, () => proofOf(book))
  expect(differences).toHaveLength(2) // one candle of each of the two markets
  for (const { kind, again, recorded } of differences) {
    expect(kind).toBe('evaluations')
    expect(again).toContain('"confidence":0.123')
    expect(recorded).not.toContain('"confidence":0.123')
  }
  expect((await proofOf(book)).differences).toEqual([])
})

test('when a strategy would have wished where it did not, the proof fails', async () => {
  const book = await finished(busy)
  const original = strategies.get('breakout') as Strategy
  const eager: Strategy = {
    ...original,
    start: parameters => {
      const evaluate = original.start(parameters)
      return (bar, holding) => ({ ...evaluate(bar, holding), action: holding.quantity > 0 ? 'none' : 'buy' })
    },
  }
  const { differences } = await withStrategy(eager, () => proofOf(book))
  const unasked = differences.filter(({ recorded }) => recorded === 'nothing')
  expect(unasked.length).toBeGreaterThan(0)
  for (const { kind, again } of unasked)
    expect([kind, again.split(' ')[0]]).toEqual(['intents', 'IntentRaised'])
})

/** The ledger as it would read if one event said something else. */
const altered = (store: EventStore, seq: number, change: (event: BookEvent) => BookEvent): EventStore => ({
  ...store,
  readAll: async function* (options) {
    for await (const each of store.readAll(options))
      yield each.seq === seq ? { ...each, event: change(each.event) } : each
  },
})

test('whichever recorded decision says something else, the proof names it', async () => {
  const book = await finished(busy)
  const decisions = decisionsOf(await book.events())
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...decisions), async ({ seq, event: { type } }) => {
      const change = (event: BookEvent): BookEvent => {
        switch (event.type) {
          case 'StrategyEvaluated':
            return { ...event, data: { ...event.data, confidence: 0.987 } }
          case 'IntentDenied':
            return { ...event, data: { ...event.data, detail: 'a bad feeling' } }
          case 'IntentExpired':
            return { ...event, data: { ...event.data, expiresAt: closeOf(99) } }
          case 'IntentRaised':
            return { ...event, data: { ...event.data, reason: 'a good feeling' } }
          case 'OrderRequested':
            return { ...event, data: { ...event.data, quantity: '123' } }
          default:
            throw new Error(event.type)
        }
      }
      const { differences } = await proofOf(book, altered(book.store(), seq, change))
      expect(
        differences.map(each => each.seq),
        type,
      ).toContain(seq)
      expect(differences[0]?.seq).toBe(seq)
    }),
    { numRuns: 25 },
  )
})
