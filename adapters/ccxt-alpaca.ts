// Alpaca, coins: the fee of a fill is posted apart from it. Its equities share the lookups (alpaca-equities.ts).

import type { Exchange, Order, Trade } from 'ccxt'
import type { Dialect, Wanted } from './ccxt-dialect.ts'
import {
  asClientOrderId,
  byVenueId,
  day,
  isList,
  isObject,
  notGoingOn,
  totals,
  whole,
} from './ccxt-questions.ts'
import { hasRest } from './ccxt-standing.ts'

export const alpaca: Dialect = {
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
  statusOf: alpacaStatus,
  tradesOfOrder: async (api, id, symbol, since) =>
    (await alpacaCoinTrades(api, since)).filter(({ order, symbol: of }) => order === id && of === symbol),
  perSymbol: false,
  trades: (api, _symbol, since) => alpacaCoinTrades(api, since),
  answersTrades: isList,
  holdings: totals,
  answersHoldings: jsons =>
    jsons.some(json => isObject(json) && typeof json.cash === 'string') && jsons.some(isList),
  answersOpenOrders: isList,
  stop: undefined,
  deadMansSwitch: false,
}

/**
 * 'calculated' is done for the day, filled or not, and ccxt reads it as closed: an order with a rest goes on tomorrow.
 * https://docs.alpaca.markets/docs/orders-at-alpaca#order-lifecycle
 */
export function alpacaStatus(order: Order): string | undefined {
  const { status } = order.info as { readonly status?: unknown }
  return status === 'calculated' && hasRest(order) ? 'open' : order.status
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
    if (found.size === before) {
      if (page.length >= 100) throw notGoingOn(page.length)
      return [...found.values()]
    }
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
