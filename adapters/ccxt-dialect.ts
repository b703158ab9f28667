// What is particular to each exchange: the form of our order id, how it is asked for by it, how its trades are paged, and
// what its answers look like when they are answers.
//
// The last one matters most: ccxt turns an empty object, a page of HTML or half an answer into an empty list, and an empty
// list would prove that the exchange does not know an order.

import type { Balances, Exchange, Order, Trade } from 'ccxt'
import { add, type Decimal } from '../domain/decimal.ts'
import type { OrderRequest } from '../domain/order.ts'
import { numberOf } from '../domain/order-id.ts'
import { exactDecimal } from './exact-decimal.ts'

export interface Wanted {
  /** Our id in the exchange's form. */
  readonly clientId: string
  readonly symbol: string
  /** A while before the order was asked for, ms since 1970 UTC. */
  readonly since: number
}

/** One place to look for an order. */
export interface Lookup {
  readonly name: string
  look(api: Exchange, wanted: Wanted): Promise<readonly Order[]>
  /** Whether the exchange's text, parsed, is an answer to this question. */
  answers(json: unknown): boolean
  /** A page of so many rows may hide more; undefined when the exchange filters by our id. */
  readonly page?: number
}

export interface Dialect {
  /** Our id as the exchange takes it; undefined when it cannot carry it. */
  readonly clientIdOf: (orderId: string) => string | undefined
  /** What createOrder gets with it. */
  readonly placing: (clientId: string) => Record<string, unknown>
  /** How an order is sent; undefined where ccxt's createOrder does it. */
  readonly create?: (api: Exchange, request: OrderRequest, clientId: string) => Promise<Order>
  readonly cancel?: (api: Exchange, id: string) => Promise<unknown>
  /** A refusal of the exchange, parsed, that ccxt has no class for. */
  readonly refuses?: (json: unknown) => boolean
  /** In this order: an order that moves from one to the next in between is found in the next. */
  readonly lookups: readonly Lookup[]
  /** Whether an order that is in none of them is provably not known. */
  readonly proves: boolean
  /** How far back the lookups reach. */
  readonly windowMs: number
  /** An order by the exchange's own id; undefined when it is nowhere. */
  readonly byVenueId: (api: Exchange, id: string, symbol: string) => Promise<Order | undefined>
  readonly tradesOfOrder: (
    api: Exchange,
    id: string,
    symbol: string,
    since: number,
  ) => Promise<readonly Trade[]>
  /** Whether orders and trades are told for one market at a time; otherwise `symbol` is undefined: the whole account. */
  readonly perSymbol: boolean
  readonly trades: (
    api: Exchange,
    symbol: string | undefined,
    since: number,
    now: number,
  ) => Promise<readonly Trade[]>
  readonly openOrders?: (api: Exchange) => Promise<readonly Order[]>
  readonly answersTrades: (json: unknown) => boolean
  readonly holdings: (api: Exchange) => Promise<Readonly<Record<string, unknown>>>
  /** Of all answers that were heard. */
  readonly answersHoldings: (jsons: readonly unknown[]) => boolean
  readonly answersOpenOrders: (json: unknown) => boolean
  /** Whether a stop order becomes a market order at its price: some exchanges have none, or keep them elsewhere. */
  readonly stops: boolean
  /** Whether it cancels everything when it is not told to wait. */
  readonly deadMansSwitch: boolean
}

const day = 86_400_000

type Json = Readonly<Record<string, unknown>>
export const isObject = (json: unknown): json is Json =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
export const isList = (json: unknown): boolean => Array.isArray(json)

const whole = (orderId: string): string => orderId
const asClientOrderId = (clientOrderId: string) => ({ clientOrderId })

const direct = async (api: Exchange, { clientId, symbol }: Wanted): Promise<readonly Order[]> => {
  try {
    return [await api.fetchOrder('', symbol, { clientOrderId: clientId })]
  } catch (error) {
    // Not proof by itself: the lists are asked too.
    if ((error as Error).constructor.name === 'OrderNotFound') return []
    throw error
  }
}

const open = (answers: Lookup['answers'], params: (wanted: Wanted) => object = () => ({})): Lookup => ({
  name: 'open orders',
  look: (api, wanted) => api.fetchOpenOrders(wanted.symbol, undefined, undefined, params(wanted)),
  answers,
})

