// The tally: how many wishes there were and what became of them, and what the champions said, by symbol and by wisher.

import type { Seq } from '../domain/event.ts'
import type { RiskDenial } from '../domain/risk-denial.ts'
import { groupIn } from './grouped.ts'
import type { Projection } from './projection.ts'

export interface Counted {
  evaluations: { buy: number; sell: number; none: number }
  raised: number
  requested: number
  withheld: number
  denied: number
  expired: number
}

export interface Tally {
  asOf: Seq
  readonly total: Counted
  readonly bySymbol: Map<string, Counted>
  /** Champions and operators. */
  readonly byWisher: Map<string, Counted>
  readonly denials: Map<RiskDenial, number>
  /** Whose intents have no answer yet. */
  readonly open: Map<Seq, { readonly by: string; readonly symbol: string }>
}

export const noneCounted = (): Counted => ({
  evaluations: { buy: 0, sell: 0, none: 0 },
  raised: 0,
  requested: 0,
  withheld: 0,
  denied: 0,
  expired: 0,
})

export const tally: Projection<
  Tally,
  'StrategyEvaluated' | 'IntentRaised' | 'IntentDenied' | 'IntentExpired' | 'OrderRequested' | 'OrderWithheld'
> = {
  name: 'tally',
  types: [
    'StrategyEvaluated',
    'IntentRaised',
    'IntentDenied',
    'IntentExpired',
    'OrderRequested',
    'OrderWithheld',
  ],
  initial: () => ({
    asOf: 0,
    total: noneCounted(),
    bySymbol: new Map(),
    byWisher: new Map(),
    denials: new Map(),
    open: new Map(),
  }),
  apply: (state, { seq, event: { type, data } }) => {
    state.asOf = seq
    switch (type) {
      case 'StrategyEvaluated':
        // One by one: a list of them would be made for every second line of a ledger.
        state.total.evaluations[data.action] += 1
        groupIn(state.bySymbol, data.symbol, noneCounted).evaluations[data.action] += 1
        groupIn(state.byWisher, data.champion, noneCounted).evaluations[data.action] += 1
        return state
      case 'IntentRaised':
        state.open.set(seq, { by: data.by, symbol: data.symbol })
        for (const each of countersOf(state, data.by, data.symbol)) each.raised += 1
        return state
      case 'IntentDenied':
        state.denials.set(data.reason, (state.denials.get(data.reason) ?? 0) + 1)
        return answered(state, data.intent, 'denied')
      case 'IntentExpired':
        return answered(state, data.intent, 'expired')
      case 'OrderRequested':
        return answered(state, data.intent, 'requested')
      case 'OrderWithheld':
        return answered(state, data.intent, 'withheld')
    }
  },
}

const answered = (
  state: Tally,
  intent: Seq,
  answer: 'requested' | 'withheld' | 'denied' | 'expired',
): Tally => {
  const wish = state.open.get(intent)
  const counters = wish === undefined ? [state.total] : countersOf(state, wish.by, wish.symbol)
  for (const each of counters) each[answer] += 1
  state.open.delete(intent)
  return state
}

const countersOf = (state: Tally, by: string, symbol: string): readonly Counted[] => [
  state.total,
  groupIn(state.bySymbol, symbol, noneCounted),
  groupIn(state.byWisher, by, noneCounted),
]
