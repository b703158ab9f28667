// How KuCoin words an order, a stop that waits, and a refusal.

import { multiply } from '../../domain/decimal.ts'
import { currenciesOf, isOpen, type Order, restOf } from './books.ts'
import type { Objection } from './exchange.ts'
import { type Answer, json } from './skin.ts'

export const ok = (data: unknown): Answer => json({ code: '200000', data })
export const error = (code: string, msg: string, status = 200, headers = {}): Answer =>
  json({ code, msg }, status, headers)

export const idOf = (symbol: string): string => symbol.replace('/', '-')

export const intervals: Readonly<Record<string, number>> = {
  '1min': 60_000,
  '3min': 180_000,
  '5min': 300_000,
  '15min': 900_000,
  '30min': 1_800_000,
  '1hour': 3_600_000,
  '2hour': 7_200_000,
  '4hour': 14_400_000,
  '6hour': 21_600_000,
  '8hour': 28_800_000,
  '12hour': 43_200_000,
  '1day': 86_400_000,
}

export const refusals: Record<Objection, Answer> = {
  'unknown-symbol': error('400600', 'validation.createOrder.symbolNotAvailable'),
  'duplicate-client-id': error('400100', 'validation.createOrder.clientOidDuplicated'),
  'quantity-off-lot': error('600100', 'Order size increment invalid.'),
  'below-minimum-quantity': error('400100', 'The quantity is below the minimum requirement.'),
  'price-off-tick': error('600100', 'Price increment invalid.'),
  'below-minimum-cost': error('600101', 'The order funds should more then 0.1 USDT.'),
  'insufficient-funds': error('200004', 'Balance insufficient!'),
  'would-take': error('400200', 'Forbidden to place an order'),
}
export const notCancellable = error('400100', 'order_not_exist_or_not_allow_to_cancel')

export const isWaitingStop = (order: Order): boolean => order.stopPrice !== undefined && !order.triggered
export const typeOf = ({ type }: Order): string => (type === 'market' || type === 'stop' ? 'market' : 'limit')

export const orderBody = (order: Order) => {
  const cancelled = order.status === 'canceled' || order.status === 'expired'
  return {
    id: order.id,
    symbol: idOf(order.symbol),
    opType: 'DEAL',
    type: typeOf(order),
    side: order.side,
    price: order.limitPrice ?? '0',
    size: order.quantity,
    funds: order.limitPrice === undefined ? '0' : multiply(order.limitPrice, order.quantity),
    dealSize: order.filled,
    dealFunds: order.value,
    fee: order.fee,
    feeCurrency: currenciesOf(order.symbol)[1],
    stp: null,
    timeInForce: order.timeInForce,
    postOnly: order.postOnly,
    hidden: false,
    iceberg: false,
    visibleSize: '0',
    cancelAfter: 0,
    channel: order.by === 'owner' ? 'WEB' : 'API',
    clientOid: order.clientId ?? '',
    remark: null,
    tags: null,
    cancelExist: cancelled,
    createdAt: order.at,
    lastUpdatedAt: order.updatedAt,
    tradeType: 'TRADE',
    inOrderBook: isOpen(order),
    cancelledSize: cancelled ? restOf(order) : '0',
    cancelledFunds: '0',
    remainSize: isOpen(order) ? restOf(order) : '0',
    remainFunds: '0',
    active: isOpen(order),
  }
}

export const stopBody = (order: Order) => ({
  ...orderBody(order),
  userId: '5c1ab46003aa676e487fa8e3',
  status: isOpen(order) ? 'NEW' : 'CANCELLED',
  stop: order.extra.stop ?? 'loss',
  stopPrice: order.stopPrice ?? null,
  stopTriggerTime: null,
  orderTime: order.at * 1_000_000,
})