const byVenueId: Dialect['byVenueId'] = async (api, id, symbol) => {
  try {
    const order = await api.fetchOrder(id, symbol)
    return order.id === undefined ? undefined : order
  } catch (error) {
    if ((error as Error).constructor.name === 'OrderNotFound') return undefined
    throw error
  }
}

const totals = async (api: Exchange): Promise<Readonly<Record<string, unknown>>> => {
  const { total } = (await api.fetchBalance()) as Balances & { total: Record<string, unknown> }
  return total
}

/** Pages of trades, oldest first, each from where the last one ended, until one brings nothing new. */
const paged = async (
  ask: (since: number) => Promise<readonly Trade[]>,
  since: number,
): Promise<readonly Trade[]> => {
  const found = new Map<string, Trade>()
  for (let from = since; ; ) {
    const before = found.size
    const page = await ask(from)
    for (const trade of page) found.set(`${trade.symbol} ${trade.id}`, trade)
    if (found.size === before) return [...found.values()]
    from = Math.max(from, ...page.map(({ timestamp }) => Number(timestamp)))
  }
}

/** For exchanges that answer for a stretch of time only: stretch after stretch, each page by page. */
const windowed = async (
  stretch: number,
  ask: (since: number, until: number) => Promise<readonly Trade[]>,
  since: number,
  now: number,
): Promise<readonly Trade[]> => {
  const found: Trade[] = []
  for (let from = since; from <= now; from += stretch)
    found.push(...(await paged(at => ask(at, Math.min(from + stretch - 1, now + 60_000)), from)))
  return found
}

const binance: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [
    { name: 'the order', look: direct, answers: isObject },
    open(isList),
    {
      name: 'all orders',
      look: (api, { symbol }) => api.fetchOrders(symbol, undefined, 1000),
      answers: isList,
      page: 1000,
    },
  ],
  proves: true,
  windowMs: 80 * day,
  byVenueId,
  tradesOfOrder: (api, id, symbol) => api.fetchOrderTrades(id, symbol, undefined, 1000),
  perSymbol: true,
  trades: (api, symbol, since, now) =>
    windowed(day, (from, until) => api.fetchMyTrades(symbol, from, 1000, { until }), since, now),
  answersTrades: isList,
  holdings: totals,
  answersHoldings: jsons => jsons.some(json => isObject(json) && isList(json.balances)),
  answersOpenOrders: isList,
  stops: true,
  deadMansSwitch: false,
}

const isKucoin = (json: unknown): json is Json => isObject(json) && json.code === '200000'
const isKucoinList = (json: unknown): boolean =>
  isKucoin(json) && (isList(json.data) || (isObject(json.data) && isList(json.data.items)))

const kucoin: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [
    { name: 'the order', look: direct, answers: isObject },
    open(isKucoinList),
    {
      name: 'closed orders',
      look: (api, { symbol, since }) => api.fetchClosedOrders(symbol, since, 500),
      answers: isKucoinList,
      page: 500,
    },
  ],
  proves: true,
  windowMs: 7 * day,
  byVenueId,
  tradesOfOrder: (api, id, symbol) => api.fetchOrderTrades(id, symbol, undefined, 500),
  perSymbol: true,
  trades: (api, symbol, since, now) =>
    windowed(7 * day, (from, until) => api.fetchMyTrades(symbol, from, 500, { until }), since, now),
  answersTrades: isKucoinList,
  // ccxt gives one type of account and drops the others without a word: the list of all is read here.
  holdings: async api => {
    const { data } = await (api as unknown as KucoinAccounts).privateGetAccounts()
    const sums: Record<string, Decimal> = {}
    for (const { currency, type, balance } of Array.isArray(data) ? data : []) {
      if (type !== 'trade' && type !== 'trade_hf') continue
      const code = api.safeCurrencyCode(currency) as string
      sums[code] = add(sums[code] ?? '0', exactDecimal(balance) ?? '0')
    }
    return sums
  },
  answersHoldings: jsons => jsons.some(json => isKucoin(json) && isList(json.data)),
  answersOpenOrders: isKucoinList,
  stops: false,
  deadMansSwitch: false,
}

