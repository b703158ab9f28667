// Binance spot as the simulator speaks it: /api/v3, and of /sapi/v1 what a spot client asks before it trades.
//
// Sources: Binance's spot API documentation (General information, Enums, Errors, Filters), and the answers kept as comments
// in ccxt's parsers. Client order ids: unique among open orders only.

import { createHmac } from 'node:crypto'
import { type Decimal, multiply, readDecimal } from '../../domain/decimal.ts'
import {
  eight,
  error,
  idOf,
  intervals,
  orderBody,
  queriedOrder,
  refusals,
  tradeBody,
  types,
} from './binance-words.ts'
import { currenciesOf, isOpen, type Order } from './books.ts'
import { type Exchange, isRefused } from './exchange.ts'
import type { Market } from './script.ts'
import {
  type Answer,
  headerOf,
  json,
  type Request,
  type Skin,
  type VenueProtocol,
  type Visit,
} from './skin.ts'

const skin = (exchange: Exchange): Skin => {
  const { script, clock, books } = exchange
  const marketOf = ({ param }: Visit): Market | undefined =>
    script.markets.find(market => idOf(market) === param('symbol'))
  const badSymbol = refusals['unknown-symbol']

  const authenticate = (request: Request): Answer | undefined => {
    if (headerOf(request, 'x-mbx-apikey') !== script.keys.key)
      return error(-2015, 'Invalid API-key, IP, or permissions for action.', 401)
    const signed = `${request.search}${request.body}`
    const at = signed.lastIndexOf('&signature=')
    if (at < 0)
      return error(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    const expected = createHmac('sha256', script.keys.secret).update(signed.slice(0, at)).digest('hex')
    if (signed.slice(at + '&signature='.length) !== expected)
      return error(-1022, 'Signature for this request is not valid.')
    const timestamp = Number(request.params.timestamp)
    const window = Number(request.params.recvWindow ?? 5000)
    if (timestamp > clock.wall() + 1000)
      return error(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if (!(timestamp > clock.wall() - window))
      return error(-1021, 'Timestamp for this request is outside of the recvWindow.')
    return undefined
  }

  const marketBody = (market: Market) => {
    const [base, quote] = currenciesOf(market.symbol)
    return {
      symbol: idOf(market),
      status: 'TRADING',
      baseAsset: base,
      baseAssetPrecision: 8,
      quoteAsset: quote,
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      baseCommissionPrecision: 8,
      quoteCommissionPrecision: 8,
      orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT'],
      icebergAllowed: true,
      ocoAllowed: true,
      quoteOrderQtyMarketAllowed: true,
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      filters: [
        {
          filterType: 'PRICE_FILTER',
          minPrice: eight(market.tick),
          maxPrice: '1000000.00000000',
          tickSize: eight(market.tick),
        },
        {
          filterType: 'LOT_SIZE',
          minQty: eight(market.minimumQuantity),
          maxQty: '9000.00000000',
          stepSize: eight(market.lot),
        },
        {
          filterType: 'NOTIONAL',
          minNotional: eight(market.minimumCost),
          applyMinToMarket: true,
          maxNotional: '9000000.00000000',
          applyMaxToMarket: false,
          avgPriceMins: 5,
        },
      ],
      permissions: [],
      permissionSets: [['SPOT']],
      defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
      allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
    }
  }

  const place = (visit: Visit): Answer => {
    const { param } = visit
    const market = marketOf(visit)
    if (market === undefined) return badSymbol
    const clientId = param('newClientOrderId')
    if (clientId !== undefined && !/^[.A-Z:/a-z0-9_-]{1,36}$/.test(clientId))
      return error(
        -1100,
        "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.",
      )
    const typeName = param('type') ?? ''
    const type =
      typeName === 'LIMIT_MAKER'
        ? 'limit'
        : (Object.entries(types).find(([, name]) => name === typeName)?.[0] as Order['type'] | undefined)
    if (type === undefined) return error(-1116, 'Invalid orderType.')
    const needed = [
      'quantity',
      ...(type === 'limit' || type === 'stop-limit' ? ['price'] : []),
      ...(type === 'stop' || type === 'stop-limit' ? ['stopPrice'] : []),
    ]
    for (const name of needed)
      if (readDecimal(param(name) ?? '') === undefined)
        return error(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
    const order = exchange.place({
      clientId: clientId ?? `sim${books.orders.size + 1}`,
      symbol: market.symbol,
      side: param('side') === 'SELL' ? 'sell' : 'buy',
      type,
      quantity: param('quantity') as Decimal,
      limitPrice: type === 'limit' || type === 'stop-limit' ? (param('price') as Decimal) : undefined,
      stopPrice: param('stopPrice') as Decimal | undefined,
      timeInForce: (param('timeInForce') as Order['timeInForce'] | undefined) ?? 'GTC',
      postOnly: typeName === 'LIMIT_MAKER',
    })
    if (isRefused(order)) return refusals[order.refused]
    const ack = {
      symbol: idOf(market),
      orderId: Number(order.id),
      orderListId: -1,
      clientOrderId: order.clientId,
      transactTime: order.at,
    }
    const detail = param('newOrderRespType') ?? (type === 'market' || type === 'limit' ? 'FULL' : 'ACK')
    if (detail === 'ACK') return json(ack)
    const fills = books.trades
      .filter(({ orderId }) => orderId === order.id)
      .map(({ price, quantity, fee, feeCurrency, id }) => ({
        price: eight(price),
        qty: eight(quantity),
        commission: eight(fee),
        commissionAsset: feeCurrency,
        tradeId: Number(id),
      }))
    return json({
      ...ack,
      ...orderBody(order),
      workingTime: order.at,
      ...(detail === 'FULL' ? { fills } : {}),
      selfTradePreventionMode: 'EXPIRE_MAKER',
    })
  }

  /** By the venue's id, or the latest under the client's. */
  const orderAsked = (visit: Visit): Order | undefined => {
    const { param } = visit
    const clientId = param('origClientOrderId')
    return exchange
      .orders()
      .filter(order => order.symbol === marketOf(visit)?.symbol)
      .findLast(order =>
        param('orderId') === undefined ? order.clientId === clientId : order.id === param('orderId'),
      )
  }

  const cancel = (visit: Visit): Answer => {
    const order = orderAsked(visit)
    if (order === undefined || exchange.cancel(order.id, visit.race) !== 'canceled')
      return error(-2011, 'Unknown order sent.')
    const canceled = books.orders.get(order.id) as Order
    return json({
      ...orderBody(canceled),
      origClientOrderId: order.clientId,
      clientOrderId: `cancel${order.id}`,
      transactTime: canceled.updatedAt,
      selfTradePreventionMode: 'EXPIRE_MAKER',
    })
  }

  const trades = (visit: Visit): Answer => {
    const { param } = visit
    const market = marketOf(visit)
    if (market === undefined) return badSymbol
    const limit = Math.min(Number(param('limit') ?? 500), 1000, script.tradesPerPage ?? 1000)
    const [start, endTime, fromId] = [param('startTime'), param('endTime'), param('fromId')].map(text =>
      text === undefined ? undefined : Number(text),
    )
    if (start !== undefined && endTime !== undefined && endTime - start > 86_400_000)
      return error(-1127, 'More than 24 hours between startTime and endTime.')
    const matching = exchange
      .trades()
      .filter(
        ({ symbol, at, id, orderId }) =>
          symbol === market.symbol &&
          (start === undefined || at >= start) &&
          (endTime === undefined || at <= endTime) &&
          (fromId === undefined || Number(id) >= fromId) &&
          (param('orderId') === undefined || orderId === param('orderId')),
      )
    // Oldest first; from a start the first ones, without one the last ones.
    const page =
      start === undefined && fromId === undefined ? matching.slice(-limit) : matching.slice(0, limit)
    return json(visit.listed(page).map(tradeBody))
  }

  const klines = (visit: Visit): Answer => {
    const { param } = visit
    const market = marketOf(visit)
    if (market === undefined) return badSymbol
    const length = intervals[param('interval') ?? '']
    if (length === undefined) return error(-1120, 'Invalid interval.')
    const limit = Math.min(Number(param('limit') ?? 500), 1000)
    const now = clock.now()
    const endTime = Number(param('endTime') ?? now)
    const start =
      param('startTime') === undefined ? endTime - (limit + 1) * length : Number(param('startTime'))
    const all = exchange.prices(market.symbol).candles(length, start, endTime + 1, now)
    const page = param('startTime') === undefined ? all.slice(-limit) : all.slice(0, limit)
    return json(
      page.map(({ openTime, open, high, low, close, volume, trades: count }) => [
        openTime,
        eight(open),
        eight(high),
        eight(low),
        eight(close),
        eight(volume),
        openTime + length - 1,
        eight(multiply(volume, close)),
        count,
        eight(multiply(volume, '0.5')),
        eight(multiply(multiply(volume, close), '0.5')),
        '0',
      ]),
    )
  }

  const account = (): Answer =>
    json({
      makerCommission: 10,
      takerCommission: 10,
      buyerCommission: 0,
      sellerCommission: 0,
      canTrade: true,
      canWithdraw: true,
      canDeposit: true,
      brokered: false,
      requireSelfTradePrevention: false,
      preventSor: false,
      updateTime: books.lastAt,
      accountType: 'SPOT',
      balances: [...books.balances.keys()].map(asset => ({
        asset,
        free: eight(exchange.free(asset)),
        locked: eight(exchange.held(asset)),
      })),
      permissions: ['SPOT'],
      uid: 354937868,
    })

  const symbols = (): Answer =>
    json({
      timezone: 'UTC',
      serverTime: clock.wall(),
      rateLimits: [],
      exchangeFilters: [],
      symbols: script.markets.map(marketBody),
    })
  const of = (visit: Visit, wanted: (order: Order) => boolean) =>
    visit.listed(
      exchange
        .orders()
        .filter(
          order =>
            (visit.param('symbol') === undefined || order.symbol === marketOf(visit)?.symbol) &&
            wanted(order),
        ),
    )

  return {
    authenticate,
    unknownPath: () =>
      json(
        {
          timestamp: new Date(clock.wall()).toISOString(),
          status: 404,
          error: 'Not Found',
          message: 'No message available',
        },
        404,
      ),
    rateLimited: retryAfterS =>
      error(
        -1003,
        'Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.',
        429,
        { 'retry-after': String(retryAfterS) },
      ),
    maintenance: operation =>
      operation === 'status'
        ? json({ status: 1, msg: 'system_maintenance' })
        : error(-1001, 'Internal error; unable to process your request. Please try again.', 503),
    routes: [
      { method: 'GET', path: /^\/api\/v3\/exchangeInfo$/, operation: 'markets', answer: symbols },
      {
        method: 'GET',
        path: /^\/(?:fapi|dapi)\/v1\/exchangeInfo$/,
        operation: 'markets',
        answer: () => json({ symbols: [] }),
      },
      {
        method: 'GET',
        path: /^\/api\/v3\/time$/,
        operation: 'time',
        answer: () => json({ serverTime: clock.wall() }),
      },
      {
        method: 'GET',
        path: /^\/sapi\/v1\/system\/status$/,
        operation: 'status',
        answer: () => json({ status: 0, msg: 'normal' }),
      },
      {
        method: 'GET',
        path: /^\/sapi\/v1\/capital\/config\/getall$/,
        operation: 'markets',
        signed: true,
        answer: () => json([]),
      },
      {
        method: 'GET',
        path: /^\/sapi\/v1\/margin\/(?:isolated\/)?all(?:Pairs|Assets)$/,
        operation: 'markets',
        answer: () => json([]),
      },
      { method: 'GET', path: /^\/api\/v3\/klines$/, operation: 'candles', answer: klines },
      {
        method: 'GET',
        path: /^\/api\/v3\/ticker\/price$/,
        operation: 'ticker',
        answer: visit => {
          const market = marketOf(visit)
          return market === undefined
            ? badSymbol
            : json({ symbol: idOf(market), price: eight(exchange.lastPrice(market.symbol)) })
        },
      },
      { method: 'POST', path: /^\/api\/v3\/order$/, operation: 'place', signed: true, answer: place },
      {
        method: 'GET',
        path: /^\/api\/v3\/order$/,
        operation: 'order',
        signed: true,
        answer: visit => {
          const order = orderAsked(visit)
          return order === undefined ? error(-2013, 'Order does not exist.') : json(queriedOrder(order))
        },
      },
      { method: 'DELETE', path: /^\/api\/v3\/order$/, operation: 'cancel', signed: true, answer: cancel },
      {
        method: 'GET',
        path: /^\/api\/v3\/openOrders$/,
        operation: 'open-orders',
        signed: true,
        answer: visit => json(of(visit, isOpen).map(queriedOrder)),
      },
      {
        method: 'DELETE',
        path: /^\/api\/v3\/openOrders$/,
        operation: 'cancel-all',
        signed: true,
        answer: visit => {
          const open = of(visit, isOpen)
          if (open.length === 0) return error(-2011, 'Unknown order sent.')
          for (const { id } of open) exchange.cancel(id, visit.race)
          return json(open.map(({ id }) => orderBody(books.orders.get(id) as Order)))
        },
      },
      {
        method: 'GET',
        path: /^\/api\/v3\/allOrders$/,
        operation: 'closed-orders',
        signed: true,
        answer: visit =>
          json(
            of(
              visit,
              ({ at, id }) =>
                at >= Number(visit.param('startTime') ?? 0) &&
                Number(id) >= Number(visit.param('orderId') ?? 0),
            )
              .slice(-Math.min(Number(visit.param('limit') ?? 500), 1000))
              .map(queriedOrder),
          ),
      },
      { method: 'GET', path: /^\/api\/v3\/myTrades$/, operation: 'trades', signed: true, answer: trades },
      { method: 'GET', path: /^\/api\/v3\/account$/, operation: 'balance', signed: true, answer: account },
    ],
  }
}

export const binance: VenueProtocol = {
  rules: seed => ({
    clientIds: 'open',
    feeIn: 'received',
    postOnly: 'refuse',
    feeStep: '0.00000001',
    orderId: number => String(28_000_000 + (seed % 1000) * 10_000 + number),
    tradeId: number => String(6_400_000 + number),
  }),
  skin,
}
