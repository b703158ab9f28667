// The heartbeat: which run executes the book, in which mode, how far it is and what its last turn did.
//
// It tells progress, not that a process lives: a reader compares `clock` with its own.

import type { EventNamed } from '../domain/catalogue.ts'
import type { Seq } from '../domain/event.ts'
import type { RunStarted, RunStopped } from '../domain/run.ts'
import { runStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import type { Projection } from './projection.ts'
import { jsonFile, type ViewFile } from './view.ts'

const counted = ['candles', 'evaluations', 'intents', 'denials', 'orders', 'fills', 'errors'] as const

/** How often each thing happened. */
export type Counts = Record<(typeof counted)[number], number>

const noCounts = (): Counts => ({
  candles: 0,
  evaluations: 0,
  intents: 0,
  denials: 0,
  orders: 0,
  fills: 0,
  errors: 0,
})

export interface Run {
  readonly seq: Seq
  readonly started: RunStarted['data']
  /** How it ended; undefined while it runs, and for ever when it was killed. */
  readonly stopped?: RunStopped['data']
}

export interface Heartbeat {
  asOf: Seq
  /** The last run of the executor. */
  run: Run | undefined
  lastCycle: EventNamed<'CycleCompleted'>['data'] | undefined
  cycles: number
  readonly total: Counts
  /** Close time of the newest candle that any cycle took. */
  lastCandle: Instant | undefined
}

const executor = runStream('execute')

export const heartbeat: Projection<Heartbeat, 'RunStarted' | 'CycleCompleted' | 'RunStopped'> = {
  name: 'heartbeat',
  types: ['RunStarted', 'CycleCompleted', 'RunStopped'],
  initial: () => ({
    asOf: 0,
    run: undefined,
    lastCycle: undefined,
    cycles: 0,
    total: noCounts(),
    lastCandle: undefined,
  }),
  apply: (state, { seq, run, stream, event }) => {
    switch (event.type) {
      case 'RunStarted':
        if (stream !== executor) return state // a scan or a reconciliation is no heartbeat
        state.run = { seq, started: event.data }
        break
      case 'RunStopped':
        if (state.run === undefined || state.run.seq !== run) return state
        state.run = { ...state.run, stopped: event.data }
        break
      case 'CycleCompleted':
        state.lastCycle = event.data
        state.cycles += 1
        for (const each of counted) state.total[each] += event.data[each]
        state.lastCandle = newer(state.lastCandle, event.data.lastCandle)
        break
    }
    state.asOf = seq
    return state
  },
}

const newer = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

export const heartbeatFiles = function* (state: Heartbeat): Generator<ViewFile> {
  if (state.asOf > 0) yield jsonFile('execution_heartbeat.json', state.asOf, () => printHeartbeat(state))
}

const printHeartbeat = ({ run, lastCycle, cycles, total, lastCandle }: Heartbeat): object => ({
  mode: run?.started.mode ?? null,
  run: run === undefined ? null : printRun(run),
  sessionOpen: lastCycle?.sessionOpen ?? null,
  cycle: lastCycle?.cycle ?? 0,
  clock: lastCycle?.clock ?? null,
  lastCandle: lastCandle ?? null,
  lastCycle: lastCycle === undefined ? null : countsOf(lastCycle),
  total: { cycles, ...total },
})

const countsOf = (data: Counts): Counts => {
  const counts = noCounts()
  for (const each of counted) counts[each] = data[each]
  return counts
}

const printRun = ({ seq, started, stopped }: Run): object => ({
  seq,
  command: started.command,
  version: started.version,
  codeHash: started.codeHash,
  configHash: started.configHash,
  startedAt: started.clock,
  stopped: stopped ?? null,
})
