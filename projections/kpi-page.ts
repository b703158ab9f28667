// The page of the KPI report: what a person wants to know first, the curve, and behind it every figure with its sample.

import { type Decimal, toNumber, toPlaces } from '../domain/decimal.ts'
import { isSome, type Option } from '../domain/result.ts'
import { costsRemark, costsTable } from './costs-page.ts'
import type { KpiGroup, KpiShare } from './key-figures.ts'
import type { CurvePoint, KpiDocument } from './kpi-document.ts'
import { linePlot } from './line-plot.ts'
import {
  count,
  datum,
  escaped,
  grouped,
  money,
  type PageCell,
  pageTable,
  printPage,
  section,
} from './report-page.ts'
import { type Figure, notAvailable, roundedIn, shown } from './shown.ts'
import { averagePrice } from './trades.ts'

export const kpiPage = (document: KpiDocument): string => {
  const { report, book, asOf } = document
  const { currency } = report
  const title = book === '' ? 'Key figures' : `Key figures of ${book}`
  return printPage({
    title,
    subtitle: `${period(document)}; money in ${escaped(currency)}, as of event ${grouped(`${asOf}`)} of the ledger`,
    sections: [
      tiles(document),
      curveSection(document),
      section('Results', resultsOf(report)),
      section(
        'Execution',
        [costsTable('Costs by symbol', 'symbol', document.costs.bySymbol, document.costs.total)],
        costsRemark,
      ),
      ...(document.positions.length === 0 ? [] : [positionsSection(document)]),
      ...(document.trades.length === 0 ? [] : [tradesSection(document)]),
      section('Wishes and answers', [
        wishersTable(report.byWisher),
        ...(report.denials.length === 0
          ? []
          : [
              pageTable(
                'Denied because',
                ['reason', 'times'],
                report.denials.map(([reason, times]) => [reason, datum(times, grouped(`${times}`))]),
                [1],
              ),
            ]),
      ]),
      section('Every figure, with its sample', [figuresTable(report.figures)]),
    ],
    footer:
      'Folded from the ledger; the same ledger gives the same page. The figures as JSON and CSV lie beside it. <code>veritape rebuild</code> proves it, <code>veritape verify</code> proves the ledger.',
  })
}

const period = ({ report: { from, to } }: KpiDocument): string =>
  isSome(from) && isSome(to) ? `${from.value} to ${to.value}` : 'No day of trading yet'

// ── figures in words ────────────────────────────────────────────────────────────────────────────────────────────

const percent = (value: Option<number>): PageCell => {
  const exact = roundedIn(value)
  return isSome(exact) ? datum(exact.value, `${(exact.value * 100).toFixed(1)} %`) : datum(notAvailable, '–')
}

/** A figure of the report as a person reads it. */
const printed = ({ value, unit }: Figure): string => {
  if (!isSome(value)) return '–'
  switch (unit) {
    case 'money':
      return grouped(toPlaces(`${value.value}` as Decimal, 2))
    case 'share':
      return `${(Number(value.value) * 100).toFixed(2)} %`
    case 'count':
    case 'quantity':
      return grouped(`${value.value}`)
    case 'bps':
      return `${grouped(Number(value.value).toFixed(2))} bps`
    case 'minutes':
      return `${grouped(Number(value.value).toFixed(1))} min`
    case 'ratio':
      return grouped(Number(value.value).toFixed(2))
  }
}

const figureCell = (figure: Figure): { readonly html: string } => {
  const text = printed(figure)
  return datum(shown(figure.value), text, figure.unit === 'money' && text.startsWith('−') ? 'loss' : '')
}

/** '39 trades', '1 trade', '1 order that ended'. */
const sampleOf = ({ sample, of }: Figure): string =>
  `${grouped(`${sample}`)} ${sample === 1 ? of.replace(/s\b/, '') : of}`

// ── sections ────────────────────────────────────────────────────────────────────────────────────────────────────

const tiles = ({ report, opening, returnShare }: KpiDocument): string => {
  const starting = (start: string): Figure | undefined =>
    report.figures.find(({ name }) => name.startsWith(start))
  const tile = (label: string, start: string, remark?: string): string => {
    const figure = starting(start)
    if (figure === undefined) return ''
    const below = remark ?? sampleOf(figure)
    return `<div><dt>${label}</dt><dd>${figureCell(figure).html}</dd><dd>${below}</dd></div>`
  }
  const change =
    returnShare === notAvailable
      ? ''
      : `${datum(returnShare, signedPercent(returnShare), returnShare.startsWith('-') ? 'loss' : '').html} since ${grouped(toPlaces(opening, 2))}`
  return [
    '<dl class="tiles">',
    tile('Equity', 'equity', change),
    tile('Net of closed trades', 'net_pnl_closed_trades'),
    tile('Largest drawdown', 'max_drawdown_equity', 'of equity, at any cycle'),
    tile('Sharpe ratio, a year', 'sharpe_'),
    tile('Win rate', 'win_rate'),
    tile('Profit factor, net', 'profit_factor_net'),
    tile('Fees', 'fees'),
    tile('Time in drift', 'drift_minutes_total'),
    '</dl>',
  ].join('\n')
}

const signedPercent = (share: Decimal): string => {
  const text = (toNumber(share) * 100).toFixed(2)
  return `${text.startsWith('-') ? `−${text.slice(1)}` : `+${text}`} %`
}

