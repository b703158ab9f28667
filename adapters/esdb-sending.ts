// Sending one append until it is known what became of it. The very same bytes are sent again, with the same ids and the
// same expected revision, and only after a read has shown that they are not there.

import { LedgerDamaged } from '../domain/event-store.ts'
import { StoreRefused, StoreUnreachable } from '../domain/remote-store.ts'
import { type ProposedRemote, pause } from './esdb-client.ts'
import type { RemoteBook } from './esdb-reading.ts'

/** An append: behind which revision, and what. */
export interface Shipment {
  readonly behind: number
  readonly events: readonly ProposedRemote[]
}

/** 'moved': other events stand at the place, and these can never be written there. */
export type Sent = 'written' | 'moved' | { readonly unknown: string }

/** `requireLeave` throws when this process may not write any more; it is asked before each sending. */
export const send = async (
  { client, stream }: RemoteBook,
  { behind, events }: Shipment,
  requireLeave: () => void = () => {},
): Promise<Sent> => {
  const { patienceMs, appendBytesMax } = client.address
  const since = performance.now()

  /** Id of the event at a revision. */
  const lookFor = async (revision: number): Promise<string | 'cannot look' | undefined> => {
    try {
      const page = await client.read(stream, revision, 1)
      return page === 'missing' ? undefined : page[0]?.id
    } catch (error) {
      if (error instanceof StoreUnreachable) return 'cannot look'
      throw error
    }
  }

  for (let attempt = 1; ; attempt++) {
    requireLeave()
    const answer = await client.append(stream, behind, events)
    if (answer.kind === 'written') return 'written'
    if (answer.kind === 'wrong-version') return 'moved'
    if (answer.kind === 'stream-deleted')
      throw new LedgerDamaged(
        'lost-acknowledged',
        `the stream ${stream} was deleted in EventStoreDB at ${client.address.text}; restore the book from a copy`,
      )
    if (answer.kind === 'too-large')
      throw new StoreRefused(
        `EventStoreDB refused ${events.length} events as too large; its MaxAppendSize is below the ${appendBytesMax} bytes that appendBytesMax of --store says`,
      )
    const there = await lookFor(behind + 1)
    if (there === events[0]?.id) {
      const last = events.length === 1 ? there : await lookFor(behind + events.length)
      if (last === events.at(-1)?.id) return 'written'
      if (last !== 'cannot look')
        throw new LedgerDamaged(
          'lost-acknowledged',
          `EventStoreDB at ${client.address.text} shows a write group only in part, from event ${behind + 2} on; stop the book and restore it from a copy`,
        )
    } else if (there !== undefined && there !== 'cannot look') return 'moved'
    if (performance.now() - since >= patienceMs) return { unknown: `EventStoreDB: ${answer.detail}` }
    await pause(Math.min(10 * 2 ** attempt, 500))
  }
}
