// A run that shall last waits for its venue at the start, in growing pauses, and says so; nothing else does.

import { expect, test } from 'vitest'
import { exit } from '../../commands/exit.ts'
import { patiently } from '../../commands/patience.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import { world } from '../engine-in-memory.ts'

const stage = () => {
  const said: string[] = []
  const pauses: number[] = []
  const told: string[] = []
  const stopping = new AbortController()
  const engine = world().engine({
    simulated: undefined,
    signal: stopping.signal,
    log: { info: () => {}, error: () => {}, warn: (_, sentence) => said.push(sentence) },
    notifier: { progress: status => told.push(status), stopping: () => {} },
    clock: {
      now: () => '2026-03-02T15:00:00.000Z',
      sleep: async milliseconds => {
        pauses.push(milliseconds)
      },
    },
  })
  return { engine, said, pauses, told, stopping }
}
/** Answers at the `n`-th question. */
const answering = (n: number) => {
  let asked = 0
  return async () => {
    asked += 1
    if (asked < n) throw new VenueUnavailable('kraken gives no usable answer (its markets)')
    return asked
  }
}

test('pauses grow to a minute, every one is said, and the supervisor hears that it lives', async () => {
  const { engine, said, pauses, told } = stage()
  expect(await patiently(engine, false, answering(8))).toBe(8)
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
  expect(said).toHaveLength(7)
  expect(said[0]).toBe('waiting, asked again in 5 s: kraken gives no usable answer (its markets)')
  expect(told).toHaveLength(7)
})

test('a single turn does not wait, and neither does a book at its recording’s time', async () => {
  const { engine, pauses } = stage()
  await expect(patiently(engine, true, answering(2))).rejects.toThrow(VenueUnavailable)
  const recorded = world().engine()
  await expect(patiently(recorded, false, answering(2))).rejects.toThrow(VenueUnavailable)
  expect(pauses).toEqual([])
})

test('what is no silence of the venue is not waited for', async () => {
  const { engine, pauses } = stage()
  const refused = async () => {
    throw new Error('the keys are wrong')
  }
  await expect(patiently(engine, false, refused)).rejects.toThrow('the keys are wrong')
  expect(pauses).toEqual([])
})

test('told to stop while it waits, it stops as if nothing had been: 0', async () => {
  const { engine, stopping } = stage()
  const asked = async () => {
    stopping.abort()
    throw new VenueUnavailable('silence')
  }
  await expect(patiently(engine, false, asked)).rejects.toMatchObject({ code: exit.done })
})
