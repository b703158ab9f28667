// Where a process dies: every durable event of an order's life in three phases of its write, and every step of a request
// to the venue. Three lives: a market order that fills at once in two parts, a limit order that comes to rest, and the
// cancel of one that rests.

import type { FaultRuleScript, Operation } from '../venue-simulator/faults.ts'

/** What the book is about to do when it is started in order to die. */
export type Life = 'market order' | 'limit order' | 'cancel'

const phases = ['before', 'torn', 'synced'] as const

export interface Place {
  readonly life: Life
  /** For the table. */
  readonly where: string
  /** Which command dies: the operator's, or the executor. */
  readonly dies: 'intent' | 'execute'
  /** What the venue does, one rule after the other: each is given to it when the one before has fired. */
  readonly faults: readonly FaultRuleScript[]
  /** What the venue does to the process that comes next. */
  readonly later?: FaultRuleScript
  /** CRASH_AT of death.mjs. Absent: killed from outside as soon as the last fault has fired. */
  readonly at?: string
}

const phaseWords = {
  before: 'before it is written',
  torn: 'half written',
  synced: 'durable',
}

const aroundEvent = (
  life: Life,
  event: string,
  { faults = [], nth = 1, dies = 'execute' }: Partial<Pick<Place, 'faults' | 'dies'>> & { nth?: number } = {},
): readonly Place[] =>
  phases.map(phase => ({
    life,
    where: `${event}${nth > 1 ? ` (${nth}.)` : ''}: ${phaseWords[phase]}`,
    dies,
    faults,
    at: `${phase} ${event} ${nth}`,
  }))

/** Not a fault: tells that such a request was there. */
const seen = (on: Operation): FaultRuleScript => ({ on, fault: { kind: 'reordered' } })
const lostBefore: FaultRuleScript = { on: 'place', fault: { kind: 'request-lost' } }
const lostAfter: FaultRuleScript = { on: 'place', fault: { kind: 'answer-lost' } }
/** Heard and acknowledged; until it is done the order is open, which Alpaca says in a word of its own. */
const pendingCancel: FaultRuleScript = { on: 'cancel', fault: { kind: 'cancel-pending', ms: 8000 } }
const questions: readonly Operation[] = ['order', 'open-orders', 'closed-orders']

/** A request that dies with its process on the way there, that arrives later, and whose answer nobody hears. */
const aroundRequest = (
  life: Life,
  name: string,
  on: Operation | readonly Operation[],
  earlier: readonly FaultRuleScript[] = [],
): readonly Place[] => {
  const operations = typeof on === 'string' ? on : [...on]
  const rule = (where: string, fault: FaultRuleScript['fault']): Place => ({
    life,
    where: `${name}: ${where}`,
    dies: 'execute',
    faults: [...earlier, { on: operations as Operation[], fault }],
  })
  return [
    rule('sent, never arrives', { kind: 'stall', where: 'headers', landed: false }),
    rule('done, the answer on its way', { kind: 'stall', where: 'headers', landed: true }),
    rule('done, the first byte of the answer here', { kind: 'stall', where: 'body', landed: true }),
  ]
}

/** The venue acts on it when the process is dead already, and perhaps while the next one asks. */
const arrivesLate = (life: Life, on: Operation, ms: number): Place => ({
  life,
  where: `${on}: arrives ${ms} ms after the death`,
  dies: 'execute',
  faults: [{ on, fault: { kind: 'delayed', ms, where: 'request' } }],
})

/** The order is there and done, and whoever asks for it first is told by a copy of the venue's books that has not heard of it. */
const toldLate = (life: Life): Place => ({
  life,
  where: 'place: done, the next process is told late',
  dies: 'execute',
  faults: [{ on: 'place', fault: { kind: 'stall', where: 'headers', landed: true } }],
  later: { on: [...questions], fault: { kind: 'unseen' }, times: 3 },
})

const requested = (life: Life): readonly Place[] => [
  ...aroundEvent(life, 'OrderRequested'),
  ...aroundRequest(life, 'place', 'place'),
  arrivesLate(life, 'place', 300),
  arrivesLate(life, 'place', 1500),
  ...aroundEvent(life, 'OrderAccepted'),
]

const inDoubt = (life: Life): readonly Place[] => [
  ...aroundEvent(life, 'OrderOutcomeUnknown', { faults: [lostAfter] }),
  ...aroundRequest(life, 'find, the order is there', questions, [lostAfter]),
  ...aroundRequest(life, 'find, the order is not there', questions, [lostBefore]),
  ...aroundEvent(life, 'OrderResendRequested', { faults: [lostBefore] }),
  ...aroundRequest(life, 'place again', 'place', [lostBefore]),
]

export const places: readonly Place[] = [
  ...aroundEvent('market order', 'IntentRaised', { dies: 'intent' }),
  ...requested('market order'),
  toldLate('market order'),
  ...inDoubt('market order'),
  ...aroundRequest('market order', 'trades', 'trades', [seen('place')]),
  ...aroundEvent('market order', 'OrderFilled'),
  ...aroundEvent('market order', 'OrderFilled', { nth: 2 }),
  ...requested('limit order'),
  ...aroundEvent('cancel', 'CancelWished', { dies: 'intent' }),
  ...aroundEvent('cancel', 'OrderCancelRequested'),
  ...aroundRequest('cancel', 'cancel', 'cancel'),
  arrivesLate('cancel', 'cancel', 300),
  arrivesLate('cancel', 'cancel', 1500),
  ...aroundRequest('cancel', 'find, the cancel was lost', questions, [
    { on: 'cancel', fault: { kind: 'request-lost' } },
  ]),
  ...aroundRequest('cancel', 'find, its answer was lost', questions, [
    { on: 'cancel', fault: { kind: 'answer-lost' } },
  ]),
  { life: 'cancel', where: 'cancel: heard, and pending for 8 s', dies: 'execute', faults: [pendingCancel] },
  ...aroundRequest('cancel', 'find, the cancel is pending', questions, [pendingCancel]),
  ...aroundEvent('cancel', 'OrderCancelled'),
]
