// The risk ladder: every denial fires at its bound, and not just below it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, type Decimal } from '../../domain/decimal.ts'
import type { Intent } from '../../domain/intent.ts'
import { type Exposure, intentPrice, intentValue, type Limits, riskObjection } from '../../domain/risk.ts'
import { RiskDenial } from '../../domain/risk-denial.ts'
import { intentRaised, symbol } from '../cast.ts'

/** A quarter of a bitcoin at 28 010: worth 7002.5. */
const buys: Intent = intentRaised.data
const sells: Intent = { ...buys, side: 'sell' }
const closes: Intent = { ...sells, reduceOnly: true }

const limits: Limits = {
  orderValueMax: '10000',
  symbolExposureMax: '20000',
  grossExposureMax: '30000',
  openOrdersMax: 5,
  ordersPerDayMax: 20,
  unknownOutcomesMax: 1,
  lossPerDayMax: '500',
  drawdownMax: '0.2',
  candleAgeMaxMs: 600_000,
}

const venue = (minimumQuantity: Decimal) => ({ tick: '0.01', lot: '0.00000001', minimumQuantity }) as const

const calm: Exposure = {
  trading: 'active',
  marketClockKnown: true,
  candleAgeMs: 0,
  rules: venue('0.0001'),
  held: '1',
  heldInOrders: '0',
  entryOpen: false,
  openOrders: 0,
  unknownOutcomes: 0,
  ordersToday: 0,
  symbolExposure: '0',
  grossExposure: '0',
  lossToday: '0',
  drawdown: '0',
  freeCash: '100000',
}

interface Situation {
  readonly intent?: Intent
  readonly now?: Partial<Exposure>
  readonly limits?: Partial<Limits>
}
interface Rule {
  readonly says: string
  readonly fires: Situation
  /** The nearest situation in which it does not fire. */
  readonly passes: Situation
}

const watchlist = (fresh: boolean, ...symbols: readonly string[]) => ({
  watchlist: { fresh, symbols: new Set(symbols) },
})
const withoutPrice = ({ limitPrice: _, ...rest }: Intent): Intent => rest

