// The whole account at an exchange of ccxt, for reconciliation: everything that rests, traded and is held, with the raw
// answers as evidence. What is not completely told is not told at all.

import type { Order as VendorOrder } from 'ccxt'
import { type Decimal, isZero } from '../domain/decimal.ts'
import type { Order } from '../domain/order.ts'
import { intentOf, orderIdFrom } from '../domain/order-id.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import {
  type Account,
  type AccountTrade,
  type OrderOwner,
  type RestingOrder,
  VenueUnavailable,
} from '../domain/venue.ts'
import type { Dialect } from './ccxt-dialect.ts'
import { dialectOf } from './ccxt-dialects.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { accountTradeOf } from './ccxt-trade.ts'
import { exactDecimal } from './exact-decimal.ts'
import type { Heard } from './whole-answer.ts'

export interface CcxtAccountSettings {
  readonly exchange: CcxtExchange
  /** undefined: the exchange's own. */
  readonly dialect?: Dialect
  /** Markets whose orders and trades are asked for: exchanges answer for one at a time. */
  readonly symbols: () => readonly string[]
  readonly orders: () => Iterable<Order>
  /** Of the book's order ids. */
  readonly prefix: string
  readonly now: () => Instant
}

export const ccxtAccount = (settings: CcxtAccountSettings): Account => {
  const { exchange, orders, prefix, now } = settings
  const { name } = exchange
  const dialect = settings.dialect ?? dialectOf(name)
  const symbols = (): readonly (string | undefined)[] =>
    dialect.perSymbol ? settings.symbols() : [undefined]

  const demand = (fits: boolean, what: string, heard: readonly Heard[]) => {
    if (fits) return
    const said = exchange.clean(heard.at(-1)?.body ?? 'nothing was heard')
    throw new VenueUnavailable(`${name} gives no usable answer (${what}): it is no answer: ${said}`)
  }

  /** The client order id as we would have made it. */
  const ours = (clientId: string | undefined): string | undefined => {
    if (clientId === undefined) return undefined
    for (const { request } of orders())
      if (dialect.clientIdOf(request.orderId) === clientId) return request.orderId
    if (name === 'bitfinex') return orderIdFrom(prefix, Number(clientId))
    return intentOf(prefix, clientId) === undefined ? undefined : clientId
  }

  /** An exchange that was never tried may leave our id out. */
  const ownerOf = ({ clientOrderId }: VendorOrder): OrderOwner => {
    const orderId = ours(clientOrderId)
    if (orderId !== undefined) return { kind: 'ours', orderId }
    return { kind: clientOrderId !== undefined || dialect.proves ? 'not-ours' : 'not-shown' }
  }

  const orderIdOf = (venueOrderId: string): string | undefined => {
    for (const order of orders()) if (order.venueOrderId === venueOrderId) return order.request.orderId
    return undefined
  }

  return {
    restingOrders: async () => {
      const found: RestingOrder[] = []
      const raws: string[] = []
      for (const symbol of symbols()) {
        const what = symbol === undefined ? 'open orders' : `open orders in ${symbol}`
        const { value, raw, heard } = await exchange.ask(what, api =>
          dialect.openOrders === undefined ? api.fetchOpenOrders(symbol) : dialect.openOrders(api),
        )
        demand(dialect.answersOpenOrders(parsed(heard.at(-1))), what, heard)
        raws.push(raw)
        found.push(...value.map(order => restingOf(name, order, ours(order.clientOrderId))))
      }
      return { value: found, raw: raws.join('\n') }
    },
    tradesSince: async since => {
      const found: AccountTrade[] = []
      const raws: string[] = []
      for (const symbol of symbols()) {
        const what = symbol === undefined ? 'trades' : `trades in ${symbol}`
        const { value, raw, heard } = await exchange.ask(what, api =>
          dialect.trades(api, symbol, millisecondsOf(since), millisecondsOf(now())),
        )
        demand(heard.length > 0 && heard.every(each => dialect.answersTrades(parsed(each))), what, heard)
        raws.push(raw)
        found.push(...value.map(trade => accountTradeOf(name, trade, orderIdOf)))
      }
      const trades = found
        .filter(({ venueTime }) => venueTime >= since)
        .sort((a, b) => (a.venueTime < b.venueTime ? -1 : a.venueTime > b.venueTime ? 1 : 0))
      return { value: trades, raw: raws.join('\n') }
    },
    whose: async (venueOrderId, symbol) => {
      const what = `whose order ${venueOrderId} is`
      const { value, raw, heard } = await exchange.ask(what, async api =>
        api.has.fetchOrder ? dialect.byVenueId(api, venueOrderId, symbol) : undefined,
      )
      demand(
        heard.every(each => parsed(each) !== undefined),
        what,
        heard,
      )
      return { value: value?.id === venueOrderId ? ownerOf(value) : { kind: 'not-shown' }, raw }
    },
    holdings: async () => {
      const { value, raw, heard } = await exchange.ask('balances', dialect.holdings)
      demand(dialect.answersHoldings(heard.map(parsed)), 'balances', heard)
      const held: Record<string, Decimal> = {}
      for (const [asset, amount] of Object.entries(value)) {
        const quantity = exactDecimal(amount)
        if (quantity === undefined)
          throw new VenueUnavailable(`${name} gives no usable answer (balances): ${asset} has no quantity`)
        if (!isZero(quantity)) held[asset] = quantity // a short and a debt are negative
      }
      return { value: held, raw }
    },
  }
}

const restingOf = (venue: string, order: VendorOrder, orderId: string | undefined): RestingOrder => {
  const { id, symbol, side } = order
  const [quantity, filled] = [exactDecimal(order.amount), exactDecimal(order.filled)]
  if (
    id === undefined ||
    symbol === undefined ||
    (side !== 'buy' && side !== 'sell') ||
    quantity === undefined ||
    filled === undefined
  )
    throw new VenueUnavailable(`${venue} gives no usable answer (open orders): order ${id} lacks something`)
  return { orderId, venueOrderId: id, symbol, side, quantity, filled }
}

const parsed = (heard: Heard | undefined): unknown => {
  try {
    return JSON.parse(heard?.body ?? '')
  } catch {
    return undefined // no JSON is no answer, which is what the caller asks
  }
}
