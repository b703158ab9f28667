// The guardian's stories: a check that fails and heals, that stays ill, that comes and goes; what it does about it, what
// it writes, and what it never does.

import { expect, test } from 'vitest'
import type { Engine } from '../../commands/engine.ts'
import { guard } from '../../commands/guard.ts'
import { why } from '../../commands/why.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { type Config, defaults } from '../../domain/config.ts'
import type { Recorded } from '../../domain/event.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'
import type { GuardRules } from '../../domain/guard-rules.ts'
import type { Message } from '../../domain/notification.ts'
import { left } from '../../domain/result.ts'
import { instantOf, millisecondsOf } from '../../domain/time.ts'
import { begin, config, named, world } from '../engine-in-memory.ts'

type Said = readonly [code: number, output: string]

const well: Said = [0, '']
const stalled: Said = [2, 'heartbeat  unhealthy  last cycle 400 s ago']

/** A book with a guardian whose check says one thing after another; the last one for ever. */
const story = (rules: Partial<GuardRules> = {}, given: Partial<Engine> = {}) => {
  const clock = {
    at: millisecondsOf(begin),
    slept: [] as number[],
    now: () => instantOf(clock.at),
    sleep: async (ms: number) => {
      clock.slept.push(ms)
      clock.at += ms
    },
  }
  const settings: Config = { ...config, guard: { ...defaults.guard, ...rules } }
  const place = world(settings, undefined, clock.now)
  const did: string[] = []
  const sent: Message[] = []
  const alarms = new Map<string, string>()
  let answers: Said[] = []
  let channelFails: string | undefined
  const engine = place.engine({
    clock,
    simulated: undefined,
    guardHands: {
      run: async ([first = '']) => {
        if (first !== 'check') {
          did.push(`run ${first}`)
          return { code: 0, output: 'done, apiKey=sup3rs3cretvalue' }
        }
        const [code, output] = (answers.length > 1 ? answers.shift() : answers[0]) as Said
        return { code, output }
      },
      askRestart: book => did.push(`restart ${book}`),
      askRestartOf: unit => did.push(`restart ${unit}`),
      clearLocks: (paths, dryRun) => {
        did.push(`${dryRun ? 'look at' : 'clear'} ${paths.join(' ')}`)
        return { cleared: ['/run/flow.lock of pid 99999'], kept: ['/run/live.lock (its owner 1 lives)'] }
      },
      shout: sentence => did.push(`shout ${sentence}`),
      alarm: (book, sentence) => {
        if (sentence === undefined) alarms.delete(book)
        else alarms.set(book, sentence)
      },
      openToOthers: path => path.includes('open'),
      filesAmong: words => words.filter(word => word.startsWith('/')),
    },
    clean: text => text.replaceAll('sup3rs3cretvalue', '[redacted]'),
    messenger: {
      channels: ['webhook'],
      send: async (_channel, message) => {
        if (channelFails === undefined) sent.push(message)
        return channelFails
      },
      ping: undefined,
    },
    ...given,
  })
  return {
    engine,
    clock,
    did,
    sent,
    alarms,
    place,
    failChannel: (why: string) => {
      channelFails = why
    },
    guard: (says: readonly Said[], dryRun = false, check = 'it') => {
      answers = [...says]
      return guard.run(engine, { 'dry-run': dryRun, '--': ['check', check] })
    },
    types: async () => (await place.events()).map(({ event }) => event.type),
  }
}

test('well: nothing is done, nothing is written', async () => {
  const { guard: run, did, types } = story()
  expect(await run([well])).toBe(0)
  expect([did, await types()]).toEqual([[], []])
})

test('a transient failure: healed at the first attempt, five seconds later, and why tells all of it', async () => {
  const { guard: run, did, place, clock, alarms } = story()
  expect(await run([stalled, well])).toBe(0)
  expect(did).toEqual(['restart cast'])
  expect(clock.slept).toEqual([0, 5000])
  const events = await place.events()
  expect(events.map(({ event }) => event.type)).toEqual([
    'GuardedCheckFailed',
    'RecoveryAttempted',
    'RecoveryActionTaken',
    'RecoverySucceeded',
  ])
  expect(events.map(({ cause }) => cause)).toEqual([0, 1, 2, 3])
  expect(new Set(events.map(({ correlation }) => correlation))).toEqual(new Set([1]))
  expect(named(events, 'GuardedCheckFailed')[0]?.event.data).toMatchObject({
    check: 'check it',
    code: 2,
    pattern: 'no progress',
  })
  expect(alarms.size).toBe(0)
})

