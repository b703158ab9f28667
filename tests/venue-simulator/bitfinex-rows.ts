// How Bitfinex writes an order as a row, with its own names of currencies, types and states.

import { type Decimal, divide, isPositive, negate, toPlaces } from '../../domain/decimal.ts'
import { currenciesOf, type Order, restOf } from './books.ts'
import { type Answer, json, numeral } from './skin.ts'

/** Errors come with status 500. */
export const error = (code: number, text: string): Answer => json(['error', code, text], 500)
export const orderNotFound = error(10001, 'Order not found.')

/** Bitfinex's own names: 'USDT' is UST; pairs of longer names have a colon. */
const codes: Readonly<Record<string, string>> = { USDT: 'UST', USDC: 'UDC' }
export const codeOf = (currency: string): string => codes[currency] ?? currency
export const pairOf = (symbol: string): string => {
  const [base = '', quote = ''] = currenciesOf(symbol).map(codeOf)
  return base.length > 3 || quote.length > 3 ? `${base}:${quote}` : `${base}${quote}`
}

export const types = {
  market: 'EXCHANGE MARKET',
  limit: 'EXCHANGE LIMIT',
  stop: 'EXCHANGE STOP',
  'stop-limit': 'EXCHANGE STOP LIMIT',
} as const
export const typeOf = ({ type, timeInForce }: Order): string =>
  timeInForce === 'IOC' || timeInForce === 'FOK' ? `EXCHANGE ${timeInForce}` : types[type]

export const frames: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '3h': 10_800_000,
  '6h': 21_600_000,
  '12h': 43_200_000,
  '1D': 86_400_000,
}

export const signed = (order: { readonly side: string }, quantity: Decimal): Decimal =>
  order.side === 'buy' ? quantity : negate(quantity)
const averageOf = ({ value, filled }: Order): Decimal =>
  isPositive(filled) ? (toPlaces(divide(value, filled), 8) as Decimal) : '0'

const statusOf = (order: Order): string => {
  const traded = `@ ${averageOf(order)}(${signed(order, order.filled)})`
  const partly = isPositive(order.filled) ? `PARTIALLY FILLED ${traded}` : ''
  if (order.status === 'open') return partly === '' ? 'ACTIVE' : partly
  if (order.status === 'filled') return `EXECUTED ${traded}`
  const how =
    order.reason === 'post only'
      ? 'POSTONLY CANCELED'
      : order.reason === 'IOC rest'
        ? 'IOC CANCELED'
        : order.timeInForce === 'FOK'
          ? 'FILLORKILL CANCELED'
          : 'CANCELED'
  return partly === '' ? how : `${how} was: ${partly}`
}

export const orderRow = (order: Order): readonly unknown[] => [
  Number(order.id),
  null,
  order.clientId === undefined ? order.at : Number(order.clientId),
  `t${pairOf(order.symbol)}`,
  order.at,
  order.updatedAt,
  numeral(signed(order, restOf(order))),
  numeral(signed(order, order.quantity)),
  typeOf(order),
  order.triggered ? types[order.type] : null,
  null,
  null,
  order.postOnly ? 4096 : 0,
  statusOf(order),
  null,
  null,
  numeral(order.stopPrice ?? order.limitPrice ?? averageOf(order)),
  numeral(averageOf(order)),
  0,
  numeral(order.stopPrice === undefined ? '0' : (order.limitPrice ?? '0')),
  null,
  null,
  null,
  0,
  0,
  null,
  null,
  null,
  order.by === 'owner' ? 'BFX' : 'API>BFX',
  null,
  null,
  order.postOnly ? { $F7: 1 } : {},
]
