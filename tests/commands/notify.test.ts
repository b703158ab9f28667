// `notify` over a real book: what it tells, once, after a restart too; and that a channel that fails costs an event.

import { describe, expect, test } from 'vitest'
import { appendNext } from '../../commands/append-next.ts'
import { deadMansPing } from '../../commands/dead-mans-ping.ts'
import type { Engine } from '../../commands/engine.ts'
import { notify } from '../../commands/notify.ts'
import { defaults } from '../../domain/config.ts'
import { HealthChecked } from '../../domain/health.ts'
import type { Message, NotificationFailed } from '../../domain/notification.ts'
import { TradingHalted } from '../../domain/safety.ts'
import { controlStream, healthStream } from '../../domain/stream.ts'
import { instantOf, millisecondsOf } from '../../domain/time.ts'
import { begin, closeOf, config, named, trade, world } from '../engine-in-memory.ts'

const messengerOf = (sent: Message[], fails: { why: string | undefined }) => ({
  channels: ['webhook'] as const,
  send: async (_channel: 'webhook' | 'telegram' | 'discord', message: Message) => {
    if (fails.why === undefined) sent.push(message)
    return fails.why
  },
  ping: undefined,
})

const place = () => {
  const book = world({ ...config, notify: { ...defaults.notify, channels: ['webhook'] } })
  const sent: Message[] = []
  const fails: { why: string | undefined } = { why: undefined }
  const health = book.store('health')
  const cli = book.store('cli')
  return {
    book,
    sent,
    fails,
    tell: () => notify.run(book.engine({ messenger: messengerOf(sent, fails) }), { once: true }),
    check: (verdict: 'ok' | 'degraded') =>
      appendNext(
        health,
        healthStream,
        -1,
        HealthChecked({ verdict, checks: [] }),
        instantOf(Math.random() * 1e12),
      ),
    halt: () =>
      appendNext(
        cli,
        controlStream,
        -1,
        TradingHalted({ by: 'operator', reason: 'lunch', level: 'halted' }),
        closeOf(2),
      ),
  }
}

test('the first message says where it begins; then each change once, whatever is started again', async () => {
  const { book, sent, tell, check, halt } = place()
  await trade(book.engine(), closeOf(3))
  await check('degraded')
  expect(await tell()).toBe(0)
  expect(sent.map(({ sentence }) => sentence)).toEqual(['you hear of cast from here on'])
  await check('degraded')
  await check('ok')
  await halt()
  expect(await tell()).toBe(0)
  expect(await tell()).toBe(0)
  expect(sent.slice(1).map(({ sentence }) => sentence)).toEqual([
    'healthy again',
    'halted by operator: lunch',
  ])
  const events = named(await book.events(), 'NotificationSent')
  expect(events.map(({ event }) => event.data.about)).toEqual(sent.map(({ seq }) => seq))
})

test('a channel that fails is a warning event; the next message says that one was missed', async () => {
  const { book, sent, fails, tell, check, halt } = place()
  await trade(book.engine(), closeOf(1))
  await tell()
  fails.why = 'no answer in time'
  await check('degraded')
  expect(await tell()).toBe(0)
  fails.why = undefined
  await halt()
  await tell()
  expect(named(await book.events(), 'NotificationFailed').map(({ event }) => event.data)).toMatchObject([
    { channel: 'webhook', detail: 'no answer in time' },
  ])
  expect(sent.at(-1)?.sentence).toBe('halted by operator: lunch')
  // Trading went on: the ledger takes candles as before.
  expect(await trade(book.engine(), closeOf(4), closeOf(1))).toBe(0)
})

test('a configuration in which nobody is to be told is refused', async () => {
  const { book } = place()
  const silent = { channels: [], send: async () => undefined, ping: undefined }
  await expect(notify.run(book.engine({ messenger: silent }), { once: true })).rejects.toMatchObject({
    code: 78,
  })
})

describe("the dead man's ping", () => {
  const start = () => {
    const state = { now: millisecondsOf(begin), asked: [] as number[], says: 'pinged' }
    const written: unknown[] = []
    const engine = {
      messenger: {
        channels: [],
        send: async () => undefined,
        ping: async () => {
          state.asked.push(state.now)
          return state.says
        },
      },
      config: { ...config, notify: { ...defaults.notify, pingSeconds: 60 } },
      clock: { now: () => instantOf(state.now), sleep: async () => {} },
      signal: new AbortController().signal,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      clean: (text: string) => text,
    } as unknown as Engine
    const pinging = deadMansPing(engine, {
      write: async event => void written.push((event as ReturnType<typeof NotificationFailed>).data),
    })
    const cycle = async (number: number, at = state.now) => {
      pinging.progressed({ cycle: number, clock: instantOf(at) } as never)
      await pinging.done()
    }
    return { state, written, cycle }
  }

  test('follows fresh cycles, at most once in its time', async () => {
    const { state, cycle } = start()
    for (let n = 1; n <= 6; n++) {
      await cycle(n)
      state.now += 20_000
    }
    expect(state.asked).toHaveLength(2)
  })

  test('is silent without progress: an old cycle, or the same one again', async () => {
    const { state, cycle } = start()
    await cycle(1, state.now - 130_000)
    expect(state.asked).toEqual([])
    await cycle(2)
    state.now += 600_000
    await cycle(2)
    expect(state.asked).toHaveLength(1)
  })

  test('a failure is one event until it works again', async () => {
    const { state, written, cycle } = start()
    const says = ['it answered 500', 'it answered 500', 'pinged', 'it answered 500']
    for (const [n, said] of says.entries()) {
      state.says = said
      await cycle(n + 1)
      state.now += 60_000
    }
    expect(written).toHaveLength(2)
  })
})
