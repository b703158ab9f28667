// Kraken spot as the simulator speaks it: /0/public and /0/private.
//
// Sources: Kraken's REST documentation ("Add Order", "Get Trades History", "Client Order Identifiers" of docs.kraken.com) and the
// answers kept as comments in ccxt's parsers. Every answer is 200 with an `error` list. A cl_ord_id is a long UUID, a short
// one (32 hex digits) or at most 18 characters of free text, unique among open orders only; the venue's wording when it is
// not is not published, so the one here is ours. Nonces must grow; they are remembered as long as the process lives.

import { createHash, createHmac } from 'node:crypto'
import { type Decimal, divide, isPositive, multiply, readDecimal, toPlaces } from '../../domain/decimal.ts'
import { currenciesOf, isOpen, type Order, type Trade } from './books.ts'
import { type Exchange, isRefused } from './exchange.ts'
import {
  altname,
  assetId,
  error,
  isClientId,
  krakenId,
  ok,
  pairId,
  pairName,
  places,
  refusals,
  seconds,
  statusOf,
  types,
} from './kraken-words.ts'
import type { Market } from './script.ts'
import { type Answer, headerOf, type Request, type Skin, type VenueProtocol, type Visit } from './skin.ts'

const skin = (exchange: Exchange): Skin => {
  const { script, clock, books } = exchange
  let lastNonce = 0n
  const marketNamed = (name: string | undefined): Market | undefined =>
    script.markets.find(market => [pairId(market), pairName(market), market.symbol].includes(name ?? ''))
  const badPair = error('EQuery:Unknown asset pair')

  const authenticate = (request: Request): Answer | undefined => {
    if (headerOf(request, 'api-key') !== script.keys.key) return error('EAPI:Invalid key')
    const nonce = String(request.params.nonce ?? '')
    if (!/^\d+$/.test(nonce)) return error('EAPI:Invalid nonce')
    const hash = createHash('sha256')
      .update(nonce + request.body)
      .digest()
    const expected = createHmac('sha512', Buffer.from(script.keys.secret, 'base64'))
      .update(request.path)
      .update(hash)
      .digest('base64')
    if (headerOf(request, 'api-sign') !== expected) return error('EAPI:Invalid signature')
    if (BigInt(nonce) <= lastNonce) return error('EAPI:Invalid nonce')
    lastNonce = BigInt(nonce)
    return undefined
  }

  const described = (order: Order): string => {
    const { side, type, quantity, limitPrice, stopPrice } = order
    const at = {
      market: 'market',
      limit: `limit ${limitPrice}`,
      stop: `stop loss ${stopPrice}`,
      'stop-limit': `stop loss ${stopPrice} -> limit ${limitPrice}`,
    }[type]
    return `${side} ${toPlaces(quantity, 8)} ${pairName(order)} @ ${at}`
  }

  const orderBody = (order: Order, withTrades: boolean) => {
    const decimals = places(exchange.market(order.symbol)?.tick ?? '0.1')
    const printed = (price: Decimal | undefined) => (price === undefined ? '0' : toPlaces(price, decimals))
    return {
      refid: null,
      userref: order.extra.userref === undefined ? null : Number(order.extra.userref),
      ...(order.clientId === undefined ? {} : { cl_ord_id: order.clientId }),
      status: statusOf(order),
      opentm: seconds(order.at),
      starttm: 0,
      expiretm: 0,
      descr: {
        pair: pairName(order),
        aclass: 'forex',
        type: order.side,
        ordertype: types[order.type],
        price: printed(order.stopPrice ?? order.limitPrice),
        price2: order.stopPrice === undefined ? '0' : printed(order.limitPrice),
        leverage: 'none',
        order: described(order),
        close: '',
      },
      vol: toPlaces(order.quantity, 8),
      vol_exec: toPlaces(order.filled, 8),
      cost: toPlaces(order.value, 5),
      fee: toPlaces(order.fee, 5),
      price: isPositive(order.filled) ? averageOf(order, decimals) : '0.00000',
      stopprice: toPlaces(order.stopPrice ?? '0', 5),
      limitprice: toPlaces(order.stopPrice === undefined ? '0' : (order.limitPrice ?? '0'), 5),
      misc: '',
      oflags: order.postOnly ? 'fciq,post' : 'fciq',
      ...(withTrades && order.trades.length > 0 ? { trades: order.trades } : {}),
      ...(isOpen(order)
        ? {}
        : {
            reason: order.status === 'canceled' ? 'User requested' : null,
            closetm: seconds(order.updatedAt),
          }),
    }
  }

  const tradeBody = (trade: Trade) => ({
    ordertxid: trade.orderId,
    postxid: `TKH${trade.id.slice(3)}`,
    pair: pairId(trade),
    time: seconds(trade.at),
    type: trade.side,
    ordertype: types[books.orders.get(trade.orderId)?.type ?? 'limit'],
    price: toPlaces(trade.price, 5),
    cost: toPlaces(multiply(trade.price, trade.quantity), 5),
    fee: toPlaces(trade.fee, 5),
    vol: toPlaces(trade.quantity, 8),
    margin: '0.00000',
    leverage: '0',
    misc: '',
    trade_id: books.trades.indexOf(trade) + 1,
    maker: trade.liquidity === 'maker',
  })

  const pairBody = (market: Market) => {
    const [base, quote] = currenciesOf(market.symbol)
    const percent = (share: Decimal) => Number(multiply(share, '100'))
    return {
      altname: pairName(market),
      wsname: `${altname(base)}/${altname(quote)}`,
      aclass_base: 'currency',
      base: assetId(base),
      aclass_quote: 'currency',
      quote: assetId(quote),
      lot: 'unit',
      cost_decimals: 5,
      pair_decimals: places(market.tick),
      lot_decimals: places(market.lot),
      lot_multiplier: 1,
      leverage_buy: [],
      leverage_sell: [],
      fees: [[0, percent(market.takerFee)]],
      fees_maker: [[0, percent(market.makerFee)]],
      fee_volume_currency: 'ZUSD',
      margin_call: 80,
      margin_stop: 40,
      ordermin: market.minimumQuantity,
      costmin: market.minimumCost,
      tick_size: market.tick,
      status: 'online',
    }
  }

  const place = ({ param }: Visit): Answer => {
    const market = marketNamed(param('pair'))
    if (market === undefined) return badPair
    const clientId = param('cl_ord_id')
    const userref = param('userref')
    if (clientId !== undefined && userref !== undefined)
      return error('EGeneral:Invalid arguments:cl_ord_id and userref are mutually exclusive')
    if (clientId !== undefined && !isClientId(clientId)) return error('EGeneral:Invalid arguments:cl_ord_id')
    if (userref !== undefined && !/^-?\d{1,10}$/.test(userref))
      return error('EGeneral:Invalid arguments:userref')
    const type = Object.entries(types).find(([, name]) => name === param('ordertype'))?.[0] as
      | Order['type']
      | undefined
    if (type === undefined) return error('EGeneral:Invalid arguments:ordertype')
    const [volume, price, price2] = ['volume', 'price', 'price2'].map(name => readDecimal(param(name) ?? ''))
    if (volume === undefined) return error('EGeneral:Invalid arguments:volume')
    if (type !== 'market' && price === undefined) return error('EGeneral:Invalid arguments:price')
    if (type === 'stop-limit' && price2 === undefined) return error('EGeneral:Invalid arguments:price2')
    const timeInForce = param('timeinforce') ?? 'GTC'
    if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK')
      return error('EGeneral:Invalid arguments:timeinforce')
    const order = exchange.place({
      clientId,
      symbol: market.symbol,
      side: param('type') === 'sell' ? 'sell' : 'buy',
      type,
      quantity: volume,
      limitPrice: type === 'limit' ? price : type === 'stop-limit' ? price2 : undefined,
      stopPrice: type === 'stop' || type === 'stop-limit' ? price : undefined,
      timeInForce,
      postOnly: (param('oflags') ?? '').split(',').includes('post'),
      extra: userref === undefined ? {} : { userref },
    })
    if (isRefused(order)) return error(refusals[order.refused])
    return ok({
      descr: { order: described(order) },
      txid: [order.id],
      ...(clientId === undefined ? {} : { cl_ord_id: clientId }),
    })
  }

  const cancel = (visit: Visit): Answer => {
    const { param } = visit
    const txid = param('txid')
    const clientId = param('cl_ord_id')
    const wanted = exchange
      .orders()
      .filter(({ id, clientId: own, extra }) =>
        clientId === undefined
          ? id === txid || (txid !== undefined && extra.userref === txid)
          : own === clientId,
      )
    const count = wanted
      .filter(isOpen)
      .filter(({ id }) => exchange.cancel(id, visit.race) === 'canceled').length
    return count === 0 ? error('EOrder:Unknown order') : ok({ count })
  }

  /** Fifty a page, newest first; `ofs` skips. Times are seconds: from behind `start` up to `end`. */
  const page = <T extends { readonly at: number; readonly id: string }>(
    visit: Visit,
    all: readonly T[],
    size: number,
  ): readonly T[] => {
    const { param } = visit
    const timeOf = (text: string | undefined, otherwise: number) =>
      text === undefined ? otherwise : (all.find(({ id }) => id === text)?.at ?? Number(text) * 1000)
    const [start, end] = [timeOf(param('start'), -1), timeOf(param('end'), Number.POSITIVE_INFINITY)]
    const within = all.filter(({ at }) => at > start && at <= end).reverse()
    const offset = Number(param('ofs') ?? 0)
    return visit.listed(within.slice(offset, offset + size))
  }
  const counted = <T extends { readonly at: number; readonly id: string }>(
    visit: Visit,
    all: readonly T[],
  ): number =>
    page(
      { ...visit, param: name => (name === 'ofs' ? undefined : visit.param(name)) },
      all,
      Number.POSITIVE_INFINITY,
    ).length

  const asked = (visit: Visit, orders: readonly Order[]): readonly Order[] =>
    orders.filter(
      ({ clientId, extra }) =>
        (visit.param('cl_ord_id') ?? clientId) === clientId &&
        (visit.param('userref') ?? extra.userref) === extra.userref,
    )
  const byId = (visit: Visit, orders: readonly Order[]) =>
    Object.fromEntries(orders.map(order => [order.id, orderBody(order, visit.param('trades') === 'true')]))

  const trades = (visit: Visit): Answer => {
    const all = exchange.trades()
    const size = Math.min(50, script.tradesPerPage ?? 50)
    return ok({
      trades: Object.fromEntries(page(visit, all, size).map(trade => [trade.id, tradeBody(trade)])),
      count: counted(visit, all),
    })
  }

  /** 720 candles at most, the last of them not complete yet. */
  const candles = ({ param }: Visit): Answer => {
    const market = marketNamed(param('pair'))
    if (market === undefined) return badPair
    const length = Number(param('interval') ?? 1) * 60_000
    const now = clock.now()
    const all = exchange
      .prices(market.symbol)
      .candles(length, now - 721 * length, now + 1, now)
      .slice(-720)
    const since = Number(param('since') ?? 0) * 1000
    const decimals = places(market.tick)
    const rows = all
      .filter(({ openTime }) => openTime > since)
      .map(({ openTime, open, high, low, close, volume, trades: count }) => [
        seconds(openTime),
        toPlaces(open, decimals),
        toPlaces(high, decimals),
        toPlaces(low, decimals),
        toPlaces(close, decimals),
        toPlaces(close, decimals),
        toPlaces(volume, 8),
        count,
      ])
    return ok({ [pairId(market)]: rows, last: seconds(all.at(-2)?.openTime ?? 0) })
  }

  const balances = (extended: boolean): Answer =>
    ok(
      Object.fromEntries(
        [...books.balances].map(([currency, amount]) => [
          assetId(currency),
          extended
            ? { balance: toPlaces(amount, 10), hold_trade: toPlaces(exchange.held(currency), 10) }
            : toPlaces(amount, 10),
        ]),
      ),
    )

  const currencies = () => [
    ...new Set([...books.balances.keys(), ...script.markets.flatMap(({ symbol }) => currenciesOf(symbol))]),
  ]
  const read = (
    path: string,
    operation: 'markets' | 'time' | 'status' | 'candles' | 'ticker',
    answer: (visit: Visit) => Answer,
  ) => ['GET', 'POST'].map(method => ({ method, path: new RegExp(`^/0/public/${path}$`), operation, answer }))
  const signed = (
    path: string,
    operation: Skin['routes'][number]['operation'],
    answer: (visit: Visit) => Answer,
  ) => ({
    method: 'POST',
    path: new RegExp(`^/0/private/${path}$`),
    operation,
    signed: true,
    answer,
  })
  const closed = () => exchange.orders().filter(order => !isOpen(order))

  return {
    authenticate,
    unknownPath: () => error('EGeneral:Unknown method'),
    rateLimited: retryAfterS =>
      error('EGeneral:Too many requests', 429, { 'retry-after': String(retryAfterS) }),
    maintenance: operation =>
      operation === 'status'
        ? ok({ status: 'maintenance', timestamp: rfc3339(clock.wall()) })
        : error('EService:Unavailable'),
    routes: [
      ...read('Time', 'time', () =>
        ok({
          unixtime: Math.floor(clock.wall() / 1000),
          rfc1123: new Date(clock.wall()).toUTCString().replace('GMT', '+0000'),
        }),
      ),
      ...read('SystemStatus', 'status', () => ok({ status: 'online', timestamp: rfc3339(clock.wall()) })),
      ...read('Assets', 'markets', () =>
        ok(
          Object.fromEntries(
            currencies().map(currency => [
              assetId(currency),
              {
                aclass: 'currency',
                altname: altname(currency),
                decimals: assetId(currency).startsWith('Z') ? 4 : 10,
                display_decimals: assetId(currency).startsWith('Z') ? 2 : 5,
                status: 'enabled',
              },
            ]),
          ),
        ),
      ),
      ...read('AssetPairs', 'markets', () =>
        ok(Object.fromEntries(script.markets.map(market => [pairId(market), pairBody(market)]))),
      ),
      ...read('OHLC', 'candles', candles),
      ...read('Ticker', 'ticker', ({ param }) => {
        const market = marketNamed(param('pair'))
        if (market === undefined) return badPair
        const last = toPlaces(exchange.lastPrice(market.symbol), places(market.tick))
        return ok({
          [pairId(market)]: {
            a: [last, '1', '1.000'],
            b: [last, '1', '1.000'],
            c: [last, '0.1'],
            v: ['1', '1'],
            p: [last, last],
            t: [1, 1],
            l: [last, last],
            h: [last, last],
            o: last,
          },
        })
      }),
      signed('Balance', 'balance', () => balances(false)),
      signed('BalanceEx', 'balance', () => balances(true)),
      signed('AddOrder', 'place', place),
      signed('CancelOrder', 'cancel', cancel),
      signed('CancelAll', 'cancel-all', visit =>
        ok({
          count: exchange
            .orders()
            .filter(isOpen)
            .filter(({ id }) => exchange.cancel(id, visit.race) === 'canceled').length,
        }),
      ),
      signed('CancelAllOrdersAfter', 'cancel-after', ({ param }) => {
        const timeout = Number(param('timeout') ?? 0)
        exchange.cancelAllAfter(timeout * 1000)
        const now = clock.now()
        return ok({
          currentTime: rfc3339(now),
          triggerTime: timeout === 0 ? '0' : rfc3339(now + timeout * 1000),
        })
      }),
      signed('OpenOrders', 'open-orders', visit =>
        ok({ open: byId(visit, visit.listed(asked(visit, exchange.orders().filter(isOpen)))) }),
      ),
      signed('ClosedOrders', 'closed-orders', visit => {
        const orders = asked(visit, closed())
        return ok({ closed: byId(visit, page(visit, orders, 50)), count: counted(visit, orders) })
      }),
      signed('QueryOrders', 'order', visit => {
        const ids = (visit.param('txid') ?? '').split(',')
        const found = asked(
          { ...visit, param: name => (name === 'userref' ? visit.param(name) : undefined) },
          exchange.orders().filter(({ id }) => ids.includes(id)),
        )
        return found.length === 0 ? error('EOrder:Invalid order') : ok(byId(visit, found))
      }),
      signed('TradesHistory', 'trades', trades),
    ],
  }
}

const rfc3339 = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
const averageOf = ({ value, filled }: Order, decimals: number): string =>
  toPlaces(divide(value, filled), decimals)

export const kraken: VenueProtocol = {
  rules: seed => ({
    clientIds: 'open',
    feeIn: 'quote',
    postOnly: 'refuse',
    feeStep: '0.00001',
    orderId: number => krakenId('O', (seed % 1000) * 10_000 + number),
    tradeId: number => krakenId('T', (seed % 1000) * 10_000 + number),
  }),
  skin,
}
