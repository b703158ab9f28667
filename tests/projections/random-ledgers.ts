// Random fills and random ledgers, for the laws of projections.

import fc from 'fast-check'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Decimal } from '../../domain/decimal.ts'
import type { Recorded } from '../../domain/event.ts'
import {
  type Fill,
  OrderAccepted,
  OrderCancelled,
  OrderOutcomeUnknown,
  OrderRejected,
} from '../../domain/order.ts'
import {
  candle,
  champion,
  cycle,
  denied,
  evaluated,
  expired,
  fill,
  intent,
  later,
  ledgerOf,
  noon,
  opened,
  requested,
  started,
  stopped,
  withheld,
} from './ledger-of.ts'

const symbols = ['BTC/USDT', 'ETH/USDT'] as const
const wishers = [champion, 'ema-cross@ETH/USDT-5m', 'operator-1'] as const

/** A decimal with up to `places` places, from 10^-places to `most`. */
export const decimals = (most: number, places: number): fc.Arbitrary<Decimal> =>
  fc.integer({ min: 1, max: most * 10 ** places }).map(n => {
    const digits = String(n).padStart(places + 1, '0')
    const cut = digits.length - places
    return `${digits.slice(0, cut)}.${digits.slice(cut)}` as Decimal
  })

/** Round ones often, so that positions come back to flat. */
const quantities = (any: fc.Arbitrary<Decimal>): fc.Arbitrary<Decimal> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom<Decimal>('1', '2') }, any)

/** Fills of three wishers in two symbols; rebates and sales beyond the position included. */
export const fills: fc.Arbitrary<Fill[]> = fc
  .array(
    fc.record({
      symbol: fc.constantFrom(...symbols),
      by: fc.constantFrom(...wishers),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      price: decimals(100_000, 2),
      quantity: quantities(decimals(10, 8)),
      fee: fc.oneof(
        decimals(50, 6),
        decimals(1, 6).map((n): Decimal => `-${n as `${number}`}` as Decimal),
      ),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map(all => all.map((each, i) => fill({ ...each, tradeId: `t-${i}`, orderId: `k3x9p2q-${i}` }).data))

const what = fc.constantFrom(
  'candle',
  'evaluation',
  'intent',
  'operator',
  'request',
  'withhold',
  'deny',
  'expire',
  'accept',
  'reject',
  'lose',
  'cancel',
  'fill',
  'cycle',
  'closed-cycle',
  'start',
  'stop',
)

const step = fc.record({
  what,
  minutes: fc.integer({ min: 0, max: 700 }),
  symbol: fc.constantFrom(...symbols),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  action: fc.constantFrom('buy' as const, 'sell' as const, 'none' as const),
  price: decimals(1000, 2),
  quantity: quantities(decimals(3, 4)),
})

/**
 * Ledgers in which anything the catalogue of trading knows happens in an order that can happen: answers follow
 * intents, reports follow requests; time goes on, over days.
 */
export const ledgers: fc.Arbitrary<Recorded<BookEvent>[]> = fc
  .record({
    calendar: fc.constantFrom('always' as const, 'nyse' as const),
    zone: fc.constantFrom('UTC', 'America/New_York'),
    steps: fc.array(step, { maxLength: 80, size: 'max' }),
  })
  .map(({ calendar, zone, steps }) => {
    const events: BookEvent[] = [opened({ calendar, zone }), started()]
    const openIntents: number[] = []
    const orders: { readonly orderId: string; readonly symbol: string; readonly side: 'buy' | 'sell' }[] = []
    let now = noon
    let cycles = 0
    steps.forEach(({ what, minutes, symbol, side, action, price, quantity }, i) => {
      now = later(minutes, now)
      const own = orders[i % Math.max(orders.length, 1)]
      const event = ((): BookEvent | undefined => {
        switch (what) {
          case 'candle':
            return candle(symbol, price, now)
          case 'evaluation':
            return evaluated(action, later(-5, now), { symbol, champion: `ema-cross@${symbol}-5m` })
          case 'intent':
          case 'operator':
            openIntents.push(events.length + 1)
            return what === 'intent'
              ? intent({ symbol, side, quantity, by: `ema-cross@${symbol}-5m` })
              : intent({ symbol, side, quantity, by: 'operator-1', source: 'operator', reason: '=cmd("x")' })
          case 'request': {
            const asked = openIntents.shift()
            if (asked === undefined) return undefined
            orders.push({ orderId: `k3x9p2q-${asked}`, symbol, side })
            return requested(asked, { symbol, side, quantity })
          }
          case 'withhold':
          case 'deny':
          case 'expire': {
            const asked = openIntents.shift()
            if (asked === undefined) return undefined
            if (what === 'withhold') return withheld(asked)
            return what === 'deny' ? denied(asked) : expired(asked)
          }
          case 'accept':
            return own && OrderAccepted({ orderId: own.orderId, venueOrderId: `v-${i}` })
          case 'reject':
            return own && OrderRejected({ orderId: own.orderId, reason: 'insufficient funds' })
          case 'lose':
            return own && OrderOutcomeUnknown({ orderId: own.orderId, detail: 'timeout' })
          case 'cancel':
            return own && OrderCancelled({ orderId: own.orderId, reason: 'by request' })
          case 'fill':
            return own && fill({ ...own, price, quantity, fee: '0.01', tradeId: `t-${i}`, venueTime: now })
          case 'cycle':
          case 'closed-cycle':
            cycles += 1
            return cycle({ cycle: cycles, clock: now, sessionOpen: what === 'cycle' })
          case 'start':
            return started({ clock: now })
          case 'stop':
            return stopped(now)
        }
      })()
      if (event !== undefined) events.push(event)
    })
    return ledgerOf(events)
  })
