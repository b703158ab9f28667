// A simulated exchange with books of its own. It knows nothing of our program: orders, trades and balances are kept in
// whole numbers of 10⁻¹² and come out exactly, so that its books can bear witness against ours.

import type { Chance } from '../faults/seeded.ts'

/** One whole in the exchange's books. */
const whole = 10n ** 12n

export const units = (text: string): bigint => {
  const [, sign = '', integer = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const value = BigInt(integer) * whole + BigInt(fraction.padEnd(12, '0').slice(0, 12))
  return sign === '-' ? -value : value
}

export const text = (value: bigint): string => {
  const absolute = value < 0n ? -value : value
  const fraction = (absolute % whole).toString().padStart(12, '0').replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${absolute / whole}${fraction === '' ? '' : `.${fraction}`}`
}

export interface Ask {
  readonly clientId: string | undefined
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly type: 'market' | 'limit' | 'stop'
  readonly quantity: bigint
  readonly limit?: bigint | undefined
  readonly stop?: bigint | undefined
  readonly expiresAt?: number | undefined
}

export interface ExchangeOrder extends Ask {
  readonly id: string
  readonly placedAt: number
  status: 'open' | 'filled' | 'cancelled' | 'expired'
  filled: bigint
  triggered: boolean
  endedAt: number
}

export interface ExchangeTrade {
  readonly id: string
  readonly order: ExchangeOrder
  readonly price: bigint
  readonly quantity: bigint
  readonly fee: bigint
  readonly feeCurrency: string
  readonly liquidity: 'maker' | 'taker'
  readonly time: number
  /** Lists of trades show it from then on; balances and the order know it at once. */
  readonly visibleAt: number
}

export interface ExchangeCandle {
  readonly symbol: string
  readonly open: bigint
  high: bigint
  low: bigint
  close: bigint
  volume: bigint
  readonly openTime: number
  readonly closeTime: number
}

/** How the exchange itself behaves in one run. */
export interface Manners {
  /** Refuses a client id that it has seen. */
  readonly refusesDuplicates: boolean
  /** One order in so many is filled in pieces. */
  readonly partialFills: number
  /** One cancel in so many is followed by a fill that happened before it. */
  readonly lateFills: number
  /** Lists of trades lag by up to so many milliseconds. */
  readonly lagMs: number
  /** What fees are taken in: the currency of the price, whatever was received, or a coin of the exchange's own. */
  readonly feeIn: 'quote' | 'received' | 'coin'
}

/** The exchange's own coin. */
export const coin = 'XCH'

export const candleMs = 3_600_000
const stepMs = candleMs / 6

export const exchange = (chance: Chance, start: number, symbols: readonly string[], manners: Manners) => {
  const orders: ExchangeOrder[] = []
  const trades: ExchangeTrade[] = []
  const balances = new Map<string, bigint>()
  const candles: ExchangeCandle[] = []
  const prices = new Map<string, bigint>()
  const scheduled: { at: number; act: () => void }[] = []
  let now = start
  let numbers = 1000

  const move = (name: string, by: bigint) => balances.set(name, (balances.get(name) ?? 0n) + by)

  const trade = (order: ExchangeOrder, quantity: bigint, price: bigint, maker: boolean, time: number) => {
    const [base, quote] = order.symbol.split('/') as [string, string]
    const value = (price * quantity) / whole
    const inBase = manners.feeIn === 'received' && order.side === 'buy'
    const fee = (inBase ? quantity : value) / 1000n
    const feeCurrency = manners.feeIn === 'coin' ? coin : inBase ? base : quote
    const sign = order.side === 'buy' ? 1n : -1n
    move(base, sign * quantity)
    move(quote, -sign * value)
    move(feeCurrency, -fee)
    order.filled += quantity
    const visibleAt = now + (manners.lagMs === 0 ? 0 : chance.below(manners.lagMs))
    const liquidity = maker ? 'maker' : 'taker'
    trades.push({ id: `t${numbers++}`, order, price, quantity, fee, feeCurrency, liquidity, time, visibleAt })
    if (order.filled >= order.quantity && order.status === 'open') end(order, 'filled', time)
  }

  const end = (order: ExchangeOrder, status: ExchangeOrder['status'], at: number) => {
    order.status = status
    order.endedAt = at
  }

  /** Part of what is left, in lots of 0.0001. */
  const share = (order: ExchangeOrder): bigint => {
    const lot = whole / 10_000n
    const left = order.quantity - order.filled
    const third = order.quantity / 3n / lot
    if (third < 1n || left <= third * lot || !chance.once(manners.partialFills)) return left
    return (third + BigInt(chance.below(Number(left / lot - third)))) * lot
  }

  const match = (order: ExchangeOrder) => {
    const price = prices.get(order.symbol) as bigint
    const buys = order.side === 'buy'
    if (order.type === 'stop' && !order.triggered)
      order.triggered = buys ? price >= (order.stop as bigint) : price <= (order.stop as bigint)
    if (order.type === 'market' || (order.type === 'stop' && order.triggered))
      trade(order, share(order), price, false, now)
    else if (order.type === 'limit') {
      const limit = order.limit as bigint
      if (buys ? price <= limit : price >= limit) trade(order, share(order), limit, true, now)
    }
  }

  const step = () => {
    for (const symbol of symbols) {
      const last = prices.get(symbol) as bigint
      const tick = whole / 100n
      const price = last + BigInt(chance.below(161) - 80) * tick
      const moved = price < whole ? last : price
      prices.set(symbol, moved)
      const openTime = Math.floor((now - 1) / candleMs) * candleMs
      let candle = candles.findLast(each => each.symbol === symbol)
      if (candle === undefined || candle.openTime !== openTime) {
        candle = {
          symbol,
          open: last,
          high: last,
          low: last,
          close: last,
          volume: 0n,
          openTime,
          closeTime: openTime + candleMs,
        }
        candles.push(candle)
      }
      candle.high = moved > candle.high ? moved : candle.high
      candle.low = moved < candle.low ? moved : candle.low
      candle.close = moved
      candle.volume += whole
    }
    for (const order of orders) {
      if (order.status !== 'open') continue
      if (order.expiresAt !== undefined && order.expiresAt <= now) end(order, 'expired', order.expiresAt)
      else match(order)
    }
  }

  const advance = (to: number) => {
    for (;;) {
      const nextStep = (Math.floor(now / stepMs) + 1) * stepMs
      const due = scheduled.reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY)
      const next = Math.min(nextStep, due)
      if (next > to) break
      now = Math.max(now, next)
      if (due <= now) {
        const index = scheduled.findIndex(({ at }) => at === due)
        scheduled.splice(index, 1)[0]?.act()
      }
      if (nextStep <= now && next === nextStep) step()
    }
    now = Math.max(now, to)
  }

  for (const symbol of symbols) prices.set(symbol, BigInt(50 + chance.below(100)) * whole)

  return {
    orders,
    trades,
    balances,
    candles,
    now: () => now,
    advance,
    /** Something that reaches the exchange later, whoever lives to hear of it. */
    later: (delay: number, act: () => void) => scheduled.push({ at: now + delay, act }),
    place: (ask: Ask): { order: ExchangeOrder } | { refused: 'duplicate' | 'insufficient balance' } => {
      if (manners.refusesDuplicates && ask.clientId !== undefined)
        if (orders.some(({ clientId }) => clientId === ask.clientId)) return { refused: 'duplicate' }
      const [base, quote] = ask.symbol.split('/') as [string, string]
      const price = ask.limit ?? ask.stop ?? (prices.get(ask.symbol) as bigint)
      const needs = ask.side === 'buy' ? ((price * ask.quantity) / whole) * 2n : ask.quantity
      if ((balances.get(ask.side === 'buy' ? quote : base) ?? 0n) < needs)
        return { refused: 'insufficient balance' }
      const order: ExchangeOrder = {
        ...ask,
        id: `x${numbers++}`,
        placedAt: now,
        status: 'open',
        filled: 0n,
        triggered: false,
        endedAt: 0,
      }
      orders.push(order)
      if (order.type === 'market') match(order)
      return { order }
    },
    cancel: (order: ExchangeOrder): boolean => {
      if (order.status !== 'open') return false
      end(order, 'cancelled', now)
      const left = order.quantity - order.filled
      if (left > 0n && chance.once(manners.lateFills)) {
        const at = now
        const price = prices.get(order.symbol) as bigint
        scheduled.push({
          at: now + 1 + chance.below(120_000),
          act: () => trade(order, share(order), price, false, at - 1),
        })
      }
      return true
    },
    transfer: move,
  }
}

export type Exchange = ReturnType<typeof exchange>
