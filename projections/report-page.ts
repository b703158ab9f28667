// The page of a report: HTML in one file. It holds everything it shows, asks no network for anything, runs no script,
// and follows the reader's light or dark, width and paper.

import { type Decimal, toPlaces } from '../domain/decimal.ts'

export interface ReportPage {
  readonly title: string
  /** Under the title: HTML. */
  readonly subtitle: string
  /** HTML. */
  readonly sections: readonly string[]
  readonly footer: string
}

/** A cell of text, or of HTML that was made here. */
export type PageCell = string | { readonly html: string }

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A figure: what a program reads, exactly, and what a person does. A loss is marked for the style, a gain is not. */
export const datum = (exact: string | number, printed: string, tone = ''): { readonly html: string } => ({
  html: `<data value="${escaped(String(exact))}"${tone === '' ? '' : ` class="${tone}"`}>${escaped(printed)}</data>`,
})

/** Thousands apart: '-12345.60' is '−12,345.60'. */
export const grouped = (text: string): string => {
  const [whole = '', fraction] = text.replace('-', '').split('.')
  const apart = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return `${text.startsWith('-') ? '−' : ''}${apart}${fraction === undefined ? '' : `.${fraction}`}`
}

/** Money to two places; a loss in the colour of one. */
export const money = (value: Decimal): PageCell =>
  datum(value, grouped(toPlaces(value, 2)), value.startsWith('-') ? 'loss' : '')

export const count = (value: number): PageCell => datum(value, grouped(`${value}`))

/** A heading and what stands below it, HTML; the remark ends it. */
export const section = (heading: string, parts: readonly string[], remark = ''): string =>
  [
    '<section>',
    `<h2>${heading}</h2>`,
    ...parts,
    ...(remark === '' ? [] : [`<p>${remark}</p>`]),
    '</section>',
  ].join('\n')

/** `numbers` are the columns (0-based) of figures; the first column names the row. A row named in `totals` ends the table. */
export const pageTable = (
  caption: string,
  head: readonly string[],
  rows: readonly (readonly PageCell[])[],
  numbers: readonly number[] = [],
  totals: readonly (readonly PageCell[])[] = [],
): string => {
  const cell = (content: PageCell, column: number) => {
    const inner = typeof content === 'string' ? escaped(content) : content.html
    const kind = numbers.includes(column) ? ' class="n"' : ''
    return column === 0 ? `<th scope="row">${inner}</th>` : `<td${kind}>${inner}</td>`
  }
  const row = (cells: readonly PageCell[]) => `<tr>${cells.map(cell).join('')}</tr>`
  return [
    `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}">`,
    '<table>',
    `<caption>${escaped(caption)}</caption>`,
    `<thead><tr>${head.map((title, column) => `<th scope="col"${numbers.includes(column) ? ' class="n"' : ''}>${escaped(title)}</th>`).join('')}</tr></thead>`,
    `<tbody>${rows.map(row).join('\n')}</tbody>`,
    ...(totals.length === 0 ? [] : [`<tfoot>${totals.map(row).join('\n')}</tfoot>`]),
    '</table>',
    '</div>',
  ].join('\n')
}

