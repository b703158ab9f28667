// The venue's books: what happened at the venue, folded from its facts. An independent witness of what a client did.
//
// A fact is one of the lines below; facts that belong together lie in one group, which the journal writes as one line.
// Balances are never stored: they are what the account began with, plus what was paid in and out, plus every trade.

import { add, compare, type Decimal, isZero, multiply, negate, subtract } from '../../domain/decimal.ts'

export type Side = 'buy' | 'sell'
export type OrderType = 'market' | 'limit' | 'stop' | 'stop-limit'
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'DAY'

/** What was asked for, as every venue's protocol can say it. */
export interface PlacedOrder {
  /** The venue's own id. */
  readonly id: string
  /** As the client sent it; undefined when it sent none. */
  readonly clientId: string | undefined
  /** 'owner' is a person on the venue's web page. */
  readonly by: 'api' | 'owner'
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly quantity: Decimal
  readonly limitPrice: Decimal | undefined
  readonly stopPrice: Decimal | undefined
  readonly timeInForce: TimeInForce
  readonly postOnly: boolean
  /** ms since 1970 UTC, as all times here. */
  readonly at: number
  /** What the protocol wants to hear again and the venue does not care about. */
  readonly extra: Readonly<Record<string, string>>
}

export interface Trade {
  readonly id: string
  readonly orderId: string
  readonly clientId: string | undefined
  readonly symbol: string
  readonly side: Side
  readonly price: Decimal
  readonly quantity: Decimal
  readonly fee: Decimal
  readonly feeCurrency: string
  readonly liquidity: 'maker' | 'taker'
  readonly at: number
}

export type EndOfOrder = 'filled' | 'canceled' | 'expired'

export type Fact =
  | {
      readonly fact: 'opened'
      readonly venue: string
      readonly balances: Readonly<Record<string, Decimal>>
      readonly at: number
    }
  | { readonly fact: 'placed'; readonly order: PlacedOrder }
  /** Nothing came of it, but the venue heard it: a witness of a second submission. */
  | {
      readonly fact: 'refused'
      readonly clientId: string | undefined
      readonly symbol: string
      readonly why: string
      readonly at: number
    }
  | { readonly fact: 'triggered'; readonly orderId: string; readonly at: number }
  | { readonly fact: 'traded'; readonly trade: Trade }
  | {
      readonly fact: 'ended'
      readonly orderId: string
      readonly end: EndOfOrder
      readonly reason: string
      readonly at: number
    }
  /** A cancel has been acknowledged, but this much of the order was traded before it and will be reported at `due`. */
  | {
      readonly fact: 'fill-due'
      readonly orderId: string
      readonly quantity: Decimal
      readonly price: Decimal
      readonly due: number
      readonly at: number
    }
  /** A cancel has been acknowledged, and is done at `due`: until then the order may trade. */
  | { readonly fact: 'cancel-pending'; readonly orderId: string; readonly due: number; readonly at: number }
  /** The dead man's switch; 0 is off. */
  | { readonly fact: 'switch-set'; readonly due: number; readonly at: number }
  | {
      readonly fact: 'paid'
      readonly currency: string
      readonly amount: Decimal
      readonly reason: string
      readonly at: number
    }
  | { readonly fact: 'price-set'; readonly symbol: string; readonly price: Decimal; readonly at: number }

export interface Order extends PlacedOrder {
  readonly status: 'open' | EndOfOrder
  readonly triggered: boolean
  readonly filled: Decimal
  /** Sum of price times quantity of its trades. */
  readonly value: Decimal
  readonly fee: Decimal
  readonly reason: string
  /** When a cancel that was acknowledged is done; undefined when there is none. */
  readonly cancelDue?: number
  readonly trades: readonly string[]
  /** When it was last traded or ended. */
  readonly updatedAt: number
}

export interface Refusal {
  readonly clientId: string | undefined
  readonly symbol: string
  readonly why: string
  readonly at: number
}

export interface Books {
  readonly venue: string
  readonly openedAt: number
  /** Total by currency, orders' holds included. */
  readonly balances: Map<string, Decimal>
  /** Oldest first. */
  readonly orders: Map<string, Order>
  readonly trades: Trade[]
  readonly refusals: Refusal[]
  readonly paid: {
    readonly currency: string
    readonly amount: Decimal
    readonly reason: string
    readonly at: number
  }[]
  /** Fills that are still to be reported, oldest first. */
  readonly due: {
    readonly orderId: string
    readonly quantity: Decimal
    readonly price: Decimal
    readonly due: number
  }[]
  readonly pricesSet: { readonly symbol: string; readonly price: Decimal; readonly at: number }[]
  /** When the dead man's switch cancels everything; 0 is never. */
  switchDue: number
  /** The time of the last fact. */
  lastAt: number
}

export const emptyBooks = (): Books => ({
  venue: '',
  openedAt: 0,
  balances: new Map(),
  orders: new Map(),
  trades: [],
  refusals: [],
  paid: [],
  due: [],
  pricesSet: [],
  switchDue: 0,
  lastAt: 0,
})

/** Whether the order can still trade. */
export const isOpen = (order: Order): boolean => order.status === 'open'
export const restOf = (order: Order): Decimal => subtract(order.quantity, order.filled)

