// Text of others on a page: whatever a symbol, a champion or a currency is called, it is read and never run.

import { parse } from 'parse5'
import { expect, test } from 'vitest'
import { costsPage } from '../../projections/costs-page.ts'
import { executionCosts } from '../../projections/execution-costs.ts'
import { latencyPage } from '../../projections/latency-page.ts'
import { datum, pageTable, printPage } from '../../projections/report-page.ts'

const hostile = `"><script>alert('1')</script>&<b>`
const shown = hostile
  .replaceAll('&', '&amp;')
  .replaceAll('<', '&lt;')
  .replaceAll('>', '&gt;')
  .replaceAll('"', '&quot;')

/** How often it is shown as text; throws when any of it became an element or an attribute. */
const timesShown = (html: string): number => {
  expect(html).not.toContain('<script')
  expect(html).not.toContain('<b>')
  expect(html).not.toContain('"">')
  expect(JSON.stringify(parse(html), (key, value) => (key === 'parentNode' ? undefined : value))).not.toMatch(
    /"tagName":"(script|b)"/,
  )
  return html.split(shown).length - 1
}

test('the title stands in the head and above the page', () => {
  expect(timesShown(printPage({ title: hostile, subtitle: '', sections: [], footer: '' }))).toBe(2)
})

test.each([
  ['the caption, for readers and as a label', 2, { caption: hostile }],
  ['a heading of a column', 1, { head: [hostile] }],
  ['the name of a row', 1, { rows: [[hostile]] }],
  ['a cell', 1, { rows: [['row', hostile]] }],
  ['a total', 1, { totals: [[hostile]] }],
  ['the exact value of a figure, and what is printed of it', 2, { rows: [['row', datum(hostile, hostile)]] }],
])('%s', (_, times, given) => {
  const { caption, head, rows, totals } = { caption: 'c', head: ['h'], rows: [], totals: [], ...given }
  expect(timesShown(pageTable(caption, head, rows, [], totals))).toBe(times)
})

test('the pages of costs and latency', () => {
  const total = executionCosts([])
  const costs = costsPage({
    book: hostile,
    currency: hostile,
    bySymbol: [[hostile, total]],
    byWisher: [[hostile, total]],
    total,
  })
  expect(timesShown(costs)).toBe(2 + 1 + 2)
  expect(timesShown(latencyPage(hostile, [], false))).toBe(2)
})