export const printPage = ({ title, subtitle, sections, footer }: ReportPage): string =>
  [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<title>${escaped(title)}</title>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<header>',
    `<h1>${escaped(title)}</h1>`,
    `<p>${subtitle}</p>`,
    '</header>',
    '<main>',
    ...sections,
    '</main>',
    `<footer><p>${footer}</p></footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')

const style = `
:root {
  --page: #f6f7f9; --card: #fff; --ink: #16202c; --soft: #5a6675; --rule: #dfe4ea; --grid: #e9edf1;
  --line: #1f5fa8; --fill: #1f5fa81c; --loss: #b3261e; --lossfill: #b3261e1f; --shade: #16202c2e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141a; --card: #171e26; --ink: #e4e9ef; --soft: #94a1b0; --rule: #2b3541; --grid: #232c36;
    --line: #74aef0; --fill: #74aef026; --loss: #ff8a80; --lossfill: #ff8a8026; --shade: #000000b0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem; max-width: 70rem; background: var(--page); color: var(--ink);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 0 0 0.75rem; font-size: 1.05rem; }
header p, footer p { margin: 0.35rem 0 0; color: var(--soft); }
footer { margin-top: 1.5rem; font-size: 0.8125rem; }
section { margin-top: 1.25rem; padding: 1.1rem 1.25rem; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
section > p { margin: 0.6rem 0 0; color: var(--soft); font-size: 0.8125rem; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 1.25rem 0 0;
  background: var(--rule); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; }
.tiles div { padding: 0.8rem 1rem; background: var(--card); }
.tiles dt { color: var(--soft); font-size: 0.8125rem; }
.tiles dd { margin: 0; }
.tiles dd:nth-of-type(1) { font-size: 1.3rem; font-weight: 600; line-height: 1.35; }
.tiles dd + dd { color: var(--soft); font-size: 0.75rem; }
.loss { color: var(--loss); }
.plot { display: grid; grid-template-columns: auto 1fr; grid-template-rows: 14rem 1.5rem; column-gap: 0.6rem; }
.plot.equity { grid-template-rows: 14rem 0; margin-bottom: 1.1rem; }
.plot.equity .x { display: none; }
.plot.drawdown { grid-template-rows: 7rem 1.5rem; }
.plot svg { width: 100%; height: 100%; overflow: visible; }
.plot .y { position: relative; width: 4.6rem; }
.plot .y span { position: absolute; right: 0; transform: translateY(-50%); white-space: nowrap; }
.plot .x { position: relative; grid-column: 2; }
.plot .x span { position: absolute; top: 0.35rem; transform: translateX(-50%); white-space: nowrap; }
.plot .x span:first-child { transform: none; }
.plot .x span:last-child:not(:first-child) { transform: translateX(-100%); }
.plot .x, .plot .y { color: var(--soft); font-size: 0.75rem; line-height: 1.2; }
.plot line, .plot polyline { fill: none; vector-effect: non-scaling-stroke; }
.plot .grid { stroke: var(--grid); }
.plot .base { stroke: var(--soft); stroke-dasharray: 3 4; }
.plot polyline { stroke: var(--line); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.plot polygon { fill: var(--fill); }
.plot.drawdown polyline { stroke: var(--loss); stroke-width: 1.5; }
.plot.drawdown polygon { fill: var(--lossfill); }
.plot rect { fill: transparent; }
.plot rect:hover { fill: var(--fill); }
.scroll { overflow-x: auto;
  background: linear-gradient(to right, var(--card) 40%, transparent) left, linear-gradient(to left, var(--card) 40%, transparent) right,
    linear-gradient(to right, var(--shade), transparent) left, linear-gradient(to left, var(--shade), transparent) right;
  background-size: 2.5rem 100%, 2.5rem 100%, 0.8rem 100%, 0.8rem 100%; background-repeat: no-repeat;
  background-attachment: local, local, scroll, scroll; }
.scroll + .scroll { margin-top: 1.5rem; }
.scroll:focus-visible { outline: 2px solid var(--line); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; }
caption { padding-bottom: 0.4rem; text-align: left; font-weight: 600; }
th, td { padding: 0.35rem 0.9rem 0.35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: 0.8125rem; border-bottom-color: var(--rule); }
tbody th { font-weight: 400; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; border-top: 1px solid var(--rule); }
tbody tr:last-child > * { border-bottom: 0; }
.n { text-align: right; }
small { display: block; color: var(--soft); font-size: 0.75rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0 2.5rem; }
@media (max-width: 40rem) {
  body { padding: 1.25rem 0.75rem; }
  section { padding: 0.9rem; }
  table { font-size: 0.8125rem; }
  th, td { padding-right: 0.65rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .plot .y { width: 3.6rem; }
  .plot .x span:nth-child(even) { display: none; }
}
@media print {
  body { max-width: none; padding: 0; background: none; }
  section, .tiles { break-inside: avoid; }
  .scroll { overflow: visible; background: none; }
}
`
