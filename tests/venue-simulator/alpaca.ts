// Alpaca's trading interface as the simulator speaks it: assets, orders, positions, account, fills, for crypto and US shares.
//
// Sources: docs.alpaca.markets (Orders, Working with orders, Crypto orders, Account activities, Positions), recorded answers (ccxt's
// static response fixtures) and the answers kept as comments in ccxt's parsers. A client_order_id may never be used twice (422).
// An order is answered as it was taken in; what the market made of it is asked for later. Fees of crypto are taken from what was
// received and booked as activities of their own. The account is a cash account: no short sales, no margin.

import { createHash } from 'node:crypto'
import {
  add,
  type Decimal,
  divide,
  isPositive,
  isZero,
  multiply,
  negate,
  readDecimal,
  subtract,
  sum,
  toPlaces,
} from '../../domain/decimal.ts'
import { alpacaSymbol, marketDataRoutes } from './alpaca-market-data.ts'
import { currenciesOf, isOpen, type Order, type Trade } from './books.ts'
import { type Exchange, isRefused, type Refused } from './exchange.ts'
import type { Market } from './script.ts'
import { newYorkDate } from './sessions.ts'
import {
  type Answer,
  headerOf,
  json,
  type Request,
  type Route,
  type Skin,
  type VenueProtocol,
  type Visit,
} from './skin.ts'

const error = (status: number, code: number, message: string, more = {}): Answer =>
  json({ code, message, ...more }, status)
const notFound = (what: string): Answer => error(404, 40410000, `order not found for ${what}`)

const types = { market: 'market', limit: 'limit', stop: 'stop', 'stop-limit': 'stop_limit' } as const
const times = { day: 'DAY', gtc: 'GTC', ioc: 'IOC', fok: 'FOK' } as const

