// A figure that may be missing, as a view shows it: 'n/a', never a sentinel such as 0 or -100.

import { isSome, none, type Option, some } from '../domain/result.ts'

export const notAvailable = 'n/a'

export const shown = <Figure>(figure: Option<Figure>): Figure | typeof notAvailable =>
  isSome(figure) ? figure.value : notAvailable

/** Rounds a statistic to 6 decimal places for show. What is not finite has no meaning and is missing. */
export const rounded = (value: number): Option<number> =>
  Number.isFinite(value) ? some(Number(value.toFixed(6))) : none
