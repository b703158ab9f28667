// The one door to exact decimals: money, prices, quantities and fees are text such as '0.25', never a JavaScript
// number. Sums, differences and products are exact; a quotient is cut to 18 places, half to even.

import { Decimal as Exact } from 'decimal.js'
import * as z from 'zod'
import { inSteps, type Rounding } from './decimal-steps.ts'
import { compareSmall, productOfSmall, quotientOfSmall, sumOfSmall } from './small-decimal.ts'

// 260 digits: the longest sums and products keep every digit, and the longest quotient is still told apart from a half
// of its 18th place (the integers behind two texts of 40 characters have 77 digits each), so it is rounded once.
const exact = Exact.clone({ precision: 260, rounding: Exact.ROUND_HALF_EVEN })

/** An exact decimal as text, without exponent: '100', '0.25', '-3.5'. */
export type Decimal = `${number}`

const form = /^-?(0|[1-9]\d*)(\.\d+)?$/

/** Checks text that claims to be a decimal; 40 characters at most, so that everything computed stays exact. */
export const DecimalText = z
  .string()
  .max(40)
  .regex(form, 'not a plain decimal such as 12.5') as unknown as z.ZodType<Decimal>

/** Reads a decimal from text that comes from outside; undefined when it is none. */
export const readDecimal = (text: string): Decimal | undefined =>
  text.length <= 40 && form.test(text) ? (text as Decimal) : undefined

const print = (value: Exact): Decimal => value.toFixed() as Decimal

export const add = (a: Decimal, b: Decimal): Decimal => sumOfSmall(a, b, 1) ?? print(new exact(a).plus(b))
export const subtract = (a: Decimal, b: Decimal): Decimal =>
  sumOfSmall(a, b, -1) ?? print(new exact(a).minus(b))
export const multiply = (a: Decimal, b: Decimal): Decimal =>
  productOfSmall(a, b) ?? print(new exact(a).times(b))
export const negate = (a: Decimal): Decimal => sumOfSmall('0', a, -1) ?? print(new exact(0).minus(a))
export const absolute = (a: Decimal): Decimal =>
  sumOfSmall('0', a, a.startsWith('-') ? -1 : 1) ?? print(new exact(a).abs())
export const sum = (all: Iterable<Decimal>): Decimal => {
  let total: Decimal = '0'
  for (const each of all) total = add(total, each)
  return total
}

/** a / b to 18 places, half to even. Throws on b = 0: callers decide what a missing quotient means. */
export const divide = (a: Decimal, b: Decimal): Decimal => {
  if (isZero(b)) throw new Error(`division of ${a} by zero`)
  return quotientOfSmall(a, b) ?? print(new exact(a).dividedBy(b).toDecimalPlaces(18))
}

/** Negative, 0 or positive, as in Array.sort. */
export const compare = (a: Decimal, b: Decimal): number =>
  a === b ? 0 : (compareSmall(a, b) ?? new exact(a).comparedTo(b))
export const isZero = (a: Decimal): boolean => a === '0' || compare(a, '0') === 0
export const isPositive = (a: Decimal): boolean => compare(a, '0') > 0
export const smaller = (a: Decimal, b: Decimal): Decimal => (compare(a, b) <= 0 ? a : b)
export const larger = (a: Decimal, b: Decimal): Decimal => (compare(a, b) >= 0 ? a : b)

/** Rounds to a multiple of `step` (a venue's tick or lot): down and up are towards minus and plus infinity. */
export const roundTo = (value: Decimal, step: Decimal, rounding: Rounding): Decimal =>
  inSteps(value, step, rounding)

/** Whether a price or quantity is a whole number of ticks or lots. */
export const isMultiple = (value: Decimal, step: Decimal): boolean =>
  compare(roundTo(value, step, 'down'), value) === 0

/** A measurement (an indicator, in binary floating point) becomes a price only here, on a venue's tick. */
export const priceFrom = (measure: number, tick: Decimal, rounding: Rounding): Decimal => {
  if (!Number.isFinite(measure)) throw new Error(`${measure} is no price`)
  return roundTo(print(new exact(measure)), tick, rounding)
}

/** For statistics and indicators only: the nearest double. */
export const toNumber = (a: Decimal): number => Number(a)

/** For people: fixed places, half to even. Not for the ledger. */
export const toPlaces = (a: Decimal, places: number): string => new exact(a).toFixed(places)
