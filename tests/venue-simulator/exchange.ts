// The exchange behind every protocol: one account, its money, its orders, and a market that takes them.
//
// Everything it does is a fact in its journal. Time only passes here when somebody asks: `advance` then walks the prices from
// where the books stand to now, so the same requests at the same times give the same books, whatever happened in between.
// No fact is recorded before that: after a restart the books' last fact is where the walk goes on.

import {
  add,
  compare,
  type Decimal,
  divide,
  isMultiple,
  isPositive,
  multiply,
  roundTo,
  smaller,
  subtract,
  sum,
} from '../../domain/decimal.ts'
import {
  type Books,
  currenciesOf,
  isOpen,
  type Order,
  type OrderType,
  restOf,
  type Side,
  type TimeInForce,
  type Trade,
} from './books.ts'
import type { VenueClock } from './clock.ts'
import type { Journal } from './journal.ts'
import { type Match, taken, touched, triggers } from './matching.ts'
import { type Point, type Prices, prices } from './prices.ts'
import type { Market, Script } from './script.ts'
import { type Sessions, sessions } from './sessions.ts'

/** What differs between venues in what they do, not in how they say it. */
export interface ExchangeRules {
  /** Among which orders of the account a client order id must be unique. */
  readonly clientIds: 'open' | 'all' | 'none'
  readonly feeIn: 'received' | 'quote'
  /** Fees are rounded to it, half to even. */
  readonly feeStep: Decimal
  /** What becomes of a post-only order that would take: it is refused, or taken in and cancelled at once. */
  readonly postOnly: 'refuse' | 'cancel'
  readonly orderId: (number: number) => string
  readonly tradeId: (number: number) => string
}

export interface NewOrder {
  readonly clientId?: string | undefined
  readonly by?: 'api' | 'owner'
  readonly symbol: string
  readonly side: Side
  readonly type: OrderType
  readonly quantity: Decimal
  readonly limitPrice?: Decimal | undefined
  readonly stopPrice?: Decimal | undefined
  readonly timeInForce?: TimeInForce
  readonly postOnly?: boolean
  readonly extra?: Readonly<Record<string, string>>
}

export type Objection =
  | 'unknown-symbol'
  | 'duplicate-client-id'
  | 'quantity-off-lot'
  | 'below-minimum-quantity'
  | 'price-off-tick'
  | 'below-minimum-cost'
  | 'insufficient-funds'
  | 'would-take'

export interface Refused {
  readonly refused: Objection
  /** For insufficient funds: the currency, what it would have taken, and what is free. */
  readonly currency: string
  readonly wanted: Decimal
  readonly free: Decimal
}

/** What befalls the next cancel: the order is filled just before it, or after it was acknowledged, or it is not done yet. */
export type CancelRace =
  | { readonly kind: 'filled-first'; readonly share: Decimal }
  | { readonly kind: 'filled-after'; readonly share: Decimal; readonly ms: number }
  | { readonly kind: 'cancel-pending'; readonly ms: number }

export interface Exchange {
  readonly script: Script
  readonly books: Books
  readonly clock: VenueClock
  /** The trading hours of its shares. */
  readonly sessions: Sessions
  market(symbol: string): Market | undefined
  prices(symbol: string): Prices
  lastPrice(symbol: string): Decimal
  /** Lets everything happen that the prices until now bring. Call it before looking. */
  advance(): void
  place(order: NewOrder): Order | Refused
  /** `unknown` and `done` are refusals; a venue words them as it likes. */
  cancel(orderId: string, race?: CancelRace): 'canceled' | 'done' | 'unknown'
  /** The dead man's switch: everything open is cancelled when so much time has passed; 0 takes the switch off. */
  cancelAllAfter(ms: number): void
  /** A fill out of the blue: at the price, or at the order's limit, or at the last price. */
  fill(orderId: string, quantity?: Decimal, price?: Decimal): void
  pay(currency: string, amount: Decimal, reason: string): void
  setPrice(symbol: string, price: Decimal): void
  total(currency: string): Decimal
  /** What open orders hold back. */
  held(currency: string): Decimal
  free(currency: string): Decimal
  /** Orders as a reader sees them, oldest first: those of the last `readLagMs` are not there yet. */
  orders(): readonly Order[]
  trades(): readonly Trade[]
  /** Makes reads so much older than the books. */
  lag(ms: number): void
}