interface KucoinAccounts {
  privateGetAccounts(): Promise<{
    readonly data?: readonly { readonly currency: string; readonly type: string; readonly balance: string }[]
  }>
}

const isKraken = (json: unknown): json is Json =>
  isObject(json) && isList(json.error) && (json.error as unknown[]).length === 0 && isObject(json.result)
const krakenHas =
  (key: string) =>
  (json: unknown): boolean =>
    isKraken(json) && isObject((json.result as Json)[key])

const kraken: Dialect = {
  clientIdOf: whole,
  // Its list of trades shows each fee in the money of the price, wherever it was taken: so it is asked for there.
  placing: clientId => ({ clientOrderId: clientId, oflags: 'fciq' }),
  lookups: [
    open(krakenHas('open'), ({ clientId }) => ({ clientOrderId: clientId })),
    {
      name: 'closed orders',
      look: (api, { symbol, clientId }) =>
        api.fetchClosedOrders(symbol, undefined, undefined, { clientOrderId: clientId }),
      answers: krakenHas('closed'),
    },
  ],
  proves: true,
  windowMs: 365 * day,
  byVenueId,
  tradesOfOrder: async (api, id, symbol, since) =>
    (await krakenTrades(api, since)).filter(({ order, symbol: of }) => order === id && of === symbol),
  perSymbol: false,
  trades: (api, _symbol, since) => krakenTrades(api, since),
  answersTrades: krakenHas('trades'),
  holdings: totals,
  answersHoldings: jsons => jsons.some(isKraken),
  answersOpenOrders: krakenHas('open'),
  stops: true,
  deadMansSwitch: true,
}

/** Newest first, fifty on a page; each page says how many there are in all. */
const krakenTrades = async (api: Exchange, since: number): Promise<readonly Trade[]> => {
  const found = new Map<string, Trade>()
  for (let offset = 0; ; ) {
    const page = await api.fetchMyTrades(undefined, since, undefined, { ofs: offset })
    for (const trade of page) found.set(String(trade.id), trade)
    offset += page.length
    const { result } = api.last_json_response as { readonly result?: { readonly count?: unknown } }
    // A trade in between moves the pages by one: the overlap does no harm, and the last page is asked for again.
    if (page.length === 0 || found.size >= Number(result?.count ?? Number.NaN)) return [...found.values()]
  }
}

const bitfinex: Dialect = {
  clientIdOf: orderId => numberOf(orderId)?.toFixed(0),
  // Sent as it is given: bitfinex wants a number.
  placing: clientId => ({ clientOrderId: Number(clientId) }),
  lookups: [
    open(isList),
    {
      name: 'closed orders',
      look: (api, { symbol, since }) => api.fetchClosedOrders(symbol, since, 2500),
      answers: isList,
      page: 2500,
    },
  ],
  proves: true,
  windowMs: 13 * day,
  byVenueId: async (api, id, symbol) => {
    const active = await api.fetchOpenOrders(symbol, undefined, undefined, { id: [Number(id)] })
    const found = active.find(order => order.id === id)
    if (found !== undefined) return found
    const past = await api.fetchClosedOrders(symbol, undefined, undefined, { id: [Number(id)] })
    return past.find(order => order.id === id)
  },
  tradesOfOrder: (api, id, symbol) => api.fetchOrderTrades(id, symbol),
  perSymbol: true,
  trades: (api, symbol, since) => paged(from => api.fetchMyTrades(symbol, from, 1000, { sort: 1 }), since),
  answersTrades: isList,
  holdings: totals,
  answersHoldings: jsons => jsons.some(isList),
  answersOpenOrders: isList,
  stops: true,
  deadMansSwitch: false,
}

const alpaca: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [
    {
      name: 'the order',
      look: (api, wanted) => alpacaOrder(api, wanted),
      answers: isObject,
    },
    {
      name: 'all orders',
      look: (api, { symbol, since }) => api.fetchOrders(symbol, since, 500),
      answers: isList,
      page: 500,
    },
  ],
  proves: true,
  windowMs: 365 * day,
  byVenueId,
  tradesOfOrder: async (api, id, symbol, since) =>
    (await alpacaCoinTrades(api, since)).filter(({ order, symbol: of }) => order === id && of === symbol),
  perSymbol: false,
  trades: (api, _symbol, since) => alpacaCoinTrades(api, since),
  answersTrades: isList,
  holdings: totals,
  answersHoldings: jsons =>
    jsons.some(json => isObject(json) && typeof json.cash === 'string') && jsons.some(isList),
  answersOpenOrders: isList,
  stops: false,
  deadMansSwitch: false,
}

