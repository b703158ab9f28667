// Halts: durable, attributable, lifted by name. The fold of these events is the trading state of the book.
//
//   ACTIVE ──TradingHalted(reducing)──▶ REDUCING ──TradingHalted(halted)──▶ HALTED ──TradingResumed──▶ ACTIVE
//
// A resume names the halts it lifts, so that one it has not seen stands.

import * as z from 'zod'
import { DecimalText } from './decimal.ts'
import { type EventOf, event, outside, type Proposed, propose, type Recorded, type Seq } from './event.ts'

export const TradingHalted = event('TradingHalted', 1, {
  by: z.string(),
  reason: z.string(),
  level: z.enum(['reducing', 'halted']),
})
export const TradingResumed = event('TradingResumed', 1, {
  by: z.string(),
  reason: z.string(),
  lifts: z.array(z.int().positive()).readonly(),
})
export const LiveGateOpened = event('LiveGateOpened', 1, { account: z.string(), configHash: z.string() })
export const LiveGateRefused = event('LiveGateRefused', 1, { reason: z.string() })
export const DrawdownBreached = event('DrawdownBreached', 1, {
  equity: DecimalText,
  peak: DecimalText,
  drawdown: DecimalText,
  limit: DecimalText,
})
export type SafetyEvent =
  | EventOf<typeof TradingHalted>
  | EventOf<typeof TradingResumed>
  | EventOf<typeof LiveGateOpened>
  | EventOf<typeof LiveGateRefused>
  | EventOf<typeof DrawdownBreached>

export interface Halt {
  readonly seq: Seq
  readonly by: string
  readonly reason: string
  readonly level: 'reducing' | 'halted'
}

/** Halts that stand, oldest first. */
export type Halts = readonly Halt[]

export const evolveHalts = (halts: Halts, { seq, event: { type, data } }: Recorded<SafetyEvent>): Halts => {
  if (type === 'TradingHalted') return [...halts, { seq, ...data }]
  if (type === 'TradingResumed') return halts.filter(halt => !data.lifts.includes(halt.seq))
  return halts
}

export type Trading = 'active' | 'reducing' | 'halted'

export const tradingOf = (halts: Halts): Trading => {
  if (halts.some(({ level }) => level === 'halted')) return 'halted'
  return halts.length > 0 ? 'reducing' : 'active'
}

/** A halt that a fact of the venue asks for: recorded once, by its id, whoever sees the fact first. */
export type HaltDue = Proposed<ReturnType<typeof TradingHalted>>

/** The halt that an overfill asks for, or the sale of more than its holder had. Its id follows from the order. */
export const haltOfOverfill = (orderId: string): HaltDue => {
  const reason = `the venue filled more of ${orderId} than was asked or held; reconcile, then resume`
  return propose(outside(`overfill ${orderId}`), TradingHalted({ by: 'execute', reason, level: 'halted' }))
}

/** The halt that an order asks for which the venue has, and never had by an operator's word. */
export const haltOfReturn = (orderId: string): HaltDue => {
  const reason = `the venue has ${orderId}, which an operator said it never had; look at it, reconcile, then resume`
  return propose(outside(`returned ${orderId}`), TradingHalted({ by: 'execute', reason, level: 'halted' }))
}
