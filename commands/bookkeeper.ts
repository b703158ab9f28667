// The bookkeeper of one writing process: keeps the desk in step with the ledger and writes groups to it.
//
// A process writes nothing, not even that it started, until it has something to record: doing a thing that is done
// already leaves the ledger as it was.

import type { BookEvent } from '../domain/catalogue.ts'
import {
  becauseOf,
  type Cause,
  outside,
  type Proposed,
  propose,
  type Recorded,
  type Seq,
} from '../domain/event.ts'
import type { AppendRefusal, EventStore, StreamWrite } from '../domain/event-store.ts'
import { isLeft } from '../domain/result.ts'
import { RunStarted, RunStopped } from '../domain/run.ts'
import { type Role, runStream } from '../domain/stream.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

export interface Write {
  readonly stream: string
  readonly events: readonly Proposed<BookEvent>[]
}

export interface Bookkeeper {
  readonly store: EventStore
  /** Shows every event that is in the ledger and not yet known, in order. */
  catchUp(): Promise<void>
  /**
   * Writes a group whose streams must be as the fold knows them. With `ifUnmoved` the whole book must be: false when
   * something was written since, and nothing was written now; catch up and decide again. 'shared' is the same for
   * streams that another role writes too: that one of them has moved is no error then.
   */
  append(
    writes: readonly Write[],
    ifUnmoved?: boolean | 'shared',
  ): Promise<readonly Recorded<BookEvent>[] | false>
  /** Records the end of the run, if it was ever recorded as started. */
  stop(reason: RunStopped['data']['reason'], detail: string): Promise<void>
}

/** What these write is one event, not a run. */
const withoutRun: ReadonlySet<Role> = new Set(['cli', 'health', 'guard', 'retain', 'snapshot'])

export const bookkeeper = (
  engine: Engine,
  store: EventStore,
  role: Role,
  see: (recorded: Recorded<BookEvent>) => Promise<void> | undefined,
  /** Shows only these types; all events of the streams that it writes must be among them. */
  types?: ReadonlySet<string>,
): Bookkeeper => {
  const revisions = new Map<string, number>()
  let seen: Seq = 0
  let run: Seq = 0

  /** Waits for hardly any event: a promise for each would cost more than most folds of it. */
  const show = (recorded: Recorded<BookEvent>): Promise<void> | undefined => {
    seen = recorded.seq
    revisions.set(recorded.stream, recorded.revision)
    return see(recorded)
  }

  const showAll = async (events: AsyncIterable<Recorded<BookEvent>>) => {
    for await (const recorded of events) {
      const pending = show(recorded)
      if (pending !== undefined) await pending
    }
  }

  const catchUp = async () => {
    if (types === undefined) {
      await showAll(store.readAll({ after: seen }))
      return
    }
    const { seq } = await store.head()
    await showAll(store.readAll({ after: seen, upTo: seq, types }))
    seen = seq
  }

  const expectedOf = (stream: string) => {
    const revision = revisions.get(stream)
    return revision === undefined ? ('no-stream' as const) : { revision }
  }

  const write = async (writes: readonly Write[], ifUnmoved: boolean | 'shared') => {
    const group = {
      run,
      writes: writes.map(
        ({ stream, events }): StreamWrite => ({ stream, expected: expectedOf(stream), events }),
      ),
      ...(ifUnmoved === false ? {} : { head: seen }),
    }
    let outcome = await store.append(group)
    // Repeating the same group is safe and is the only way to learn what became of it.
    if (isLeft(outcome) && outcome.left.kind === 'outcome-unknown') outcome = await store.append(group)
    if (isLeft(outcome)) {
      if (outcome.left.kind === 'book-moved') return false
      // The other role may have written the same fact in its own words.
      const { kind } = outcome.left
      if ((kind === 'wrong-expected' || kind === 'idempotency-conflict') && ifUnmoved === 'shared')
        return false
      throw stopFor(outcome.left)
    }
    const { events } = outcome.right
    const [first] = events
    // Somebody else wrote in between, or the group was there already: the ledger tells it in order.
    if (first === undefined || first.seq !== seen + 1) await catchUp()
    else for (const recorded of events) await show(recorded)
    return events
  }

  const start = async () => {
    const stream = runStream(role)
    const started = RunStarted({
      command: role,
      mode: store.identity.mode,
      version: engine.version,
      codeHash: engine.codeHash(),
      configHash: engine.configHash,
      ...engine.runtime,
      clock: engine.clock.now(),
    })
    await engine.data.put(Buffer.from(engine.configText))
    for (;;) {
      // Several reconciliations may run at once: what tells their starts apart is when they began.
      const place = `${stream} ${(revisions.get(stream) ?? -1) + 1}`
      const key = role === 'reconcile' ? `${place} ${started.data.clock}` : place
      const ifUnmoved = role === 'reconcile' && 'shared'
      const events = await write([{ stream, events: [propose(outside(key), started)] }], ifUnmoved)
      if (events !== false) {
        run = events[0]?.seq ?? 0
        return
      }
      await catchUp()
    }
  }

  return {
    store,
    catchUp,
    append: async (writes, ifUnmoved = false) => {
      if (run === 0 && !withoutRun.has(role)) {
        // A wish, a verdict or a recovery is one event, not a run. What others wrote while a run began, the decision did not know.
        const decidedAt = seen
        await start()
        if (ifUnmoved !== false && seen > decidedAt + 1) return false
      }
      return write(writes, ifUnmoved)
    },
    stop: async (reason, detail) => {
      if (run === 0) return
      const stopped = RunStopped({ reason, detail, clock: engine.clock.now() })
      await write(
        [{ stream: runStream(role), events: [propose(outside(`stop of run ${run}`), stopped)] }],
        false,
      )
    },
  }
}

/** Events of one group where each is caused by the one before, the first by `cause`. */
export const chain = (cause: Cause, events: readonly BookEvent[]): readonly Proposed<BookEvent>[] => {
  const proposed: Proposed<BookEvent>[] = []
  for (const event of events) {
    const last = proposed.at(-1)
    proposed.push(propose(last === undefined ? cause : becauseOf(last, proposed.length - 1), event))
  }
  return proposed
}

const stopFor = (refusal: AppendRefusal): Error => {
  switch (refusal.kind) {
    case 'wrong-expected':
      return new Stop(
        exit.tryAgain,
        `another process wrote ${refusal.stream} at the same time; only one may. Start again`,
      )
    case 'ledger-busy':
      return new Stop(
        exit.tryAgain,
        `the ledger was held by ${refusal.holder} for ${refusal.waitedMs} ms; try again, or look at that process`,
      )
    case 'disk-full':
      return new Stop(
        exit.cannotWrite,
        `no room for the ledger (${refusal.detail}); free some space and start again`,
      )
    case 'outcome-unknown':
      return new Stop(
        exit.tryAgain,
        `the ledger did not say whether it wrote (${refusal.detail}); start again, nothing is repeated`,
      )
    case 'book-moved':
    case 'idempotency-conflict':
      return new Error(`append answered ${JSON.stringify(refusal)}`)
  }
}
