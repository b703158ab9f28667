// The demo as a newcomer meets it: an empty folder, one command, and every number of its summary in the ledger. What
// is counted here is counted with JSON.parse alone.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bytesOf, copyOf, type LedgerLine, linesOf, segmentsOf } from './cli/files.ts'
import { veritape } from './cli/veritape.ts'
import { repeated, whatHappened } from './cli/what-happened.ts'
import { demo } from './demo-ledger.ts'

const books = ['demo-equities', 'demo-crypto'] as const
const first = await demo()
const ledgerOf = (book: string) => join(first.folder, 'ledger', book)
const lines = Object.fromEntries(books.map(book => [book, linesOf(ledgerOf(book))]))
const linesIn = (book: string): readonly LedgerLine[] => lines[book] ?? []
const ofType = (book: string, ...types: readonly string[]) =>
  linesIn(book).filter(({ t }) => types.includes(t))

/** Exact sums without the program's own decimals: integers of 10⁻¹². */
const exact = (decimal: unknown): bigint => {
  const [, sign, whole = '', places = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(String(decimal)) ?? []
  if (whole === '') throw new Error(`${decimal} is no decimal of at most twelve places`)
  return BigInt(`${sign}${whole}${places.padEnd(12, '0')}`)
}
const scale = 10n ** 12n

test('it ends with 0 and complains of nothing', () => {
  expect(first).toMatchObject({ code: 0, stderr: '' })
})

describe.each(books)('%s', book => {
  test('the segments hold every seq once, in order', () => {
    expect(linesIn(book).map(({ n }) => Number(n))).toEqual(linesIn(book).map((_, index) => index + 1))
  })

  test('nothing happened twice', () => {
    for (const [what, keys] of Object.entries(whatHappened(linesIn(book)).keys))
      expect(repeated(keys), what).toEqual([])
  })

  test('every intent has exactly one answer', () => {
    const answers = ofType(book, 'IntentDenied', 'IntentExpired', 'OrderRequested', 'OrderWithheld')
    expect(answers.map(({ d }) => d.intent as number).sort((a, b) => a - b)).toEqual(
      ofType(book, 'IntentRaised').map(({ n }) => Number(n)),
    )
  })

  test('no order is filled beyond what was asked', () => {
    for (const { d } of ofType(book, 'OrderRequested')) {
      const fills = ofType(book, 'OrderFilled').filter(({ d: fill }) => fill.orderId === d.orderId)
      const filled = fills.reduce((sum, { d: fill }) => sum + exact(fill.quantity), 0n)
      expect(filled <= exact(d.quantity), String(d.orderId)).toBe(true)
    }
  })

  test('cash is what the book opened with and what its fills cost, to the last digit', () => {
    const opened = ofType(book, 'BookOpened')[0]
    let cash = exact(opened?.d.cash) * scale
    for (const { d } of ofType(book, 'OrderFilled')) {
      const value = exact(d.price) * exact(d.quantity)
      cash += (d.side === 'sell' ? value : -value) - exact(d.fee) * scale
    }
    const portfolio = JSON.parse(
      readFileSync(join(first.folder, 'state', book, 'portfolio.json'), 'utf8'),
    ) as Record<string, unknown>
    expect(exact(portfolio.cash) * scale).toBe(cash)
  })

  test('the proof covers every decision', () => {
    const decisions = ofType(
      book,
      ...['StrategyEvaluated', 'IntentRaised', 'IntentDenied', 'IntentExpired', 'OrderRequested'],
      ...['CandidateFound', 'TickerRejected', 'ScanCompleted', 'WatchlistPublished'],
    ).length
    expect(first.stdout).toContain(`${decisions} of ${decisions} decisions are identical`)
  })

  test('verify counted the lines and bytes that are there', () => {
    const bytes = segmentsOf(ledgerOf(book)).reduce(
      (sum, name) => sum + readFileSync(join(ledgerOf(book), name)).length,
      0,
    )
    expect(first.stdout).toContain(
      `clean: ${linesIn(book).length} events in ${segmentsOf(ledgerOf(book)).length} segments, ${bytes} bytes`,
    )
    expect(first.stdout).toContain(`head seq ${linesIn(book).length} hash ${linesIn(book).at(-1)?.h}`)
  })
})

describe('what really occurs in it', () => {
  const fillsByOrder = new Map<unknown, number>()
  for (const { d } of ofType('demo-crypto', 'OrderFilled'))
    fillsByOrder.set(d.orderId, (fillsByOrder.get(d.orderId) ?? 0) + 1)

  test('orders that are filled in several parts', () => {
    expect([...fillsByOrder.values()].filter(times => times > 1).length).toBeGreaterThan(5)
  })

  test('the gap of 24 March 2023, when the exchange stood still, once for each market', () => {
    const gap = { timeframe: '5m', from: '2023-03-24T12:40:00.000Z', to: '2023-03-24T14:00:00.000Z' }
    expect(ofType('demo-crypto', 'DataGapFound').map(({ d }) => d)).toEqual([
      { symbol: 'BTC/USDT', ...gap, missing: 16 },
      { symbol: 'ETH/USDT', ...gap, missing: 16 },
    ])
  })

  test('denials, each with a reason and a sentence', () => {
    const denials = books.flatMap(book => ofType(book, 'IntentDenied'))
    expect(new Set(denials.map(({ d }) => d.reason)).size).toBeGreaterThanOrEqual(3)
    for (const { d } of denials) expect(String(d.detail)).toMatch(/\w+ .*\w+/)
  })

  test('orders that expire at the venue, and wishes that expire unanswered', () => {
    expect(ofType('demo-crypto', 'OrderExpired').length).toBeGreaterThan(0)
    expect(ofType('demo-equities', 'OrderExpired').length).toBeGreaterThan(0)
    expect(ofType('demo-equities', 'IntentExpired').length).toBeGreaterThan(0)
  })
})

describe('run again', async () => {
  const cwd = copyOf(first.folder)
  const before = { ledger: bytesOf(join(cwd, 'ledger')), state: bytesOf(join(cwd, 'state')) }
  const again = await veritape(['demo', '--json'], { cwd })

  test('it adds nothing: every byte of ledger and views is as before', () => {
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(bytesOf(join(cwd, 'ledger'))).toEqual(before.ledger)
    expect(bytesOf(join(cwd, 'state'))).toEqual(before.state)
  })

  test.each(books)('the summary of %s is what stands in the ledger', book => {
    const told = (JSON.parse(again.stdout) as { books: Record<string, Record<string, unknown>> }).books[book]
    const count = (...types: readonly string[]) => `${ofType(book, ...types).length}`
    const fills = new Map<unknown, number>()
    for (const { d } of ofType(book, 'OrderFilled')) fills.set(d.orderId, (fills.get(d.orderId) ?? 0) + 1)
    expect(told?.summary).toMatchObject({
      'tickers scanned': count('CandidateFound', 'TickerRejected'),
      'candidates found': count('CandidateFound'),
      'candles closed': count('CandleClosed'),
      'gaps in the data': count('DataGapFound'),
      evaluations: count('StrategyEvaluated'),
      intents: count('IntentRaised'),
      '  denied': count('IntentDenied'),
      '  expired': count('IntentExpired'),
      '  orders': count('OrderRequested'),
      'orders filled': `${fills.size}`,
      '  in several fills': `${[...fills.values()].filter(times => times > 1).length}`,
      'orders expired at the venue': count('OrderExpired'),
    })
    const types = [...new Set(linesIn(book).map(({ t }) => t))]
    expect(told?.events).toEqual(Object.fromEntries(types.map(type => [type, Number(count(type))])))
    const reasons = ofType(book, 'IntentDenied').map(({ d }) => String(d.reason))
    expect(told?.denials).toEqual(
      Object.fromEntries(reasons.map(reason => [reason, reasons.filter(each => each === reason).length])),
    )
  })
})
