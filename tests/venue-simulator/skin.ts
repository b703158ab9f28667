// A skin: how one venue speaks. It turns requests into acts of the exchange and what came of them into the venue's words.
//
// Each skin lies in a file of its own and is written from what the venue publishes and has answered, never from a client.

import type { Decimal } from '../../domain/decimal.ts'
import type { CancelRace, Exchange, ExchangeRules } from './exchange.ts'
import type { Operation } from './faults.ts'

export interface Request {
  /** From 1, in the order of arrival. */
  readonly number: number
  readonly method: string
  readonly path: string
  /** As it stood behind the '?', still encoded: signatures cover these bytes. */
  readonly search: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Query and body (form or JSON) together. Values of a form are text. */
  readonly params: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** A request on its way through a skin. */
export interface Visit {
  readonly request: Request
  readonly exchange: Exchange
  /** Groups of the route's path. */
  readonly named: Readonly<Record<string, string>>
  readonly race: CancelRace | undefined
  /** A parameter as text; undefined when it is absent, null or empty. */
  param(name: string): string | undefined
  /** Lists of orders and trades go through here on their way out: a fault may shuffle them. */
  listed<T>(list: readonly T[]): readonly T[]
}

export interface Route {
  readonly method: string
  readonly path: RegExp
  readonly operation: Operation
  readonly signed?: boolean
  answer(visit: Visit): Answer
}

export interface Skin {
  readonly routes: readonly Route[]
  /** The refusal of a key, signature, nonce or timestamp; undefined when all is well. */
  authenticate(request: Request): Answer | undefined
  unknownPath(request: Request): Answer
  rateLimited(retryAfterS: number): Answer
  maintenance(operation: Operation): Answer
}

export interface VenueProtocol {
  readonly rules: (seed: number) => ExchangeRules
  readonly skin: (exchange: Exchange) => Skin
}

export const json = (
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8', ...headers },
  body: JSON.stringify(value).replace(/"\\u0000(-?[0-9.]+)\\u0000"/g, '$1'),
})

/** A decimal that stands in the JSON as a number, with every digit it has: 0.00000001, never 1e-8. */
export const numeral = (value: Decimal): string => `\u0000${value}\u0000`

/** A parameter as text, whatever it was in the request. */
export const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null || value === '' ? undefined : String(value)

export const headerOf = ({ headers }: Request, name: string): string => {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
