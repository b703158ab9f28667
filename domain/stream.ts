// The names of streams, and which role may write each. Every stream has one writing role; everyone may read it.

import type { Seq, StreamName } from './event.ts'
import { orderIdOf } from './order-id.ts'
import type { CalendarDate } from './time.ts'
import type { Timeframe } from './timeframe.ts'

export const candleStream = (symbol: string, timeframe: Timeframe): StreamName =>
  `candles-${symbol}-${timeframe}`
export const strategyStream = (champion: string): StreamName => `strategy-${champion}`
export const scanStream = (session: CalendarDate): StreamName => `scan-${session}`
export const runStream = (role: Role): StreamName => `run-${role}`
export const orderStreamOf = (orderId: string): StreamName => `order-${orderId}`
/** The answer to an intent is the first event of its order's stream. */
export const orderStream = (prefix: string, intent: Seq): StreamName =>
  orderStreamOf(orderIdOf(prefix, intent))
/** Bars that were fetched, and tickers that could not be had. */
export const barsStream: StreamName = 'bars'
/** What the executor warns of and goes on. */
export const warningsStream: StreamName = 'warnings'
/** Operators' wishes and halts. */
export const controlStream: StreamName = 'control'
/** Halts that the executor raises by itself. */
export const safetyStream: StreamName = 'safety'
/** The opening entry. */
export const accountStream: StreamName = 'account'
/** What the venue says of the account, and where it differs from the ledger. */
export const truthStream: StreamName = 'truth'
/** Verdicts of `check health`. */
export const healthStream: StreamName = 'health'
/** What the guardian did. */
export const guardStream: StreamName = 'guard'
/** What was tidied away. */
export const retentionStream: StreamName = 'retention'
/** What the market and the account looked like when somebody asked. */
export const snapshotStream: StreamName = 'snapshots'
/** What was said to people outside. */
export const notifyStream: StreamName = 'notify'
/** Segments and recoveries: the store's own. */
export const ledgerStream: StreamName = 'ledger'

export type Role =
  | 'execute'
  | 'scan'
  | 'cli'
  | 'reconcile'
  | 'health'
  | 'guard'
  | 'retain'
  | 'snapshot'
  | 'notify'

/** A name that ends in a dash stands for all streams that begin with it. */
const writers: ReadonlyArray<readonly [name: string, roles: readonly Role[]]> = [
  ['candles-', ['execute']],
  ['strategy-', ['execute']],
  ['order-', ['execute', 'reconcile']],
  ['scan-', ['scan']],
  ['bars', ['scan']],
  ['warnings', ['execute']],
  ['control', ['cli']],
  ['account', ['execute']],
  ['safety', ['execute']],
  ['truth', ['reconcile']],
  ['health', ['health']],
  ['guard', ['guard']],
  ['retention', ['retain']],
  ['snapshots', ['snapshot']],
  ['notify', ['notify']],
]

/** Whether a process in this role may write the stream. */
export const mayWrite = (role: Role, stream: StreamName): boolean =>
  stream === runStream(role) ||
  writers.some(
    ([name, roles]) =>
      (name.endsWith('-') ? stream.startsWith(name) : stream === name) && roles.includes(role),
  )
