// The small book that docs/projections.md shows: one champion, one round trip, one denial, over two days.

import type { BookEvent } from '../../domain/catalogue.ts'
import { OrderAccepted } from '../../domain/order.ts'
import {
  buy,
  candle,
  cycle,
  denied,
  evaluated,
  intent,
  later,
  ledgerOf,
  noon,
  opened,
  requested,
  sell,
  started,
} from './ledger-of.ts'
import { found, published, scanStarted } from './scan-events.ts'

const accepted = (intent: number) =>
  OrderAccepted({ orderId: `k3x9p2q-${intent}`, venueOrderId: `paper-${intent}`, venueTime: noon })

const events: readonly BookEvent[] = [
  opened({ cash: '1000' }),
  started(),
  candle('BTC/USDT', '100', noon),
  evaluated('buy', later(-5), { signal: 1, confidence: 0.75 }),
  intent({ quantity: '5' }), // 5
  requested(5, { quantity: '5' }),
  accepted(5),
  buy('5', '100', { orderId: 'k3x9p2q-5', fee: '0.5' }),
  cycle({ cycle: 1, candles: 1, evaluations: 1, intents: 1, orders: 1, fills: 1, lastCandle: noon }),
  candle('BTC/USDT', '90', later(5)),
  evaluated('none', noon),
  cycle({ cycle: 2, clock: later(5), candles: 1, evaluations: 1, lastCandle: later(5) }),
  candle('BTC/USDT', '112', later(1440)),
  evaluated('sell', later(1435), { signal: -1, confidence: 0.5, holding: '5' }),
  intent({ side: 'sell', quantity: '3', reduceOnly: true, referencePrice: '112', reason: 'fast below slow' }), // 15
  requested(15, { side: 'sell', quantity: '3', reduceOnly: true, decided: later(1440) }),
  accepted(15),
  sell('3', '112', { orderId: 'k3x9p2q-15', tradeId: 't-2', fee: '0.336', venueTime: later(1440) }),
  intent({ source: 'operator', by: 'add-more', reason: 'a hunch' }), // 19
  denied(19, 'not-enough-cash'),
  cycle({
    cycle: 3,
    clock: later(1440),
    candles: 1,
    evaluations: 1,
    intents: 2,
    denials: 1,
    orders: 1,
    fills: 1,
    lastCandle: later(1440),
  }),
  candle('BTC/USDT', '110', later(1445)),
  intent({ side: 'sell', quantity: '2', reduceOnly: true, referencePrice: '110', reason: 'fast below slow' }), // 23
  requested(23, { side: 'sell', quantity: '2', reduceOnly: true, decided: later(1445) }),
  accepted(23),
  sell('2', '110', { orderId: 'k3x9p2q-23', tradeId: 't-3', fee: '0.22', venueTime: later(1445) }),
  cycle({
    cycle: 4,
    clock: later(1445),
    candles: 1,
    intents: 1,
    orders: 1,
    fills: 1,
    lastCandle: later(1445),
  }),
]

export const exampleBook = ledgerOf(events)

/** The scan of another book, one that trades a watchlist. */
export const exampleScan = ledgerOf([
  scanStarted('2015-08-24'),
  found('2015-08-24', 'KO', 1),
  found('2015-08-24', 'MSFT', 2),
  published('2015-08-24', 'KO', 'MSFT'),
])