const rules: Record<RiskDenial, readonly Rule[]> = {
  'trading-halted': [
    { says: 'while halted', fires: { now: { trading: 'halted' } }, passes: { now: { trading: 'active' } } },
    {
      says: 'while halted, to an order that shrinks a position too',
      fires: { intent: closes, now: { trading: 'halted' } },
      passes: { intent: closes, now: { trading: 'reducing' } },
    },
  ],
  'only-reducing': [
    {
      says: 'to an entry while reducing',
      fires: { now: { trading: 'reducing' } },
      passes: { intent: closes, now: { trading: 'reducing' } },
    },
  ],
  'market-clock-unknown': [
    {
      says: 'when the calendar does not cover the day',
      fires: { now: { marketClockKnown: false } },
      passes: { now: { marketClockKnown: true } },
    },
    {
      says: 'to an entry, and not to an order that shrinks a position',
      fires: { now: { marketClockKnown: false } },
      passes: { intent: closes, now: { marketClockKnown: false } },
    },
  ],
  'watchlist-stale': [
    {
      says: "when the watchlist is not today's",
      fires: { now: watchlist(false, symbol) },
      passes: { now: watchlist(true, symbol) },
    },
  ],
  'not-on-watchlist': [
    {
      says: 'to a symbol that the watchlist does not name',
      fires: { now: watchlist(true, 'ETH/USDT') },
      passes: { now: watchlist(true, 'ETH/USDT', symbol) },
    },
    { says: 'when the watchlist is empty', fires: { now: watchlist(true) }, passes: {} },
  ],
  'stale-candle': [
    {
      says: 'a millisecond after the last candle is too old',
      fires: { now: { candleAgeMs: 600_001 } },
      passes: { now: { candleAgeMs: 600_000 } },
    },
  ],
  'quantity-not-positive': [
    {
      says: 'to nothing',
      fires: { intent: { ...buys, quantity: '0' }, now: { rules: venue('0') } },
      passes: { intent: { ...buys, quantity: '0.00000001' }, now: { rules: venue('0') } },
    },
    { says: 'to less than nothing', fires: { intent: { ...buys, quantity: '-0.1' } }, passes: {} },
  ],
  'below-minimum': [
    {
      says: "below the venue's minimum",
      fires: { intent: { ...buys, quantity: '0.00009' } },
      passes: { intent: { ...buys, quantity: '0.0001' } },
    },
  ],
  'below-minimum-notional': [
    {
      says: "a cent below what the venue's smallest order is worth",
      fires: {
        intent: { ...buys, quantity: '0.1', limitPrice: '99.99' },
        now: { rules: { ...venue('0.0001'), minimumNotional: '10' } },
      },
      passes: {
        intent: { ...buys, quantity: '0.1', limitPrice: '100' },
        now: { rules: { ...venue('0.0001'), minimumNotional: '10' } },
      },
    },
    {
      says: 'to an order that shrinks a position too: the venue would not take it',
      fires: { intent: closes, now: { rules: { ...venue('0.0001'), minimumNotional: '1000000000' } } },
      passes: { intent: closes, now: { rules: { ...venue('0.0001'), minimumNotional: '1' } } },
    },
  ],
  'quantity-off-lot': [
    {
      says: "between two of the venue's lots",
      fires: { intent: { ...buys, quantity: '0.100000005' } },
      passes: { intent: { ...buys, quantity: '0.10000001' } },
    },
  ],
  'price-off-tick': [
    {
      says: "to a limit between two of the venue's ticks",
      fires: { intent: { ...buys, limitPrice: '28000.005' } },
      passes: { intent: { ...buys, limitPrice: '28000.01' } },
    },
    {
      says: "to a stop between two of the venue's ticks",
      fires: { intent: { ...buys, type: 'stop', stopPrice: '28000.005' } },
      passes: { intent: { ...buys, type: 'stop', stopPrice: '28000.01' } },
    },
  ],
  'price-missing': [
    {
      says: 'to a limit order without limit price',
      fires: { intent: withoutPrice(buys) },
      passes: { intent: { ...withoutPrice(buys), type: 'market' } },
    },
    {
      says: 'to a stop order without stop price',
      fires: { intent: { ...buys, type: 'stop' } },
      passes: { intent: { ...buys, type: 'stop', stopPrice: '28010' } },
    },
  ],
  'nothing-to-reduce': [
    {
      says: 'to a reduction of more than is held',
      fires: { intent: { ...closes, quantity: '1.00000001' } },
      passes: { intent: { ...closes, quantity: '1' } },
    },
    {
      says: 'to a reduction of what other orders reduce already',
      fires: { intent: closes, now: { heldInOrders: '0.75000001' } },
      passes: { intent: closes, now: { heldInOrders: '0.75' } },
    },
    {
      says: 'to a reduction that buys',
      fires: { intent: { ...closes, side: 'buy' } },
      passes: { intent: closes },
    },
    {
      says: 'to a sale that would go short, even when it does not call itself a reduction',
      fires: { intent: sells, now: { held: '0.24' } },
      passes: { intent: sells, now: { held: '0.25' } },
    },
    {
      says: 'to a sale of what other orders sell already',
      fires: { intent: sells, now: { held: '0.25', heldInOrders: '0.01' } },
      passes: { intent: sells, now: { held: '0.26', heldInOrders: '0.01' } },
    },
  ],
  'entry-already-open': [
    {
      says: 'while an entry of the same wisher waits',
      fires: { now: { entryOpen: true } },
      passes: { intent: closes, now: { entryOpen: true } },
    },
  ],
  'too-many-unknown-outcomes': [
    {
      says: 'above the limit',
      fires: { now: { unknownOutcomes: 2 } },
      passes: { now: { unknownOutcomes: 1 } },
    },
    {
      says: 'at the first one, when none is allowed',
      fires: { now: { unknownOutcomes: 1 }, limits: { unknownOutcomesMax: 0 } },
      passes: { now: { unknownOutcomes: 0 }, limits: { unknownOutcomesMax: 0 } },
    },
  ],
  'too-many-open-orders': [
    {
      says: 'when all places are taken',
      fires: { now: { openOrders: 5 } },
      passes: { now: { openOrders: 4 } },
    },
  ],
  'order-value-too-large': [
    {
      says: 'a cent above the limit',
      fires: { limits: { orderValueMax: '7002.49' } },
      passes: { limits: { orderValueMax: '7002.5' } },
    },
  ],
  'symbol-exposure-too-large': [
    {
      says: 'when symbol and order together are a cent above the limit',
      fires: { now: { symbolExposure: '12997.51' } },
      passes: { now: { symbolExposure: '12997.5' } },
    },
  ],
  'gross-exposure-too-large': [
    {
      says: 'when book and order together are a cent above the limit',
      fires: { now: { grossExposure: '22997.51' } },
      passes: { now: { grossExposure: '22997.5' } },
    },
  ],
  'too-many-orders-today': [
    {
      says: 'after the last of the day',
      fires: { now: { ordersToday: 20 } },
      passes: { now: { ordersToday: 19 } },
    },
  ],
  'loss-per-day-reached': [
    { says: 'at the limit', fires: { now: { lossToday: '500' } }, passes: { now: { lossToday: '499.99' } } },
  ],
  'drawdown-reached': [
    {
      says: 'at the limit',
      fires: { now: { drawdown: '0.2' } },
      passes: { now: { drawdown: '0.199999999999999999' } },
    },
  ],
  'not-enough-cash': [
    {
      says: 'when a cent is missing',
      fires: { now: { freeCash: '7002.49' } },
      passes: { now: { freeCash: '7002.5' } },
    },
    {
      says: 'to a purchase, not to a sale',
      fires: { now: { freeCash: '0' } },
      passes: { intent: sells, now: { freeCash: '0' } },
    },
  ],
}

