// KuCoin spot as the simulator speaks it: high-frequency accounts (trade_hf), which every account has had since 2024.
//
// Sources: KuCoin's REST documentation (Spot HF orders, fills, stop orders, accounts, "Error Code"; how long done orders are
// shown: "Get Order History" of the unified API), the answer to a repeated clientOid as reported in JKorf/Kucoin.Net issue 120,
// and the answers kept as comments in ccxt's parsers. A clientOid may never be used twice. A stop order is a list of its own until it is triggered; here it keeps its id then, at the venue it gets a new one.

import { createHash, createHmac } from 'node:crypto'
import { isZero, multiply, readDecimal } from '../../domain/decimal.ts'
import { currenciesOf, isOpen, type Order, type Trade } from './books.ts'
import { type Exchange, isRefused } from './exchange.ts'
import {
  error,
  idOf,
  intervals,
  isWaitingStop,
  notCancellable,
  ok,
  orderBody,
  refusals,
  stopBody,
  typeOf,
} from './kucoin-words.ts'
import type { Market } from './script.ts'
import { type Answer, headerOf, type Request, type Skin, type VenueProtocol, type Visit } from './skin.ts'

const skin = (exchange: Exchange): Skin => {
  const { script, clock, books } = exchange
  const marketOf = ({ param }: Visit): Market | undefined =>
    script.markets.find(({ symbol }) => idOf(symbol) === param('symbol'))
  const unknownOrder =
    script.kucoin.unknownOrder === 'null' ? ok(null) : error('400100', 'The order does not exist.')

  const authenticate = (request: Request): Answer | undefined => {
    const { key, secret, passphrase } = script.keys
    const sign = (text: string) => createHmac('sha256', secret).update(text).digest('base64')
    if (headerOf(request, 'kc-api-key') !== key) return error('400003', 'KC-API-KEY not exists', 401)
    const given = headerOf(request, 'kc-api-passphrase')
    const versioned =
      headerOf(request, 'kc-api-key-version') === '2' || headerOf(request, 'kc-api-key-version') === '3'
    if (given !== (versioned ? sign(passphrase) : passphrase))
      return error('400004', 'Invalid KC-API-PASSPHRASE', 401)
    const timestamp = headerOf(request, 'kc-api-timestamp')
    const target = request.search === '' ? request.path : `${request.path}?${request.search}`
    if (headerOf(request, 'kc-api-sign') !== sign(`${timestamp}${request.method}${target}${request.body}`))
      return error('400005', 'Invalid KC-API-SIGN', 401)
    if (!(Math.abs(Number(timestamp) - clock.wall()) <= 5000))
      return error('400002', 'KC-API-TIMESTAMP Invalid', 400)
    return undefined
  }

  const marketBody = (market: Market) => {
    const [base, quote] = currenciesOf(market.symbol)
    return {
      symbol: idOf(market.symbol),
      name: idOf(market.symbol),
      baseCurrency: base,
      quoteCurrency: quote,
      feeCurrency: quote,
      market: 'USDS',
      baseMinSize: market.minimumQuantity,
      quoteMinSize: market.minimumCost,
      baseMaxSize: '10000000000',
      quoteMaxSize: '99999999',
      baseIncrement: market.lot,
      quoteIncrement: '0.000001',
      priceIncrement: market.tick,
      priceLimitRate: '0.1',
      minFunds: market.minimumCost,
      isMarginEnabled: false,
      enableTrading: true,
      feeCategory: 1,
      makerFeeCoefficient: '1.00',
      takerFeeCoefficient: '1.00',
      st: false,
    }
  }

  const place = (visit: Visit): Answer => {
    const { param } = visit
    const market = marketOf(visit)
    if (market === undefined) return refusals['unknown-symbol']
    const clientId = param('clientOid')
    if (clientId === undefined) return error('400100', 'validation.createOrder.clientOidIsRequired')
    if (!/^[A-Za-z0-9_-]{1,40}$/.test(clientId))
      return error('400100', 'clientOid: only letters, digits, - and _, 40 at most')
    const [size, price, stopPrice] = ['size', 'price', 'stopPrice'].map(name =>
      readDecimal(param(name) ?? ''),
    )
    const isLimit = param('type') === 'limit'
    if (size === undefined) return error('400100', 'size: the simulator takes no orders by funds')
    if (isLimit && price === undefined) return error('400100', 'price is required')
    const timeInForce = param('timeInForce') ?? 'GTC'
    if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK')
      return error('400100', 'timeInForce not in the given range!')
    const order = exchange.place({
      clientId,
      symbol: market.symbol,
      side: param('side') === 'sell' ? 'sell' : 'buy',
      type: stopPrice === undefined ? (isLimit ? 'limit' : 'market') : isLimit ? 'stop-limit' : 'stop',
      quantity: size,
      limitPrice: isLimit ? price : undefined,
      stopPrice,
      timeInForce,
      postOnly: param('postOnly') === 'true',
      extra: stopPrice === undefined ? {} : { stop: param('stop') ?? 'loss' },
    })
    return isRefused(order) ? refusals[order.refused] : ok({ orderId: order.id, clientOid: clientId })
  }

  /** By id or clientOid, whichever the path has, among the stops that wait or among all others. */
  const orderAsked = ({ named, param }: Visit, stops: boolean): Order | undefined => {
    const clientId = named.clientOid ?? param('clientOid')
    return exchange
      .orders()
      .filter(order => isWaitingStop(order) === stops)
      .findLast(order => (clientId === undefined ? order.id === named.orderId : order.clientId === clientId))
  }

  const cancel = (visit: Visit, stops: boolean): Answer => {
    const order = orderAsked(visit, stops)
    if (order === undefined || exchange.cancel(order.id, visit.race) !== 'canceled') return notCancellable
    if (stops)
      return ok({ cancelledOrderIds: [order.id], cancelledOrderId: order.id, clientOid: order.clientId })
    return ok(visit.named.clientOid === undefined ? { orderId: order.id } : { clientOid: order.clientId })
  }

  /** Newest first; `lastId` goes on behind the page before. Twenty a page, a hundred at most. */
  const page = <T extends { readonly at: number }>(
    visit: Visit,
    all: readonly T[],
    most = 100,
  ): { lastId: number; items: readonly T[] } => {
    const { param } = visit
    const [start, end] = [Number(param('startAt') ?? 0), Number(param('endAt') ?? Number.POSITIVE_INFINITY)]
    const lastId = Number(param('lastId') ?? Number.POSITIVE_INFINITY)
    const numbered = all.map((item, index) => ({ item, number: index + 1 }))
    const within = numbered
      .filter(({ item: { at }, number }) => at >= start && at <= end && number < lastId)
      .reverse()
    const items = within.slice(0, Math.min(Number(param('limit') ?? 20), most))
    return { lastId: items.at(-1)?.number ?? 0, items: visit.listed(items.map(({ item }) => item)) }
  }

  const ofSymbol = (visit: Visit) =>
    exchange.orders().filter(({ symbol }) => idOf(symbol) === visit.param('symbol'))
  /** In the order in which they were done; those without a fill are shown for two days, the others for seven. */
  const doneOf = (visit: Visit) =>
    ofSymbol(visit)
      .filter(order => !isOpen(order) && !isWaitingStop(order))
      .filter(({ filled, updatedAt }) => clock.now() - updatedAt <= (isZero(filled) ? 2 : 7) * 86_400_000)
      .sort((a, b) => a.updatedAt - b.updatedAt)
  const needsSymbol = (visit: Visit): Answer | undefined =>
    marketOf(visit) === undefined ? error('400100', 'symbol is required') : undefined

  const tradeBody = (trade: Trade) => {
    const market = exchange.market(trade.symbol)
    return {
      id: books.trades.indexOf(trade) + 1,
      symbol: idOf(trade.symbol),
      tradeId: trade.id,
      orderId: trade.orderId,
      counterOrderId: '5c1ab46003aa676e487fa8e3',
      side: trade.side,
      liquidity: trade.liquidity,
      forceTaker: false,
      price: trade.price,
      size: trade.quantity,
      funds: multiply(trade.price, trade.quantity),
      fee: trade.fee,
      feeRate: trade.liquidity === 'maker' ? market?.makerFee : market?.takerFee,
      feeCurrency: trade.feeCurrency,
      stop: '',
      tradeType: 'TRADE',
      type: typeOf(books.orders.get(trade.orderId) as Order),
      createdAt: trade.at,
    }
  }

  const fills = (visit: Visit): Answer => {
    const { param } = visit
    const refused = needsSymbol(visit)
    if (refused !== undefined) return refused
    if (
      param('startAt') !== undefined &&
      param('endAt') !== undefined &&
      Number(param('endAt')) - Number(param('startAt')) > 7 * 86_400_000
    )
      return error('400100', 'The time range cannot exceed 7 days.')
    const of = exchange
      .trades()
      .filter(
        ({ symbol, orderId }) =>
          idOf(symbol) === param('symbol') && (param('orderId') ?? orderId) === orderId,
      )
    const { items, lastId } = page(visit, of, Math.min(100, script.tradesPerPage ?? 100))
    return ok({ items: items.map(tradeBody), lastId })
  }

  const candles = (visit: Visit): Answer => {
    const { param } = visit
    const market = marketOf(visit)
    const length = intervals[param('type') ?? '']
    if (market === undefined) return error('400100', 'This pair is not provided at present')
    if (length === undefined) return error('400100', 'Incorrect candlestick type')
    const now = clock.now()
    const end = Number(param('endAt') ?? 0) * 1000 || now + 1
    const start = Number(param('startAt') ?? 0) * 1000 || end - 101 * length
    const all = exchange.prices(market.symbol).candles(length, start, end, now).slice(-1500)
    return ok(
      all
        .map(({ openTime, open, close, high, low, volume }) => [
          String(openTime / 1000),
          open,
          close,
          high,
          low,
          volume,
          multiply(volume, close),
        ])
        .reverse(),
    )
  }

  const accounts = (visit: Visit): Answer => {
    const { param } = visit
    if (param('type') !== undefined && param('type') !== 'trade_hf') return ok([])
    return ok(
      [...books.balances.keys()]
        .filter(currency => (param('currency') ?? currency) === currency)
        .map(currency => ({
          id: objectId('account', currency.length + currency.charCodeAt(0)),
          currency,
          type: 'trade_hf',
          balance: exchange.total(currency),
          available: exchange.free(currency),
          holds: exchange.held(currency),
        })),
    )
  }

  const deadMan = ({ param }: Visit): Answer => {
    const timeout = Number(param('timeout') ?? -1)
    if (!(timeout === -1 || (timeout >= 5 && timeout <= 86_400)))
      return error('400100', 'timeout not in the given range!')
    exchange.cancelAllAfter(timeout === -1 ? 0 : timeout * 1000)
    const now = Math.floor(clock.now() / 1000)
    return ok({ currentTime: now, triggerTime: timeout === -1 ? 0 : now + timeout })
  }

  const currencyBody = (currency: string) => ({
    currency,
    name: currency,
    fullName: currency,
    precision: 8,
    confirms: null,
    contractAddress: null,
    isMarginEnabled: false,
    isDebitEnabled: false,
    chains: [],
  })
  const currencies = () => [
    ...new Set([...books.balances.keys(), ...script.markets.flatMap(({ symbol }) => currenciesOf(symbol))]),
  ]
  const found = (order: Order | undefined, body: (order: Order) => unknown): Answer =>
    order === undefined ? unknownOrder : ok(body(order))

  type Operation = Skin['routes'][number]['operation']
  const read = (path: RegExp, operation: Operation, answer: (visit: Visit) => Answer) => ({
    method: 'GET',
    path,
    operation,
    answer,
  })
  const signed = (method: string, path: RegExp, operation: Operation, answer: (visit: Visit) => Answer) => ({
    method,
    path,
    operation,
    signed: true,
    answer,
  })

  return {
    authenticate,
    unknownPath: () => error('404000', 'URL Not Found', 404),
    rateLimited: retryAfterS =>
      error('429000', 'Too Many Requests', 429, {
        'retry-after': String(retryAfterS),
        'gw-ratelimit-reset': String(retryAfterS * 1000),
      }),
    maintenance: operation =>
      operation === 'status'
        ? ok({ status: 'close', msg: 'system upgrade' })
        : error('503000', 'The system is being upgraded, please try again later.', 503),
    routes: [
      read(/^\/api\/v1\/timestamp$/, 'time', () => ok(clock.wall())),
      read(/^\/api\/v1\/status$/, 'status', () => ok({ status: 'open', msg: '' })),
      read(/^\/api\/v[12]\/symbols$/, 'markets', () => ok(script.markets.map(marketBody))),
      read(/^\/api\/v3\/currencies$/, 'markets', () => ok(currencies().map(currencyBody))),
      read(/^\/api\/v1\/market\/allTickers$/, 'markets', () =>
        ok({
          time: clock.wall(),
          ticker: script.markets.map(({ symbol, makerFee, takerFee }) => ({
            symbol: idOf(symbol),
            symbolName: idOf(symbol),
            last: exchange.lastPrice(symbol),
            takerFeeRate: takerFee,
            makerFeeRate: makerFee,
            takerCoefficient: '1',
            makerCoefficient: '1',
          })),
        }),
      ),
      read(/^\/api\/v1\/market\/candles$/, 'candles', candles),
      read(/^\/api\/v1\/market\/orderbook\/level1$/, 'ticker', visit => {
        const market = marketOf(visit)
        return market === undefined
          ? ok(null)
          : ok({
              time: clock.wall(),
              sequence: '1',
              price: exchange.lastPrice(market.symbol),
              size: market.lot,
              bestBid: exchange.lastPrice(market.symbol),
              bestAsk: exchange.lastPrice(market.symbol),
            })
      }),
      signed('GET', /^\/api\/v3\/margin\/symbols$/, 'markets', () =>
        ok({ timestamp: clock.wall(), items: [] }),
      ),
      signed('GET', /^\/api\/v1\/isolated\/symbols$/, 'markets', () => ok([])),
      signed('GET', /^\/api\/ua\/v1\/account\/mode$/, 'markets', () => ok({ selfAccountMode: 'CLASSIC' })),
      signed('GET', /^\/api\/v1\/hf\/accounts\/opened$/, 'markets', () => ok(true)),
      signed('GET', /^\/api\/v1\/accounts$/, 'balance', accounts),
      signed('POST', /^\/api\/v1\/hf\/orders(?:\/sync)?$/, 'place', place),
      signed('POST', /^\/api\/v1\/stop-order$/, 'place', place),
      signed('POST', /^\/api\/v1\/hf\/orders\/dead-cancel-all$/, 'cancel-after', deadMan),
      signed(
        'GET',
        /^\/api\/v1\/hf\/orders\/active$/,
        'open-orders',
        visit =>
          needsSymbol(visit) ??
          ok(
            visit
              .listed(ofSymbol(visit).filter(order => isOpen(order) && !isWaitingStop(order)))
              .map(orderBody),
          ),
      ),
      signed('GET', /^\/api\/v1\/hf\/orders\/done$/, 'closed-orders', visit => {
        const { items, lastId } = page(visit, doneOf(visit))
        return needsSymbol(visit) ?? ok({ lastId, items: items.map(orderBody) })
      }),
      signed('GET', /^\/api\/v1\/hf\/fills$/, 'trades', fills),
      signed('GET', /^\/api\/v1\/hf\/orders\/client-order\/(?<clientOid>[^/]+)$/, 'order', visit =>
        found(orderAsked(visit, false), orderBody),
      ),
      signed('GET', /^\/api\/v1\/hf\/orders\/(?<orderId>[^/]+)$/, 'order', visit =>
        found(orderAsked(visit, false), orderBody),
      ),
      signed('DELETE', /^\/api\/v1\/hf\/orders\/client-order\/(?<clientOid>[^/]+)$/, 'cancel', visit =>
        cancel(visit, false),
      ),
      signed('DELETE', /^\/api\/v1\/hf\/orders\/cancelAll$/, 'cancel-all', visit => {
        for (const { id } of exchange.orders().filter(isOpen)) exchange.cancel(id, visit.race)
        return ok({ succeedSymbols: script.markets.map(({ symbol }) => idOf(symbol)), failedSymbols: [] })
      }),
      signed('DELETE', /^\/api\/v1\/hf\/orders\/(?<orderId>[^/]+)$/, 'cancel', visit => cancel(visit, false)),
      signed('DELETE', /^\/api\/v1\/hf\/orders$/, 'cancel-all', visit => {
        for (const { id } of ofSymbol(visit).filter(isOpen)) exchange.cancel(id, visit.race)
        return ok('success')
      }),
      signed('GET', /^\/api\/v1\/stop-order$/, 'open-orders', visit => {
        const items = exchange
          .orders()
          .filter(
            order =>
              isWaitingStop(order) &&
              isOpen(order) &&
              (visit.param('symbol') ?? idOf(order.symbol)) === idOf(order.symbol),
          )
        return ok({
          currentPage: 1,
          pageSize: 50,
          totalNum: items.length,
          totalPage: 1,
          items: visit.listed(items).map(stopBody),
        })
      }),
      signed('GET', /^\/api\/v1\/stop-order\/queryOrderByClientOid$/, 'order', visit =>
        found(orderAsked(visit, true), order => [stopBody(order)]),
      ),
      signed('GET', /^\/api\/v1\/stop-order\/(?<orderId>[^/]+)$/, 'order', visit =>
        found(orderAsked(visit, true), stopBody),
      ),
      signed('DELETE', /^\/api\/v1\/stop-order\/cancelOrderByClientOid$/, 'cancel', visit =>
        cancel(visit, true),
      ),
      signed('DELETE', /^\/api\/v1\/stop-order\/(?<orderId>[^/]+)$/, 'cancel', visit => cancel(visit, true)),
    ],
  }
}

/** '63c97e47d686c5000159a656': 24 hex digits made from a number. */
const objectId = (kind: string, number: number): string =>
  `${createHash('sha256').update(`${kind}${number}`).digest('hex').slice(0, 16)}${number.toString(16).padStart(8, '0')}`

export const kucoin: VenueProtocol = {
  rules: seed => ({
    clientIds: 'all',
    feeIn: 'quote',
    postOnly: 'cancel',
    feeStep: '0.0000000001',
    orderId: number => objectId('order', (seed % 1000) * 10_000 + number),
    tradeId: number => String(12_675_280_000 + number),
  }),
  skin,
}
