// veritape report kpi   The key figures of the book, each with its basis in the name and its sample beside it.

import type { Decimal } from '../domain/decimal.ts'
import { toPlaces } from '../domain/decimal.ts'
import { isSome, type Option } from '../domain/result.ts'
import { type KpiGroup, kpiFiles, kpiReport } from '../projections/key-figures.ts'
import { latestReport, nothingReported, reportFields, takeInReport } from '../projections/kpi-reports.ts'
import type { Figure } from '../projections/shown.ts'
import type { Command } from './command.ts'
import { exit } from './exit.ts'
import { type FormatOptions, formatOf, withFormat } from './report-format.ts'

export const reportKpi: Command<FormatOptions> = {
  options: withFormat,
  run: async (engine, options) => {
    const { screen } = engine
    const format = formatOf(screen.json, options)
    const latest = nothingReported()
    // Figures of money come from verified lines only.
    await engine.replay(reportFields, cut => takeInReport(latest, cut))
    if (format !== 'table') {
      // The bytes of kpi_reports/latest.*, as of now.
      screen.document(latestReport(latest)[format])
      return exit.done
    }
    const report = kpiReport(latest.kpi)
    const { currency, from, to, figures, denials, bySymbol, byWisher, byStrategy, byAnchor, byScan } = report
    screen.heading(`KPI of ${engine.config.book}, ${optional(from)} to ${optional(to)}, money in ${currency}`)
    screen.table(
      ['figure', 'value', 'sample'],
      figures.map(figure => [figure.name, printFigure(figure), `${figure.sample} ${figure.of}`]),
      [1],
    )
    for (const [title, shares] of [
      ['strategy', byStrategy],
      ['anchor', byAnchor],
      ['scan', byScan],
    ] as const)
      if (shares.some(({ name }) => name !== 'none'))
        screen.table(
          [title, 'trades', 'win rate', 'net PnL'],
          shares.map(({ name, figures }) => [
            name,
            `${figures.trades}`,
            isSome(figures.winRate) ? `${(figures.winRate.value * 100).toFixed(0)} %` : 'n/a',
            toPlaces(figures.netPnl, 2),
          ]),
          [1, 2, 3],
        )
    for (const [title, groups] of [
      ['symbol', bySymbol],
      ['champion or operator', byWisher],
    ] as const)
      screen.table(
        [title, 'trades', 'win rate', 'net PnL', 'evaluations', 'orders', 'denied'],
        groups.map(groupRow),
        [1, 2, 3, 4, 5, 6],
      )
    if (denials.length > 0)
      screen.table(
        ['denied because', 'times'],
        denials.map(([reason, count]) => [reason, `${count}`]),
        [1],
      )
    for (const file of kpiFiles(latest.kpi)) screen.result(JSON.parse(file.text()))
    return exit.done
  },
}

const optional = (value: Option<string>): string => (isSome(value) ? value.value : 'n/a')

/** A figure for people: money to two places, a share in per cent, n/a where it has no meaning. */
export const printFigure = ({ value, unit }: Figure): string => {
  if (!isSome(value)) return 'n/a'
  if (unit === 'money') return toPlaces(`${value.value}` as Decimal, 2)
  if (unit === 'share') return `${(Number(value.value) * 100).toFixed(2)} %`
  if (unit === 'bps' || unit === 'minutes') return Number(value.value).toFixed(2)
  return `${value.value}`
}

const groupRow = ({ name, figures, counted }: KpiGroup): readonly string[] => [
  name,
  `${figures.trades}`,
  isSome(figures.winRate) ? `${(figures.winRate.value * 100).toFixed(0)} %` : 'n/a',
  toPlaces(figures.netPnl, 2),
  `${Object.values(counted.evaluations).reduce((sum, count) => sum + count, 0)}`,
  `${counted.requested + counted.withheld}`,
  `${counted.denied}`,
]
