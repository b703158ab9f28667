// The network between our program and the simulated exchange: the Venue and Account ports with everything that can go
// wrong in between. What it does to whom is counted, so that a run can show what it has really hit.

import type {
  Account,
  AccountTrade,
  CancelAnswer,
  Observed,
  PlaceAnswer,
  RestingOrder,
  UnheardOrder,
  Venue,
  VenueOrder,
  VenueReport,
} from '../../domain/venue.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import type { Chance } from '../faults/seeded.ts'
import { type Exchange, type ExchangeOrder, type ExchangeTrade, text, units } from './exchange.ts'

/** One call in so many suffers it; 0 is never. */
export interface WireFaults {
  readonly requestLost: number
  readonly answerLost: number
  readonly requestLate: number
  readonly unavailable: number
  readonly notVisibleYet: number
  readonly partialPage: number
  readonly fillNotReported: number
  readonly endNotReported: number
  /** One report about an order in so many cannot be read, and for a while none about it. */
  readonly unheard: number
  /** One lookup of an order in so many cannot prove anything, and for a while none of it. */
  readonly unproven: number
}

/** Requests on their way and orders not yet visible: shorter than the time a doubt needs to settle. */
export const onTheWayMs = 12_000

export interface Wire {
  readonly venue: Venue
  /** No call is answered until then. */
  down(until: number): void
}

/** What the exchange's reports never tell, to whichever process: it has to be asked for. By the exchange's numbers. */
export interface Silences {
  readonly silentEnds: Set<string>
  readonly toldEnds: Set<string>
  readonly silentFills: Set<string>
  readonly toldFills: Set<string>
}

/** What the exchange cannot say of an order for a while, to whichever process: by our id, since when and until when. */
export interface Riddles {
  /** A stream of its own: what it decides moves nothing where it does not strike. */
  readonly chance: Chance
  /** After so long an order is never sent again. */
  readonly resendMs: number
  /** Its reports cannot be read. */
  readonly unheard: Map<string, Riddle>
  /** Its lists do not reach as far as the order is old, or may go on. */
  readonly unproven: Map<string, Riddle>
}

interface Riddle {
  readonly since: number
  readonly until: number
}

export interface WireSettings {
  readonly silences: Silences
  /** Undefined: the exchange can always say. */
  readonly riddles: Riddles | undefined
  readonly exchange: Exchange
  readonly chance: Chance
  readonly faults: () => WireFaults
  /** Called around each call: time passes, the process may die, others may act. */
  readonly passing: (call: string, orderId?: string) => Promise<void>
  readonly hit: (fault: string, orderId: string | undefined) => void
  readonly names: ReadonlyMap<string, string>
  /** Numbers of the orders that are reported; undefined: all of ours. */
  readonly numbers: ReadonlySet<string> | undefined
  /** What arrived at the wire to be sent, for the oracle, and the orders that this process could not hear of last. */
  readonly asked: (orderId: string, reduceOnly: boolean, unheard: readonly string[]) => Promise<void>
}

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

