// What a ledger says happened, told without the ledger's own numbers: no seq, no event id, no order id, no recorded
// time. Two runs that traded the same give the same account, however often one of them was interrupted.

import type { LedgerLine } from './files.ts'

export interface WhatHappened {
  /** Natural keys: each may stand there once. */
  readonly keys: Readonly<
    Record<'candles' | 'evaluations' | 'intents' | 'orders' | 'fills', readonly string[]>
  >
  /** Market, decisions, orders and fills, in the order of the ledger, as text. */
  readonly account: readonly string[]
}

const text = (value: unknown): string => String(value)

/** Runs, segments and heartbeats belong to a process, not to the trading: they are left out. */
export const whatHappened = (lines: readonly LedgerLine[]): WhatHappened => {
  const keys = {
    candles: [] as string[],
    evaluations: [] as string[],
    intents: [] as string[],
    orders: [] as string[],
    fills: [] as string[],
  }
  const account: string[] = []
  /** Of evaluations, intents and orders. */
  const nameOf = new Map<string, string>()

  for (const { n, t, d, m } of lines) {
    const seq = text(Number(n))
    const { intent, orderId, tradeId, venueOrderId, drift, ...rest } = d
    const tell = (name: string) => account.push(`${t} ${name} ${JSON.stringify(rest)}`)
    switch (t) {
      case 'CandleClosed':
        keys.candles.push(`${d.symbol} ${d.timeframe} ${d.openTime}`)
        tell('')
        break
      case 'StrategyEvaluated':
        nameOf.set(seq, `${d.champion} ${d.openTime}`)
        keys.evaluations.push(`${d.champion} ${d.openTime}`)
        tell('')
        break
      case 'IntentRaised': {
        const name = `intent after ${nameOf.get(text(m.cause)) ?? d.id}`
        nameOf.set(seq, name)
        keys.intents.push(name)
        tell(name)
        break
      }
      case 'IntentDenied':
      case 'IntentExpired':
      case 'OrderWithheld':
        keys.orders.push(`answer to ${nameOf.get(text(intent))}`)
        tell(`${nameOf.get(text(intent))}`)
        break
      case 'OrderRequested': {
        const name = `${nameOf.get(text(intent))}`
        nameOf.set(text(orderId), name)
        keys.orders.push(`answer to ${name}`)
        tell(name)
        break
      }
      case 'OrderFilled':
        keys.fills.push(`${nameOf.get(text(orderId))} at ${d.venueTime}`)
        tell(`${nameOf.get(text(orderId))}`)
        break
      case 'OrderAccepted':
      case 'OrderRejected':
      case 'OrderOutcomeUnknown':
      case 'OrderCancelRequested':
      case 'OrderCancelled':
      case 'OrderExpired':
        tell(`${nameOf.get(text(orderId))}`)
        break
      case 'RunStarted':
      case 'RunStopped':
      case 'CycleCompleted':
      case 'SegmentOpened':
      case 'SegmentClosed':
      case 'LedgerRecovered':
        break
      default:
        tell('')
    }
  }
  return { keys, account }
}

/** Everything in `all` that stands there more than once. */
export const repeated = (all: readonly string[]): readonly string[] => {
  const seen = new Set<string>()
  return all.filter(each => seen.has(each) || !seen.add(each))
}
