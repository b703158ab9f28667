// The health check as a command: on a book in memory for its verdicts, and on a book of a hundred days on disk for what
// it reads.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { openStateFolder } from '../../adapters/state-folder.ts'
import { appendNext } from '../../commands/append-next.ts'
import { checkHealth } from '../../commands/check-health.ts'
import type { Engine } from '../../commands/engine.ts'
import { outside, propose } from '../../domain/event.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { sha256 } from '../../domain/hash.ts'
import { AlertRaised, HealthChecked } from '../../domain/health.ts'
import { CycleCompleted } from '../../domain/run.ts'
import { guardStream, healthStream, runStream } from '../../domain/stream.ts'
import { group, handClock, write } from '../cast.ts'
import { closeOf, named, trade, world } from '../engine-in-memory.ts'
import { capturedScreen } from './captured-screen.ts'

const cycle = (number: number, clock: string) => {
  const nothing = { candles: 0, evaluations: 0, intents: 0, denials: 0, orders: 0, fills: 0, errors: 0 }
  const completed = CycleCompleted({ cycle: number, clock, sessionOpen: false, ...nothing })
  return [outside(`cycle ${number}`), completed] as const
}

const onMachine = {
  units: { installed: () => new Map() } as unknown as Engine['units'],
}

test('a healthy book: every check is one event, and the kept fold is where the next check begins', async () => {
  const place = world()
  await trade(place.engine(), closeOf(12))
  place.views.set('views.json', JSON.stringify({ asOf: await place.head() }))
  expect(await checkHealth.run(place.engine(onMachine), {})).toBe(0)
  expect(await checkHealth.run(place.engine(onMachine), {})).toBe(0)
  const checks = named(await place.events(), 'HealthChecked')
  expect(checks).toHaveLength(2)
  expect(checks.map(({ revision }) => revision)).toEqual([0, 1])
  const saw = Object.fromEntries(checks[1]?.event.data.checks.map(each => [each.name, each.saw]) ?? [])
  expect(saw).toMatchObject({
    venue: 'not asked: a world in memory has no venue',
    'unknown orders': 'none',
    drift: 'none known, never compared',
  })
  expect(place.views.has('checkpoints/vitals.fold')).toBe(true)
})

test('a forged or foreign kept fold is thrown away', async () => {
  const place = world()
  await trade(place.engine(), closeOf(12))
  place.views.set('views.json', JSON.stringify({ asOf: await place.head() }))
  await checkHealth.run(place.engine(onMachine), {})
  const kept = place.views.get('checkpoints/vitals.fold') as string
  for (const forged of ['nonsense', kept.replace('"cycles":', '"cycles":9'), '']) {
    place.views.set('checkpoints/vitals.fold', forged)
    expect(await checkHealth.run(place.engine(onMachine), {})).toBe(0)
  }
  const texts = named(await place.events(), 'HealthChecked').map(
    ({ event }) => event.data.checks.find(({ name }) => name === 'heartbeat')?.saw,
  )
  expect(new Set(texts).size).toBe(1)
})

test('a kept fold of an event that the ledger does not have is thrown away', async () => {
  const place = world()
  await trade(place.engine(), closeOf(12))
  place.views.set('views.json', JSON.stringify({ asOf: await place.head() }))
  await checkHealth.run(place.engine(onMachine), {})
  const { id } = (await place.events()).at(-2) as { id: string }
  const [, ...rest] = (place.views.get('checkpoints/vitals.fold') as string).split('\n')
  const other = rest
    .join('\n')
    .replace(id, '00000000-0000-8000-8000-000000000000')
    .replace('"halts":[]', '"halts":[{"seq":1,"by":"nobody","reason":"never","level":"halted"}]')
  place.views.set('checkpoints/vitals.fold', `${sha256(other)}\n${other}`)
  expect(other).toContain('00000000-0000')
  expect(await checkHealth.run(place.engine(onMachine), {})).toBe(0)
})

test('an unreadable ledger is a finding', async () => {
  const place = world()
  const readLedger = async () => {
    throw new Error('line 12 is damaged')
  }
  const { screen, stdout } = capturedScreen()
  const code = await checkHealth.run(place.engine({ ...onMachine, readLedger, screen }), {})
  expect(code).toBe(2)
  expect(stdout()).toContain('line 12 is damaged')
})

test('on a book of a hundred days a check reads what was written since the last one', async () => {
  const root = mkdtempSync(join(tmpdir(), 'veritape-health-'))
  const clock = handClock()
  const folder = `${root}/cast`
  const open = (role: 'execute' | 'health' | 'cli') =>
    openJsonlStore({
      folder,
      role,
      clock: clock.now,
      create: { book: 'cast', mode: 'dry-run', zone: 'UTC' },
      checkpoints: `${root}/state/checkpoints`,
      allowMemory: true,
    })
  try {
    const writer = await open('execute')
    for (let day = 0; day < 100; day++) {
      const events = Array.from({ length: 20 }, (_, n) => cycle(20 * day + n + 1, clock.now()))
      const expected = day === 0 ? ('no-stream' as const) : { revision: 20 * day - 1 }
      await writer.append(group(write(runStream('execute'), expected, ...events)))
      clock.advance(24 * 3_600_000)
    }
    await writer.close()
    const read: number[] = []
    const place = world()
    const counting = (store: EventStore): EventStore => ({
      ...store,
      readAll: async function* (options) {
        for await (const each of store.readAll(options)) {
          read[read.length - 1] = (read.at(-1) ?? 0) + 1
          yield each
        }
      },
    })
    const engine = place.engine({
      ...onMachine,
      views: openStateFolder(`${root}/state`),
      readLedger: async () => counting(await open('cli')),
      writeLedger: async () => counting(await open('health')),
    })
    const check = async () => {
      read.push(0)
      await checkHealth.run(engine, {})
    }
    await check()
    await check()
    await check()
    expect(read[0]).toBeGreaterThan(1999)
    expect(read.slice(1)).toEqual([3, 3]) // the one it stands on, the check before, and that one again as the new standpoint
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('an event behind others that nobody has read finds its place', async () => {
  const place = world()
  const store = place.store('health')
  const raise = (guess: number, verdict: 'ok' | 'degraded') =>
    appendNext(store, healthStream, guess, HealthChecked({ verdict, checks: [] }), closeOf(guess + 2))
  expect((await raise(-1, 'ok')).revision).toBe(0)
  expect((await raise(-1, 'degraded')).revision).toBe(1)
  expect((await raise(1, 'ok')).revision).toBe(2)
  expect((await raise(0, 'degraded')).revision).toBe(3)
  expect((await raise(77, 'degraded')).revision).toBe(4)
  const guard = place.store('guard')
  const alert = AlertRaised({ severity: 'error', subject: 's', sentence: 't' })
  const first = await appendNext(guard, guardStream, -1, alert, closeOf(1))
  const caused = await appendNext(guard, guardStream, 0, alert, closeOf(1), { from: 'event', link: first })
  expect([caused.cause, caused.revision]).toEqual([first.seq, 1])
  expect(propose(outside('x'), alert).id).not.toBe(caused.id)
})