export const wire = ({
  exchange,
  chance,
  faults,
  passing,
  hit,
  names,
  numbers,
  asked,
  silences,
  riddles,
}: WireSettings): Wire => {
  const strikes = (fault: keyof WireFaults, orderId?: string): boolean => {
    const rate = faults()[fault]
    if (rate === 0 || !chance.once(rate)) return false
    hit(fault, orderId)
    return true
  }
  let downUntil = 0

  /** Since when the exchange cannot say this of the order; undefined when it can. */
  const puzzledSince = (riddle: 'unheard' | 'unproven', orderId: string): number | undefined => {
    const rate = faults()[riddle]
    if (rate === 0 || riddles === undefined) return undefined
    const known = riddles[riddle].get(orderId)
    const now = exchange.now()
    if (known !== undefined && now < known.until) return known.since
    if (!riddles.chance.once(rate)) return undefined
    const longest = riddles.chance.pick([60_000, 900_000, 10_800_000])
    riddles[riddle].set(orderId, { since: now, until: now + 1 + riddles.chance.below(longest) })
    return now
  }

  /** Orders that the last reports to this process said nothing usable about. */
  let unheard: readonly string[] = []

  const call = async <T>(what: string, orderId: string | undefined, answer: () => T): Promise<T> => {
    await passing(`${what} sent`, orderId)
    if (exchange.now() < downUntil) {
      hit('outage', orderId)
      throw new VenueUnavailable(`the exchange is down (${what})`)
    }
    if (strikes('unavailable', orderId)) throw new VenueUnavailable(`no answer to ${what}`)
    const given = answer()
    await passing(`${what} answered`, orderId)
    return given
  }

  const orderOf = (orderId: string): ExchangeOrder | undefined =>
    exchange.orders.find(({ clientId }) => clientId === orderId)

  const isVisible = (order: ExchangeOrder): boolean => exchange.now() - order.placedAt >= onTheWayMs

  const place: Venue['place'] = async (request): Promise<PlaceAnswer> => {
    const { orderId, symbol, side, type, quantity, limitPrice, stopPrice, expiresAt, reduceOnly } = request
    await asked(orderId, reduceOnly, unheard)
    await passing('place sent', orderId)
    const ask = {
      clientId: orderId,
      symbol,
      side,
      type,
      quantity: units(quantity),
      limit: limitPrice === undefined ? undefined : units(limitPrice),
      stop: stopPrice === undefined ? undefined : units(stopPrice),
      expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
    }
    if (exchange.now() < downUntil || strikes('requestLost', orderId)) {
      if (exchange.now() < downUntil) hit('outage', orderId)
      await passing('place lost', orderId)
      return { kind: 'unknown', detail: 'timeout' }
    }
    if (strikes('requestLate', orderId)) {
      exchange.later(1 + chance.below(onTheWayMs - 2), () => exchange.place(ask))
      await passing('place late', orderId)
      return { kind: 'unknown', detail: 'timeout' }
    }
    const answer = exchange.place(ask)
    await passing('place answered', orderId)
    if ('refused' in answer && answer.refused === 'duplicate') {
      hit('duplicateRefused', orderId)
      return { kind: 'unknown', detail: 'the id is taken' }
    }
    if (strikes('answerLost', orderId)) return { kind: 'unknown', detail: 'connection reset' }
    if ('refused' in answer) {
      hit('rejected', orderId)
      return { kind: 'rejected', reason: answer.refused }
    }
    return { kind: 'accepted', venueOrderId: answer.order.id, venueTime: iso(exchange.now()) }
  }

  const cancel: Venue['cancel'] = async (orderId): Promise<CancelAnswer> => {
    await passing('cancel sent', orderId)
    if (exchange.now() < downUntil || strikes('requestLost', orderId))
      return { kind: 'unknown', detail: 'timeout' }
    const order = orderOf(orderId)
    const done = order !== undefined && exchange.cancel(order)
    await passing('cancel answered', orderId)
    if (strikes('answerLost', orderId)) return { kind: 'unknown', detail: 'connection reset' }
    if (!done) {
      hit('cancelTooLate', orderId)
      return { kind: 'too-late' }
    }
    return { kind: 'cancelled', venueTime: iso(exchange.now()) }
  }

  const find: Venue['find'] = (orderId): Promise<VenueOrder> =>
    call('find', orderId, () => {
      const order = orderOf(orderId)
      const since = puzzledSince('unproven', orderId)
      if (since !== undefined) {
        hit(order === undefined ? 'unproven, not there' : 'unproven, there', orderId)
        if (exchange.now() - since > (riddles?.resendMs ?? 0))
          hit('unproven for longer than it is sent again', orderId)
        return { kind: 'not-known', unproven: 'the page is full, and there may be more' }
      }
      if (order === undefined) return { kind: 'not-known' }
      if (!isVisible(order) && strikes('notVisibleYet', orderId)) return { kind: 'not-known' }
      const { id, filled, status } = order
      return status === 'open'
        ? { kind: 'open', venueOrderId: id, filled: text(filled) as `${number}` }
        : { kind: 'done', venueOrderId: id, filled: text(filled) as `${number}`, end: status }
    })

  const fillOf = (trade: ExchangeTrade): VenueReport => {
    const { order, id, price, quantity, fee, feeCurrency, liquidity, time } = trade
    const isMoney = feeCurrency === order.symbol.split('/')[1]
    return {
      kind: 'filled',
      fill: {
        orderId: order.clientId as string,
        by: names.get(order.clientId as string) ?? 'nobody',
        tradeId: id,
        symbol: order.symbol,
        side: order.side,
        price: text(price) as `${number}`,
        quantity: text(quantity) as `${number}`,
        fee: text(fee) as `${number}`,
        ...(isMoney ? {} : { feeCurrency }),
        liquidity,
        venueTime: iso(time),
      },
    }
  }

  const { silentEnds, toldEnds, silentFills, toldFills } = silences

  const isReported = ({ id, clientId }: ExchangeOrder): boolean =>
    names.has(clientId ?? '') && (numbers === undefined || numbers.has(id))

  const reports = (): Promise<readonly (VenueReport | UnheardOrder)[]> =>
    call('reports', undefined, () => {
      const now = exchange.now()
      const recent = now - 7_200_000
      const silent: UnheardOrder[] = exchange.orders
        .filter(each => isReported(each) && (each.status === 'open' || each.endedAt >= recent))
        .map(({ clientId }) => clientId as string)
        .filter(orderId => puzzledSince('unheard', orderId) !== undefined)
        .map(orderId => ({ kind: 'unheard', orderId, why: 'its status is no word' }))
      unheard = silent.map(({ orderId }) => orderId)
      for (const orderId of unheard) hit('unheard', orderId)
      const isHeard = ({ clientId }: ExchangeOrder) => !unheard.includes(clientId as string)
      const fills = exchange.trades
        .filter(each => isReported(each.order) && each.time >= recent && each.visibleAt <= now)
        .filter(each => isHeard(each.order))
        .filter(({ id, order }) => {
          if (!toldFills.has(id) && strikes('fillNotReported', order.clientId)) silentFills.add(id)
          toldFills.add(id)
          return !silentFills.has(id)
        })
        .map(each => ({ at: each.time, report: fillOf(each), orderId: each.order.clientId }))
      const ends = exchange.orders
        .filter(each => isReported(each) && isHeard(each) && each.endedAt >= recent)
        .flatMap(({ clientId, status, endedAt, id }) => {
          if (status !== 'cancelled' && status !== 'expired') return []
          if (!toldEnds.has(id) && strikes('endNotReported', clientId)) silentEnds.add(id)
          toldEnds.add(id)
          if (silentEnds.has(id)) return []
          const orderId = clientId as string
          const venueTime = iso(endedAt)
          const report: VenueReport =
            status === 'expired'
              ? { kind: 'expired', orderId, venueTime }
              : { kind: 'cancelled', orderId, reason: 'cancelled at the exchange', venueTime }
          return [{ at: endedAt, report, orderId }]
        })
      const all = [...fills, ...ends].sort((a, b) => a.at - b.at)
      if (all.length > 1 && strikes('partialPage', all.at(-1)?.orderId))
        return [...all.filter(() => !chance.once(2)).map(({ report }) => report), ...silent]
      for (const { orderId } of all) hit('repeatedReport', orderId)
      return [...all.map(({ report }) => report), ...silent]
    })

  const seen = <Value>(value: Value): Observed<Value> => ({ value, raw: JSON.stringify(value) })

  const account: Account = {
    restingOrders: () =>
      call('restingOrders', undefined, () =>
        seen(
          exchange.orders
            .filter(({ status }) => status === 'open')
            .map(
              ({ clientId, id, symbol, side, quantity, filled }): RestingOrder => ({
                orderId: clientId,
                venueOrderId: id,
                symbol,
                side,
                quantity: text(quantity) as `${number}`,
                filled: text(filled) as `${number}`,
              }),
            ),
        ),
      ),
    tradesSince: since =>
      call('tradesSince', undefined, () => {
        const all = exchange.trades.filter(
          ({ time, visibleAt }) => time >= Date.parse(since) && visibleAt <= exchange.now(),
        )
        const hidden = all.length > 0 && strikes('partialPage', all.at(-1)?.order.clientId) ? 1 : 0
        return seen(
          all.slice(0, all.length - hidden).map(
            ({ order, id, price, quantity, fee, feeCurrency, liquidity, time }): AccountTrade => ({
              tradeId: id,
              venueOrderId: order.id,
              orderId: undefined, // venues do not name it in a trade
              symbol: order.symbol,
              side: order.side,
              price: text(price) as `${number}`,
              quantity: text(quantity) as `${number}`,
              fee: text(fee) as `${number}`,
              feeCurrency,
              liquidity,
              venueTime: iso(time),
            }),
          ),
        )
      }),
    holdings: () =>
      call('holdings', undefined, () =>
        seen(
          Object.fromEntries(
            [...exchange.balances]
              .filter(([, quantity]) => quantity !== 0n)
              .map(([name, quantity]) => [name, text(quantity) as `${number}`]),
          ),
        ),
      ),
  }

  return {
    venue: {
      name: 'simulated',
      remote: true,
      account,
      rules: () => ({ tick: '0.01', lot: '0.0001', minimumQuantity: '0.0001' }),
      place,
      cancel,
      find,
      reports,
    },
    down: until => {
      downUntil = until
    },
  }
}
