// Bitfinex as the simulator speaks it: version 2 of its REST interface, exchange wallet only. Everything is an array.
//
// Sources: docs.bitfinex.com (REST v2: Submit Order, Retrieve Orders, Orders History, Trades, Wallets, Candles, Platform Status,
// Abbreviations), recorded answers of 2021 for the lists of pairs, and the answers kept as comments in ccxt's parsers. A cid is a
// JSON number below 2^45 and is not checked for being unique. Nonces must grow; they are remembered as long as the process lives.

import { createHmac } from 'node:crypto'
import { absolute, add, type Decimal, negate, readDecimal } from '../../domain/decimal.ts'
import {
  codeOf,
  error,
  frames,
  orderNotFound,
  orderRow,
  pairOf,
  signed,
  typeOf,
  types,
} from './bitfinex-rows.ts'
import { currenciesOf, isOpen, type Order, type Trade } from './books.ts'
import { type Exchange, isRefused, type Refused } from './exchange.ts'
import type { Market } from './script.ts'
import {
  type Answer,
  headerOf,
  json,
  numeral,
  type Request,
  type Skin,
  type VenueProtocol,
  type Visit,
} from './skin.ts'

const skin = (exchange: Exchange): Skin => {
  const { script, clock, books } = exchange
  let lastNonce = 0n
  const marketNamed = (name: string | undefined): Market | undefined =>
    script.markets.find(({ symbol }) => `t${pairOf(symbol)}` === name)

  const authenticate = (request: Request): Answer | undefined => {
    if (headerOf(request, 'bfx-apikey') !== script.keys.key) return error(10100, 'apikey: invalid')
    const nonce = headerOf(request, 'bfx-nonce')
    const expected = createHmac('sha384', script.keys.secret)
      .update(`/api${request.path}${nonce}${request.body}`)
      .digest('hex')
    if (headerOf(request, 'bfx-signature') !== expected) return error(10100, 'apikey: digest invalid')
    if (!/^\d+$/.test(nonce) || BigInt(nonce) <= lastNonce) return error(10114, 'nonce: small')
    lastNonce = BigInt(nonce)
    return undefined
  }

  const tradeRow = (trade: Trade): readonly unknown[] => {
    const order = books.orders.get(trade.orderId) as Order
    return [
      Number(trade.id),
      `t${pairOf(trade.symbol)}`,
      trade.at,
      Number(trade.orderId),
      numeral(signed(trade, trade.quantity)),
      numeral(trade.price),
      typeOf(order),
      numeral(order.limitPrice ?? trade.price),
      trade.liquidity === 'maker' ? 1 : -1,
      numeral(negate(trade.fee)),
      codeOf(trade.feeCurrency),
      order.clientId === undefined ? order.at : Number(order.clientId),
    ]
  }

  const refusal = ({ refused }: Refused, market: Market, amount: Decimal, price: string): Answer => {
    const pair = pairOf(market.symbol)
    switch (refused) {
      case 'unknown-symbol':
        return error(10020, 'symbol: invalid')
      case 'insufficient-funds':
        return error(10001, `Invalid order: not enough exchange balance for ${amount} ${pair} at ${price}`)
      case 'below-minimum-quantity':
      case 'below-minimum-cost':
        return error(10001, `Invalid order: minimum size for ${pair} is ${market.minimumQuantity}`)
      case 'quantity-off-lot':
        return error(10020, 'amount: invalid')
      case 'price-off-tick':
        return error(10020, 'price: invalid')
      case 'duplicate-client-id':
      case 'would-take':
        throw new Error(`bitfinex has no refusal for ${refused}`)
    }
  }

  /** What a write answers: a notification around the order. */
  const notification = (what: string, order: unknown, text: string): Answer =>
    json([clock.now(), what, null, null, order, null, 'SUCCESS', text])

  const submit = ({ request, param }: Visit): Answer => {
    const market = marketNamed(param('symbol'))
    if (market === undefined) return error(10020, 'symbol: invalid')
    const cid = request.params.cid
    if (
      cid !== undefined &&
      !(Number.isSafeInteger(cid) && (cid as number) >= 0 && (cid as number) < 2 ** 45)
    )
      return error(10020, 'cid: invalid')
    const amount = readDecimal(param('amount') ?? '')
    if (amount === undefined) return error(10020, 'amount: invalid')
    const name = param('type') ?? ''
    const timeInForce = name === 'EXCHANGE IOC' ? 'IOC' : name === 'EXCHANGE FOK' ? 'FOK' : 'GTC'
    const type =
      timeInForce === 'GTC'
        ? (Object.entries(types).find(([, own]) => own === name)?.[0] as Order['type'] | undefined)
        : 'limit'
    if (type === undefined) return error(10020, 'type: invalid')
    const [price, limit] = ['price', 'price_aux_limit'].map(field => readDecimal(param(field) ?? ''))
    if (type !== 'market' && price === undefined) return error(10020, 'price: invalid')
    if (type === 'stop-limit' && limit === undefined) return error(10020, 'price_aux_limit: invalid')
    const order = exchange.place({
      clientId: cid === undefined ? undefined : String(cid),
      symbol: market.symbol,
      side: amount.startsWith('-') ? 'sell' : 'buy',
      type,
      quantity: absolute(amount),
      limitPrice: type === 'limit' ? price : type === 'stop-limit' ? limit : undefined,
      stopPrice: type === 'stop' || type === 'stop-limit' ? price : undefined,
      timeInForce,
      postOnly: (Number(param('flags') ?? 0) & 4096) !== 0,
    })
    if (isRefused(order)) return refusal(order, market, amount, price ?? 'market')
    // The answer tells of the order as it was taken in; what the market made of it is asked for later.
    const taken: Order = {
      ...order,
      status: 'open',
      filled: '0',
      value: '0',
      updatedAt: order.at,
      trades: [],
      reason: '',
    }
    return notification('on-req', [orderRow(taken)], 'Submitting 1 orders.')
  }

  const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

  const cancel = (visit: Visit): Answer => {
    const { param } = visit
    const order = exchange
      .orders()
      .findLast(({ id, clientId, at }) =>
        param('id') === undefined
          ? clientId === param('cid') && dateOf(at) === param('cid_date')
          : id === param('id'),
      )
    if (order === undefined || exchange.cancel(order.id, visit.race) !== 'canceled') return orderNotFound
    return notification(
      'oc-req',
      orderRow(order),
      `Submitted for cancellation; waiting for confirmation (ID: ${order.id}).`,
    )
  }

  const asked = (visit: Visit, orders: readonly Order[]): readonly Order[] => {
    const { request, param, named } = visit
    const ids = Array.isArray(request.params.id) ? request.params.id.map(String) : undefined
    return orders.filter(
      ({ id, symbol, clientId, at }) =>
        (named.symbol === undefined || `t${pairOf(symbol)}` === named.symbol) &&
        (ids === undefined || ids.includes(id)) &&
        (param('cid') === undefined ||
          (clientId === param('cid') &&
            (param('cid_date') === undefined || dateOf(at) === param('cid_date')))),
    )
  }

  /** From `start` to `end`, newest first unless `sort` is 1. */
  const page = <T>(
    visit: Visit,
    all: readonly T[],
    timeOf: (item: T) => number,
    usual: number,
    most: number,
  ): readonly T[] => {
    const { param } = visit
    const [start, end] = [Number(param('start') ?? 0), Number(param('end') ?? Number.POSITIVE_INFINITY)]
    const within = all.filter(item => timeOf(item) >= start && timeOf(item) <= end)
    const ordered = param('sort') === '1' ? within : [...within].reverse()
    return visit.listed(ordered.slice(0, Math.min(Number(param('limit') ?? usual), most)))
  }

  const trades = (visit: Visit): Answer => {
    const of = exchange
      .trades()
      .filter(({ symbol }) => visit.named.symbol === undefined || `t${pairOf(symbol)}` === visit.named.symbol)
    const most = Math.min(2500, script.tradesPerPage ?? 2500)
    return json(page(visit, of, ({ at }) => at, 25, most).map(tradeRow))
  }

  const candles = (visit: Visit): Answer => {
    const { param, named } = visit
    const market = marketNamed(named.symbol)
    const length = frames[named.frame ?? '']
    if (market === undefined || length === undefined)
      return error(10020, `${market === undefined ? 'symbol' : 'timeframe'}: invalid`)
    const limit = Math.min(Number(param('limit') ?? 100), 10_000)
    const now = clock.now()
    const oldest = param('sort') === '1' ? 0 : Number(param('end') ?? now) - (limit + 1) * length
    const all = exchange.prices(market.symbol).candles(length, Number(param('start') ?? oldest), now + 1, now)
    return json(
      page(visit, all, ({ openTime }) => openTime, 100, 10_000).map(
        ({ openTime, open, close, high, low, volume }) => [
          openTime,
          ...[open, close, high, low, volume].map(numeral),
        ],
      ),
    )
  }

  const wallets = (): Answer =>
    json(
      [...books.balances.keys()].map(currency => [
        'exchange',
        codeOf(currency),
        numeral(exchange.total(currency)),
        0,
        numeral(exchange.free(currency)),
        null,
        null,
      ]),
    )

  /** Answers each of the comma-separated questions with one list. */
  const configuration = ({ named }: Visit): Answer => {
    const currencies = [
      ...new Set([...books.balances.keys(), ...script.markets.flatMap(({ symbol }) => currenciesOf(symbol))]),
    ].map(codeOf)
    const pairs = script.markets.map(({ symbol }) => pairOf(symbol))
    const known: Record<string, readonly unknown[]> = {
      'pub:info:pair': script.markets.map(({ symbol, minimumQuantity }) => [
        pairOf(symbol),
        [null, null, null, minimumQuantity, '2000.0', null, null, null, null, null, null, null],
      ]),
      'pub:list:pair:exchange': pairs,
      'pub:list:currency': currencies,
      'pub:map:currency:sym': currencies.filter(code => code === 'UST').map(code => [code, 'USDt']),
      'pub:map:currency:label': currencies.map(code => [code, code]),
    }
    return json((named.questions ?? '').split(',').map(question => known[question] ?? []))
  }

  const ticker = ({ named }: Visit): Answer => {
    const market = marketNamed(named.symbol)
    if (market === undefined) return error(10020, 'symbol: invalid')
    const last = exchange.lastPrice(market.symbol)
    return json([
      numeral(last),
      1,
      numeral(add(last, market.tick)),
      1,
      0,
      0,
      numeral(last),
      1,
      numeral(last),
      numeral(last),
    ])
  }

  const post = (
    path: RegExp,
    operation: Skin['routes'][number]['operation'],
    answer: (visit: Visit) => Answer,
  ) => ({ method: 'POST', path, operation, signed: true, answer })
  const get = (
    path: RegExp,
    operation: Skin['routes'][number]['operation'],
    answer: (visit: Visit) => Answer,
  ) => ({ method: 'GET', path, operation, answer })

  return {
    authenticate,
    unknownPath: () => json({ message: 'Not Found' }, 404),
    rateLimited: retryAfterS =>
      json({ error: 'ERR_RATE_LIMIT' }, 429, { 'retry-after': String(retryAfterS) }),
    maintenance: operation => (operation === 'status' ? json([0]) : error(20060, 'maintenance')),
    routes: [
      get(/^\/v2\/platform\/status$/, 'status', () => json([1])),
      get(/^\/v2\/conf\/(?<questions>.+)$/, 'markets', configuration),
      get(/^\/v2\/candles\/trade:(?<frame>[^:]+):(?<symbol>[^/]+)\/hist$/, 'candles', candles),
      get(/^\/v2\/ticker\/(?<symbol>[^/]+)$/, 'ticker', ticker),
      post(/^\/v2\/auth\/w\/order\/submit$/, 'place', submit),
      post(/^\/v2\/auth\/w\/order\/cancel$/, 'cancel', cancel),
      post(/^\/v2\/auth\/w\/order\/cancel\/multi$/, 'cancel-all', visit => {
        const open = exchange.orders().filter(isOpen)
        for (const { id } of open) exchange.cancel(id, visit.race)
        return notification(
          'oc_multi-req',
          open.map(orderRow),
          `Submitting ${open.length} order cancellations.`,
        )
      }),
      post(/^\/v2\/auth\/r\/orders(?:\/(?<symbol>t[^/]+))?\/hist$/, 'closed-orders', visit =>
        json(
          page(
            visit,
            asked(
              visit,
              exchange.orders().filter(order => !isOpen(order)),
            ),
            ({ at }) => at,
            25,
            2500,
          ).map(orderRow),
        ),
      ),
      // Asked by id as well as for the list: an order that is done is in neither answer.
      post(/^\/v2\/auth\/r\/orders(?:\/(?<symbol>t[^/]+))?$/, 'open-orders', visit =>
        json(visit.listed(asked(visit, exchange.orders().filter(isOpen))).map(orderRow)),
      ),
      post(/^\/v2\/auth\/r\/order\/(?<symbol>t.+):(?<id>\d+)\/trades$/, 'trades', ({ named, listed }) =>
        json(listed(exchange.trades().filter(({ orderId }) => orderId === named.id)).map(tradeRow)),
      ),
      post(/^\/v2\/auth\/r\/trades(?:\/(?<symbol>t[^/]+))?\/hist$/, 'trades', trades),
      post(/^\/v2\/auth\/r\/wallets$/, 'balance', wallets),
    ],
  }
}

export const bitfinex: VenueProtocol = {
  rules: seed => ({
    clientIds: 'none',
    feeIn: 'received',
    postOnly: 'cancel',
    feeStep: '0.00000001',
    orderId: number => String(139_658_000_000 + (seed % 1000) * 100_000 + number),
    tradeId: number => String(1_560_450_000 + number),
  }),
  skin,
}
