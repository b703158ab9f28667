// What the executor decided: one record for each material cycle, with the intents and their answers, what became of
// the orders, the fills, and what was held afterwards. A cycle in which nothing happened while the market was closed
// leaves no record; what others wrote in between (an operator, a reconciliation) stands in the next one.

import type { BookEvent, EventNamed } from '../domain/catalogue.ts'
import { type Decimal, isZero } from '../domain/decimal.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { entryPrice } from '../domain/position.ts'
import { isMaterial } from '../domain/run.ts'
import { type CalendarDate, dateIn } from '../domain/time.ts'
import { type Portfolio, portfolio } from './portfolio.ts'
import { feed, type Projection } from './projection.ts'
import { byCodeUnit, jsonFile, type ViewFile } from './view.ts'

interface IntentLine {
  readonly intent: Seq
  readonly source: 'strategy' | 'operator'
  readonly by: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly type: string
  readonly quantity: Decimal
  readonly reason: string
  /** 'open' until it is answered. */
  readonly answer: 'open' | 'requested' | 'withheld' | 'denied' | 'expired'
  readonly orderId?: string
  readonly denial?: string
  readonly detail?: string
}

interface OrderLine {
  readonly seq: Seq
  readonly orderId: string
  readonly became: string
  readonly reason?: string
}

interface Day {
  /** The last record of the day. */
  asOf: Seq
  /** JSON lines. */
  text: string
}

export interface Decisions {
  /** Only fills and the opening entry: what is held, not what it is worth. */
  holdings: Portfolio
  readonly openIntents: Map<Seq, IntentLine>
  /** Since the last record. */
  pending: { readonly intents: Map<Seq, IntentLine>; readonly orders: OrderLine[]; readonly fills: object[] }
  readonly days: Map<CalendarDate, Day>
  latest: { readonly asOf: Seq; readonly record: object } | undefined
}

type Answer = 'IntentDenied' | 'IntentExpired' | 'OrderRequested' | 'OrderWithheld'
type Became =
  | 'OrderAccepted'
  | 'OrderRejected'
  | 'OrderOutcomeUnknown'
  | 'OrderCancelRequested'
  | 'OrderCancelled'
  | 'OrderExpired'

const became: Record<Became, string> = {
  OrderAccepted: 'accepted',
  OrderRejected: 'rejected',
  OrderOutcomeUnknown: 'unknown',
  OrderCancelRequested: 'cancel-requested',
  OrderCancelled: 'cancelled',
  OrderExpired: 'expired',
}

export const decisions: Projection<
  Decisions,
  'BookOpened' | 'IntentRaised' | Answer | Became | 'OrderFilled' | 'CycleCompleted'
> = {
  name: 'decisions',
  types: [
    'BookOpened',
    'IntentRaised',
    'IntentDenied',
    'IntentExpired',
    'OrderRequested',
    'OrderWithheld',
    'OrderAccepted',
    'OrderRejected',
    'OrderOutcomeUnknown',
    'OrderCancelRequested',
    'OrderCancelled',
    'OrderExpired',
    'OrderFilled',
    'CycleCompleted',
  ],
  initial: () => ({
    holdings: portfolio.initial(),
    openIntents: new Map(),
    pending: nothingPending(),
    days: new Map(),
    latest: undefined,
  }),
  apply: (state, recorded) => {
    state.holdings = feed(portfolio, state.holdings, recorded)
    const { seq, event } = recorded
    const { pending, openIntents } = state
    switch (event.type) {
      case 'BookOpened':
        return state
      case 'IntentRaised': {
        const { source, by, symbol, side, type, quantity, reason } = event.data
        const line: IntentLine = {
          intent: seq,
          source,
          by,
          symbol,
          side,
          type,
          quantity,
          reason,
          answer: 'open',
        }
        openIntents.set(seq, line)
        pending.intents.set(seq, line)
        return state
      }
      case 'IntentDenied':
      case 'IntentExpired':
      case 'OrderRequested':
      case 'OrderWithheld': {
        const line = openIntents.get(event.data.intent)
        if (line !== undefined) pending.intents.set(event.data.intent, { ...line, ...answerIn(event) })
        openIntents.delete(event.data.intent)
        return state
      }
      case 'OrderFilled': {
        const {
          orderId,
          tradeId,
          by,
          symbol,
          side,
          price,
          quantity,
          fee,
          feeCurrency,
          liquidity,
          venueTime,
        } = event.data
        pending.fills.push({
          seq,
          orderId,
          tradeId,
          by,
          symbol,
          side,
          quantity,
          price,
          fee,
          ...(feeCurrency === undefined ? {} : { feeCurrency }),
          liquidity,
          venueTime,
        })
        return state
      }
      case 'CycleCompleted':
        if (isMaterial(event)) takeRecord(state, recorded as Recorded<EventNamed<'CycleCompleted'>>)
        return state
      default:
        pending.orders.push({ seq, ...orderLine(event) })
        return state
    }
  },
}

const nothingPending = (): Decisions['pending'] => ({ intents: new Map(), orders: [], fills: [] })

const answerIn = (event: Extract<BookEvent, { type: Answer }>): Partial<IntentLine> => {
  switch (event.type) {
    case 'IntentDenied':
      return { answer: 'denied', denial: event.data.reason, detail: event.data.detail }
    case 'IntentExpired':
      return { answer: 'expired' }
    case 'OrderRequested':
      return { answer: 'requested', orderId: event.data.orderId }
    case 'OrderWithheld':
      return { answer: 'withheld', orderId: event.data.orderId }
  }
}

const orderLine = ({ type, data }: Extract<BookEvent, { type: Became }>): Omit<OrderLine, 'seq'> => {
  const line = { orderId: data.orderId, became: became[type] }
  if (type === 'OrderRejected' || type === 'OrderCancelled' || type === 'OrderCancelRequested')
    return { ...line, reason: data.reason }
  return type === 'OrderOutcomeUnknown' ? { ...line, reason: data.detail } : line
}

const takeRecord = (state: Decisions, { seq, run, event }: Recorded<EventNamed<'CycleCompleted'>>): void => {
  const { holdings, pending } = state
  const { cycle, clock, sessionOpen, lastCandle, ...counts } = event.data
  const date = dateIn(holdings.zone, clock)
  const record = {
    asOf: seq,
    date,
    cycle,
    clock,
    run,
    sessionOpen,
    ...(lastCandle === undefined ? {} : { lastCandle }),
    counts,
    intents: [...pending.intents.values()],
    orders: pending.orders,
    fills: pending.fills,
    cash: holdings.cash,
    positions: positionsIn(holdings),
  }
  const day = state.days.get(date) ?? { asOf: 0, text: '' }
  day.asOf = seq
  day.text += `${JSON.stringify(record)}\n`
  state.days.set(date, day)
  state.latest = { asOf: seq, record }
  state.pending = nothingPending()
}

const positionsIn = ({ by }: Portfolio): readonly object[] =>
  [...by.keys()].sort(byCodeUnit).flatMap(holder =>
    [...(by.get(holder) ?? [])]
      .filter(([, { quantity }]) => !isZero(quantity))
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(([symbol, position]) => ({
        by: holder,
        symbol,
        quantity: position.quantity,
        entryPrice: entryPrice(position),
      })),
  )

export const decisionFiles = function* ({ latest, days }: Decisions): Generator<ViewFile> {
  if (latest !== undefined) yield jsonFile('portfolio_decision_latest.json', latest.asOf, () => latest.record)
  for (const [date, day] of days)
    yield { path: `portfolio_decisions/${date}.jsonl`, asOf: day.asOf, text: () => day.text }
}
