// The KPI reports: kpi_reports/latest.json, .csv and .html, and the same three for every month that is over, as it ended.
//
//   kpi ──any of its events──▶ latest
//       ──the first event of another month──▶ YYYY-MM, printed before that event is folded; the oldest falls away
//
// A month is one of the book's zone, by the time at which the ledger took its events: a report is no event, so which
// reports there are follows from the ledger, too.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { addDays, type CalendarDate, dateIn, type Instant, instantAt } from '../domain/time.ts'
import { kpiReport, printKpi } from './key-figures.ts'
import { type Kpi, kpi, kpiAsOf, kpiFields } from './kpi.ts'
import { documentRows, kpiDocument, printDocument } from './kpi-document.ts'
import { kpiPage } from './kpi-page.ts'
import type { AnyProjection, Projection } from './projection.ts'
import { printJson, type ViewFile } from './view.ts'

/** What the latest report is made of. */
export interface LatestReport {
  kpi: Kpi
  book: string
  /** The last event that named the book otherwise than before. */
  bookAsOf: Seq
}

export interface KpiReports extends LatestReport {
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
  initial: () => ({ ...nothingReported(), monthEnds: '', month: '', past: [] }),
  apply: (state, recorded) => {
    // Before the book is opened its zone is not known.
    if (recorded.at > state.monthEnds && state.kpi.equity.portfolio.currency !== '')
      beginMonth(state, recorded)
    takeInReport(state, recorded)
    return state
  },
}

/** By type, the fields that the latest report is folded from. */
export const reportFields: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({ ...kpiFields, SegmentOpened: ['book'], LedgerRestored: ['book'] }),
)

export const nothingReported = (): LatestReport => ({ kpi: kpi.initial(), book: '', bookAsOf: 0 })

/** `recorded` needs no more than its `reportFields`. */
export const takeInReport = (
  report: LatestReport,
  recorded: Pick<Recorded<BookEvent>, 'seq' | 'event'>,
): void => {
  const { seq, event } = recorded
  if (event.type === 'SegmentOpened' || event.type === 'LedgerRestored') {
    if (event.data.book !== report.book) report.bookAsOf = seq
    report.book = event.data.book
  } else report.kpi = feedKpi(report.kpi, recorded as Recorded<BookEvent>)
}

const { apply: feedKpi }: AnyProjection<Kpi> = kpi

export const latestReport = (report: LatestReport): ReportTexts =>
  reportTexts(report.kpi, report.book, asOfLatest(report))

const beginMonth = (state: KpiReports, { seq, at }: Recorded): void => {
  const { zone } = state.kpi.equity.portfolio
  if (state.month !== '' && hasFigures(state)) {
    state.past.push({
      month: state.month,
      asOf: seq,
      texts: latestReport(state),
    })
    if (state.past.length > monthsMax) state.past.shift()
  }
  const today = dateIn(zone, at)
  state.month = today.slice(0, 7)
  state.monthEnds = instantAt(zone, firstOfNextMonth(today), '00:00')
}

const firstOfNextMonth = (date: CalendarDate): CalendarDate =>
  `${addDays(`${date.slice(0, 7)}-28`, 4).slice(0, 7)}-01`

const asOfLatest = (report: LatestReport): Seq => Math.max(kpiAsOf(report.kpi), report.bookAsOf)

const hasFigures = (state: KpiReports): boolean => kpiAsOf(state.kpi) > 0

/** The report in its three forms. */
const reportTexts = (state: Kpi, book: string, asOf: Seq): ReportTexts => {
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
    texts ??= latestReport(state)
    return texts
  }
  for (const form of ['json', 'csv', 'html'] as const)
    yield { path: `${reportFolder}/latest.${form}`, asOf, text: () => printed()[form] }
}
