import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, compare, type Decimal, multiply, subtract, sum } from '../../domain/decimal.ts'
import { temporaryFolder } from '../cli/files.ts'
import { type BooksReport, reportOf } from './books.ts'
import { seeded } from './chance.ts'
import { type VenueClock, venueClock } from './clock.ts'
import { type Exchange, isRefused, type NewOrder, openExchange } from './exchange.ts'
import { type Journal, memoryJournal, openJournal, readBooks } from './journal.ts'
import { protocols } from './protocols.ts'
import { readScript, type VenueName, type VenueScript, venueNames } from './script.ts'

const start = '2026-03-02T15:00:00.000Z'

const open = (
  venue: VenueName,
  script: VenueScript = {},
  journal: Journal = memoryJournal(),
): Exchange & { clock: VenueClock } => {
  const full = readScript(venue, { clock: { mode: 'fixed', at: start }, ...script })
  return openExchange(
    venue,
    full,
    protocols[venue].rules(full.seed),
    journal,
    venueClock(full.clock, journal.books.lastAt),
  )
}

/** One market at 100, a tick of 0.01, whose price moves only when it is set. */
const quiet = (more: object = {}): VenueScript => ({
  markets: [
    {
      symbol: 'AAA/USD',
      tick: '0.01',
      lot: '0.001',
      minimumQuantity: '0.01',
      minimumCost: '1',
      makerFee: '0.001',
      takerFee: '0.002',
      candles: [[Date.parse(start) - 60_000, '100', '100', '100', '100', '8']],
      ...more,
    },
  ],
  balances: { USD: '1000', AAA: '10' },
})

const ask: NewOrder = { symbol: 'AAA/USD', side: 'buy', type: 'limit', quantity: '1', limitPrice: '99' }
const placed = (exchange: Exchange, order: Partial<NewOrder>) => {
  const answer = exchange.place({ ...ask, ...order })
  if (isRefused(answer)) throw new Error(answer.refused)
  return answer
}
const now = (exchange: Exchange, id: string) => exchange.books.orders.get(id)

