// KuCoin, spot: every answer is wrapped, and a success has a code of its own. Its lists of trades and of closed orders are newest
// first, a hundred on a page whatever is asked for, and go on behind the `lastId` of the page before:
// https://www.kucoin.com/docs/rest/spot-trading/spot-hf-trade-pro-account/get-hf-filled-list, get-hf-completed-order-list

import type { Exchange, Order } from 'ccxt'
import { add, type Decimal } from '../domain/decimal.ts'
import type { Dialect } from './ccxt-dialect.ts'
import {
  asClientOrderId,
  byVenueId,
  day,
  direct,
  isList,
  isObject,
  type Json,
  notGoingOn,
  open,
  whole,
  windowed,
} from './ccxt-questions.ts'
import { exactDecimal } from './exact-decimal.ts'

const isKucoin = (json: unknown): json is Json => isObject(json) && json.code === '200000'
const isKucoinList = (json: unknown): boolean =>
  isKucoin(json) && (isList(json.data) || (isObject(json.data) && isList(json.data.items)))

const pageMax = 100

/** Every page. What is on two of them because the list moved in between is told once. */
const pages = async <Row extends { readonly info: unknown }>(
  api: Exchange,
  ask: (from: object) => Promise<readonly Row[]>,
): Promise<readonly Row[]> => {
  const found = new Map<string, Row>()
  for (let from: object | undefined = {}; from !== undefined; ) {
    const before = found.size
    for (const row of await ask({ limit: pageMax, ...from })) found.set(JSON.stringify(row.info), row)
    from = nextPage(api.last_json_response, found.size > before)
  }
  return [...found.values()]
}

/** What the next page is asked for with; undefined behind the last one. Throws when a full page does not say it, or not truly. */
const nextPage = (json: unknown, isNews: boolean): object | undefined => {
  const { items, lastId, currentPage, totalPage } = isKucoin(json) && isObject(json.data) ? json.data : {}
  if (!Array.isArray(items) || items.length === 0) return undefined // whether it is an answer is asked elsewhere
  // Accounts that were not moved to the high-frequency system have numbered pages.
  if (Number(currentPage) >= Number(totalPage)) return undefined
  if (isNews && totalPage !== undefined) return { currentPage: Number(currentPage) + 1 }
  if (isNews && lastId !== undefined) return { lastId }
  if (items.length < pageMax) return undefined
  throw notGoingOn(items.length)
}

export const kucoin: Dialect = {
  clientIdOf: whole,
  placing: asClientOrderId,
  lookups: [
    { name: 'the order', look: direct, answers: isObject },
    open(isKucoinList),
    {
      name: 'closed orders',
      look: (api, { symbol, since }) =>
        pages(api, from =>
          api.fetchClosedOrders(symbol, since, undefined, { until: since + 3 * day, ...from }),
        ),
      answers: isKucoinList,
    },
  ],
  proves: true,
  // Orders that were cancelled unfilled are shown for two days: https://www.kucoin.com/docs-new/rest/ua/get-order-history
  windowMs: 2 * day,
  byVenueId,
  statusOf: kucoinStatus,
  tradesOfOrder: (api, id, symbol) =>
    pages(api, from => api.fetchOrderTrades(id, symbol, undefined, undefined, from)),
  perSymbol: true,
  trades: (api, symbol, since, now) =>
    windowed(
      7 * day,
      (begin, until) => pages(api, from => api.fetchMyTrades(symbol, begin, undefined, { until, ...from })),
      since,
      now,
    ),
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
  stop: undefined,
  deadMansSwitch: false,
}

/** ccxt takes any record of a cancel for the end; a part of an order can be cancelled (`cancelSize`), and the rest is active. */
function kucoinStatus({ info, status }: Order): string | undefined {
  const { isActive, active } = info as { readonly isActive?: unknown; readonly active?: unknown }
  return isActive === true || active === true ? 'open' : status
}

interface KucoinAccounts {
  privateGetAccounts(): Promise<{
    readonly data?: readonly { readonly currency: string; readonly type: string; readonly balance: string }[]
  }>
}
