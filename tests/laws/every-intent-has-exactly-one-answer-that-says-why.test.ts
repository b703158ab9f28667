// Law: at the end of every run each intent has exactly one answer; a denied, expired or rejected one leaves a line that
// says why.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderIdOf } from '../../domain/order-id.ts'
import { RiskDenial } from '../../domain/risk-denial.ts'
import { orderStreamOf } from '../../domain/stream.ts'
import { prefix } from '../cast.ts'
import { closeOf, config, named, type World, world } from '../engine-in-memory.ts'
import { finished, type Step, steps, tries } from './any-run.ts'

const answerTypes = ['OrderRequested', 'OrderWithheld', 'IntentDenied', 'IntentExpired'] as const

const expectTheLaw = async (book: World) => {
  const events = await book.events()
  const raised = named(events, 'IntentRaised')
  const answers = named(events, ...answerTypes)
  expect(answers.map(({ event }) => event.data.intent).sort((a, b) => a - b)).toEqual(
    raised.map(({ seq }) => seq),
  )
  for (const { seq, cause, correlation, stream, revision, event } of answers) {
    const intent = raised.find(each => each.seq === event.data.intent)
    if (intent === undefined) throw new Error(`${seq} answers nothing`)
    // The chain can be walked back: the answer names the intent, and carries the beginning of it all.
    expect(cause).toBe(intent.seq)
    expect(correlation).toBe(intent.correlation)
    // It is the first event of the order's own stream: the ledger itself refuses a second answer.
    expect([stream, revision]).toEqual([orderStreamOf(orderIdOf(prefix, intent.seq)), 0])
    if (event.type === 'IntentDenied') {
      expect(RiskDenial.options).toContain(event.data.reason)
      expect(event.data.detail).toMatch(/\S+ \S+/)
    }
    if (event.type === 'IntentExpired') expect(event.data.decided > event.data.expiresAt).toBe(true)
  }
  for (const { event } of named(events, 'OrderRejected', 'OrderCancelled'))
    expect(event.data.reason).toMatch(/\w+ \w+/)
}

test('after any run', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => expectTheLaw(await finished(all))),
    { numRuns: 40 },
  )
})

test('after any dry run', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const book = await finished(all, world({ ...config, mode: 'dry-run' }))
      await expectTheLaw(book)
      expect(named(await book.events(), 'OrderRequested', 'OrderAccepted', 'OrderFilled')).toEqual([])
    }),
    tries,
  )
})

test('a wish that waited too long while nothing ran is expired, with both times on the line', async () => {
  const late: readonly Step[] = [
    { does: 'trade', candles: 2 },
    { does: 'buy', symbol: 'BTC/USDT', quantity: '0.01', id: 1 },
    { does: 'oversleep', candles: 5 },
  ]
  const book = await finished(late)
  await expectTheLaw(book)
  const events = await book.events()
  const own = named(events, 'IntentRaised').find(({ event }) => event.data.source === 'operator')
  const expired = named(events, 'IntentExpired').find(({ event }) => event.data.intent === own?.seq)
  expect(expired?.event.data).toMatchObject({ expiresAt: closeOf(3), decided: closeOf(7) })
})

test('while halted every wish is denied by that name', async () => {
  const book = await finished([
    { does: 'trade', candles: 2 },
    { does: 'halt' },
    { does: 'trade', candles: 20 },
  ])
  await expectTheLaw(book)
  const events = await book.events()
  const halted = named(events, 'TradingHalted')[0]?.seq ?? 0
  const after = named(events, ...answerTypes).filter(({ seq }) => seq > halted)
  expect(after.length).toBeGreaterThan(2)
  for (const { event } of after) expect(event.data).toMatchObject({ reason: 'trading-halted' })
})

test('an order has one request, and an intent one order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const requests = named(await (await finished(all)).events(), 'OrderRequested').map(
        ({ event }) => event.data,
      )
      expect(new Set(requests.map(({ orderId }) => orderId)).size).toBe(requests.length)
      expect(new Set(requests.map(({ intent }) => intent)).size).toBe(requests.length)
    }),
    tries,
  )
})
