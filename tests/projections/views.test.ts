import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../domain/hash.ts'
import { heartbeat } from '../../projections/heartbeat.ts'
import { kpiReports } from '../../projections/kpi-reports.ts'
import { portfolio } from '../../projections/portfolio.ts'
import { trades } from '../../projections/trades.ts'
import { foldAll, indexPath, startFold, typesOf, views } from '../../projections/views.ts'
import { buy, candle, cycle, ledgerOf, opened, requested, sell, started } from './ledger-of.ts'
import { ledgers } from './random-ledgers.ts'
import { found, published } from './scan-events.ts'

const aDay = ledgerOf([
  opened(),
  started(),
  found('2023-03-24', 'KO', 1),
  published('2023-03-24', 'KO'),
  candle('BTC/USDT', '100'),
  requested(1),
  buy('1', '100'),
  sell('1', '110'),
  cycle({ fills: 2 }),
])

describe('the files', () => {
  test('of a day that has everything', async () => {
    expect([...(await foldAll(views, aDay)).all().keys()].sort()).toEqual([
      'daily_candidates.csv',
      'equity_curve.csv',
      'execution_heartbeat.json',
      'kpi.json',
      'kpi_reports/latest.csv',
      'kpi_reports/latest.html',
      'kpi_reports/latest.json',
      'metrics.prom',
      'orders.json',
      'portfolio.json',
      'portfolio_decision_latest.json',
      'portfolio_decisions/2023-03-24.jsonl',
      'runner.json',
      'trade_history.csv',
      'trade_history.json',
      'tradingview_watchlist.txt',
      'views.json',
    ])
  })

  test('are listed in the index with their asOf and SHA-256', async () => {
    const files = (await foldAll(views, aDay)).all()
    const index = JSON.parse(files.get(indexPath) ?? '')
    expect(index.asOf).toBe(9)
    expect(Object.keys(index.files)).toEqual([...files.keys()].filter(path => path !== indexPath).sort())
    for (const [path, { asOf, sha256: hash }] of Object.entries<{ asOf: number; sha256: string }>(
      index.files,
    )) {
      const text = files.get(path) ?? ''
      expect(hash).toBe(sha256(text))
      if (path.endsWith('.json')) expect(JSON.parse(text).asOf).toBe(asOf)
    }
  })

  test('of an empty ledger are none', async () => {
    expect((await foldAll(views, [])).all().size).toBe(0)
  })
})

describe('laws', () => {
  test('the same ledger gives the same bytes, folded at once or followed in any pieces', () => {
    const pieces = fc.tuple(ledgers, fc.array(fc.nat({ max: 90 }), { maxLength: 6 }))
    fc.assert(
      fc.property(pieces, ([ledger, cuts]) => {
        const whole = startFold(views)
        for (const recorded of ledger) whole.apply(recorded)

        const followed = startFold(views)
        const written = new Map<string, string>()
        const write = () => {
          for (const [path, text] of followed.changed()) written.set(path, text)
        }
        for (const recorded of ledger) {
          followed.apply(recorded)
          if (cuts.includes(recorded.seq)) write()
        }
        write()
        const rebuilt = sorted(whole.all())
        expect(sorted(written)).toEqual(rebuilt)
        expect(sorted(followed.all())).toEqual(rebuilt)
      }),
    )
  })

  test('asOf is the last event that changed the text: without a new asOf no byte is new', () => {
    fc.assert(
      fc.property(ledgers, ledger => {
        const fold = startFold(views)
        const before = new Map<string, { readonly asOf: number; readonly text: string }>()
        for (const recorded of ledger) {
          fold.apply(recorded)
          for (const { projection, files } of views)
            for (const file of files(fold.stateOf(projection))) {
              const text = file.text()
              const last = before.get(file.path)
              if (last?.asOf === file.asOf) expect(text).toBe(last.text)
              else expect(file.asOf).toBe(recorded.seq)
              before.set(file.path, { asOf: file.asOf, text })
            }
        }
      }),
      { numRuns: 50 },
    )
  })

  test('a store may skip what no view declares', () => {
    fc.assert(
      fc.property(ledgers, ledger => {
        const [full, thinned] = [startFold(views), startFold(views)]
        for (const recorded of ledger) {
          full.apply(recorded)
          if (typesOf(views).has(recorded.event.type)) thinned.apply(recorded)
        }
        expect(sorted(thinned.all())).toEqual(sorted(full.all()))
      }),
      { numRuns: 50 },
    )
  })
})

describe('the fold', () => {
  test('prints only what changed since the last time, and the index with it', () => {
    const fold = startFold(views)
    for (const recorded of aDay.slice(0, 8)) fold.apply(recorded)
    fold.changed()
    expect(fold.changed().size).toBe(0)
    for (const recorded of aDay.slice(8)) fold.apply(recorded)
    const changed = [...fold.changed().keys()]
    expect(changed).toContain('execution_heartbeat.json')
    expect(changed).not.toContain('orders.json')
    expect(changed.at(-1)).toBe(indexPath)
  })

  test('refuses an event that is not beyond the last one: it would count twice', () => {
    const fold = startFold(views)
    const [first] = aDay
    if (first === undefined) throw new Error('a day has events')
    fold.apply(first)
    expect(() => fold.apply(first)).toThrow('event 1 stands behind 1')
    expect(fold.seq()).toBe(1)
  })

  test('gives the state of what it shows, each folded once, and says so when it shows no such thing', async () => {
    const fold = await foldAll(views, aDay)
    expect(fold.stateOf(heartbeat).cycles).toBe(1)
    expect(fold.stateOf(trades).closed).toHaveLength(1)
    expect(fold.stateOf(kpiReports).kpi.equity.portfolio.cash).toBe('10010')
    expect(() => fold.stateOf(portfolio)).toThrow('portfolio is not among the views')
  })
})

const sorted = (files: ReadonlyMap<string, string>): readonly (readonly [string, string])[] =>
  [...files].sort(([a], [b]) => (a < b ? -1 : 1))
