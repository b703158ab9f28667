import { expect, test } from 'vitest'
import type { BookEvent } from '../../domain/catalogue.ts'
import { heartbeat, heartbeatFiles } from '../../projections/heartbeat.ts'
import { fold } from '../../projections/projection.ts'
import { cycle, later, ledgerOf, noon, started, stopped } from './ledger-of.ts'

const shownFor = (events: readonly BookEvent[], streamOf?: Parameters<typeof ledgerOf>[1]) => {
  const [file] = heartbeatFiles(fold(heartbeat, ledgerOf(events, streamOf)))
  return file === undefined ? undefined : JSON.parse(file.text())
}

test('a book that never ran has no heartbeat', () => {
  expect(shownFor([])).toBeUndefined()
})

test('a cycle shows its clock and counts, and adds them to the totals', () => {
  const first = cycle({ cycle: 1, candles: 1, evaluations: 1, intents: 2, denials: 1, lastCandle: noon })
  const second = cycle({ cycle: 2, clock: later(5), candles: 1, errors: 1, fills: 3, orders: 1 })
  expect(shownFor([started(), first, second])).toMatchObject({
    asOf: 3,
    mode: 'paper',
    run: { seq: 1, command: 'execute', stopped: null },
    cycle: 2,
    clock: later(5),
    sessionOpen: true,
    lastCandle: noon,
    lastCycle: { candles: 1, evaluations: 0, intents: 0, denials: 0, orders: 1, fills: 3, errors: 1 },
    total: { cycles: 2, candles: 2, evaluations: 1, intents: 2, denials: 1, orders: 1, fills: 3, errors: 1 },
  })
})

test('a stopped run says when and why', () => {
  expect(shownFor([started(), stopped(later(1))]).run.stopped).toEqual({
    reason: 'signal',
    detail: 'SIGTERM',
    clock: later(1),
  })
})

test('runs of other roles are no heartbeat of the executor', () => {
  const scan = started({ command: 'scan', mode: 'live' })
  const streams = (event: BookEvent) => (event === scan ? 'run-scan' : 'run-execute')
  expect(shownFor([started(), scan], streams)).toMatchObject({ asOf: 1, mode: 'paper' })
})

test('the end of an older run does not stop the newer one', () => {
  const [one, two] = ledgerOf([started(), started({ version: '0.2.0' })])
  const [, , late] = ledgerOf([started(), cycle(), stopped()]) // written under run 1
  if (one === undefined || two === undefined || late === undefined) throw new Error('three events')
  const state = fold(heartbeat, [one, two, late])
  expect(state.run).toMatchObject({ seq: 2 })
  expect(state.run).not.toHaveProperty('stopped')
  expect(state.asOf).toBe(2)
})