const ask = ({ intent = buys, now, limits: changed }: Situation) =>
  riskObjection(intent, { ...calm, ...now }, { ...limits, ...changed })

/** None for a denial that is new to the list: then the first test says so. */
const rulesFor = (reason: RiskDenial): readonly Rule[] => rules[reason] ?? []

test('every denial of the closed list has its rules here, and nothing else has', () => {
  expect(Object.keys(rules).sort()).toEqual([...RiskDenial.options].sort())
  for (const each of Object.values(rules)) expect(each.length).toBeGreaterThan(0)
})

test('nothing is wrong on a calm day', () => {
  for (const intent of [buys, sells, closes]) expect(ask({ intent })).toBeUndefined()
})

describe.each(RiskDenial.options)('%s', reason => {
  test.each(rulesFor(reason).map(rule => [rule.says, rule] as const))('is said %s', (_, { fires }) => {
    const objection = ask(fires)
    expect(objection?.reason).toBe(reason)
    expect(objection?.detail).toMatch(/\S/)
  })

  test.each(rulesFor(reason).map(rule => [rule.says, rule] as const))(
    'is not said just before: %s',
    (_, { passes }) => {
      expect(ask(passes)).toBeUndefined()
    },
  )
})

test('each objection stands behind the ones before it: mending the first shows the next', () => {
  const mend: readonly (readonly [RiskDenial, Situation])[] = [
    ['trading-halted', { now: { trading: 'reducing' } }],
    ['only-reducing', { now: { trading: 'active' } }],
    ['quantity-not-positive', { intent: { ...withoutPrice(buys), quantity: '0.1' } }],
    ['below-minimum', { intent: { ...withoutPrice(buys), quantity: '1.000000005' } }],
    [
      'quantity-off-lot',
      {
        now: { rules: { ...venue('0.1'), minimumNotional: '1000000' } },
        intent: { ...withoutPrice(buys), quantity: '0.1' },
      },
    ],
    ['price-missing', { intent: { ...buys, quantity: '0.1', limitPrice: '28000.005' } }],
    ['price-off-tick', { intent: { ...buys, quantity: '0.1' } }],
    ['below-minimum-notional', { now: { rules: venue('0.1') } }],
    ['market-clock-unknown', { now: { marketClockKnown: true } }],
    ['watchlist-stale', { now: watchlist(true, 'ETH/USDT') }],
    ['not-on-watchlist', { now: watchlist(true, symbol) }],
    ['stale-candle', { now: { candleAgeMs: 0 } }],
    ['entry-already-open', { now: { entryOpen: false } }],
    ['too-many-unknown-outcomes', { now: { unknownOutcomes: 0 } }],
    ['too-many-open-orders', { now: { openOrders: 0 } }],
    ['too-many-orders-today', { now: { ordersToday: 0 } }],
    ['order-value-too-large', { limits: { orderValueMax: '10000' } }],
    ['symbol-exposure-too-large', { now: { symbolExposure: '0' } }],
    ['gross-exposure-too-large', { now: { grossExposure: '0' } }],
    ['loss-per-day-reached', { now: { lossToday: '0' } }],
    ['drawdown-reached', { now: { drawdown: '0' } }],
    ['not-enough-cash', { now: { freeCash: '100000' } }],
  ]
  let intent: Intent = { ...withoutPrice(buys), quantity: '0' }
  let now: Partial<Exposure> = {
    trading: 'halted',
    marketClockKnown: false,
    ...watchlist(false),
    candleAgeMs: 1e9,
    rules: venue('1'),
    entryOpen: true,
    openOrders: 99,
    unknownOutcomes: 99,
    ordersToday: 99,
    symbolExposure: '20000',
    grossExposure: '30000',
    lossToday: '500',
    drawdown: '1',
    freeCash: '0',
  }
  let changed: Partial<Limits> = { orderValueMax: '1' }
  for (const [reason, better] of mend) {
    expect(ask({ intent, now, limits: changed })?.reason).toBe(reason)
    intent = better.intent ?? intent
    now = { ...now, ...better.now }
    changed = { ...changed, ...better.limits }
  }
  expect(ask({ intent, now, limits: changed })).toBeUndefined()
})