test('a persistent failure: three attempts with growing pauses, then every alarm there is, once', async () => {
  const { guard: run, did, clock, types, sent, alarms, place } = story()
  expect(await run([stalled])).toBe(2)
  const sentence = 'no progress: 3 recoveries in an hour did not last'
  expect(did).toEqual(['restart cast', 'restart cast', 'restart cast', `shout cast: ${sentence}`])
  expect(clock.slept).toEqual([0, 5000, 10_000, 5000, 20_000, 5000])
  expect((await types()).slice(-4)).toEqual([
    'GuardedCheckFailed',
    'RecoveryFailed',
    'AlertRaised',
    'NotificationSent',
  ])
  expect(sent).toMatchObject([{ severity: 'error', subject: 'alarm', sentence, book: 'cast' }])
  expect(alarms.get('cast')).toContain(sentence)

  // The broken job asks again five minutes later: nothing is tried, and nobody is told twice.
  const before = (await place.events()).length
  clock.at += 300_000
  expect(await run([stalled])).toBe(2)
  expect((await place.events()).length).toBe(before)
  expect(sent).toHaveLength(1)
  // An hour later the budget is there again.
  clock.at += 3_600_000
  expect(await run([stalled, well])).toBe(0)
  expect(alarms.size).toBe(0)
})

test('why tells the story of an alarm, from the check that failed to whom it was told', async () => {
  const { guard: run, place, engine } = story()
  await run([stalled])
  const told: string[] = []
  Object.assign(engine.screen, {
    heading: (text: string) => told.push(text),
    say: (text: string) => told.push(text),
    table: (_: readonly string[], rows: readonly (readonly string[])[]) =>
      told.push(...rows.map(cells => cells.at(-1) as string)),
  })
  const [alert] = named(await place.events(), 'AlertRaised') as [Recorded<BookEvent>]
  expect(await why.run(engine, { id: `${alert.seq}` })).toBe(0)
  const failed = 'check it ended with 2; it spoke of: no progress'
  const restarted = 'restart: systemd was asked to restart the services of cast'
  expect(told).toEqual([
    `Why ${alert.seq}`,
    failed,
    'attempt 1: restart, because of no progress',
    restarted,
    failed,
    'attempt 2: restart, because of no progress',
    restarted,
    failed,
    'attempt 3: restart, because of no progress',
    restarted,
    failed,
    'not healed by 3 attempts: heartbeat  unhealthy  last cycle 400 s ago',
    'alarm (error), check it: no progress: 3 recoveries in an hour did not last',
    'What came of it',
    'told by webhook: no progress: 3 recoveries in an hour did not last',
    'What check it said, seq 10',
    'heartbeat  unhealthy  last cycle 400 s ago',
  ])
})

test('what heals by itself while the alarm stands is told, and the alarm file goes', async () => {
  const { guard: run, alarms, place } = story()
  await run([stalled])
  expect(alarms.size).toBe(1)
  expect(await run([well])).toBe(0)
  expect(alarms.size).toBe(0)
  expect(named(await place.events(), 'RecoverySucceeded').map(({ event }) => event.data.attempts)).toEqual([
    0,
  ])
  expect(await run([well])).toBe(0)
  expect(named(await place.events(), 'RecoverySucceeded')).toHaveLength(1)
})

test('an alarm is taken back by its own check alone, be it well or degraded', async () => {
  const { guard: run, alarms, place } = story()
  const full: Said = [1, 'disk  unhealthy  0 MB free']
  expect(await run([full], false, 'preflight')).toBe(2)
  expect(await run([well], false, 'health')).toBe(0)
  expect(await run([stalled, well], false, 'health')).toBe(0)
  expect(alarms.get('cast')).toContain('check preflight')
  expect(await run([[2, 'candles  degraded']], false, 'preflight')).toBe(1)
  expect(alarms.size).toBe(0)
  expect(named(await place.events(), 'RecoverySucceeded').map(({ event }) => event.data)).toEqual([
    { check: 'check health', attempts: 1 },
    { check: 'check preflight', attempts: 0 },
  ])
})

test('a flapping failure uses up the budget of a day', async () => {
  const { guard: run, clock, place } = story()
  for (let n = 0; n < 8; n++) {
    expect(await run([stalled, well])).toBe(0)
    clock.at += 2 * 3_600_000
  }
  expect(await run([stalled, well])).toBe(2)
  expect(named(await place.events(), 'AlertRaised')[0]?.event.data.sentence).toBe(
    'no progress: 8 recoveries in a day did not last',
  )
})

test('a venue that does not answer: first a new connection is asked for, then a restart', async () => {
  const { guard: run, did, place } = story()
  const silent: Said = [2, 'venue  unhealthy  kraken gives no usable answer']
  expect(await run([silent, silent, well])).toBe(0)
  const events = await place.events()
  expect(named(events, 'ReconnectRequested').map(({ event }) => event.data.what)).toEqual([['venue']])
  expect(did).toEqual(['restart cast'])
  const [asked] = named(events, 'ReconnectRequested') as [Recorded<BookEvent>]
  const [attempted] = named(events, 'RecoveryAttempted') as [Recorded<BookEvent>]
  expect(asked.cause).toBe(attempted.seq)
})