const uuid = (kind: string, number: number | string): string => {
  const hex = createHash('sha256').update(`${kind} ${number}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
const time = (at: number): string => new Date(at).toISOString()

const skin = (exchange: Exchange): Skin => {
  const { script, clock, books } = exchange
  const marketNamed = (name: string | undefined): Market | undefined =>
    script.markets.find(market =>
      [alpacaSymbol(market), alpacaSymbol(market).replace('/', '')].includes(name ?? ''),
    )
  const marketOf = ({ symbol }: { readonly symbol: string }): Market => exchange.market(symbol) as Market
  const usd = 'USD'

  const authenticate = (request: Request): Answer | undefined =>
    headerOf(request, 'apca-api-key-id') === script.keys.key &&
    headerOf(request, 'apca-api-secret-key') === script.keys.secret
      ? undefined
      : request.path.startsWith('/v2/stocks')
        ? json({ message: 'forbidden.' }, 403)
        : error(401, 40110000, 'request is not authorized')

  const assetBody = (market: Market) => ({
    id: uuid('asset', market.symbol),
    class: market.class,
    exchange: market.class === 'crypto' ? 'CRYPTO' : 'NASDAQ',
    symbol: alpacaSymbol(market),
    name:
      market.class === 'crypto'
        ? currenciesOf(market.symbol).join(' / ')
        : `${alpacaSymbol(market)} Common Stock`,
    status: 'active',
    tradable: true,
    marginable: market.class === 'us_equity',
    maintenance_margin_requirement: market.class === 'crypto' ? 100 : 30,
    margin_requirement_long: market.class === 'crypto' ? '100' : '30',
    margin_requirement_short: market.class === 'crypto' ? '100' : '30',
    shortable: false,
    easy_to_borrow: false,
    fractionable: true,
    attributes: [],
    ...(market.class === 'crypto'
      ? {
          min_order_size: market.minimumQuantity,
          min_trade_increment: market.lot,
          price_increment: market.tick,
        }
      : {}),
  })

  const statusOf = ({ status, filled, by, at, symbol, cancelDue }: Order): string => {
    if (status !== 'open') return status
    if (cancelDue !== undefined) return 'pending_cancel'
    if (isPositive(filled)) return 'partially_filled'
    return by === 'api' &&
      marketOf({ symbol }).class === 'us_equity' &&
      !exchange.sessions.isOpenAt(Math.max(at, clock.now()))
      ? 'accepted'
      : 'new'
  }

  const orderBody = (order: Order) => ({
    id: order.id,
    client_order_id: order.clientId ?? uuid('client', order.id),
    created_at: time(order.at),
    updated_at: time(order.updatedAt),
    submitted_at: time(order.at),
    filled_at: order.status === 'filled' ? time(order.updatedAt) : null,
    expired_at: order.status === 'expired' ? time(order.updatedAt) : null,
    canceled_at: order.status === 'canceled' ? time(order.updatedAt) : null,
    failed_at: null,
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: uuid('asset', order.symbol),
    symbol: alpacaSymbol(marketOf(order)),
    asset_class: marketOf(order).class,
    notional: null,
    qty: order.quantity,
    filled_qty: order.filled,
    filled_avg_price: isPositive(order.filled) ? plain(divide(order.value, order.filled)) : null,
    order_class: '',
    order_type: types[order.type],
    type: types[order.type],
    side: order.side,
    position_intent: order.side === 'buy' ? 'buy_to_open' : 'sell_to_close',
    time_in_force: order.timeInForce.toLowerCase(),
    limit_price: order.limitPrice ?? null,
    stop_price: order.stopPrice ?? null,
    status: statusOf(order),
    extended_hours: order.extra.extendedHours === 'true',
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    subtag: null,
    source: order.by === 'owner' ? 'web' : 'access_key',
  })

  const refusal = (
    { refused, currency, wanted, free }: Refused,
    market: Market,
    side: string,
    param: Visit['param'],
  ): Answer => {
    switch (refused) {
      case 'unknown-symbol':
        return error(422, 42210000, `asset "${param('symbol')}" not found`)
      case 'duplicate-client-id':
        return error(422, 40010001, 'client_order_id must be unique')
      case 'quantity-off-lot':
        return error(422, 42210000, 'qty increment must be 0.000000001')
      case 'price-off-tick':
        return error(
          422,
          42210000,
          `invalid limit_price ${param('limit_price')}. sub-penny increment does not fulfill minimum pricing criteria`,
        )
      case 'below-minimum-quantity':
      case 'below-minimum-cost':
        return error(403, 40310000, `cost basis must be >= minimal amount of order ${market.minimumCost}`)
      case 'insufficient-funds':
        if (market.class === 'crypto')
          return error(
            403,
            40310000,
            `insufficient balance for ${currency} (requested: ${wanted}, available: ${free})`,
            { available: free, balance: exchange.total(currency), symbol: currency },
          )
        return side === 'buy'
          ? error(403, 40310000, 'insufficient buying power', { buying_power: free, cost_basis: wanted })
          : error(
              403,
              40310000,
              `insufficient qty available for order (requested: ${wanted}, available: ${free})`,
              {
                available: free,
                existing_qty: exchange.total(currency),
                held_for_orders: exchange.held(currency),
                symbol: currency,
              },
            )
      case 'would-take':
        throw new Error('alpaca has no post-only orders')
    }
  }

  const place = ({ param }: Visit): Answer => {
    const market = marketNamed(param('symbol'))
    if (market === undefined) return error(422, 42210000, `asset "${param('symbol')}" not found`)
    const isCrypto = market.class === 'crypto'
    const side = param('side')
    if (side !== 'buy' && side !== 'sell') return error(422, 40010001, 'side must be buy or sell')
    const type = Object.entries(types).find(([, name]) => name === param('type'))?.[0] as
      | Order['type']
      | undefined
    if (type === undefined || (isCrypto && type === 'stop'))
      return error(422, 40010001, `invalid order type${isCrypto ? ' for crypto order' : ''}`)
    const timeInForce = times[(param('time_in_force') ?? '') as keyof typeof times]
    if (timeInForce === undefined) return error(422, 40010001, 'time_in_force is required')
    if (isCrypto && timeInForce !== 'GTC' && timeInForce !== 'IOC')
      return error(422, 42210000, 'invalid crypto time_in_force')
    const quantity = readDecimal(param('qty') ?? '')
    if (quantity === undefined)
      return error(422, 40010001, 'qty is required: the simulator takes no notional orders')
    if (!isCrypto && quantity.includes('.') && timeInForce !== 'DAY')
      return error(422, 42210000, 'fractional orders must be DAY orders')
    const [limitPrice, stopPrice] = ['limit_price', 'stop_price'].map(name => readDecimal(param(name) ?? ''))
    if ((type === 'limit' || type === 'stop-limit') && limitPrice === undefined)
      return error(422, 40010001, `${types[type]} orders require limit price`)
    if ((type === 'stop' || type === 'stop-limit') && stopPrice === undefined)
      return error(422, 40010001, `${types[type]} orders require stop price`)
    const clientId = param('client_order_id')
    if (clientId !== undefined && clientId.length > 128)
      return error(422, 40010001, 'client_order_id must be no more than 128 characters')
    const order = exchange.place({
      clientId: clientId ?? uuid('client', `of order ${books.orders.size + 1}`),
      symbol: market.symbol,
      side,
      type,
      quantity,
      limitPrice: type === 'limit' || type === 'stop-limit' ? limitPrice : undefined,
      stopPrice: type === 'stop' || type === 'stop-limit' ? stopPrice : undefined,
      timeInForce,
      extra: param('extended_hours') === 'true' ? { extendedHours: 'true' } : {},
    })
    if (isRefused(order)) return refusal(order, market, side, param)
    const taken: Order = { ...order, status: 'open', filled: '0', value: '0', updatedAt: order.at }
    return json({
      ...orderBody(taken),
      status: isCrypto || exchange.sessions.isOpenAt(order.at) ? 'pending_new' : 'accepted',
    })
  }

  const cancel = (id: string, visit: Visit): Answer => {
    const order = books.orders.get(id)
    if (order === undefined) return notFound(id)
    if (exchange.cancel(id, visit.race) === 'canceled') return { status: 204, body: '' }
    return error(422, 42210000, `order is already in "${statusOf(books.orders.get(id) as Order)}" state`)
  }

  const list = (visit: Visit): Answer => {
    const { param } = visit
    const wanted = param('status') ?? 'open'
    const symbols = param('symbols')?.split(',')
    const [after, until] = [
      Date.parse(param('after') ?? '1970-01-01'),
      Date.parse(param('until') ?? '9999-01-01'),
    ]
    const matching = exchange
      .orders()
      .filter(order => wanted === 'all' || (wanted === 'open') === isOpen(order))
      .filter(order => symbols === undefined || symbols.some(name => marketNamed(name) === marketOf(order)))
      .filter(({ side, at }) => (param('side') ?? side) === side && at > after && at < until)
    const ordered = param('direction') === 'asc' ? matching : [...matching].reverse()
    return json(visit.listed(ordered.slice(0, Math.min(Number(param('limit') ?? 50), 500))).map(orderBody))
  }

  const fillBody = (trade: Trade) => {
    const order = books.orders.get(trade.orderId) as Order
    const upTo = order.trades.slice(0, order.trades.indexOf(trade.id) + 1)
    const cumulated = sum(books.trades.filter(({ id }) => upTo.includes(id)).map(({ quantity }) => quantity))
    const leaves = subtract(order.quantity, cumulated)
    return {
      id: activityId(trade.at, trade.id),
      activity_type: 'FILL',
      transaction_time: time(trade.at),
      type: isZero(leaves) ? 'fill' : 'partial_fill',
      price: trade.price,
      qty: trade.quantity,
      side: trade.side,
      symbol: alpacaSymbol(marketOf(trade)),
      leaves_qty: leaves,
      order_id: trade.orderId,
      cum_qty: cumulated,
      order_status: isZero(leaves) ? 'filled' : 'partially_filled',
      swap_rate: '1',
    }
  }

  /** The fee of a crypto trade: an entry of its own, in what was received. */
  const feeBody = ({ at, id, symbol, fee, feeCurrency, price }: Trade) => ({
    id: activityId(at, `${id}f`),
    activity_type: 'CFEE',
    date: newYorkDate(at),
    net_amount: feeCurrency === usd ? negate(fee) : '0',
    description: 'Coin Pair Transaction Fee (Non USD)',
    symbol: symbol.replace('/', ''),
    qty: feeCurrency === usd ? '0' : negate(fee),
    price,
    status: 'executed',
  })

  /** Newest first unless asked otherwise; a hundred a page; `page_token` is the id of the last one seen. */
  const activities = (visit: Visit): Answer => {
    const { param, named } = visit
    const kinds = (named.kind ?? param('activity_types') ?? 'FILL,CFEE').split(',')
    const [after, until] = [
      Date.parse(param('after') ?? '1970-01-01'),
      Date.parse(param('until') ?? '9999-01-01'),
    ]
    const all = exchange
      .trades()
      .filter(({ at }) => at > after && at <= until)
      .flatMap(trade => [
        ...(kinds.includes('FILL') ? [fillBody(trade)] : []),
        ...(kinds.includes('CFEE') && isPositive(trade.fee) ? [feeBody(trade)] : []),
      ])
    const ordered = param('direction') === 'asc' ? all : all.reverse()
    const from =
      param('page_token') === undefined ? 0 : ordered.findIndex(({ id }) => id === param('page_token')) + 1
    const size = Math.min(Number(param('page_size') ?? 100), 100, script.tradesPerPage ?? 100)
    return json(visit.listed(ordered.slice(from, from + size)))
  }

  const positions = () =>
    script.markets
      .filter(({ symbol }) => !isZero(exchange.total(currenciesOf(symbol)[0])))
      .map(market => {
        const [asset] = currenciesOf(market.symbol)
        const quantity = exchange.total(asset)
        const price = exchange.lastPrice(market.symbol)
        const entry = entryPrice(exchange, market)
        const [value, cost] = [multiply(quantity, price), plain(multiply(quantity, entry))]
        return {
          asset_id: uuid('asset', market.symbol),
          symbol: market.class === 'crypto' ? market.symbol.replace('/', '') : asset,
          exchange: market.class === 'crypto' ? 'CRYPTO' : 'NASDAQ',
          asset_class: market.class,
          asset_marginable: market.class === 'us_equity',
          qty: quantity,
          avg_entry_price: entry,
          side: 'long',
          market_value: value,
          cost_basis: cost,
          unrealized_pl: subtract(value, cost),
          unrealized_plpc: isZero(cost) ? '0' : plain(divide(subtract(value, cost), cost)),
          unrealized_intraday_pl: '0',
          unrealized_intraday_plpc: '0',
          current_price: price,
          lastday_price: price,
          change_today: '0',
          qty_available: exchange.free(asset),
        }
      })

  const account = (): Answer => {
    const value = sum(positions().map(({ market_value }) => market_value))
    const [cash, free] = [exchange.total(usd), exchange.free(usd)]
    const equity = add(cash, value)
    return json({
      id: uuid('account', script.seed),
      admin_configurations: {},
      user_configurations: null,
      account_number: 'PA3SIMULATED',
      status: 'ACTIVE',
      crypto_status: 'ACTIVE',
      currency: usd,
      buying_power: free,
      regt_buying_power: free,
      daytrading_buying_power: '0',
      effective_buying_power: free,
      non_marginable_buying_power: free,
      bod_dtbp: '0',
      // Without what open orders hold.
      cash: free,
      accrued_fees: '0',
      portfolio_value: equity,
      pattern_day_trader: false,
      trading_blocked: false,
      transfers_blocked: false,
      account_blocked: false,
      created_at: time(books.openedAt),
      trade_suspended_by_user: false,
      multiplier: '1',
      shorting_enabled: false,
      equity,
      last_equity: equity,
      long_market_value: value,
      short_market_value: '0',
      position_market_value: value,
      initial_margin: '0',
      maintenance_margin: '0',
      last_maintenance_margin: '0',
      sma: '0',
      daytrade_count: 0,
      balance_asof: newYorkDate(books.openedAt),
      crypto_tier: 1,
    })
  }

  const signed = (
    method: string,
    path: RegExp,
    operation: Route['operation'],
    answer: (visit: Visit) => Answer,
  ): Route => ({ method, path, operation, signed: true, answer })
  const orderKnown = (wanted: (order: Order) => boolean, what: string): Answer => {
    const order = exchange.orders().find(wanted)
    return order === undefined ? notFound(what) : json(orderBody(order))
  }

  return {
    authenticate,
    unknownPath: () => json({ message: 'endpoint not found.' }, 404),
    rateLimited: retryAfterS => {
      const { body, ...answer } = error(429, 42910000, 'rate limit exceeded')
      return {
        ...answer,
        headers: {
          ...answer.headers,
          'retry-after': String(retryAfterS),
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Math.floor(clock.wall() / 1000) + retryAfterS),
        },
        body,
      }
    },
    maintenance: () => error(503, 50310000, 'service unavailable: scheduled maintenance'),
    routes: [
      ...marketDataRoutes(exchange),
      signed('GET', /^\/v2\/assets$/, 'markets', ({ param }) => {
        const kind = param('asset_class') ?? 'us_equity'
        return json(script.markets.filter(market => market.class === kind).map(assetBody))
      }),
      signed('GET', /^\/v2\/assets\/(?<symbol>.+)$/, 'markets', ({ named }) => {
        const market = marketNamed(named.symbol)
        return market === undefined
          ? error(404, 40410000, `asset not found for ${named.symbol}`)
          : json(assetBody(market))
      }),
      signed('POST', /^\/v2\/orders$/, 'place', place),
      signed('GET', /^\/v2\/orders$/, 'open-orders', list),
      signed('DELETE', /^\/v2\/orders$/, 'cancel-all', visit => {
        const open = exchange.orders().filter(isOpen)
        for (const { id } of open) exchange.cancel(id, visit.race)
        return json(
          open.map(({ id }) => ({ id, status: 200 })),
          207,
        )
      }),
      signed('GET', /^\/v2\/orders:by_client_order_id$/, 'order', ({ param }) =>
        orderKnown(({ clientId }) => clientId === param('client_order_id'), param('client_order_id') ?? ''),
      ),
      signed('GET', /^\/v2\/orders\/(?<id>[^/]+)$/, 'order', ({ named }) =>
        orderKnown(({ id }) => id === named.id, named.id ?? ''),
      ),
      signed('DELETE', /^\/v2\/orders\/(?<id>[^/]+)$/, 'cancel', visit =>
        cancel(visit.named.id ?? '', visit),
      ),
      signed('GET', /^\/v2\/account$/, 'balance', account),
      signed('GET', /^\/v2\/positions$/, 'positions', () => json(positions())),
      signed('GET', /^\/v2\/positions\/(?<symbol>[^/]+)$/, 'positions', ({ named }) => {
        const position = positions().find(({ symbol }) => symbol === named.symbol?.replace('/', ''))
        return position === undefined ? error(404, 40410000, 'position does not exist') : json(position)
      }),
      signed('GET', /^\/v2\/account\/activities(?:\/(?<kind>[A-Z]+))?$/, 'trades', activities),
    ],
  }
}

/** Nine places at most, without trailing zeros: what a quotient is printed as. */
const plain = (value: Decimal): Decimal => toPlaces(value, 9).replace(/\.?0+$/, '') as Decimal

export const activityId = (at: number, trade: string): string =>
  `${time(at).replace(/\D/g, '')}::${uuid('activity', trade)}`

/** Average price paid for what is held; what the account began with counts at the first price there is. */
const entryPrice = (exchange: Exchange, market: Market): Decimal => {
  const [asset] = currenciesOf(market.symbol)
  const bought = exchange.books.trades.filter(
    ({ symbol, side }) => symbol === market.symbol && side === 'buy',
  )
  const initial = exchange.script.balances[asset] ?? '0'
  const first = exchange.prices(market.symbol).last(exchange.books.openedAt).price
  const quantity = add(initial, sum(bought.map(trade => trade.quantity)))
  const paid = add(multiply(initial, first), sum(bought.map(trade => multiply(trade.price, trade.quantity))))
  return isZero(quantity) ? first : plain(divide(paid, quantity))
}

export const alpaca: VenueProtocol = {
  rules: seed => ({
    clientIds: 'all',
    feeIn: 'received',
    postOnly: 'refuse',
    feeStep: '0.000000001',
    orderId: number => uuid('order', (seed % 1000) * 10_000 + number),
    tradeId: number => String((seed % 1000) * 10_000 + number),
  }),
  skin,
}
