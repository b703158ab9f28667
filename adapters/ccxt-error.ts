// What went wrong at an exchange, by ccxt's class of the error, and what may be concluded from it. From most of them:
// nothing.
//
// ccxt is loaded one exchange at a time, so classes are told apart by name: there is no `instanceof` across files.

import type { Heard } from './whole-answer.ts'

/** What an exchange's answer to a question was worth. */
export type Trouble =
  /** Too many requests: be quiet for a while. */
  | 'rate-limited'
  /** A timestamp or nonce that the exchange does not like: our clock, or two requests at once. */
  | 'clock'
  | 'maintenance'
  /** Asking again may help: no answer, half an answer, a gateway's page. */
  | 'transient'
  /** The exchange understood, and refuses. */
  | 'refused'

/** Names of the error's class and of those above it, nearest first. */
const classesOf = (error: unknown): readonly string[] => {
  const names: string[] = []
  for (
    let at = Object.getPrototypeOf(error ?? {});
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  )
    names.push(String(at.constructor?.name))
  return names
}

export const isNotFound = (error: unknown): boolean => classesOf(error).includes('OrderNotFound')

/** Not there, or under no number that the exchange takes: kraken and Alpaca refuse the number of an order that they do not have. */
export const isNoOrder = (error: unknown): boolean => classesOf(error).includes('InvalidOrder')

/** Whether the exchange has understood and does not take the keys. */
export const isRefusalOfKeys = (error: unknown): boolean => {
  const classes = classesOf(error)
  return classes.includes('AuthenticationError') || classes.includes('PermissionDenied')
}

/** `status`: of the last answer that was heard, undefined when there was none. */
export const troubleOf = (error: unknown, status: number | undefined): Trouble => {
  const classes = classesOf(error)
  const is = (name: string) => classes.includes(name)
  if (is('RateLimitExceeded') || is('DDoSProtection') || status === 429 || status === 418)
    return 'rate-limited'
  if (is('InvalidNonce')) return 'clock'
  if (is('OnMaintenance')) return 'maintenance'
  if (is('OperationFailed') || !is('ExchangeError') || (status !== undefined && status >= 500))
    return 'transient'
  return 'refused'
}

/** Only these classes say that an order does not exist, and none of their subclasses does. */
const rejections: ReadonlySet<string> = new Set([
  'InsufficientFunds',
  'InvalidOrder',
  'BadSymbol',
  'AuthenticationError',
  'PermissionDenied',
])

/** Words by which exchanges say that our id is there already: then there is an order, and it may be ours. */
const saysDuplicate = /duplicat|unique|already (?:exist|used)|client.?(?:order.?)?(?:o?id)\b/i

/**
 * Whether a failed submit provably left no order behind. Everything that is not on the list is unknown: a timeout, a
 * reset, an HTML page, a new error of the exchange, a broken promise of ccxt.
 */
export const isRejection = (error: unknown, heard: Pick<Heard, 'status' | 'body'> | undefined): boolean =>
  rejections.has(classesOf(error)[0] ?? '') &&
  (heard === undefined || heard.status < 500 || isJson(heard.body)) && // bitfinex refuses with 500, a gateway has no JSON
  !saysDuplicate.test(messageOf(error))

const isJson = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error)