const curveSection = ({ curve, opening, report: { currency } }: KpiDocument): string => {
  if (curve.length === 0)
    return section('Equity and drawdown', ['<p>The curve begins with the first completed cycle.</p>'])
  const plotted = (value: (point: CurvePoint) => number, tip: (point: CurvePoint) => string) =>
    curve.map(point => ({
      value: value(point),
      label: point.to,
      tip: `${point.from === point.to ? point.to : `${point.from} to ${point.to}`}: ${tip(point)}`,
    }))
  const last = curve.at(-1) as CurvePoint
  const days = curve.length === 1 ? 'one point' : `${curve.length} points`
  return section(
    'Equity and drawdown',
    [
      linePlot({
        kind: 'equity',
        description: `Equity at the end of each day, ${days}; the last is ${toPlaces(last.equity, 2)} ${escaped(currency)}`,
        points: plotted(
          ({ equity }) => toNumber(equity),
          ({ equity }) => `${grouped(toPlaces(equity, 2))} ${escaped(currency)}`,
        ),
        fillFrom: 'bottom',
        base: toNumber(opening),
        printTick: value => grouped(String(value)),
      }),
      linePlot({
        kind: 'drawdown',
        description: `Drawdown from the highest equity so far, at the end of each day, ${days}`,
        points: plotted(
          ({ drawdown }) => -toNumber(drawdown),
          ({ drawdown }) => `${(toNumber(drawdown) * 100).toFixed(2)} % below the peak`,
        ),
        fillFrom: 'top',
        base: 0,
        printTick: value => `${grouped(String(Number((value * 100).toPrecision(6))))} %`,
      }),
    ],
    `At the end of each day of trading. The dashed line is what the book opened with, ${grouped(toPlaces(opening, 2))} ${escaped(currency)}; below it, how far the day ended under the highest equity so far.`,
  )
}

const resultsOf = ({ byStrategy, bySymbol, byAnchor }: KpiDocument['report']): readonly string[] => {
  if (bySymbol.every(({ figures }) => figures.trades === 0))
    return ['<p>No round trip yet: nothing that was opened has been closed again.</p>']
  return [
    sharesTable('By strategy', 'strategy', byStrategy),
    sharesTable('By symbol', 'symbol', bySymbol),
    ...(byAnchor.some(({ name }) => name !== 'none')
      ? [sharesTable('By anchor of the scan', 'anchor', byAnchor)]
      : []),
  ]
}

/** What never came to a round trip is counted, not listed: of a watchlist that is most of it. */
const sharesTable = (caption: string, name: string, shares: readonly (KpiGroup | KpiShare)[]): string => {
  const traded = shares.filter(({ figures }) => figures.trades > 0)
  const rest = shares.length - traded.length
  return pageTable(
    rest === 0 ? caption : `${caption}; ${rest} more without a round trip`,
    [name, 'trades', 'won', 'lost', 'win rate', 'net', 'net a trade'],
    traded.map(({ name, figures }) => [
      name,
      count(figures.trades),
      count(figures.wins),
      count(figures.losses),
      percent(figures.winRate),
      money(figures.netPnl),
      optionalMoney(figures.expectancy),
    ]),
    [1, 2, 3, 4, 5, 6],
  )
}

const optionalMoney = (value: Option<number>): PageCell => {
  const exact = roundedIn(value)
  if (!isSome(exact)) return datum(notAvailable, '–')
  const text = grouped(exact.value.toFixed(2))
  return datum(exact.value, text, text.startsWith('−') ? 'loss' : '')
}

const positionsSection = ({ positions }: KpiDocument): string =>
  section('Open positions', [
    pageTable(
      'Marked at the newest close',
      ['symbol', 'held for', 'quantity', 'entry', 'mark', 'unrealized'],
      positions.map(({ symbol, by, quantity, entryPrice, mark, unrealizedPnl }) => [
        symbol,
        by,
        datum(quantity, grouped(quantity)),
        datum(entryPrice, grouped(toPlaces(entryPrice, 2))),
        datum(mark, grouped(mark)),
        money(unrealizedPnl),
      ]),
      [2, 3, 4, 5],
    ),
  ])

const tradesSection = ({ trades }: KpiDocument): string =>
  section('Newest round trips', [
    pageTable(
      `The last ${trades.length === 1 ? 'one' : trades.length}, newest first; times in UTC`,
      ['closed', 'symbol', 'for', 'side', 'quantity', 'entry', 'exit', 'fees', 'net'],
      trades.map(trade => [
        trade.exitTime.slice(0, 16).replace('T', ' '),
        trade.symbol,
        trade.by,
        trade.side,
        datum(trade.entered, grouped(trade.entered)),
        priceCell(trade.entryValue, trade.entered),
        priceCell(trade.exitValue, trade.exited),
        money(trade.fees),
        money(trade.netPnl),
      ]),
      [4, 5, 6, 7, 8],
    ),
  ])

const priceCell = (value: Decimal, quantity: Decimal): PageCell => {
  const price = averagePrice(value, quantity)
  return datum(price, grouped(toPlaces(price, 2)))
}

const wishersTable = (groups: readonly KpiGroup[]): string => {
  const wished = groups.filter(({ counted }) => counted.raised > 0)
  const rest = groups.length - wished.length
  return pageTable(
    rest === 0 ? 'By champion or operator' : `By champion or operator; ${rest} more without a wish`,
    ['champion or operator', 'evaluations', 'wishes', 'orders', 'withheld', 'denied', 'expired'],
    wished.map(({ name, counted }) => [
      name,
      count(counted.evaluations.buy + counted.evaluations.sell + counted.evaluations.none),
      ...[counted.raised, counted.requested, counted.withheld, counted.denied, counted.expired].map(count),
    ]),
    [1, 2, 3, 4, 5, 6],
  )
}

const figuresTable = (figures: readonly Figure[]): string =>
  pageTable(
    'As in kpi.json',
    ['figure', 'value', 'sample'],
    figures.map(figure => [
      { html: `<code>${escaped(figure.name)}</code>` },
      figureCell(figure),
      sampleOf(figure),
    ]),
    [1],
  )