/** A page begins behind the activity that the last one ended with. */
export const alpacaTrades = async (api: Exchange, since: number): Promise<readonly Trade[]> => {
  const found = new Map<string, Trade>()
  for (let token: string | undefined; ; ) {
    const page = await api.fetchMyTrades(undefined, since, 100, {
      direction: 'asc',
      ...(token === undefined ? {} : { page_token: token }),
    })
    const before = found.size
    for (const trade of page) found.set(String(trade.id), trade)
    token = page.at(-1)?.id as string | undefined
    if (found.size === before) return [...found.values()]
  }
}

/**
 * With the fee of each, which Alpaca takes from what was received and posts as an activity of its own (CFEE), by its own words
 * at the end of the day: https://alpaca.markets/docs/crypto/activities. Nothing ties it to the fill but market, price and day.
 * A fill whose fee is not posted yet has none.
 */
const alpacaCoinTrades = async (api: Exchange, since: number): Promise<readonly Trade[]> => {
  const trades = await alpacaTrades(api, since)
  const posted: Readonly<Record<string, string>>[] = []
  for (let token: string | undefined; trades.length > 0; ) {
    const page: unknown = await api.request('v2/account/activities', ['trader', 'private'], 'GET', {
      activity_types: 'CFEE',
      after: new Date(since).toISOString(),
      direction: 'asc',
      page_size: 100,
      ...(token === undefined ? {} : { page_token: token }),
    })
    if (!isList(page)) throw new Error('the list of fees is no list') // asked again, then no answer
    posted.push(...(page as typeof posted))
    token = (page as typeof posted).at(-1)?.id
    if (token === undefined) break
  }
  return trades.map(trade => {
    const [base, quote] = String(trade.symbol).split('/')
    const index = posted.findIndex(
      ({ symbol, price, date }) =>
        symbol === `${base}${quote}` &&
        Number(price) === Number(trade.price) &&
        date === newYorkDateOf(Number(trade.timestamp)),
    )
    if (index < 0) return trade
    const [fee] = posted.splice(index, 1)
    const inBase = Number(fee?.qty) !== 0
    const amount = String((inBase ? fee?.qty : fee?.net_amount) ?? '0').replace(/^-/, '')
    return { ...trade, fee: { cost: amount as unknown as number, currency: inBase ? base : quote } } as Trade
  })
}

/** The date that Alpaca files an activity under. */
const newYorkDateOf = (milliseconds: number): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(milliseconds)

/** ccxt hides Alpaca's lookup by our id; a 404 with this code is an answer. */
export const alpacaOrder = async (api: Exchange, { clientId }: Wanted): Promise<readonly Order[]> => {
  try {
    const raw = await api.request('v2/orders:by_client_order_id', ['trader', 'private'], 'GET', {
      client_order_id: clientId,
    })
    return [api.parseOrder(raw as object) as Order]
  } catch (error) {
    if (/40410000/.test((error as Error).message)) return []
    throw error
  }
}

/** An exchange that was never tried: it is asked for what ccxt promises, and never proves that it does not know an order. */
const untried: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [open(json => isList(json) || isObject(json))],
  proves: false,
  windowMs: day,
  byVenueId,
  tradesOfOrder: async (api, id, symbol, since) =>
    (await api.fetchMyTrades(symbol, since)).filter(({ order }) => order === id),
  perSymbol: true,
  trades: (api, symbol, since) => paged(from => api.fetchMyTrades(symbol, from), since),
  answersTrades: json => isList(json) || isObject(json),
  holdings: totals,
  answersHoldings: jsons => jsons.length > 0,
  answersOpenOrders: json => isList(json) || isObject(json),
  stops: false,
  deadMansSwitch: false,
}

const dialects: Readonly<Record<string, Dialect>> = { alpaca, binance, bitfinex, kraken, kucoin }

export const dialectOf = (exchange: string): Dialect => dialects[exchange] ?? untried
export const triedExchanges: readonly string[] = Object.keys(dialects)
