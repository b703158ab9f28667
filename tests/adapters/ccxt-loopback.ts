// The actors of the adapters' tests against simulated venues: a connection, a book of orders, and the venue's side of it.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alpacaEquities, alpacaRules } from '../../adapters/alpaca-equities.ts'
import { ccxtAccount } from '../../adapters/ccxt-account.ts'
import { type CcxtExchange, type CcxtSettings, openCcxt } from '../../adapters/ccxt-exchange.ts'
import { ccxtVenue } from '../../adapters/ccxt-venue.ts'
import {
  evolve,
  type Order,
  OrderAccepted,
  OrderFilled,
  type OrderRequest,
  OrderRequested,
} from '../../domain/order.ts'
import { orderIdOf, orderPrefix } from '../../domain/order-id.ts'
import type { PlaceAnswer, Venue } from '../../domain/venue.ts'
import type { VenueName, VenueScript } from '../venue-simulator/script.ts'
import { type Venue as Simulated, startVenue } from '../venue-simulator/venue.ts'

export const prefix = orderPrefix('crypto-1', '2026-11-25T00:00:00.000Z')
/** When the simulated stock exchange is open: a Tuesday morning in New York. */
export const inSession = '2026-11-24T15:30:00.000Z'
const wallClock = () => new Date().toISOString()

export const simulated = (name: VenueName, script: VenueScript = {}): Promise<Simulated> =>
  startVenue(name, { folder: mkdtempSync(join(tmpdir(), `veritape-${name}-`)), script })

/** A connection that does not space its requests and hardly waits between attempts. */
export const connect = (venue: Simulated, given: Partial<CcxtSettings> = {}): Promise<CcxtExchange> => {
  const { key, secret, passphrase } = venue.keys
  return openCcxt({
    exchange: venue.name,
    keys: { apiKey: key, secret, password: passphrase },
    sandbox: false,
    url: venue.url,
    deadlineMs: 1000,
    spaced: false,
    wait: async () => {},
    jitter: () => 0,
    ...given,
  })
}

export interface Desk {
  readonly venue: Venue
  readonly orders: Order[]
  /** Requests an order as the engine does, places it, and takes the answer down. */
  place(
    seq: number,
    terms: Pick<OrderRequest, 'symbol' | 'quantity'> & Partial<OrderRequest>,
  ): Promise<PlaceAnswer>
  /** Takes the venue's reports down, as the order desk does. */
  hear(): Promise<readonly string[]>
  readonly idOf: (seq: number) => string
}

export const deskAt = (
  exchange: CcxtExchange,
  symbols: readonly string[],
  kind: 'spot' | 'equities' = 'spot',
): Desk => {
  const now = kind === 'equities' ? () => inSession : wallClock
  const orders: Order[] = []
  const particular = kind === 'equities' ? { dialect: alpacaEquities, rules: () => alpacaRules } : {}
  const account = ccxtAccount({
    exchange,
    symbols: () => symbols,
    orders: () => orders,
    prefix,
    now,
    ...particular,
  })
  const venue = ccxtVenue({ exchange, account, orders: () => orders, now, pollMs: 0, ...particular })
  const change = (orderId: string, event: Parameters<typeof evolve>[1]) => {
    const at = orders.findIndex(({ request }) => request.orderId === orderId)
    orders[at] = evolve(orders[at], event)
  }
  return {
    venue,
    orders,
    idOf: seq => orderIdOf(prefix, seq),
    place: async (seq, terms) => {
      const request: OrderRequest = {
        orderId: orderIdOf(prefix, seq),
        intent: seq,
        by: 'operator',
        side: 'buy',
        type: 'market',
        timeInForce: 'GTC',
        reduceOnly: false,
        decided: now(),
        ...terms,
      }
      orders.push(evolve(undefined, OrderRequested(request)))
      const answer = await venue.place(request)
      if (answer.kind === 'accepted')
        change(
          request.orderId,
          OrderAccepted({ orderId: request.orderId, venueOrderId: answer.venueOrderId }),
        )
      return answer
    },
    hear: async () => {
      const reports = await venue.reports(now())
      for (const report of reports)
        if (report.kind === 'filled') {
          const { orderId, tradeId } = report.fill
          const order = orders.find(({ request }) => request.orderId === orderId)
          if (!order?.fills.some(fill => fill.tradeId === tradeId)) change(orderId, OrderFilled(report.fill))
        }
      return reports.map(report =>
        report.kind === 'filled' ? `filled ${report.fill.quantity}` : report.kind,
      )
    },
  }
}