// ── what shrinks a position ─────────────────────────────────────────────────────────────────────────────────────

const money = fc.integer({ min: 0, max: 10_000_000 }).map((cents): Decimal => `${cents / 100}`)
const count = fc.nat(100)
const exposures = fc.record({
  trading: fc.constantFrom('active' as const, 'reducing' as const),
  watchlist: fc.constantFrom(undefined, { fresh: false, symbols: new Set<string>() }),
  candleAgeMs: fc.nat(),
  entryOpen: fc.boolean(),
  openOrders: count,
  unknownOutcomes: count,
  ordersToday: count,
  symbolExposure: money,
  grossExposure: money,
  lossToday: money,
  drawdown: fc.constantFrom<Decimal>('0', '0.5', '1'),
  freeCash: money,
})
const tightest: Limits = {
  orderValueMax: '0',
  symbolExposureMax: '0',
  grossExposureMax: '0',
  openOrdersMax: 0,
  ordersPerDayMax: 0,
  unknownOutcomesMax: 0,
  lossPerDayMax: '0',
  drawdownMax: '0',
  candleAgeMaxMs: 0,
}

test('what shrinks a position is never held up by a limit, a stale candle or a watchlist', () => {
  fc.assert(
    fc.property(exposures, fc.integer({ min: 1, max: 1000 }), ({ watchlist: list, ...drawn }, lots) => {
      const quantity: Decimal = `${lots / 1000}`
      const now = {
        ...calm,
        ...drawn,
        ...(list === undefined ? {} : { watchlist: list }),
        held: add(quantity, '0'),
      }
      expect(riskObjection({ ...closes, quantity }, now, tightest)).toBeUndefined()
    }),
  )
})

test('more is never allowed when a limit gets tighter', () => {
  const drawnLimits = fc.record({
    orderValueMax: money,
    symbolExposureMax: money,
    grossExposureMax: money,
    openOrdersMax: count,
    ordersPerDayMax: count,
    unknownOutcomesMax: count,
    lossPerDayMax: money,
    drawdownMax: fc.constantFrom<Decimal>('0', '0.5', '1'),
    candleAgeMaxMs: fc.nat(),
  })
  const keys = Object.keys(tightest) as (keyof Limits)[]
  fc.assert(
    fc.property(
      exposures,
      drawnLimits,
      fc.constantFrom(...keys),
      ({ watchlist: _, ...drawn }, loose, key) => {
        const now = { ...calm, ...drawn }
        const tight = { ...loose, [key]: tightest[key] }
        if (riskObjection(buys, now, loose) !== undefined)
          expect(riskObjection(buys, now, tight)).toBeDefined()
      },
    ),
    { numRuns: 500 },
  )
})

test('an order is valued at its own price, a market order at the reference price', () => {
  const market: Intent = { ...withoutPrice(buys), type: 'market', referencePrice: '28000' }
  expect(intentPrice(buys)).toBe('28010')
  expect(intentPrice({ ...withoutPrice(buys), stopPrice: '27000' })).toBe('27000')
  expect(intentPrice(market)).toBe('28000')
  expect(intentValue(market)).toBe('7000')
})
