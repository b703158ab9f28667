// Earnings dates: when a company reports, and which bar is the first that trades on it.

import * as z from 'zod'
import type { CalendarDate } from './time.ts'

export const ReportTime = z.enum(['before-open', 'after-close'])

export interface EarningsDate {
  /** New York date of the report. */
  readonly date: CalendarDate
  /** A report after the close is traded on in the next session. */
  readonly when: z.infer<typeof ReportTime>
}

/** By ticker, oldest first. */
export type Earnings = ReadonlyMap<string, readonly EarningsDate[]>

/** The last report that the first `count` bars have traded on, as the index of its first bar; undefined when unknown. */
export const earningsBar = (
  reports: readonly EarningsDate[],
  dates: readonly CalendarDate[],
  count: number,
): number | undefined => {
  for (let each = reports.length - 1; each >= 0; each -= 1) {
    const { date, when } = reports[each] as EarningsDate
    let at = count
    while (
      at > 0 &&
      (when === 'before-open'
        ? (dates[at - 1] as CalendarDate) >= date
        : (dates[at - 1] as CalendarDate) > date)
    )
      at -= 1
    // A report from before the first bar has no bar of its own: the first one is not it.
    if (at < count && at > 0) return at
  }
  return undefined
}

/** The first report on or after a session. */
export const nextEarnings = (
  earnings: Earnings,
  ticker: string,
  session: CalendarDate,
): EarningsDate | undefined => earnings.get(ticker)?.find(({ date }) => date >= session)
