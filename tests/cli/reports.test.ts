// The forms of a report: the document alone on stdout, the same figures in each, and the bytes of the views.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demo } from '../demo-ledger.ts'
import { copyOf } from './files.ts'
import { cryptoExample, equitiesExample, veritape } from './veritape.ts'

const { folder } = await demo()
const folders = ['--ledger', 'ledger', '--state', 'state']
const crypto = ['--config', cryptoExample, ...folders]

const printed = async (argv: readonly string[], cwd = folder): Promise<string> => {
  const { code, stdout, stderr } = await veritape(argv, { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}
const rowsOf = (csv: string) =>
  csv
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
const titles = ['section', 'name', 'figure', 'value', 'unit', 'sample', 'of']

/** One page that needs nothing from elsewhere. */
const expectPage = (html: string, title: string) => {
  expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="en">\n/)
  expect(html.endsWith('</html>\n')).toBe(true)
  expect(html).toContain(`<title>${title}</title>`)
  expect(html).toContain("default-src 'none'")
  expect(html).not.toMatch(/<script|src=|href=|url\(|@import|undefined|NaN/)
}

test('report costs --format csv: every figure of the JSON in a row of its own', async () => {
  const json = JSON.parse(await printed(['report', 'costs', '--format', 'json', ...crypto]))
  const [head, ...rows] = rowsOf(await printed(['report', 'costs', '--format', 'csv', ...crypto]))
  expect(head).toEqual(titles)
  const figureOf = (section: string, name: string, figure: string) =>
    rows.find(row => row[0] === section && row[1] === name && row[2] === figure)?.[3]
  expect(figureOf('book', '', 'order_fees')).toBe(json.total.fees)
  expect(Object.keys(json.bySymbol)).toEqual(['BTC/USDT', 'ETH/USDT'])
  for (const [section, groups] of [
    ['symbol', json.bySymbol],
    ['wisher', json.byWisher],
  ])
    for (const [name, { fees }] of Object.entries<{ fees: string }>(groups))
      expect(figureOf(section, name, 'order_fees'), name).toBe(fees)
})

test('report costs --format html: a page with the totals of the JSON', async () => {
  const { total } = JSON.parse(await printed(['report', 'costs', '--format', 'json', ...crypto]))
  const html = await printed(['report', 'costs', '--format', 'html', ...crypto])
  expectPage(html, 'Costs of demo-crypto')
  const foot = /<tfoot>(.*?)<\/tfoot>/s.exec(html)?.[1]
  expect(foot).toContain(`<data value="${total.fees}"`)
  expect(foot).toContain(`<data value="${total.slippage.cost}"`)
})

test('report latency --format csv and html: three figures for each step, none in recorded time', async () => {
  const [head, ...rows] = rowsOf(await printed(['report', 'latency', '--format', 'csv', ...crypto]))
  expect(head).toEqual(titles)
  const { steps } = JSON.parse(await printed(['report', 'latency', '--json', ...crypto]))
  expect(rows.map(([, name, figure]) => [name, figure])).toEqual(
    Object.keys(steps).flatMap(name => ['p50', 'p99', 'longest'].map(figure => [name, figure])),
  )
  expect(rows[0]).toEqual([
    'step',
    'candle close to CandleClosed',
    'p50',
    'n/a',
    'milliseconds',
    '0',
    'orders',
  ])
  const html = await printed(['report', 'latency', '--format', 'html', ...crypto])
  expectPage(html, 'Latency of demo-crypto')
  for (const name of Object.keys(steps)) expect(html).toContain(`<th scope="row">${name}</th>`)
})

test.each(['kpi', 'costs', 'latency'])('report %s cannot be JSON and CSV at once', async report => {
  for (const format of ['csv', 'html'])
    expect(
      await veritape(['report', report, '--json', '--format', format, ...crypto], { cwd: folder }),
    ).toEqual({
      code: 64,
      stdout: `{"error":"--json and --format ${format} ask for two things; leave one of them out","exit":64}\n`,
      stderr: `veritape: --json and --format ${format} ask for two things; leave one of them out\n`,
    })
  const [twice, once] = [
    await printed(['report', report, '--json', '--format', 'json', ...crypto]),
    await printed(['report', report, '--format', 'json', ...crypto]),
  ]
  expect(twice).toBe(once)
})

/** What `project` writes by the hour, as `report kpi` prints it. */
const expectSameBytes = async (cwd: string, book: string, where: readonly string[]) => {
  await printed(['project', '--once', ...where], cwd)
  for (const format of ['json', 'csv', 'html'])
    expect(await printed(['report', 'kpi', '--format', format, ...where], cwd), format).toBe(
      readFileSync(join(cwd, 'state', book, `kpi_reports/latest.${format}`), 'utf8'),
    )
}

test.each([
  ['demo-crypto', cryptoExample],
  ['demo-equities', equitiesExample],
])('report kpi of %s prints the bytes of kpi_reports/latest', async (book, config) => {
  await expectSameBytes(copyOf(folder), book, ['--config', config, ...folders])
})

test('and so it does in a book that was given another name', async () => {
  const cwd = copyOf(folder)
  await printed(['export', '--out', 'all.jsonl', ...crypto], cwd)
  await printed(['import', 'all.jsonl', '--book', 'again', '--mode', 'backtest', ...folders], cwd)
  await expectSameBytes(cwd, 'again', ['--book', 'again', ...folders])
})
