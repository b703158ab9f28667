// The store's own events, in the stream `ledger`: segments that are opened and closed, and recoveries. Like every
// event they have an id that is a function of what they are about, so none is ever recorded twice.

import { outside, propose } from '../domain/event.ts'
import { type SegmentEvent, SegmentOpened } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import type { Request } from './ledger-decision.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { type Known, revisionOf } from './ledger-known.ts'
import { recoveries } from './ledger-recovery.ts'
import { storedEvent } from './ledger-stored.ts'

const ownProposal = ({ ledgerId, epoch }: LedgerIdentity, event: SegmentEvent) => {
  const subject = event.type === 'LedgerRecovered' ? event.data.quarantined : event.data.segment
  return propose(outside(`${ledgerId}/${epoch}/${subject}`), event)
}

export const ownRequest = (
  identity: LedgerIdentity,
  known: Known,
  events: readonly SegmentEvent[],
): Request => {
  const proposals = events.map(event => ownProposal(identity, event))
  const last = revisionOf(known, ledgerStream)
  const expected = last < 0 ? 'no-stream' : { revision: last }
  return {
    group: { run: 0, writes: [{ stream: ledgerStream, expected, events: proposals }] },
    proposals,
    data: events.map(({ data }) => JSON.stringify(data)),
  }
}

export const openingOf = ({ book, epoch }: LedgerIdentity, known: Known, segment: string): SegmentEvent =>
  SegmentOpened({
    segment,
    ...(known.segment === '' ? {} : { previousSegment: known.segment }),
    book,
    epoch,
  })

/** Recoveries that left a file in the quarantine but no event in the ledger. */
export const unrecorded = (folder: string, identity: LedgerIdentity, known: Known): SegmentEvent[] => {
  const found = recoveries(folder)
  if (found.length === 0) return []
  const seqs = known.streams.get(ledgerStream) ?? []
  const recorded = new Set(seqs.map(seq => storedEvent(folder, known, seq).recorded.id))
  return found.filter(event => !recorded.has(ownProposal(identity, event).id))
}
