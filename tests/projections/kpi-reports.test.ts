// The KPI report as a page: valid, alone in the world, and with the numbers of the JSON beside it.

import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'
import { describe, expect, test } from 'vitest'
import { SegmentOpened } from '../../domain/segment.ts'
import { kpiReportFiles, kpiReports } from '../../projections/kpi-reports.ts'
import { fold } from '../../projections/projection.ts'
import { startFold, views } from '../../projections/views.ts'
import { exampleBook } from './example-book.ts'
import { buy, candle, champion, cycle, intent, ledgerOf, opened, requested, sell } from './ledger-of.ts'

const textsOf = (ledger: ReturnType<typeof ledgerOf>): ReadonlyMap<string, string> =>
  new Map([...kpiReportFiles(fold(kpiReports, ledger))].map(file => [file.path, file.text()]))

const example = textsOf(exampleBook)
const html = example.get('kpi_reports/latest.html') as string
const json = JSON.parse(example.get('kpi_reports/latest.json') as string)

type Element = Tree.Element

const elementsOf = (
  text: string,
): { readonly elements: readonly Element[]; readonly errors: readonly string[] } => {
  const errors: string[] = []
  const elements: Element[] = []
  const visit = (node: Tree.Node): void => {
    if ('tagName' in node) elements.push(node)
    if ('childNodes' in node) for (const child of node.childNodes) visit(child)
  }
  visit(
    parse(text, {
      sourceCodeLocationInfo: true,
      onParseError: ({ code, startLine }) => errors.push(`${code}, line ${startLine}`),
    }),
  )
  return { elements, errors }
}

/** A parser closes what was left open, and says nothing: the tags themselves tell. */
const unclosed = (text: string): readonly string[] =>
  elementsOf(text)
    .elements.filter(({ tagName, sourceCodeLocation: place }) => {
      if (place === null || place === undefined || tagName === 'meta') return false
      return place.endTag === undefined && !text.slice(place.startOffset, place.endOffset).endsWith('/>')
    })
    .map(({ tagName }) => tagName)

const attribute = ({ attrs }: Element, name: string): string | undefined =>
  attrs.find(each => each.name === name)?.value

const textOf = (node: Tree.ChildNode): string =>
  'value' in node ? node.value : 'childNodes' in node ? node.childNodes.map(textOf).join('') : ''

/** What the rows of a table whose caption begins so hold: exact values where there are, else the text. */
const tableOf = (text: string, caption: string): readonly (readonly string[])[] => {
  const { elements } = elementsOf(text)
  const table = elements.find(
    ({ tagName, childNodes }) =>
      tagName === 'table' &&
      childNodes.some(child => child.nodeName === 'caption' && textOf(child).startsWith(caption)),
  )
  if (table === undefined) throw new Error(`no table '${caption}'`)
  const within: Element[] = []
  const collect = (node: Tree.ChildNode): void => {
    if ('tagName' in node && node.tagName === 'tr') within.push(node)
    if ('childNodes' in node) node.childNodes.forEach(collect)
  }
  table.childNodes.forEach(collect)
  return within.map(({ childNodes }) =>
    childNodes.map(cell => {
      const [first] = 'childNodes' in cell ? cell.childNodes : []
      return first !== undefined && 'tagName' in first && first.tagName === 'data'
        ? (attribute(first, 'value') as string)
        : textOf(cell)
    }),
  )
}

