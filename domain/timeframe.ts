// How long a candle lasts.

import * as z from 'zod'

export const Timeframe = z.enum(['1m', '5m', '15m', '1h', '4h', '1D'])
export type Timeframe = z.infer<typeof Timeframe>

const minutes: Record<Timeframe, number> = { '1m': 1, '5m': 5, '15m': 15, '1h': 60, '4h': 240, '1D': 1440 }

/** Length in milliseconds. A 1D candle of an exchange with sessions lasts a session: its own close time tells. */
export const millisecondsIn = (timeframe: Timeframe): number => minutes[timeframe] * 60_000

/** Candles of a timeframe in a year of 365 days, for annualising figures of a market without sessions. */
export const perYear = (timeframe: Timeframe): number => (365 * 1440) / minutes[timeframe]