describe('an order', () => {
  test('takes level after level of the book, each a trade, up to its limit', () => {
    const exchange = open(
      'kraken',
      quiet({ book: { spreadTicks: 2, gapTicks: 5, levels: ['0.3', '0.3', '9'] } }),
    )
    const { id } = placed(exchange, { quantity: '1', limitPrice: '100.08' })
    expect(
      exchange.books.trades.map(({ price, quantity, liquidity }) => [price, quantity, liquidity]),
    ).toEqual([
      ['100.02', '0.3', 'taker'],
      ['100.07', '0.3', 'taker'],
    ])
    expect(now(exchange, id)).toMatchObject({ status: 'open', filled: '0.6' })
  })

  test('rests, and is filled at its limit when the price touches it, so much at each point', () => {
    const exchange = open('kraken', quiet({ fillPerPoint: '0.4' }))
    const { id } = placed(exchange, {})
    exchange.setPrice('AAA/USD', '99.01')
    expect(now(exchange, id)).toMatchObject({ filled: '0' })
    exchange.setPrice('AAA/USD', '99')
    expect(now(exchange, id)).toMatchObject({ filled: '0.4', status: 'open' })
    exchange.setPrice('AAA/USD', '98')
    exchange.setPrice('AAA/USD', '98')
    expect(now(exchange, id)).toMatchObject({ filled: '1', status: 'filled', value: '99' })
    expect(
      exchange.books.trades.every(({ liquidity, price }) => liquidity === 'maker' && price === '99'),
    ).toBe(true)
  })

  test('takes nothing or all (FOK), or what there is (IOC)', () => {
    const thin = quiet({ book: { levels: ['0.5'] } })
    const exchange = open('kraken', thin)
    expect(placed(exchange, { limitPrice: '101', timeInForce: 'FOK' })).toMatchObject({
      status: 'expired',
      filled: '0',
    })
    expect(placed(exchange, { limitPrice: '101', timeInForce: 'IOC' })).toMatchObject({
      status: 'expired',
      filled: '0.5',
    })
    expect(placed(exchange, { type: 'market', limitPrice: undefined })).toMatchObject({
      status: 'expired',
      filled: '0.5',
    })
  })

  test('waits as a stop until the price is there, then takes, with or without a limit', () => {
    const exchange = open('kraken', quiet())
    const stop = placed(exchange, { side: 'sell', type: 'stop', stopPrice: '95', limitPrice: undefined })
    const limited = placed(exchange, {
      side: 'sell',
      type: 'stop-limit',
      stopPrice: '95',
      limitPrice: '94.9',
    })
    exchange.setPrice('AAA/USD', '95.01')
    expect(now(exchange, stop.id)).toMatchObject({ status: 'open', triggered: false })
    exchange.setPrice('AAA/USD', '94')
    expect(now(exchange, stop.id)).toMatchObject({ status: 'filled', value: '93.99' })
    expect(now(exchange, limited.id)).toMatchObject({ status: 'open', triggered: true, filled: '0' })
    exchange.setPrice('AAA/USD', '94.9')
    expect(now(exchange, limited.id)).toMatchObject({ status: 'filled', value: '94.9' })
  })

  test('that must not take is refused, or taken in and cancelled, as the venue does it', () => {
    expect(open('kraken', quiet()).place({ ...ask, limitPrice: '101', postOnly: true })).toMatchObject({
      refused: 'would-take',
    })
    expect(placed(open('bitfinex', quiet()), { limitPrice: '101', postOnly: true })).toMatchObject({
      status: 'canceled',
      filled: '0',
    })
  })

  test.each<[string, Partial<NewOrder>]>([
    ['unknown-symbol', { symbol: 'ZZZ/USD' }],
    ['quantity-off-lot', { quantity: '1.0001' }],
    ['quantity-off-lot', { quantity: '0' }],
    ['below-minimum-quantity', { quantity: '0.009' }],
    ['price-off-tick', { limitPrice: '99.001' }],
    ['price-off-tick', { limitPrice: '0' }],
    ['below-minimum-cost', { quantity: '0.01', limitPrice: '99' }],
    ['insufficient-funds', { quantity: '10.2', limitPrice: '99' }],
    ['insufficient-funds', { quantity: '10.001', limitPrice: '101', side: 'sell' }],
  ])('is refused: %s', (refused, order) => {
    const exchange = open('kraken', quiet())
    expect(exchange.place({ ...ask, clientId: 'mine', ...order })).toMatchObject({ refused })
    expect(reportOf(exchange.books).byClientId.mine).toMatchObject({ orders: [], refusals: 1 })
  })

  test('cannot be paid with money that an open order holds', () => {
    const exchange = open('kraken', quiet())
    placed(exchange, { quantity: '6' })
    expect(exchange.place({ ...ask, quantity: '6' })).toMatchObject({
      refused: 'insufficient-funds',
      currency: 'USD',
      free: '404.812',
    })
    placed(exchange, { side: 'sell', quantity: '6', limitPrice: '101' })
    expect(exchange.place({ ...ask, side: 'sell', quantity: '6', limitPrice: '101' })).toMatchObject({
      currency: 'AAA',
      free: '4',
    })
  })

  test('holds back what it may cost, with the fee where that is paid in money', () => {
    const kraken = open('kraken', quiet())
    placed(kraken, {})
    expect(kraken.held('USD')).toBe('99.198')
    const binance = open('binance', quiet())
    placed(binance, {})
    expect(binance.held('USD')).toBe('99')
  })

  test('is cancelled with everything else when the dead man’s switch is not held', () => {
    const exchange = open('kraken', quiet())
    const { id } = placed(exchange, {})
    exchange.cancelAllAfter(60_000)
    exchange.clock.advance(50_000)
    exchange.cancelAllAfter(60_000)
    exchange.clock.advance(59_000)
    exchange.advance()
    expect(now(exchange, id)).toMatchObject({ status: 'open' })
    exchange.clock.advance(1000)
    exchange.advance()
    expect(now(exchange, id)).toMatchObject({ status: 'canceled' })
  })

  test('for the day ends with the session in New York, and waits for the opening outside of it', () => {
    const exchange = open('alpaca', { clock: { mode: 'fixed', at: '2026-03-02T13:00:00.000Z' } })
    const market: NewOrder = {
      symbol: 'AAPL/USD',
      side: 'buy',
      type: 'market',
      quantity: '1',
      timeInForce: 'DAY',
    }
    const early = placed(exchange, { ...market, limitPrice: undefined })
    const low = placed(exchange, { ...market, type: 'limit', limitPrice: '10' })
    exchange.clock.set(Date.parse('2026-03-02T14:29:59.999Z'))
    exchange.advance()
    expect(now(exchange, early.id)).toMatchObject({ status: 'open' })
    exchange.clock.set(Date.parse('2026-03-02T21:00:00.000Z'))
    exchange.advance()
    expect(now(exchange, early.id)).toMatchObject({
      status: 'filled',
      updatedAt: Date.parse('2026-03-02T14:30:00.000Z'),
    })
    expect(now(exchange, low.id)).toMatchObject({
      status: 'expired',
      updatedAt: Date.parse('2026-03-02T21:00:00.000Z'),
    })
  })
})

