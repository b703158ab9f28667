// The store's own events, in the stream `ledger`: segments that are opened and closed, recoveries and repairs, and where a
// restored ledger goes on. Like every event they have an id that is a function of what they are about, so none is recorded twice.

import { type EventOf, outside, propose } from '../domain/event.ts'
import type { LeaseTaken } from '../domain/lease-taken.ts'
import { LedgerRestored, type SegmentEvent, SegmentOpened } from '../domain/segment.ts'
import { ledgerStream } from '../domain/stream.ts'
import type { Request } from './ledger-decision.ts'
import type { LedgerIdentity } from './ledger-identity.ts'
import { type Known, revisionOf } from './ledger-known.ts'
import { repairs } from './ledger-poison.ts'
import { recoveries } from './ledger-recovery.ts'

/** What the store says of itself. */
export type OwnEvent = SegmentEvent | EventOf<typeof LeaseTaken>

const subjectOf = (event: OwnEvent): string => {
  switch (event.type) {
    case 'LeaseTaken':
      return `lease ${event.data.term} ${event.data.holder}`
    case 'LedgerRecovered':
    case 'LedgerRepaired':
      return event.data.quarantined
    case 'LedgerRestored':
      return `restored after ${event.data.seq}`
    case 'SegmentOpened':
    case 'SegmentClosed':
      return event.data.segment
  }
}

const ownProposal = ({ ledgerId, epoch }: LedgerIdentity, event: OwnEvent) =>
  propose(outside(`${ledgerId}/${epoch}/${subjectOf(event)}`), event)

export const ownRequest = (identity: LedgerIdentity, known: Known, events: readonly OwnEvent[]): Request => {
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

/**
 * What happened to the files and is not in the ledger yet: recoveries and repairs that left a file in the quarantine,
 * and a LEDGER.json with another epoch than the ledger's last event speaks of, which is what a restore leaves.
 */
export const unrecorded = (folder: string, identity: LedgerIdentity, known: Known): SegmentEvent[] => [
  ...unrecordedRestore(identity, known),
  ...recoveries(folder, known.recorded),
  ...repairs(folder, known.recorded),
]

export const unrecordedRestore = (
  { book, epoch }: LedgerIdentity,
  { epoch: from, seq, hash }: Known,
): readonly SegmentEvent[] =>
  from === '' || from === epoch ? [] : [LedgerRestored({ book, from, epoch, seq, hash })]
