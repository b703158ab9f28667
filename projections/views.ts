// All views of a book, and the fold that feeds them: each event goes to the projections that declared its type.
//
//   ledger ──apply──▶ projections ──changed──▶ files under state/<book>/ and their index, views.json
//
// views.json names every file with its asOf and its SHA-256, because a CSV or a watchlist has no place for them.

import type { BookEvent, EventType } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { sha256 } from '../domain/hash.ts'
import { badTickerFiles, badTickers } from './bad-tickers.ts'
import { candidateFiles } from './candidates.ts'
import { decisionFiles, decisions } from './decisions.ts'
import { equityFiles } from './equity.ts'
import { health, healthFiles } from './health.ts'
import { heartbeat, heartbeatFiles } from './heartbeat.ts'
import { kpiFiles } from './key-figures.ts'
import { kpiReportFiles, kpiReports } from './kpi-reports.ts'
import { metrics } from './metrics.ts'
import { metricsFiles } from './metrics-file.ts'
import { orderFiles, orders } from './orders.ts'
import { portfolioFiles } from './portfolio.ts'
import type { AnyProjection } from './projection.ts'
import { runner, runnerFiles } from './runner.ts'
import { tradeFiles } from './trade-history.ts'
import { trades } from './trades.ts'
import { printJson, sortedByKey, type View } from './view.ts'
import { watchlist, watchlistFiles } from './watchlist.ts'

const view = <State>(projection: AnyProjection<State>, files: View<State>['files']): View<State> => ({
  projection,
  files,
})

/** Several views of one projection share its fold: `kpiReports` holds the figures, these the portfolio and the equity curve. */
export const views: readonly View<unknown>[] = [
  view(kpiReports, ({ kpi }) => portfolioFiles(kpi.equity.portfolio)),
  view(orders, orderFiles),
  view(heartbeat, heartbeatFiles),
  view(health, healthFiles),
  view(runner, runnerFiles),
  view(metrics, metricsFiles),
  view(decisions, decisionFiles),
  view(trades, tradeFiles),
  view(kpiReports, ({ kpi }) => equityFiles(kpi.equity)),
  view(kpiReports, ({ kpi }) => kpiFiles(kpi)),
  view(kpiReports, kpiReportFiles),
  view(watchlist, candidateFiles),
  view(watchlist, watchlistFiles),
  view(badTickers, badTickerFiles),
]

/** What a store has to read for these views; it may skip everything else unread. */
export const typesOf = (shown: readonly View<unknown>[]): ReadonlySet<EventType> =>
  new Set(shown.flatMap(({ projection }) => projection.types))

export const indexPath = 'views.json'

/** A running fold of the whole ledger into views. One owner; events in the order of their seq. */
export interface Fold {
  /** Folds one event. Throws when its seq is not beyond the last one: the same event twice would count twice. */
  apply(recorded: Recorded<BookEvent>): void
  /** Seq of the last event that was applied, whether or not it changed a view. */
  seq(): Seq
  /** The state of a projection that one of the views shows. */
  stateOf<State>(projection: AnyProjection<State>): State
  /** Path and text of the files that changed since the last call, the index last; empty when none did. */
  changed(): ReadonlyMap<string, string>
  /** Path and text of all files, the index last. */
  all(): ReadonlyMap<string, string>
}

export const startFold = (shown: readonly View<unknown>[]): Fold => {
  const states = new Map<AnyProjection<unknown>, unknown>()
  const byType = new Map<EventType, AnyProjection<unknown>[]>()
  for (const { projection } of shown) {
    if (states.has(projection)) continue // several views of one projection: folded once
    states.set(projection, projection.initial())
    for (const type of projection.types) byType.set(type, [...(byType.get(type) ?? []), projection])
  }
  let last: Seq = 0
  const printed = new Map<string, { readonly asOf: Seq; readonly sha256: string }>()

  const changed = (): ReadonlyMap<string, string> => {
    const texts = new Map<string, string>()
    for (const { projection, files } of shown)
      for (const file of files(states.get(projection))) {
        if (printed.get(file.path)?.asOf === file.asOf) continue
        const text = file.text()
        texts.set(file.path, text)
        printed.set(file.path, { asOf: file.asOf, sha256: sha256(text) })
      }
    if (texts.size > 0) texts.set(indexPath, printIndex(printed))
    return texts
  }

  return {
    apply: recorded => {
      if (recorded.seq <= last) throw new Error(`event ${recorded.seq} stands behind ${last}, already folded`)
      last = recorded.seq
      for (const projection of byType.get(recorded.event.type) ?? [])
        states.set(projection, projection.apply(states.get(projection), recorded))
    },
    seq: () => last,
    stateOf: <State>(projection: AnyProjection<State>): State => {
      if (!states.has(projection)) throw new Error(`${projection.name} is not among the views of this fold`)
      return states.get(projection) as State
    },
    changed,
    all: () => {
      printed.clear()
      return changed()
    },
  }
}

const printIndex = (printed: ReadonlyMap<string, { readonly asOf: Seq; readonly sha256: string }>): string =>
  printJson({
    asOf: Math.max(...[...printed.values()].map(({ asOf }) => asOf)),
    files: sortedByKey(printed, ({ asOf, sha256 }) => ({ asOf, sha256 })),
  })

/** Folds a whole ledger, or the part of it that a store reads for `typesOf(shown)`. */
export const foldAll = async (
  shown: readonly View<unknown>[],
  events: AsyncIterable<Recorded<BookEvent>> | Iterable<Recorded<BookEvent>>,
): Promise<Fold> => {
  const fold = startFold(shown)
  for await (const recorded of events) fold.apply(recorded)
  return fold
}
