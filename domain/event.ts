// What an event is: a type, a version and data, declared once; and how it stands in the ledger.
//
//   declared ──make──▶ Event ──propose──▶ Proposed ──append──▶ Recorded
//
// The names of types and fields are the stored format. They are never changed, only added to: a new meaning
// is a new type, a new shape is a new version with an upcaster.

import * as z from 'zod'
import { sha256 } from './hash.ts'

/** A place in the ledger: 1, 2, 3 … without gaps. 0 means "outside the ledger". */
export type Seq = number

/** A place in a stream: 0, 1, 2 … without gaps. */
export type Revision = number

/** One subject's share of the ledger, such as 'candles-BTC/USDT-5m'. */
export type StreamName = string

/**
 * Declares an event type: constructor and parser from one shape. Unknown fields do not parse, and neither does
 * a number where decimal text belongs. The constructor is the door: it throws a ZodError on data that does not parse.
 */
export const event = <Type extends string, Version extends number, Shape extends z.ZodRawShape>(
  type: Type,
  version: Version,
  shape: Shape,
) => {
  const data = z.strictObject(shape)
  type Data = Readonly<z.infer<typeof data>>
  const make = (given: Data): { readonly type: Type; readonly version: Version; readonly data: Data } => ({
    type,
    version,
    data: data.parse(given) as Data,
  })
  return Object.assign(make, { type, version, data })
}

/** The event that a declaration makes. */
export type EventOf<Declaration> = Declaration extends (...given: never[]) => infer E ? E : never

export interface Event {
  readonly type: string
  readonly version: number
  readonly data: object
}

/** What an event points back to: a recorded event. `correlation` is the seq that the whole chain began with. */
export interface Link {
  readonly seq: Seq
  readonly id: string
  readonly correlation: Seq
}

/**
 * Why an event exists. Three kinds:
 * - another recorded event;
 * - an event earlier in the same write group, by its index there: it has no seq yet;
 * - the outside (a market, a person, a clock), with a key that is the same whenever the same fact is proposed again.
 */
export type Cause =
  | { readonly from: 'event'; readonly link: Link }
  | { readonly from: 'group'; readonly index: number; readonly id: string }
  | { readonly from: 'outside'; readonly key: string }

/** An event on its way to the ledger. The same proposal always has the same id, so a repeated append is recognised. */
export interface Proposed<E extends Event = Event> {
  readonly id: string
  readonly cause: Cause
  readonly event: E
}

/** An event in the ledger. */
export interface Recorded<E extends Event = Event> extends Link {
  readonly stream: StreamName
  readonly revision: Revision
  /** UTC with microseconds; when the ledger took it. Strictly increasing within a book, never used by a decision. */
  readonly at: string
  /** The seq of the event that led to this one; 0 when it came from outside. */
  readonly cause: Seq
  /** The seq of the RunStarted under which it was written; 0 when there was no run. */
  readonly run: Seq
  readonly event: E
}

/** An event id is a function of its cause, its type and its place among the events of that cause. RFC 9562 form 8. */
export const eventId = (causeKey: string, type: string, index: number | string): string => {
  const hex = sha256(`${causeKey}\n${type}\n${index}`)
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const causeKey = (cause: Cause): string => {
  switch (cause.from) {
    case 'event':
      return cause.link.id
    case 'group':
      return cause.id
    case 'outside':
      return cause.key
  }
}

/** `index` tells apart several events of one type with one cause: a count, or a name such as a trade id. */
export const propose = <E extends Event>(
  cause: Cause,
  event: E,
  index: number | string = 0,
): Proposed<E> => ({
  id: eventId(causeKey(cause), event.type, index),
  cause,
  event,
})

export const outside = (key: string): Cause => ({ from: 'outside', key })
export const because = (link: Link): Cause => ({ from: 'event', link })

/** Caused by an earlier proposal of the same write group, which stands there at `index`. */
export const becauseOf = (proposal: Proposed, index: number): Cause => ({
  from: 'group',
  index,
  id: proposal.id,
})