test('own patterns: a command, a unit, locks; what the command said is kept without secrets', async () => {
  const {
    guard: run,
    did,
    place,
    engine,
  } = story({
    patterns: [{ name: 'flow', words: 'flow', actions: ['run mend', 'restart flow.service', 'clear locks'] }],
    commands: { mend: ['/usr/bin/mend'] },
    units: ['flow.service'],
    locks: ['/run'],
  })
  const late: Said = [1, 'flow is late, apiKey=sup3rs3cretvalue']
  expect(await run([late, late, late, well])).toBe(0)
  expect(did).toEqual(['run /usr/bin/mend', 'restart flow.service', 'clear /run'])
  const events = await place.events()
  const taken = named(events, 'RecoveryActionTaken').map(({ event }) => event.data)
  expect(taken[2]?.saw).toBe(
    'locks of dead owners: /run/flow.lock of pid 99999; left: /run/live.lock (its owner 1 lives)',
  )
  for (const output of [taken[0]?.output, named(events, 'GuardedCheckFailed')[0]?.event.data.output]) {
    const text = Buffer.from(await engine.data.get(output as string)).toString()
    expect(text).toContain('[redacted]')
    expect(text).not.toContain('sup3rs3cretvalue')
  }
})

test('a dry run says what it would do, and does and writes nothing', async () => {
  const said: string[] = []
  const {
    guard: run,
    did,
    types,
    engine,
  } = story({
    patterns: [{ name: 'flow', words: 'flow', actions: ['clear locks'] }],
    locks: ['/run'],
  })
  Object.assign(engine.screen, { say: (text: string) => said.push(text) })
  expect(await run([[1, 'flow is late']], true)).toBe(1)
  expect(did).toEqual(['look at /run'])
  expect(said.join('\n')).toContain('it would clear: locks of dead owners: /run/flow.lock of pid 99999')
  expect(await run([stalled], true)).toBe(1)
  expect(said.at(-1)).toBe('it would ask systemd to restart the services of cast')
  expect(await types()).toEqual([])
})

test('a code that is no verdict is an alarm at once', async () => {
  const { guard: run, did } = story()
  expect(await run([[70, 'TypeError: undefined']])).toBe(2)
  expect(did).toEqual(['shout cast: the check ended with 70, which is none of its verdicts'])
})

test('a channel that fails is an entry, and the alarm is raised all the same', async () => {
  const { guard: run, place, alarms, failChannel } = story()
  failChannel('no answer in time')
  expect(await run([[70, '']])).toBe(2)
  expect(named(await place.events(), 'NotificationFailed')[0]?.event.data).toMatchObject({
    channel: 'webhook',
    detail: 'no answer in time',
  })
  expect(alarms.size).toBe(1)
})

test.each([
  [
    'a configuration that others can write',
    { configValues: [{ key: 'book', value: 'cast', source: 'file /etc/open.json' }] },
    {},
  ],
  ['a recovery command that others can write', {}, { commands: { mend: ['/bin/sh', '/opt/open/mend.sh'] } }],
  ['rules that do not fit together', {}, { patterns: [{ name: 'flow', words: 'x', actions: ['run mend'] }] }],
])('%s is refused before the check runs', async (_, given, rules) => {
  const { guard: run, did, types } = story(rules, given)
  await expect(run([stalled])).rejects.toMatchObject({ code: 78 })
  expect([did, await types()]).toEqual([[], []])
})

test('a ledger that cannot be opened is an alarm on every way, and nothing is restarted', async () => {
  const {
    guard: run,
    did,
    sent,
    alarms,
  } = story(
    {},
    {
      writeLedger: async () => {
        throw new LedgerDamaged('poisoned', 'POISON is there')
      },
    },
  )
  await expect(run([stalled])).rejects.toThrow('POISON is there')
  expect(did).toEqual(['shout cast: the guardian cannot use the ledger: POISON is there'])
  expect(sent).toHaveLength(1)
  expect(alarms.get('cast')).toContain('POISON is there')
})

test('a disk without room for what the check said does not keep the alarm back', async () => {
  const noRoom = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  })
  const put = async () => {
    throw noRoom
  }
  const { guard: run, did, place } = story({}, { data: { ...world(config).engine({}).data, put } })
  expect(await run([[2, 'disk  unhealthy  0 MB free']])).toBe(2)
  expect(did).toEqual(['shout cast: no room on the disk: a restart cannot help'])
  const events = await place.events()
  expect(named(events, 'GuardedCheckFailed')[0]?.event.data).not.toHaveProperty('output')
  expect(named(events, 'AlertRaised')).toHaveLength(1)
})

test('a ledger that takes nothing more is an alarm on every other way', async () => {
  const { guard: run, did, alarms, engine } = story()
  const { writeLedger } = engine
  Object.assign(engine, {
    writeLedger: async (...given: Parameters<Engine['writeLedger']>) => ({
      ...(await writeLedger(...given)),
      append: async () => left({ kind: 'disk-full' as const, detail: '0 bytes are free' }),
    }),
  })
  await expect(run([stalled])).rejects.toMatchObject({ code: 75 })
  expect(did).toEqual([expect.stringMatching(/^shout cast: the guardian cannot use the ledger: .*disk-full/)])
  expect(alarms.get('cast')).toContain('disk-full')
})
