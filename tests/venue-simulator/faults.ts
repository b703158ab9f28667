// Faults: what goes wrong on the way to the venue, in it, and on the way back; each by a rule that says when.
//
//   request ──▶ [lost, delayed, 302, 429, 5xx, maintenance] ──▶ the venue acts ──▶ [lost, delayed, stalled, garbled] ──▶ answer
//                                                                └ twice (duplicated)
//
// A rule fires for the operations it names. With `times` it burns out; with `chance` it fires by the seed.

import { z } from 'zod'
import { DecimalText } from '../../domain/decimal.ts'

/** What a request asks of a venue, in one word for all of them. */
export const operations = [
  'markets',
  'time',
  'status',
  'candles',
  'ticker',
  'place',
  'cancel',
  'cancel-all',
  'cancel-after',
  'order',
  'open-orders',
  'closed-orders',
  'trades',
  'balance',
  'positions',
  'clock',
  'calendar',
  'other',
] as const
export type Operation = (typeof operations)[number]

const ms = z.number().int().min(0)
/** Whether the venue acted on the request before the answer went wrong. */
const landed = z.boolean()

export const fault = z.discriminatedUnion('kind', [
  /** The connection is reset before the request reaches the venue. */
  z.strictObject({ kind: z.literal('request-lost') }),
  /** The venue acts, then the connection is reset before the first byte of the answer. */
  z.strictObject({ kind: z.literal('answer-lost') }),
  /** The request waits on the way there, or its answer on the way back. A client that has gone does not stop it. */
  z.strictObject({ kind: z.literal('delayed'), ms, where: z.enum(['request', 'answer']).default('request') }),
  /** The same bytes reach the venue twice (a proxy that sends again); the client sees the second answer. */
  z.strictObject({ kind: z.literal('duplicated') }),
  /** The venue's own form of "too many requests". */
  z.strictObject({ kind: z.literal('rate-limited'), retryAfterS: z.number().int().positive().default(1) }),
  /** A gateway's error, as plain text. */
  z.strictObject({
    kind: z.literal('server-error'),
    status: z.number().int().min(500).max(599),
    landed: landed.default(false),
  }),
  /** An HTML page, as a content delivery network shows it. */
  z.strictObject({
    kind: z.literal('html'),
    status: z.number().int().min(200).max(599).default(200),
    landed: landed.default(true),
  }),
  /** 200 with a body that is no answer; `truncated` cuts the real one in half, and says so nowhere. */
  z.strictObject({
    kind: z.literal('bad-body'),
    body: z.enum(['garbage', 'truncated', 'empty', 'empty-object']),
    landed: landed.default(true),
  }),
  /** Nothing for so long (0: until the client goes), before the headers or after them; then the connection is reset. */
  z.strictObject({
    kind: z.literal('stall'),
    where: z.enum(['headers', 'body']),
    ms: ms.default(0),
    landed: landed.default(true),
  }),
  /** Headers and half of the body, then the connection is reset, or closed as if that had been all. */
  z.strictObject({
    kind: z.literal('cut-in-body'),
    how: z.enum(['reset', 'closed']).default('reset'),
    landed: landed.default(true),
  }),
  z.strictObject({
    kind: z.literal('redirect'),
    location: z.string().default('/elsewhere'),
    landed: landed.default(false),
  }),
  /** The venue's own form of "closed for maintenance". */
  z.strictObject({ kind: z.literal('maintenance') }),
  /** Trades and orders are listed in another order than time's, by the seed. */
  z.strictObject({ kind: z.literal('reordered') }),
  /** Reads are answered from a copy that is so much older than the books. */
  z.strictObject({ kind: z.literal('unseen'), ms: ms.default(60_000) }),
  /** For a cancel: this share of the order's rest is traded just before it. */
  z.strictObject({ kind: z.literal('filled-first'), share: DecimalText.default('1') }),
  /** For a cancel: it is acknowledged, and later the venue reports that this share had been traded before. */
  z.strictObject({ kind: z.literal('filled-after'), share: DecimalText.default('1'), ms: ms.default(0) }),
  /** For a cancel: it is acknowledged, and done only so much later; until then the order trades on. */
  z.strictObject({ kind: z.literal('cancel-pending'), ms }),
])
export type Fault = z.infer<typeof fault>

export const faultRule = z.strictObject({
  /** For a test to find it among those that fired. */
  name: z.string().optional(),
  on: z.union([z.enum(operations), z.array(z.enum(operations)), z.literal('*')]).default('*'),
  /** Only requests in whose path, query or body this text occurs: a client order id, a symbol. */
  containing: z.string().optional(),
  /** Lets so many matching requests pass first. */
  after: z.number().int().min(0).default(0),
  /** Fires so often; 0 is without end. */
  times: z.number().int().min(0).default(1),
  /** Fires with this probability for each match, by the script's seed. */
  chance: z.number().min(0).max(1).default(1),
  fault,
})
export type FaultRule = z.infer<typeof faultRule>
/** As it is written by people. */
export type FaultRuleScript = z.input<typeof faultRule>

export interface Fired {
  readonly rule: string
  readonly kind: Fault['kind']
  readonly operation: Operation
  /** The number of the request, from 1, as in the list of requests. */
  readonly request: number
}

export interface Faults {
  add(rules: readonly FaultRule[]): void
  clear(): void
  fired(): readonly Fired[]
  /** The fault of this request, if any: the oldest rule that matches and fires. */
  next(request: {
    readonly number: number
    readonly operation: Operation
    readonly text: string
  }): Fault | undefined
}

export const faults = (random: () => number, initial: readonly FaultRule[]): Faults => {
  const live: { readonly rule: FaultRule; passed: number; fired: number }[] = []
  const history: Fired[] = []
  const add = (rules: readonly FaultRule[]) => {
    for (const rule of rules) live.push({ rule, passed: 0, fired: 0 })
  }
  add(initial)
  return {
    add,
    clear: () => live.splice(0),
    fired: () => history,
    next: ({ number, operation, text }) => {
      for (const entry of live) {
        const { rule } = entry
        if (rule.times > 0 && entry.fired >= rule.times) continue
        if (!concerns(rule.on, operation)) continue
        if (rule.containing !== undefined && !text.includes(rule.containing)) continue
        if (entry.passed++ < rule.after) continue
        if (rule.chance < 1 && random() >= rule.chance) continue
        entry.fired++
        history.push({
          rule: rule.name ?? rule.fault.kind,
          kind: rule.fault.kind,
          operation,
          request: number,
        })
        return rule.fault
      }
      return undefined
    },
  }
}

const concerns = (on: FaultRule['on'], operation: Operation): boolean =>
  on === '*' || (typeof on === 'string' ? on === operation : on.includes(operation))
