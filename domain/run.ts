// A run: one process from start to stop, with everything that could change its decisions; and its heartbeat.

import * as z from 'zod'
import { type EventOf, event } from './event.ts'
import { InstantText } from './time.ts'

export const RunStarted = event('RunStarted', 1, {
  /** The verb: 'execute', 'scan'. */
  command: z.string(),
  mode: z.enum(['dry-run', 'paper', 'live', 'backtest']),
  /** Of the package. */
  version: z.string(),
  /** SHA-256 over the program's own files: two runs with the same one ran the same code. */
  codeHash: z.string(),
  /** SHA-256 of the effective configuration without secrets. */
  configHash: z.string(),
  /** Node, ICU and time zone data: '20.20.2', '74.1', '2025b'. */
  node: z.string(),
  icu: z.string(),
  tzdata: z.string(),
  /** The book's clock at start. */
  clock: InstantText,
})
export type RunStarted = EventOf<typeof RunStarted>

export const RunStopped = event('RunStopped', 1, {
  reason: z.enum(['finished', 'signal', 'refused', 'failed']),
  detail: z.string(),
  clock: InstantText,
})
export type RunStopped = EventOf<typeof RunStopped>

/** One turn of the execution loop: recorded when something happened in it, else once a minute of the book's clock. */
export const CycleCompleted = event('CycleCompleted', 1, {
  /** Counts the turns of the book, from 1, across runs. */
  cycle: z.int().positive(),
  clock: InstantText,
  sessionOpen: z.boolean(),
  candles: z.int().nonnegative(),
  evaluations: z.int().nonnegative(),
  intents: z.int().nonnegative(),
  denials: z.int().nonnegative(),
  orders: z.int().nonnegative(),
  fills: z.int().nonnegative(),
  errors: z.int().nonnegative(),
  /** Close time of the newest candle of the cycle. */
  lastCandle: InstantText.optional(),
})
export type CycleCompleted = EventOf<typeof CycleCompleted>

/** A cycle that changed something a person would ask about. */
export const isMaterial = ({ data }: CycleCompleted): boolean =>
  data.sessionOpen || data.intents > 0 || data.orders > 0 || data.fills > 0 || data.errors > 0
