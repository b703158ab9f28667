// Time in drift: how long the ledger and the venue's account disagreed, by the book's clock.
//
//   agrees ──a reconciliation ends with drift──▶ in drift ──one ends without──▶ agrees: a spell
//
// Only a reconciliation can tell. A spell begins when one found the drift, however long it had been there, and ends
// when one found both sides agreeing: an operator's explanation counts from the reconciliation that confirms it.

import type { Seq } from '../domain/event.ts'
import { none, type Option, some } from '../domain/result.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import type { Projection } from './projection.ts'
import { type Figure, roundedIn } from './shown.ts'
import { ratio } from './statistics.ts'

/** Milliseconds, and from how many spells. */
interface Summed {
  ms: number
  spells: number
}

export interface DriftTime {
  asOf: Seq
  reconciliations: number
  /** Drift that nothing has resolved yet, by the seq that found it. */
  readonly open: Set<Seq>
  /** When the reconciliation found the drift that the book is in now. */
  since: Instant | undefined
  /** Of spells that are over. */
  readonly repaired: Summed
  /** From the reconciliation before, which had agreed, to the one that found drift; the first has none before it. */
  readonly detected: Summed
  /** How many spells began. */
  spells: number
  /** When the venue was asked last. */
  observed: Instant | undefined
  /** The reconciliation before the one that is being read. */
  before: Instant | undefined
  /** The latest time that the book is known to have lived to. */
  clock: Instant | undefined
}

export const driftTime: Projection<
  DriftTime,
  'HoldingsObserved' | 'DriftFound' | 'DriftResolved' | 'ReconciliationCompleted' | 'CycleCompleted'
> = {
  name: 'drift-time',
  types: ['HoldingsObserved', 'DriftFound', 'DriftResolved', 'ReconciliationCompleted', 'CycleCompleted'],
  initial: () => ({
    asOf: 0,
    reconciliations: 0,
    open: new Set(),
    since: undefined,
    repaired: { ms: 0, spells: 0 },
    detected: { ms: 0, spells: 0 },
    spells: 0,
    observed: undefined,
    before: undefined,
    clock: undefined,
  }),
  apply: (state, { seq, event }) => {
    switch (event.type) {
      case 'CycleCompleted':
        if (state.since !== undefined) state.asOf = seq
        state.clock = later(state.clock, event.data.clock)
        return state
      case 'HoldingsObserved':
        state.observed = event.data.observed
        state.clock = later(state.clock, event.data.observed)
        return state
      case 'DriftFound':
        state.open.add(seq)
        return state
      case 'DriftResolved':
        state.open.delete(event.data.drift)
        return state
      case 'ReconciliationCompleted':
        state.asOf = seq
        state.reconciliations += 1
        if (state.observed !== undefined) judge(state, state.observed)
        return state
    }
  },
}

const judge = (state: DriftTime, observed: Instant): void => {
  const { since, before } = state
  if (since === undefined && state.open.size > 0) {
    state.since = observed
    state.spells += 1
    if (before !== undefined) take(state.detected, before, observed)
  }
  if (since !== undefined && state.open.size === 0) {
    state.since = undefined
    take(state.repaired, since, observed)
  }
  state.before = observed
}

const later = (a: Instant | undefined, b: Instant): Instant => (a !== undefined && a > b ? a : b)

const take = (summed: Summed, from: Instant, to: Instant): void => {
  summed.ms += Math.max(0, millisecondsOf(to) - millisecondsOf(from))
  summed.spells += 1
}

/** A double, in minutes. */
export interface DriftMinutes {
  /** Of the spell that goes on, up to the book's latest time; 0 when both sides agree. */
  readonly current: Option<number>
  /** Of all spells, the one that goes on included. */
  readonly total: Option<number>
  /** Mean over the spells: how long drift can have been there before it was found, at most. */
  readonly toDetectAtMost: Option<number>
  /** Mean over the spells that are over: from found to repaired. */
  readonly toRepair: Option<number>
}

/** As of the latest time that the ledger knows. Missing where nothing was ever reconciled, or no spell has it. */
export const driftMinutes = (state: DriftTime): DriftMinutes => {
  const { since, clock, repaired, detected, reconciliations } = state
  const currentMs =
    since === undefined || clock === undefined ? 0 : millisecondsOf(clock) - millisecondsOf(since)
  const known = (ms: number) => (reconciliations === 0 ? none : some(ms / 60_000))
  return {
    current: known(currentMs),
    total: known(repaired.ms + currentMs),
    toDetectAtMost: ratio(detected.ms / 60_000, detected.spells),
    toRepair: ratio(repaired.ms / 60_000, repaired.spells),
  }
}

export const driftFigures = (state: DriftTime): readonly Figure[] => {
  const minutes = driftMinutes(state)
  const figure = (name: string, value: Option<number>, sample: number, of: string): Figure => ({
    name,
    value: roundedIn(value),
    unit: 'minutes',
    sample,
    of,
  })
  const { reconciliations, detected, repaired } = state
  return [
    figure('drift_minutes_current', minutes.current, reconciliations, 'reconciliations'),
    figure('drift_minutes_total', minutes.total, reconciliations, 'reconciliations'),
    figure(
      'drift_minutes_to_detect_at_most',
      minutes.toDetectAtMost,
      detected.spells,
      'spells with a reconciliation before',
    ),
    figure('drift_minutes_to_repair', minutes.toRepair, repaired.spells, 'spells that are over'),
  ]
}