describe('the page', () => {
  test('is HTML that a parser has nothing to say against, with every element closed', () => {
    expect(elementsOf(html).errors).toEqual([])
    expect(unclosed(html)).toEqual([])
    expect(unclosed(html.replace('</table>', ''))).toContain('table')
  })

  test('asks nothing of a network and runs nothing', () => {
    const { elements } = elementsOf(html)
    const loading = new Set([
      'script',
      'link',
      'img',
      'iframe',
      'object',
      'embed',
      'video',
      'audio',
      'source',
      'use',
      'image',
    ])
    expect(elements.filter(({ tagName }) => loading.has(tagName))).toEqual([])
    const referring = elements
      .flatMap(({ attrs }) => attrs.map(({ name }) => name))
      .filter(name => /^(on|src|href|xlink|action|data$|style$)/.test(name) && name !== 'style')
    expect(referring).toEqual([])
    expect(html).not.toMatch(/url\(|@import|https?:|\/\/[a-z]/)
    const policy = elements.find(
      each => attribute(each, 'http-equiv') === 'Content-Security-Policy',
    ) as Element
    expect(attribute(policy, 'content')).toBe("default-src 'none'; style-src 'unsafe-inline'")
  })

  test('shows every figure of the JSON, exactly', () => {
    const shown = tableOf(html, 'As in kpi.json').slice(1)
    expect(Object.fromEntries(shown.map(([name, value]) => [name, value]))).toEqual(
      Object.fromEntries(
        Object.entries<{ value: unknown }>(json.figures).map(([name, { value }]) => [name, `${value}`]),
      ),
    )
    expect(shown.length).toBeGreaterThan(20)
  })

  test('shows every symbol, strategy and round trip with the numbers of the JSON', () => {
    expect(tableOf(html, 'By symbol').slice(1)).toEqual([
      ['BTC/USDT', '1', '1', '0', '1', '54.944', '54.944'],
    ])
    expect(json.bySymbol['BTC/USDT'].netPnl).toBe('54.944')
    expect(tableOf(html, 'By strategy').slice(1)).toEqual([
      ['ema-cross', '1', '1', '0', '1', '54.944', '54.944'],
    ])
    expect(tableOf(html, 'The last one')[1]).toEqual([
      '2023-03-25 12:05',
      'BTC/USDT',
      champion,
      'long',
      ...['quantity', 'entryPrice', 'exitPrice', 'fees', 'netPnl'].map(name => json.newestTrades[0][name]),
    ])
    const all = tableOf(html, 'Costs by symbol').at(-1)
    expect(all?.slice(3, 6)).toEqual([
      json.costs.total.value,
      json.costs.total.fees,
      json.costs.total.slippage.cost,
    ])
  })

  test('draws one point for each day, between the axis ends', () => {
    const { elements } = elementsOf(html)
    const lines = elements
      .filter(({ tagName }) => tagName === 'polyline')
      .map(each => attribute(each, 'points'))
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line?.split(' ')).toHaveLength(json.curve.length)
    const titles = elements
      .filter(({ tagName }) => tagName === 'title')
      .slice(1)
      .map(textOf)
    expect(titles.slice(0, json.curve.length)).toEqual(
      json.curve.map(
        ({ to, equity }: { to: string; equity: string }) =>
          `${to}: ${Number(equity).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} USDT`,
      ),
    )
  })

  test('takes text of others for text', () => {
    const by = '"><script>alert(1)</script>'
    const ledger = ledgerOf([
      SegmentOpened({ segment: '2023-03-24.jsonl', book: by, epoch: '2023-03-24T12:00:00.000Z' }),
      opened({ currency: by }),
      candle('BTC/USDT', '100'),
      intent({ by, symbol: 'BTC/USDT' }),
      requested(4, { by, symbol: 'BTC/USDT' }),
      buy('1', '100', { by, symbol: 'BTC/USDT' }),
      sell('1', '110', { by, symbol: 'BTC/USDT', tradeId: 't-2' }),
      cycle({ fills: 2 }),
    ])
    const text = textsOf(ledger).get('kpi_reports/latest.html') as string
    const { elements, errors } = elementsOf(text)
    expect(errors).toEqual([])
    expect(elements.filter(({ tagName }) => tagName === 'script' || tagName === 'b')).toEqual([])
    expect(tableOf(text, 'By champion or operator')[1]?.[0]).toBe(by)
  })
})