// ── what random traders do ──────────────────────────────────────────────────────────────────────────────────────

type Step =
  | { readonly do: 'place'; readonly order: NewOrder }
  | { readonly do: 'cancel'; readonly which: number; readonly late: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'price'; readonly cents: number }
  | { readonly do: 'pay'; readonly cents: number }
  | { readonly do: 'fill'; readonly which: number }

const decimal = (whole: number, places: number): Decimal =>
  multiply(`${whole}`, `0.${'1'.padStart(places, '0')}` as Decimal)
const anyOrder = fc
  .record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    type: fc.constantFrom('market' as const, 'limit' as const, 'stop' as const, 'stop-limit' as const),
    lots: fc.integer({ min: 1, max: 4000 }),
    limit: fc.integer({ min: 9000, max: 11_000 }),
    stop: fc.integer({ min: 9000, max: 11_000 }),
    timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const),
    postOnly: fc.boolean(),
    clientId: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
  })
  .map(
    ({ side, type, lots, limit, stop, timeInForce, postOnly, clientId }): NewOrder => ({
      symbol: 'AAA/USD',
      side,
      type,
      quantity: decimal(lots, 3),
      limitPrice: type === 'limit' || type === 'stop-limit' ? decimal(limit, 2) : undefined,
      stopPrice: type === 'stop' || type === 'stop-limit' ? decimal(stop, 2) : undefined,
      timeInForce,
      postOnly: postOnly && type === 'limit',
      clientId,
    }),
  )
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: anyOrder.map(order => ({ do: 'place' as const, order })) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(20), late: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('price' as const),
      cents: fc.integer({ min: 9000, max: 11_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pay' as const), cents: fc.integer({ min: -1000, max: 50_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fill' as const), which: fc.nat(20) }) },
)

const perform = (exchange: Exchange, step: Step): void => {
  const ids = [...exchange.books.orders.keys()]
  switch (step.do) {
    case 'place':
      exchange.place(step.order)
      return
    case 'cancel': {
      const id = ids[step.which % Math.max(1, ids.length)]
      if (id !== undefined)
        exchange.cancel(id, step.late ? { kind: 'filled-after', share: '0.5', ms: 30_000 } : undefined)
      return
    }
    case 'wait':
      exchange.clock.advance(step.ms)
      exchange.advance()
      return
    case 'price':
      exchange.setPrice('AAA/USD', decimal(step.cents, 2))
      return
    case 'pay':
      exchange.pay('USD', decimal(step.cents, 2), 'a deposit or a withdrawal')
      return
    case 'fill': {
      const order = [...exchange.books.orders.values()].find(({ status }) => status === 'open')
      if (order !== undefined) exchange.fill(order.id, '0.001')
    }
  }
}

