// How Binance words a market, an order, a trade and a refusal. Amounts are printed with eight places.

import { type Decimal, isPositive, multiply, toPlaces } from '../../domain/decimal.ts'
import type { Order, Trade } from './books.ts'
import type { Objection } from './exchange.ts'
import type { Market } from './script.ts'
import { type Answer, json } from './skin.ts'

export const error = (code: number, msg: string, status = 400, headers = {}): Answer =>
  json({ code, msg }, status, headers)

export const idOf = ({ symbol }: Market): string => symbol.replace('/', '')
/** Amounts are printed with eight places. */
export const eight = (value: Decimal): string => toPlaces(value, 8)

export const intervals: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '3m': 180_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '8h': 28_800_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
}

export const types = {
  market: 'MARKET',
  limit: 'LIMIT',
  stop: 'STOP_LOSS',
  'stop-limit': 'STOP_LOSS_LIMIT',
} as const

const statusOf = ({ status, filled }: Order): string => {
  if (status === 'open') return isPositive(filled) ? 'PARTIALLY_FILLED' : 'NEW'
  return status === 'filled' ? 'FILLED' : status === 'canceled' ? 'CANCELED' : 'EXPIRED'
}

export const orderBody = (order: Order) => ({
  symbol: order.symbol.replace('/', ''),
  orderId: Number(order.id),
  orderListId: -1,
  clientOrderId: order.clientId ?? `web_${order.id}`,
  price: eight(order.limitPrice ?? '0'),
  origQty: eight(order.quantity),
  executedQty: eight(order.filled),
  cummulativeQuoteQty: eight(order.value),
  status: statusOf(order),
  timeInForce: order.timeInForce,
  type: order.postOnly ? 'LIMIT_MAKER' : types[order.type],
  side: order.side.toUpperCase(),
})

export const queriedOrder = (order: Order) => ({
  ...orderBody(order),
  stopPrice: eight(order.stopPrice ?? '0'),
  icebergQty: '0.00000000',
  time: order.at,
  updateTime: order.updatedAt,
  isWorking: order.stopPrice === undefined || order.triggered,
  workingTime: order.at,
  origQuoteOrderQty: '0.00000000',
  selfTradePreventionMode: 'EXPIRE_MAKER',
})

export const tradeBody = (trade: Trade) => ({
  symbol: trade.symbol.replace('/', ''),
  id: Number(trade.id),
  orderId: Number(trade.orderId),
  orderListId: -1,
  price: eight(trade.price),
  qty: eight(trade.quantity),
  quoteQty: eight(multiply(trade.price, trade.quantity)),
  commission: eight(trade.fee),
  commissionAsset: trade.feeCurrency,
  time: trade.at,
  isBuyer: trade.side === 'buy',
  isMaker: trade.liquidity === 'maker',
  isBestMatch: true,
})

export const refusals: Record<Objection, Answer> = {
  'unknown-symbol': error(-1121, 'Invalid symbol.'),
  'duplicate-client-id': error(-2010, 'Duplicate order sent.'),
  'quantity-off-lot': error(-1013, 'Filter failure: LOT_SIZE'),
  'below-minimum-quantity': error(-1013, 'Filter failure: LOT_SIZE'),
  'price-off-tick': error(-1013, 'Filter failure: PRICE_FILTER'),
  'below-minimum-cost': error(-1013, 'Filter failure: NOTIONAL'),
  'insufficient-funds': error(-2010, 'Account has insufficient balance for requested action.'),
  'would-take': error(-2010, 'Order would immediately match and take.'),
}
