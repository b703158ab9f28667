// The actors of the adapters' tests against simulated venues: a connection, a book of orders, and the venue's side of it.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alpacaEquities, alpacaRules } from '../../adapters/alpaca-equities.ts'
import { ccxtAccount } from '../../adapters/ccxt-account.ts'
import type { Dialect } from '../../adapters/ccxt-dialect.ts'
import { type CcxtExchange, type CcxtSettings, openCcxt } from '../../adapters/ccxt-exchange.ts'
import { ccxtVenue } from '../../adapters/ccxt-venue.ts'
import {
  evolve,
  evolveAt,
  type Order,
  OrderAccepted,
  OrderCancelled,
  type OrderEvent,
  OrderExpired,
  OrderFilled,
  OrderRejected,
  type OrderRequest,
  OrderRequested,
} from '../../domain/order.ts'
import { orderIdOf, orderPrefix } from '../../domain/order-id.ts'
import type { Instant } from '../../domain/time.ts'
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
  /** Takes one fact down. */
  record(event: OrderEvent): void
  readonly idOf: (seq: number) => string
}

export interface DeskSettings {
  readonly now?: () => Instant
  /** What the ledger knows already. */
  readonly orders?: Order[]
  readonly pollMs?: number
  readonly dialect?: Dialect
}

export const deskAt = (
  exchange: CcxtExchange,
  symbols: readonly string[],
  kind: 'spot' | 'equities' = 'spot',
  given: DeskSettings = {},
): Desk => {
  const { now = kind === 'equities' ? () => inSession : wallClock, orders = [], pollMs = 0, dialect } = given
  const particular = {
    ...(kind === 'equities' ? { dialect: alpacaEquities, rules: () => alpacaRules } : {}),
    ...(dialect === undefined ? {} : { dialect }),
  }
  const account = ccxtAccount({
    exchange,
    symbols: () => symbols,
    orders: () => orders,
    prefix,
    now,
    ...particular,
  })
  const venue = ccxtVenue({ exchange, account, orders: () => orders, now, pollMs, ...particular })
  const record = (event: OrderEvent) => {
    const at = orders.findIndex(({ request }) => request.orderId === event.data.orderId)
    orders[at] = evolveAt(orders[at], event, now())
  }
  return {
    venue,
    orders,
    idOf: seq => orderIdOf(prefix, seq),
    record,
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
        record(OrderAccepted({ orderId: request.orderId, venueOrderId: answer.venueOrderId }))
      return answer
    },
    hear: async () => {
      const reports = await venue.reports(now())
      for (const report of reports) {
        if (report.kind === 'unheard') continue
        if (report.kind === 'filled') {
          const { orderId, tradeId } = report.fill
          const order = orders.find(({ request }) => request.orderId === orderId)
          if (!order?.fills.some(fill => fill.tradeId === tradeId)) record(OrderFilled(report.fill))
          continue
        }
        const { orderId, venueTime } = report
        if (report.kind === 'expired') record(OrderExpired({ orderId, venueTime }))
        else if (report.kind === 'rejected') record(OrderRejected({ orderId, reason: report.reason }))
        else record(OrderCancelled({ orderId, reason: report.reason, venueTime }))
      }
      return reports.map(report =>
        report.kind === 'filled' ? `filled ${report.fill.quantity}` : report.kind,
      )
    },
  }
}