/** A moving market of AAA, so that resting orders and stops have something to meet. */
const moving = (): VenueScript => ({
  markets: [
    {
      symbol: 'AAA/USD',
      tick: '0.01',
      lot: '0.001',
      minimumQuantity: '0.01',
      minimumCost: '1',
      makerFee: '0.001',
      takerFee: '0.002',
      around: '100',
      amplitude: 0.05,
      historyMs: 60_000,
      fillPerPoint: '0.7',
      book: { levels: ['0.5', '0.5', '1'] },
    },
  ],
  balances: { USD: '1000', AAA: '10' },
})

/** Worked out again here, so that a mistake in the books is not repeated by their judge. */
const conserved = (
  { balances, trades, paid }: BooksReport,
  began: Readonly<Record<string, Decimal>>,
): void => {
  const expected = new Map<string, Decimal>(Object.entries(began))
  const move = (currency: string, amount: Decimal) =>
    expected.set(currency, add(expected.get(currency) ?? '0', amount))
  for (const { side, price, quantity, fee, feeCurrency } of trades) {
    const value = multiply(price, quantity)
    move('AAA', side === 'buy' ? quantity : subtract('0', quantity))
    move('USD', side === 'buy' ? subtract('0', value) : value)
    move(feeCurrency, subtract('0', fee))
    expect(compare(fee, '0')).toBeGreaterThanOrEqual(0)
  }
  for (const { currency, amount } of paid) move(currency, amount)
  for (const [currency, amount] of expected)
    expect([currency, balances[currency] ?? '0']).toEqual([currency, amount])
}

test.each(venueNames)('money and things are conserved at %s, whatever is traded', venue => {
  let traded = 0
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 5, maxLength: 40 }), steps => {
      const exchange = open(venue, moving())
      for (const step of steps) perform(exchange, step)
      const report = reportOf(exchange.books)
      conserved(report, { USD: '1000', AAA: '10' })
      traded += report.trades.length
      for (const order of report.orders) {
        const own = report.trades.filter(({ orderId }) => orderId === order.id)
        expect(sum(own.map(({ quantity }) => quantity))).toBe(order.filled)
        expect(sum(own.map(({ price, quantity }) => multiply(price, quantity)))).toBe(order.value)
        expect(compare(order.filled, order.quantity)).toBeLessThanOrEqual(0)
        expect(order.status === 'filled').toBe(compare(order.filled, order.quantity) === 0)
        for (const { price, side } of own)
          if (order.limitPrice !== undefined)
            expect(compare(price, order.limitPrice) * (side === 'buy' ? 1 : -1)).toBeLessThanOrEqual(0)
      }
    }),
    { numRuns: 60, seed: 20260302 },
  )
  expect(traded).toBeGreaterThan(100)
})

test('nobody spends what he has not: without withdrawals no balance is ever below zero', () => {
  fc.assert(
    fc.property(
      fc.array(
        anyStep.filter(step => step.do !== 'pay' && step.do !== 'fill'),
        { minLength: 10, maxLength: 40 },
      ),
      steps => {
        for (const venue of ['binance', 'kraken'] as const) {
          const exchange = open(venue, moving())
          for (const step of steps) {
            perform(exchange, step)
            for (const currency of ['USD', 'AAA'])
              expect(compare(exchange.total(currency), '0')).toBeGreaterThanOrEqual(0)
          }
        }
      },
    ),
    { numRuns: 60, seed: 20260302 },
  )
})

test('the same seed and steps give the same books; another seed gives others', () => {
  const run = (seed: number) => {
    const exchange = open('kraken', { ...moving(), seed })
    for (const step of fc.sample(anyStep, { numRuns: 60, seed: 5 })) perform(exchange, step)
    return JSON.stringify(reportOf(exchange.books))
  }
  expect(run(1)).toBe(run(1))
  expect(run(1)).not.toBe(run(2))
})

