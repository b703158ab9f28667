// What a verb is: its flags, what they change in the configuration, and what it does.

import type { Argv } from 'yargs'
import type { Engine } from './engine.ts'

/** A value that a flag sets in the configuration, by dotted key: { 'execute.timeframe': { value: '5m', flag: '--timeframe' } }. */
export type Overrides = Readonly<Record<string, { readonly value: unknown; readonly flag: string }>>

export interface Command<Options> {
  /** Declares flags and positionals. */
  readonly options: (yargs: Argv) => Argv<Options>
  /** What the flags change in the configuration; nothing when left out. */
  readonly overrides?: (options: Options) => Overrides
  /** Returns the exit code. */
  readonly run: (engine: Engine, options: Options) => Promise<number>
}
