// The port to the ledger: few verbs, with promises. Every store passes tests/event-store.contract.ts.

import type { BookEvent } from './catalogue.ts'
import type { Event, Proposed, Recorded, Revision, Seq, StreamName } from './event.ts'
import type { Either } from './result.ts'

export type Mode = 'dry-run' | 'paper' | 'live' | 'backtest'

/** Which ledger this is. Fixed when the ledger is created; `epoch` alone changes, when it is restored from a backup. */
export interface Identity {
  readonly ledgerId: string
  readonly book: string
  readonly mode: Mode
  /** The instant at which this epoch of the ledger began. */
  readonly epoch: string
  /** IANA zone whose date names the segments. */
  readonly zone: string
}

/** What the writer believes about a stream. There is no default: saying nothing would mean not checking. */
export type Expected = 'no-stream' | { readonly revision: Revision }

export interface StreamWrite<E extends Event = BookEvent> {
  readonly stream: StreamName
  readonly expected: Expected
  readonly events: readonly Proposed<E>[]
}

/** One write group: all of it becomes durable or none of it. A stream occurs once at most. */
export interface Group {
  /** The seq of the RunStarted of this process; 0 without a run. */
  readonly run: Seq
  readonly writes: readonly StreamWrite[]
  /**
   * When given, the group is a decision that could depend on anything in the book up to this seq: it is written only
   * if nothing was written since.
   */
  readonly head?: Seq
}

export type AppendRefusal =
  /** The stream is not as expected: fold again, decide again. */
  | {
      readonly kind: 'wrong-expected'
      readonly stream: StreamName
      readonly expected: Expected
      readonly actual: Expected
    }
  /** Something was written after the head that the group was decided on: catch up, decide again. */
  | { readonly kind: 'book-moved'; readonly head: Seq }
  /** The ids are already in the ledger with other content: a bug of the writer. */
  | { readonly kind: 'idempotency-conflict'; readonly stream: StreamName; readonly seq: Seq }
  /** Another process held the ledger for too long. Nothing was written; try again. */
  | { readonly kind: 'ledger-busy'; readonly waitedMs: number; readonly holder: string }
  /** No room. Nothing was written; free some space and try again. */
  | { readonly kind: 'disk-full'; readonly detail: string }
  /** Written, perhaps; the only right reaction is to append the same group again. */
  | { readonly kind: 'outcome-unknown'; readonly detail: string }

export interface Appended {
  /** True when the group was in the ledger already: `events` are then the original ones. */
  readonly repeated: boolean
  readonly events: readonly Recorded<BookEvent>[]
}

export interface Head {
  readonly seq: Seq
  /** Hash of the last line; 64 zeros before the first. */
  readonly hash: string
}

export interface ReadOptions {
  /** Yields events after this seq. */
  readonly after?: Seq
  /** Yields events up to and including this seq. */
  readonly upTo?: Seq
  /** Yields only these types; a store can skip the others without parsing them. */
  readonly types?: ReadonlySet<string>
}

export interface EventStore {
  readonly identity: Identity

  /** One stream, oldest first. */
  read(stream: StreamName): AsyncIterable<Recorded<BookEvent>>

  /** The whole book in order, to the head at the time of the call. Whole write groups only, durable ones only. */
  readAll(options?: ReadOptions): AsyncIterable<Recorded<BookEvent>>

  /** The whole book after `after`, then waits for more until `signal` aborts. Whole groups, durable ones only. */
  subscribe(after: Seq, signal: AbortSignal): AsyncIterable<Recorded<BookEvent>>

  /**
   * Writes the whole group or none of it, and resolves once it would survive a power cut. The same group again
   * is answered with the original events. Throws LedgerDamaged when the ledger can no longer be trusted.
   */
  append(group: Group): Promise<Either<AppendRefusal, Appended>>

  /** The last durable event. */
  head(): Promise<Head>

  /** Releases what the store holds open. */
  close(): Promise<void>
}

/** The ledger cannot be trusted or not be written: the process stops and a person reads the sentence. */
export class LedgerDamaged extends Error {
  readonly verdict: 'corrupt' | 'lost-acknowledged' | 'poisoned' | 'not-ours'
  constructor(verdict: LedgerDamaged['verdict'], sentence: string) {
    super(sentence)
    this.name = 'LedgerDamaged'
    this.verdict = verdict
  }
}