test('a venue that is started again at any point ends with the books of one that never stopped', () => {
  const steps = fc.sample(anyStep, { numRuns: 80, seed: 11 })
  const unbroken = open('kraken', moving())
  for (const step of steps) perform(unbroken, step)

  const folder = temporaryFolder()
  let at = Date.parse(start)
  for (const step of steps) {
    // It is down while time passes: what happened meanwhile happens when it is asked again.
    if (step.do === 'wait') at += step.ms
    if (step.do === 'wait') continue
    const journal = openJournal(folder)
    const clock = { mode: 'fixed', at: new Date(at).toISOString() } as const
    perform(open('kraken', { ...moving(), clock }, journal), step)
    journal.commit()
    journal.close()
  }
  const journal = openJournal(folder)
  open('kraken', { ...moving(), clock: { mode: 'fixed', at: new Date(at).toISOString() } }, journal).advance()
  journal.commit()
  journal.close()
  expect(unbroken.books.trades.filter(({ liquidity }) => liquidity === 'maker').length).toBeGreaterThan(5)
  expect(reportOf(readBooks(folder))).toEqual(reportOf(unbroken.books))
})

test('money that is paid in does not hide what had happened before it', () => {
  const exchange = open('kraken', moving())
  const { id } = placed(exchange, { quantity: '0.5', limitPrice: '99' })
  exchange.clock.advance(5 * 3_600_000)
  exchange.pay('USD', '1', 'deposit')
  expect(now(exchange, id)).toMatchObject({ status: 'filled' })
  expect(exchange.books.trades[0]?.at).toBeLessThan(exchange.clock.now())
})

describe('the journal', () => {
  test('cuts off a line that was never finished, and goes on', () => {
    const folder = temporaryFolder()
    const journal = openJournal(folder)
    const exchange = open('kraken', quiet(), journal)
    placed(exchange, {})
    journal.commit()
    journal.close()
    const file = join(folder, 'journal.jsonl')
    const whole = readFileSync(file, 'utf8')
    appendFileSync(file, whole.slice(0, 40))
    expect(readBooks(folder).orders.size).toBe(1)

    const again = openJournal(folder)
    expect(again.books.orders.size).toBe(1)
    again.close()
    expect(readFileSync(file, 'utf8')).toBe(whole)
  })

  test('has nothing on disk that was not committed', () => {
    const folder = temporaryFolder()
    const journal = openJournal(folder)
    const exchange = open('kraken', quiet(), journal)
    placed(exchange, {})
    expect(readBooks(folder).orders.size).toBe(0)
    journal.commit()
    expect(readBooks(folder).orders.size).toBe(1)
    journal.close()
  })

  test('is not opened for another venue, and a line that is no JSON stops it', () => {
    const folder = temporaryFolder()
    const journal = openJournal(folder)
    open('kraken', quiet(), journal)
    journal.close()
    const again = openJournal(folder)
    expect(() => open('binance', quiet(), again)).toThrow(/books of kraken/)
    again.close()
    const file = join(folder, 'journal.jsonl')
    writeFileSync(file, `not json\n${readFileSync(file, 'utf8')}`)
    expect(() => readBooks(folder)).toThrow()
  })
})

test('a clock never goes back, counts requests when it is scripted, and keeps the machine’s time for signatures', () => {
  const machine = seeded(3)
  const scripted = venueClock({ mode: 'scripted', at: start, stepMs: 250 }, 0, () => machine() * 1e12)
  scripted.step()
  scripted.step()
  expect(new Date(scripted.now()).toISOString()).toBe('2026-03-02T15:00:00.500Z')
  expect(() => scripted.set(Date.parse(start))).toThrow()
  expect(venueClock({ mode: 'fixed', at: start }, Date.parse(start) + 5).now()).toBe(Date.parse(start) + 5)
  let machineAt = 1000
  const real = venueClock({ mode: 'real' }, 0, () => machineAt)
  expect(real.now()).toBe(1000)
  machineAt = 900
  expect(real.now()).toBe(1000)
  real.skew(-50)
  expect(real.wall()).toBe(850)
  expect(() => real.advance(1)).toThrow()
})

test('a script with a misspelt field is not used', () => {
  expect(() => readScript('kraken', { seeed: 1 })).toThrow(/seeed/)
  expect(() => readScript('kraken', { balances: { USD: 10 } })).toThrow()
  expect(() => readScript('kraken', quiet({ around: '100' }))).toThrow(/either/)
})