describe('the rows', () => {
  test('are the figures of the JSON', () => {
    const [head, ...rows] = (example.get('kpi_reports/latest.csv') as string).trimEnd().split('\n')
    expect(head).toBe('section,name,figure,value,unit,sample,of')
    const figures = rows.map(row => row.split(',')).filter(([section]) => section === 'book')
    expect(Object.fromEntries(figures.map(([, , name, value]) => [name, value]))).toEqual(
      Object.fromEntries(
        Object.entries<{ value: unknown }>(json.figures).map(([name, { value }]) => [name, `${value}`]),
      ),
    )
  })
})

describe('months', () => {
  /** A trade on a day, recorded then. */
  const month = (at: string, entry: string, exit: string, n: number) =>
    [
      SegmentOpened({ segment: `${at.slice(0, 10)}.jsonl`, book: 'cast', epoch: 'e' }),
      buy('1', entry as '1', { tradeId: `b-${n}`, venueTime: at }),
      sell('1', exit as '1', { tradeId: `s-${n}`, venueTime: at }),
      cycle({ cycle: n, clock: at, fills: 2 }),
    ].map(event => ({ event, at: `${at.slice(0, 23)}000Z` }))
  const told = [
    { event: opened({ zone: 'America/New_York', calendar: 'nyse' }), at: '2023-03-30T15:00:00.000000Z' },
    ...month('2023-03-30T16:00:00.000Z', '100', '110', 1),
    // Still March in New York.
    ...month('2023-04-01T03:00:00.000Z', '100', '105', 2),
    ...month('2023-04-03T15:00:00.000Z', '100', '90', 3),
  ]
  const ledger = ledgerOf(told.map(({ event }) => event)).map((each, index) => ({
    ...each,
    at: told[index]?.at as string,
  }))

  test('that are over keep their report, in the zone of the book; the one that goes on has the latest', () => {
    const files = [...kpiReportFiles(fold(kpiReports, ledger))]
    expect(files.map(({ path, asOf }) => [path, asOf])).toEqual([
      ...['json', 'csv', 'html'].map(form => [`kpi_reports/2023-03.${form}`, 10]),
      ...['json', 'csv', 'html'].map(form => [`kpi_reports/latest.${form}`, 13]),
    ])
    const netOf = (path: string) =>
      JSON.parse(files.find(each => each.path === path)?.text() ?? '').figures.net_pnl_closed_trades.value
    expect(netOf('kpi_reports/2023-03.json')).toBe('15')
    expect(netOf('kpi_reports/latest.json')).toBe('5')
    expect(JSON.parse(files[3]?.text() ?? '').book).toBe('cast')
  })

  test('are the same bytes when the ledger is followed and when it is folded again', () => {
    const followed = startFold(views)
    const written = new Map<string, string>()
    for (const recorded of ledger) {
      followed.apply(recorded)
      for (const [path, text] of followed.changed()) written.set(path, text)
    }
    const again = startFold(views)
    for (const recorded of ledger) again.apply(recorded)
    expect([...written].sort()).toEqual([...again.all()].sort())
  })

  test('fall away when there are too many, the oldest first', () => {
    const years = Array.from({ length: 30 }, (_, n) => {
      const at = new Date(Date.UTC(2020, n, 15, 15)).toISOString()
      return month(at, '100', '101', n + 1)
    }).flat()
    const all = [{ event: opened(), at: '2020-01-01T00:00:00.000000Z' }, ...years]
    const long = ledgerOf(all.map(({ event }) => event)).map((each, n) => ({
      ...each,
      at: all[n]?.at as string,
    }))
    const months = [...kpiReportFiles(fold(kpiReports, long))]
      .map(({ path }) => path)
      .filter(path => path.endsWith('.csv'))
    expect(months).toHaveLength(25)
    expect(months[0]).toBe('kpi_reports/2020-06.csv')
  })
})
