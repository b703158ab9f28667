// The KPI reports: kpi_reports/latest.json, .csv and .html, and the same three for every month that is over, as it ended.
//
//   kpi ──any of its events──▶ latest
//       ──the first event of another month──▶ YYYY-MM, printed before that event is folded; the oldest falls away
//
// A month is one of the book's zone, by the time at which the ledger took its events: a report is no event, so which
// reports there are follows from the ledger, too.

import type { Recorded, Seq } from '../domain/event.ts'
import { addDays, type CalendarDate, dateIn, type Instant, instantAt } from '../domain/time.ts'
import { type Kpi, kpi, kpiAsOf, kpiReport, printKpi } from './kpi.ts'
import { documentRows, kpiDocument, printDocument } from './kpi-document.ts'
import { kpiPage } from './kpi-page.ts'
import type { AnyProjection, Projection } from './projection.ts'
import { printJson, type ViewFile } from './view.ts'

export interface KpiReports {
  kpi: Kpi
  book: string
  /** The last event that named the book otherwise than before. */
  bookAsOf: Seq
  monthEnds: Instant
  month: string
  /** The newest months that are over, oldest first. */
  readonly past: PastMonth[]
}

interface PastMonth {
  readonly month: string
  /** The first event behind it: that made the report. */
  readonly asOf: Seq
  readonly texts: ReportTexts
}

export interface ReportTexts {
  readonly json: string
  readonly csv: string
  readonly html: string
}

/** So many months are kept. */
const monthsMax = 24

export const kpiReports: Projection<
  KpiReports,
  (typeof kpi.types)[number] | 'SegmentOpened' | 'LedgerRestored'
> = {
  name: 'kpi-reports',
  types: [...kpi.types, 'SegmentOpened', 'LedgerRestored'],
  initial: () => ({ kpi: kpi.initial(), book: '', bookAsOf: 0, monthEnds: '', month: '', past: [] }),
  apply: (state, recorded) => {
    const { event } = recorded
    // Before the book is opened its zone is not known.
    if (recorded.at > state.monthEnds && state.kpi.equity.portfolio.currency !== '')
      beginMonth(state, recorded)
    if (event.type === 'SegmentOpened' || event.type === 'LedgerRestored') {
      if (event.data.book !== state.book) state.bookAsOf = recorded.seq
      state.book = event.data.book
      return state
    }
    state.kpi = feedKpi(state.kpi, recorded)
    return state
  },
}

const { apply: feedKpi }: AnyProjection<Kpi> = kpi

const beginMonth = (state: KpiReports, { seq, at }: Recorded): void => {
  const { zone } = state.kpi.equity.portfolio
  if (state.month !== '' && hasFigures(state)) {
    state.past.push({
      month: state.month,
      asOf: seq,
      texts: reportTexts(state.kpi, state.book, asOfLatest(state)),
    })
    if (state.past.length > monthsMax) state.past.shift()
  }
  const today = dateIn(zone, at)
  state.month = today.slice(0, 7)
  state.monthEnds = instantAt(zone, firstOfNextMonth(today), '00:00')
}

const firstOfNextMonth = (date: CalendarDate): CalendarDate =>
  `${addDays(`${date.slice(0, 7)}-28`, 4).slice(0, 7)}-01`

const asOfLatest = (state: KpiReports): Seq => Math.max(kpiAsOf(state.kpi), state.bookAsOf)

const hasFigures = (state: KpiReports): boolean => kpiAsOf(state.kpi) > 0

/** The report in its three forms. */
export const reportTexts = (state: Kpi, book: string, asOf: Seq): ReportTexts => {
  const document = kpiDocument(state, book, asOf)
  return {
    json: printJson({ asOf, book, ...printKpi(kpiReport(state)), ...printDocument(document) }),
    csv: documentRows(document),
    html: kpiPage(document),
  }
}

export const reportFolder = 'kpi_reports'

export const kpiReportFiles = function* (state: KpiReports): Generator<ViewFile> {
  for (const { month, asOf, texts } of state.past)
    for (const form of ['json', 'csv', 'html'] as const)
      yield { path: `${reportFolder}/${month}.${form}`, asOf, text: () => texts[form] }
  if (!hasFigures(state)) return
  const asOf = asOfLatest(state)
  let texts: ReportTexts | undefined
  const printed = () => {
    texts ??= reportTexts(state.kpi, state.book, asOf)
    return texts
  }
  for (const form of ['json', 'csv', 'html'] as const)
    yield { path: `${reportFolder}/latest.${form}`, asOf, text: () => printed()[form] }
}
