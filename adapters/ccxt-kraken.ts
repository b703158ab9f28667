// Kraken, spot: trades come for the whole account, fifty on a page, newest first.

import type { Exchange, Trade } from 'ccxt'
import type { Dialect } from './ccxt-dialect.ts'
import { byVenueId, day, isList, isObject, type Json, open, totals, whole } from './ccxt-questions.ts'

const isKraken = (json: unknown): json is Json =>
  isObject(json) && isList(json.error) && (json.error as unknown[]).length === 0 && isObject(json.result)
const krakenHas =
  (key: string) =>
  (json: unknown): boolean =>
    isKraken(json) && isObject((json.result as Json)[key])

export const kraken: Dialect = {
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
  stop: stopLossPrice => ({ stopLossPrice }),
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
    const { count } = result ?? {}
    if (found.size >= Number(count ?? Number.NaN)) return [...found.values()]
    if (page.length === 0) throw new Error(`the list ends with ${found.size} of ${count} trades`)
  }
}