/** Enters a fact into the books, in place. Facts are never refused. */
export const enter = (books: Books, fact: Fact): void => {
  switch (fact.fact) {
    case 'opened':
      Object.assign(books, { venue: fact.venue, openedAt: fact.at })
      for (const [currency, amount] of Object.entries(fact.balances)) books.balances.set(currency, amount)
      books.lastAt = fact.at
      return
    case 'placed':
      books.orders.set(fact.order.id, {
        ...fact.order,
        status: 'open',
        triggered: false,
        filled: '0',
        value: '0',
        fee: '0',
        reason: '',
        trades: [],
        updatedAt: fact.order.at,
      })
      books.lastAt = fact.order.at
      return
    case 'refused': {
      const { fact: _, ...refusal } = fact
      books.refusals.push(refusal)
      books.lastAt = fact.at
      return
    }
    case 'triggered':
      change(books, fact.orderId, order => ({ ...order, triggered: true, updatedAt: fact.at }))
      books.lastAt = fact.at
      return
    case 'traded': {
      const { trade } = fact
      const late = books.due.findIndex(({ orderId, due }) => orderId === trade.orderId && due <= trade.at)
      if (late >= 0) books.due.splice(late, 1)
      books.trades.push(trade)
      for (const [currency, amount] of changesOf(trade)) move(books, currency, amount)
      change(books, trade.orderId, order => {
        const filled = add(order.filled, trade.quantity)
        return {
          ...order,
          filled,
          value: add(order.value, multiply(trade.price, trade.quantity)),
          fee: add(order.fee, trade.fee),
          trades: [...order.trades, trade.id],
          updatedAt: trade.at,
          // Also after a cancel: a fill that came late had happened before.
          status: compare(filled, order.quantity) >= 0 ? 'filled' : order.status,
        }
      })
      books.lastAt = trade.at
      return
    }
    case 'ended':
      change(books, fact.orderId, order => ({
        ...order,
        status: fact.end,
        reason: fact.reason,
        updatedAt: fact.at,
      }))
      books.lastAt = fact.at
      return
    case 'fill-due': {
      const { fact: _, at, ...due } = fact
      books.due.push(due)
      books.lastAt = at
      return
    }
    case 'cancel-pending':
      change(books, fact.orderId, order => ({ ...order, cancelDue: fact.due, updatedAt: fact.at }))
      books.lastAt = fact.at
      return
    case 'switch-set':
      books.switchDue = fact.due
      books.lastAt = fact.at
      return
    case 'paid': {
      const { fact: _, ...paid } = fact
      books.paid.push(paid)
      move(books, fact.currency, fact.amount)
      books.lastAt = fact.at
      return
    }
    case 'price-set':
      books.pricesSet.push({ symbol: fact.symbol, price: fact.price, at: fact.at })
      books.lastAt = fact.at
  }
}

const change = (books: Books, id: string, next: (order: Order) => Order): void => {
  const order = books.orders.get(id)
  if (order === undefined) throw new Error(`the books know no order ${id}`)
  books.orders.set(id, next(order))
}

const move = (books: Books, currency: string, amount: Decimal): void => {
  books.balances.set(currency, add(books.balances.get(currency) ?? '0', amount))
}

/** 'BTC/USD' → ['BTC', 'USD']. */
export const currenciesOf = (symbol: string): readonly [base: string, quote: string] => {
  const [base = '', quote = ''] = symbol.split('/')
  return [base, quote]
}

/** What a trade does to the balances: the exchange of base and quote, and the fee. */
export const changesOf = ({
  symbol,
  side,
  price,
  quantity,
  fee,
  feeCurrency,
}: Trade): readonly (readonly [string, Decimal])[] => {
  const [base, quote] = currenciesOf(symbol)
  const value = multiply(price, quantity)
  return [
    [base, side === 'buy' ? quantity : negate(quantity)],
    [quote, side === 'buy' ? negate(value) : value],
    [feeCurrency, negate(fee)],
  ]
}

/** The books as an oracle reads them: plain JSON. */
export interface BooksReport {
  readonly venue: string
  readonly balances: Readonly<Record<string, Decimal>>
  readonly orders: readonly Order[]
  readonly trades: readonly Trade[]
  readonly refusals: readonly Refusal[]
  readonly paid: Books['paid']
  /** Everything the venue ever heard under one client order id. More than one order under an id is a duplicate. */
  readonly byClientId: Readonly<
    Record<
      string,
      {
        readonly orders: readonly string[]
        readonly trades: readonly string[]
        readonly filled: Decimal
        readonly refusals: number
      }
    >
  >
}

export const reportOf = (books: Books): BooksReport => {
  const byClientId: Record<
    string,
    { orders: string[]; trades: string[]; filled: Decimal; refusals: number }
  > = {}
  const under = (clientId: string) => {
    byClientId[clientId] ??= { orders: [], trades: [], filled: '0', refusals: 0 }
    return byClientId[clientId]
  }
  for (const { id, clientId, filled, trades } of books.orders.values()) {
    if (clientId === undefined) continue
    const entry = under(clientId)
    entry.orders.push(id)
    entry.trades.push(...trades)
    entry.filled = add(entry.filled, filled)
  }
  for (const { clientId } of books.refusals) if (clientId !== undefined) under(clientId).refusals += 1
  return {
    venue: books.venue,
    balances: Object.fromEntries([...books.balances].filter(([, amount]) => !isZero(amount))),
    orders: [...books.orders.values()],
    trades: books.trades,
    refusals: books.refusals,
    paid: books.paid,
    byClientId,
  }
}
