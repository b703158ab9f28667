// A figure that may be missing, as a view shows it: 'n/a', never a sentinel such as 0 or -100.

import type { Decimal } from '../domain/decimal.ts'
import { isSome, none, type Option, some } from '../domain/result.ts'

export const notAvailable = 'n/a'

export const shown = <Figure>(figure: Option<Figure>): Figure | typeof notAvailable =>
  isSome(figure) ? figure.value : notAvailable

/** Rounds a statistic to 6 decimal places for show. What is not finite has no meaning and is missing. */
export const rounded = (value: number): Option<number> =>
  Number.isFinite(value) ? some(Number(value.toFixed(6))) : none

/** The same of one that may be missing. */
export const roundedIn = (value: Option<number>): Option<number> =>
  isSome(value) ? rounded(value.value) : none

/** A figure of a report, beside the sample that it was computed from. */
export interface Figure {
  /** With its basis: 'sharpe_daily_365_rf0'. */
  readonly name: string
  /** Money is an exact decimal; a statistic is a double, rounded to 6 places. */
  readonly value: Option<Decimal | number>
  /** 'bps': hundredths of a per cent; 'quantity': of a currency that the name says, and not of money. */
  readonly unit: 'money' | 'quantity' | 'share' | 'ratio' | 'count' | 'bps' | 'minutes'
  /** Size and kind of the sample: 12 'trades'. */
  readonly sample: number
  readonly of: string
}