export const openExchange = (
  venue: string,
  script: Script,
  rules: ExchangeRules,
  journal: Journal,
  clock: VenueClock,
): Exchange => {
  const { books, record } = journal
  const now = () => clock.now()
  if (books.venue === '') record({ fact: 'opened', venue, balances: script.balances, at: now() })
  if (books.venue !== venue) throw new Error(`this folder holds the books of ${books.venue}, not of ${venue}`)
  journal.commit()

  const markets = new Map(script.markets.map(market => [market.symbol, market]))
  const hours = sessions(script.closedDays)
  const isTraded = (market: Market, at: number) => market.class === 'crypto' || hours.isOpenAt(at)
  const paths = new Map(
    script.markets.map((market, index) => [
      market.symbol,
      prices(market, script.seed + index, books.openedAt, at => isTraded(market, at)),
    ]),
  )
  for (const { symbol, at, price } of books.pricesSet) paths.get(symbol)?.set(at, price)
  let advancedTo = books.lastAt
  let lagMs = script.readLagMs

  const known = <T>(from: Map<string, T>, symbol: string): T => {
    const found = from.get(symbol)
    if (found === undefined) throw new Error(`the script has no market ${symbol}`)
    return found
  }
  const pathOf = (symbol: string) => known(paths, symbol)
  const orderOf = (id: string): Order => known(books.orders, id)
  const feeShare = (market: Market, liquidity: 'maker' | 'taker') =>
    liquidity === 'maker' ? market.makerFee : market.takerFee

  /** What one unit of a buy may cost: with the fee, where the fee is paid in the quote currency. */
  const unitCost = (market: Market, price: Decimal, liquidity: 'maker' | 'taker' = 'taker'): Decimal =>
    rules.feeIn === 'quote' ? multiply(price, add('1', feeShare(market, liquidity))) : price

  const holdOf = (
    order: Order,
    quantity: Decimal = restOf(order),
  ): readonly [currency: string, amount: Decimal] => {
    const [base, quote] = currenciesOf(order.symbol)
    if (order.side === 'sell') return [base, quantity]
    const price = order.limitPrice ?? order.stopPrice ?? pathOf(order.symbol).last(now()).price
    return [quote, multiply(quantity, unitCost(known(markets, order.symbol), price))]
  }
  const held = (currency: string): Decimal => {
    const holds = [...books.orders.values()].filter(isOpen).map(order => holdOf(order))
    const due = books.due.map(({ orderId, quantity }) => holdOf(orderOf(orderId), quantity))
    return sum([...holds, ...due].filter(([of]) => of === currency).map(([, amount]) => amount))
  }
  const total = (currency: string) => books.balances.get(currency) ?? '0'
  const free = (currency: string) => subtract(total(currency), held(currency))

  const trade = (order: Order, { price, quantity, liquidity }: Match, at: number): void => {
    const { symbol, side } = order
    const [base, quote] = currenciesOf(symbol)
    const inBase = rules.feeIn === 'received' && side === 'buy'
    const share = feeShare(known(markets, symbol), liquidity)
    const number = books.trades.length + 1
    record({
      fact: 'traded',
      trade: {
        id: rules.tradeId(number),
        orderId: order.id,
        clientId: order.clientId,
        symbol,
        side,
        price,
        quantity,
        fee: roundTo(
          multiply(inBase ? quantity : multiply(price, quantity), share),
          rules.feeStep,
          'nearest',
        ),
        feeCurrency: inBase ? base : quote,
        liquidity,
        at,
      },
    })
  }
  const end = (orderId: string, how: 'canceled' | 'expired', reason: string, at: number) =>
    record({ fact: 'ended', orderId, end: how, reason, at })

  /** The order takes what it can from the book, for money that is there. */
  const take = (id: string, at: number, last: Decimal): void => {
    const order = orderOf(id)
    const market = known(markets, order.symbol)
    for (const match of taken(market, order.side, last, restOf(order), order.limitPrice)) {
      const [currency, own] = holdOf(orderOf(id))
      const purse = add(free(currency), own)
      const unit = order.side === 'sell' ? '1' : unitCost(market, match.price)
      const affordable = compare(multiply(match.quantity, unit), purse) <= 0
      const quantity = affordable ? match.quantity : roundTo(divide(purse, unit), market.lot, 'down')
      if (isPositive(quantity)) trade(order, { ...match, quantity }, at)
      if (!affordable) break
    }
    const left = orderOf(id)
    if (!isOpen(left)) return
    if (left.timeInForce === 'IOC' || left.timeInForce === 'FOK')
      end(id, 'expired', `${left.timeInForce} rest`, at)
    else if (left.limitPrice === undefined) end(id, 'expired', 'nobody to trade with', at)
  }

  /** A point of the path passes every open order of its market, oldest order first. */
  const pass = (symbol: string, { at, price }: Point): void => {
    const market = known(markets, symbol)
    for (const order of [...books.orders.values()]) {
      if (order.symbol !== symbol || !isOpen(order)) continue
      const waits = order.stopPrice === undefined && order.limitPrice === undefined
      if (triggers(order, price)) record({ fact: 'triggered', orderId: order.id, at })
      if (triggers(order, price) || waits) {
        take(order.id, at, price)
        continue
      }
      const match = touched(market, order, price)
      if (match !== undefined) trade(order, match, at)
    }
  }

  const advance = (): void => {
    const to = now()
    const open = () => [...books.orders.values()].filter(isOpen)
    if (to > advancedTo && (open().length > 0 || books.due.length > 0)) {
      const happenings: { at: number; happens: () => void }[] = []
      for (const symbol of new Set(open().map(order => order.symbol)))
        for (const point of pathOf(symbol).between(advancedTo, to))
          happenings.push({ at: point.at, happens: () => pass(symbol, point) })
      for (const { id, timeInForce, at } of open())
        if (timeInForce === 'DAY') {
          const { close } = hours.endingAfter(at)
          happenings.push({
            at: close,
            happens: () => isOpen(orderOf(id)) && end(id, 'expired', 'end of day', close),
          })
        }
      for (const { orderId, quantity, price, due } of books.due)
        happenings.push({
          at: due,
          happens: () => trade(orderOf(orderId), { price, quantity, liquidity: 'maker' }, due),
        })
      for (const { id, cancelDue } of open())
        if (cancelDue !== undefined)
          happenings.push({
            at: cancelDue,
            happens: () => isOpen(orderOf(id)) && end(id, 'canceled', 'asked for', cancelDue),
          })
      if (books.switchDue > 0)
        happenings.push({
          at: books.switchDue,
          happens: () => {
            for (const { id } of open()) end(id, 'canceled', 'cancel all orders after', books.switchDue)
          },
        })
      for (const { at, happens } of happenings.sort((a, b) => a.at - b.at)) if (at <= to) happens()
    }
    advancedTo = Math.max(advancedTo, to)
  }

  /** The first objection to an order, cheapest first. */
  const objection = (order: NewOrder): Refused | undefined => {
    const no = (refused: Objection, currency = '', wanted: Decimal = '0', left: Decimal = '0') => ({
      refused,
      currency,
      wanted,
      free: left,
    })
    const market = markets.get(order.symbol)
    if (market === undefined) return no('unknown-symbol')
    const { clientId, quantity, side, limitPrice, stopPrice } = order
    if (clientId !== undefined && rules.clientIds !== 'none')
      for (const other of books.orders.values())
        if (other.clientId === clientId && (rules.clientIds === 'all' || isOpen(other)))
          return no('duplicate-client-id')
    if (!isPositive(quantity) || !isMultiple(quantity, market.lot)) return no('quantity-off-lot')
    if (compare(quantity, market.minimumQuantity) < 0) return no('below-minimum-quantity')
    for (const price of [limitPrice, stopPrice])
      if (price !== undefined && (!isPositive(price) || !isMultiple(price, market.tick)))
        return no('price-off-tick')
    const last = pathOf(order.symbol).last(now()).price
    const price = limitPrice ?? stopPrice ?? last
    if (compare(multiply(quantity, price), market.minimumCost) < 0) return no('below-minimum-cost')
    const [base, quote] = currenciesOf(order.symbol)
    const [currency, wanted] =
      side === 'sell' ? [base, quantity] : [quote, multiply(quantity, unitCost(market, price))]
    if (compare(wanted, free(currency)) > 0) return no('insufficient-funds', currency, wanted, free(currency))
    if (
      rules.postOnly === 'refuse' &&
      order.postOnly === true &&
      taken(market, side, last, quantity, limitPrice).length > 0
    )
      return no('would-take')
    return undefined
  }

  const place = (order: NewOrder): Order | Refused => {
    advance()
    const at = now()
    const refused = objection(order)
    if (refused !== undefined) {
      record({ fact: 'refused', clientId: order.clientId, symbol: order.symbol, why: refused.refused, at })
      return refused
    }
    const id = rules.orderId(books.orders.size + 1)
    const {
      clientId,
      by = 'api',
      symbol,
      side,
      type,
      quantity,
      limitPrice,
      stopPrice,
      timeInForce = 'GTC',
      postOnly = false,
      extra = {},
    } = order
    record({
      fact: 'placed',
      order: {
        id,
        clientId,
        by,
        symbol,
        side,
        type,
        quantity,
        limitPrice,
        stopPrice,
        timeInForce,
        postOnly,
        at,
        extra,
      },
    })
    const market = known(markets, symbol)
    const last = pathOf(symbol).last(at).price
    if (!isTraded(market, at)) return orderOf(id)
    if (stopPrice !== undefined) {
      if (!triggers(orderOf(id), last)) return orderOf(id)
      record({ fact: 'triggered', orderId: id, at })
    }
    const offered = sum(taken(market, side, last, quantity, limitPrice).map(match => match.quantity))
    if (postOnly && isPositive(offered)) end(id, 'canceled', 'post only', at)
    else if (timeInForce === 'FOK' && compare(offered, quantity) < 0) end(id, 'expired', 'FOK not filled', at)
    else take(id, at, last)
    return orderOf(id)
  }

  const fill = (orderId: string, quantity?: Decimal, price?: Decimal): void => {
    const order = orderOf(orderId)
    const at = price ?? order.limitPrice ?? pathOf(order.symbol).last(now()).price
    trade(
      order,
      { price: at, quantity: smaller(quantity ?? restOf(order), restOf(order)), liquidity: 'maker' },
      now(),
    )
  }

  const cancel = (orderId: string, race?: CancelRace): 'canceled' | 'done' | 'unknown' => {
    advance()
    const order = books.orders.get(orderId)
    if (order === undefined) return 'unknown'
    if (!isOpen(order) || order.cancelDue !== undefined) return 'done'
    if (race?.kind === 'cancel-pending') {
      record({ fact: 'cancel-pending', orderId, due: now() + race.ms, at: now() })
      return 'canceled'
    }
    const share = roundTo(
      multiply(restOf(order), race?.share ?? '0'),
      known(markets, order.symbol).lot,
      'down',
    )
    if (race?.kind === 'filled-first') fill(orderId, share)
    if (!isOpen(orderOf(orderId))) return 'done'
    end(orderId, 'canceled', 'asked for', now())
    if (race?.kind === 'filled-after') {
      const price = order.limitPrice ?? pathOf(order.symbol).last(now()).price
      record({ fact: 'fill-due', orderId, quantity: share, price, due: now() + race.ms, at: now() })
    }
    return 'canceled'
  }

  const seenUntil = () => now() - lagMs
  return {
    script,
    books,
    clock,
    sessions: hours,
    market: symbol => markets.get(symbol),
    prices: pathOf,
    lastPrice: symbol => pathOf(symbol).last(now()).price,
    advance,
    place,
    cancel,
    cancelAllAfter: ms => {
      advance()
      record({ fact: 'switch-set', due: ms === 0 ? 0 : now() + ms, at: now() })
    },
    fill: (orderId, quantity, price) => {
      advance()
      fill(orderId, quantity, price)
    },
    pay: (currency, amount, reason) => {
      advance()
      record({ fact: 'paid', currency, amount, reason, at: now() })
    },
    setPrice: (symbol, price) => {
      advance()
      const at = now()
      pathOf(symbol).set(at, price)
      record({ fact: 'price-set', symbol, price, at })
      pass(symbol, { at, price, volume: '0' })
    },
    total,
    held,
    free,
    orders: () => [...books.orders.values()].filter(({ at }) => lagMs === 0 || at <= seenUntil()),
    trades: () => books.trades.filter(({ at }) => lagMs === 0 || at <= seenUntil()),
    lag: ms => {
      lagMs = ms
    },
  }
}

export const isRefused = (answer: Order | Refused): answer is Refused => 'refused' in answer
