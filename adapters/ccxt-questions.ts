// What most exchanges are asked in the same way through ccxt, and the shapes of their answers.

import type { Balances, Exchange, Order, Trade } from 'ccxt'
import type { Dialect, Lookup, Wanted } from './ccxt-dialect.ts'
import { isNoOrder, isNotFound } from './ccxt-error.ts'

/** Milliseconds. */
export const day = 86_400_000

/** An object of the exchange's text, parsed; nothing is known of its fields. */
export type Json = Readonly<Record<string, unknown>>
export const isObject = (json: unknown): json is Json =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
export const isList = (json: unknown): boolean => Array.isArray(json)

/** Our id as it is, 18 characters at most. */
export const whole = (orderId: string): string => orderId
/** Under ccxt's common name. */
export const asClientOrderId = (clientOrderId: string) => ({ clientOrderId })

/** The order by our id; none is no proof. */
export const direct = async (api: Exchange, { clientId, symbol }: Wanted): Promise<readonly Order[]> => {
  try {
    return [await api.fetchOrder('', symbol, { clientOrderId: clientId })]
  } catch (error) {
    // Not proof by itself: the lists are asked too.
    if (isNotFound(error)) return []
    throw error
  }
}

/** Among the open orders of its market. */
export const open = (
  answers: Lookup['answers'],
  params: (wanted: Wanted) => object = () => ({}),
): Lookup => ({
  name: 'open orders',
  look: (api, wanted) => api.fetchOpenOrders(wanted.symbol, undefined, undefined, params(wanted)),
  answers,
})

/** Undefined when the exchange does not show one, which proves nothing. */
export const ifShown = async (ask: () => Promise<Order | undefined>): Promise<Order | undefined> => {
  try {
    return await ask()
  } catch (error) {
    if (isNoOrder(error)) return undefined
    throw error
  }
}

export const byVenueId: Dialect['byVenueId'] = (api, id, symbol) =>
  ifShown(async () => {
    const order = await api.fetchOrder(id, symbol)
    return order.id === undefined ? undefined : order
  })

/** By currency, free and held together. */
export const totals = async (api: Exchange): Promise<Readonly<Record<string, unknown>>> => {
  const { total } = (await api.fetchBalance()) as Balances & { total: Record<string, unknown> }
  return total
}

/**
 * Pages of trades, oldest first, each from where the last one ended, until one brings nothing new. Throws when that one was
 * full, so that more may be behind it: more trades in one moment than `size`, which is what the exchange has on a page.
 */
export const paged = async (
  ask: (since: number) => Promise<readonly Trade[]>,
  since: number,
  size = Number.POSITIVE_INFINITY,
): Promise<readonly Trade[]> => {
  const found = new Map<string, Trade>()
  for (let from = since; ; ) {
    const before = found.size
    const page = await ask(from)
    for (const trade of page) found.set(`${trade.symbol} ${trade.id}`, trade)
    if (found.size === before) {
      if (page.length >= size) throw notGoingOn(page.length)
      return [...found.values()]
    }
    from = Math.max(from, ...page.map(({ timestamp }) => Number(timestamp)))
  }
}

/** Of a full page behind which the next one is the same: what is known is not everything. Asked again, then no answer. */
export const notGoingOn = (rows: number): Error =>
  new Error(`the list does not go on behind a full page of ${rows}, and there may be more`)

/** For exchanges that answer for a stretch of time only: stretch after stretch, each as a whole. */
export const windowed = async (
  stretch: number,
  ask: (since: number, until: number) => Promise<readonly Trade[]>,
  since: number,
  now: number,
): Promise<readonly Trade[]> => {
  const found: Trade[] = []
  for (let from = since; from <= now; from += stretch)
    found.push(...(await ask(from, Math.min(from + stretch - 1, now + 60_000))))
  return found
}
