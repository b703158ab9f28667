// A write group while it is put together: requests are decided one after the other, each against the ledger and what
// was staged before it, and numbered. Nothing is written here.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq, StreamName } from '../domain/event.ts'
import type { Appended, AppendRefusal } from '../domain/event-store.ts'
import { type Either, left, right } from '../domain/result.ts'
import { ledgerStream } from '../domain/stream.ts'
import { decideAppend, place, type Request, type Standing, type Stored } from './ledger-decision.ts'
import { addToStream, type Known, noteOwn, removeFromStreams, revisionOf } from './ledger-known.ts'
import { digits } from './ledger-line.ts'
import type { LineBuffer } from './ledger-lines.ts'
import type { StoredEvents } from './ledger-stored.ts'
import type { RecordedTime } from './ledger-time.ts'

/** The answer to one request; a `bug` is thrown to its caller alone. */
export type Outcome = Either<AppendRefusal, Appended> | { readonly bug: Error }

export interface WriteGroup {
  /** Numbers a request's events and lets later requests see them. */
  stage(request: Request): readonly Recorded<BookEvent>[]
  /** Stages every request that may be written; answers all. */
  decide(requests: readonly Request[]): Outcome[]
  isEmpty(): boolean
  /** Encodes the group's lines. */
  encode(into: LineBuffer): void
  /** The group did not become part of the ledger. */
  drop(): void
  /** The group is durable, its lines up to `end` of `segment`. */
  settle(segment: string, end: number): void
}

interface Staged {
  readonly request: Request
  readonly placed: readonly Recorded<BookEvent>[]
}

export const writeGroup = (known: Known, stored: StoredEvents, time: RecordedTime): WriteGroup => {
  const staged: Staged[] = []
  let { seq: lastSeq, decisive, hash } = known

  const stage = (request: Request) => {
    const placed = place(request, lastSeq + 1, time.next)
    lastSeq += placed.length
    for (const { stream, seq } of placed) {
      addToStream(known, stream, seq)
      if (stream !== ledgerStream) decisive = seq
    }
    staged.push({ request, placed })
    return placed
  }

  const stagedAt = (stream: StreamName, revision: number): Stored | undefined => {
    const recent = known.streams.get(stream)
    const seq: Seq = recent?.seqs[revision - recent.from] ?? 0
    for (const { placed, request } of staged) {
      const index: number = seq - (placed[0]?.seq ?? 0)
      const recorded: Recorded<BookEvent> | undefined = placed[index]
      if (recorded?.seq === seq) return { recorded, data: request.data[index] as string }
    }
    return undefined
  }

  const standing: Standing = {
    decisiveSeq: () => decisive,
    revisionOf: stream => revisionOf(known, stream),
    storedAt: (stream, revision) => stagedAt(stream, revision) ?? stored.at(stream, revision),
  }

  return {
    stage,
    isEmpty: () => staged.length === 0,
    decide: requests =>
      requests.map((request): Outcome => {
        try {
          const decision = decideAppend(request, standing)
          if (decision.kind === 'refused') return left(decision.refusal)
          if (decision.kind === 'repeated') return right({ repeated: true, events: decision.events })
          return right({ repeated: false, events: stage(request) })
        } catch (error) {
          return { bug: error instanceof Error ? error : new Error(String(error)) }
        }
      }),
    encode: into => {
      into.clear()
      hash = known.hash
      const frame = digits(lastSeq - known.seq, 4)
      let line = 0
      for (const { placed, request } of staged)
        for (let index = 0; index < placed.length; index++) {
          line++
          hash = into.add(placed[index] as Recorded, request.data[index] as string, line, frame, hash)
        }
    },
    drop: () => {
      removeFromStreams(
        known,
        staged.flatMap(({ placed }) => placed.map(({ stream }) => stream)),
      )
      staged.length = 0
      lastSeq = known.seq
      decisive = known.decisive
    },
    settle: (segment, end) => {
      const at = staged.at(-1)?.placed.at(-1)?.at ?? known.at
      if (segment !== known.segment) known.segments.push({ name: segment, first: known.seq + 1 })
      Object.assign(known, { segment, end, seq: lastSeq, hash, at, next: undefined, decisive })
      for (const { placed } of staged)
        for (const { stream, event } of placed) if (stream === ledgerStream) noteOwn(known, event)
    },
  }
}
