// The part of veritape audit that asks the venue: what reconcile would find, without writing any of it.

import { accountBooks, accountTypes } from '../domain/account-books.ts'
import type { EventStore } from '../domain/event-store.ts'
import { sha256 } from '../domain/hash.ts'
import { reconcile, type Verdict } from '../domain/reconciliation.ts'
import { askAccount } from './ask-account.ts'
import type { Audited } from './audit.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { venueOf } from './reconcile.ts'
import { unprovenMsOf } from './reconciler.ts'
import { counted } from './sentence.ts'

/** As of reconcile: an answer may have been older than another, and an executor may write in between. */
const roundsMax = 3

/** Throws VenueUnavailable when the venue does not answer everything: then nothing is concluded. */
export const ledgerAgainstVenue = async (engine: Engine, store: EventStore): Promise<Audited> => {
  const notAsked = (saw: string): Audited => ({ check: 'venue', verdict: 'not asked', saw, found: [] })
  const { mode } = store.identity
  if (mode === 'backtest' || mode === 'dry-run') return notAsked(`a book in mode ${mode} has no account`)
  if (engine.config.venue.name === 'paper')
    return notAsked('the account of the paper venue is derived from the ledger')
  for (let round = 1; ; round++) {
    const books = accountBooks()
    for await (const recorded of store.readAll({ types: new Set(accountTypes) }))
      books.take(recorded as Parameters<typeof books.take>[0])
    const venue = await venueOf(engine, store.identity, books)
    if (venue.account === undefined)
      throw new Stop(exit.refused, `venue ${venue.name} cannot be asked about an account`)
    const keep = async (raw: string) => sha256(raw)
    const seen = await askAccount(books, venue, venue.account, engine.clock.now(), keep)
    const verdict = reconcile(books, seen, unprovenMsOf(engine.config, venue))
    const found = findingsOf(verdict)
    if (found.length > 0 && round < roundsMax) continue
    return {
      check: 'venue',
      verdict: found.length === 0 ? 'holds' : 'does not hold',
      saw: `${venue.name}: ${counted(seen.found.size, 'live order')}, ${counted(seen.trades.length, 'trade')}, ${counted(Object.keys(seen.holdings).length, 'holding')}; ${verdict.external.length} not ours`,
      found,
    }
  }
}

const findingsOf = ({ orders, drifts }: Verdict): readonly string[] => [
  ...orders.map(
    ({ orderId, command }) =>
      `the ledger lacks of ${orderId}: ${command.type.replace('Report', '').toLowerCase()}; veritape reconcile records it`,
  ),
  ...drifts.map(({ subject, name, ledger, venue }) => `${subject} ${name}: ledger ${ledger}, venue ${venue}`),
]
