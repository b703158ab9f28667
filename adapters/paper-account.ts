// The account of the embedded paper venue: derived from the orders of the book, because it has no other customer.

import { add, type Decimal, isZero, multiply, negate } from '../domain/decimal.ts'
import { isLive, type Order } from '../domain/order.ts'
import type { Account, AccountTrade, Observed, RestingOrder } from '../domain/venue.ts'

/** What the account was opened with. */
export interface Opening {
  readonly currency: string
  readonly cash: Decimal
}

/** `opening` is undefined before the book is opened: then the account is empty. */
export const paperAccount = (orders: () => Iterable<Order>, opening: () => Opening | undefined): Account => {
  const currency = () => opening()?.currency ?? ''
  return {
    restingOrders: async () => observed([...orders()].filter(isResting).map(restingOf)),
    tradesSince: async since =>
      observed(
        [...orders()]
          .flatMap(order => order.fills.map(fill => tradeOf(order, fill, currency())))
          .filter(({ venueTime }) => venueTime >= since)
          .sort((a, b) => (a.venueTime < b.venueTime ? -1 : 1)),
      ),
    holdings: async () => {
      const { cash = '0' } = opening() ?? {}
      const all = new Map<string, Decimal>([[currency(), cash]])
      const put = (name: string, quantity: Decimal) => all.set(name, add(all.get(name) ?? '0', quantity))
      for (const order of orders())
        for (const { symbol, side, price, quantity, fee, feeCurrency = currency() } of order.fills) {
          const value = multiply(price, quantity)
          put(symbol.split('/')[0] as string, side === 'buy' ? quantity : negate(quantity))
          put(currency(), side === 'buy' ? negate(value) : value)
          put(feeCurrency, negate(fee))
        }
      return observed(Object.fromEntries([...all].filter(([, quantity]) => !isZero(quantity))))
    },
  }
}

const observed = <Value>(value: Value): Observed<Value> => ({ value, raw: JSON.stringify(value) })

const isResting = (order: Order): boolean => isLive(order) && order.venueOrderId !== undefined

const restingOf = ({ request, filled, venueOrderId }: Order): RestingOrder => {
  const { orderId, symbol, side, quantity } = request
  return { orderId, venueOrderId: venueOrderId ?? '', symbol, side, quantity, filled }
}

const tradeOf = (order: Order, fill: Order['fills'][number], currency: string): AccountTrade => {
  const { orderId, tradeId, symbol, side, price, quantity, fee, liquidity, venueTime } = fill
  const venueOrderId = order.venueOrderId ?? ''
  return {
    tradeId,
    venueOrderId,
    orderId,
    symbol,
    side,
    price,
    quantity,
    fee,
    feeCurrency: fill.feeCurrency ?? currency,
    liquidity,
    venueTime,
  }
}
