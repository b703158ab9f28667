// What a fill comes to once the venue has taken its fee: in the money of its price, in the base currency, or in a third.
//
//   fee in the currency of the price   money: cash pays it
//   fee in the base currency           the position is smaller by it; money is not touched; it cost the fill's price
//   fee in a third currency            neither: the account pays it there, and its worth here is not known

import { add, type Decimal, isZero, multiply, subtract } from './decimal.ts'
import type { Fill, OrderRequest } from './order.ts'
import type { AccountTrade } from './venue.ts'

/** 'BTC/USDT' → 'BTC'; a share is its own. */
export const baseOf = (symbol: string): string => symbol.split('/')[0] as string

/** The currency of the price: 'BTC/USDT' → 'USDT'; undefined for a share, whose symbol names none. */
export const quoteOf = (symbol: string): string | undefined => symbol.split('/')[1]?.replace(/:.*$/, '')

/** A trade of the account as a fill of the order it belongs to. `currency` is that of prices whose symbol names none. */
export const fillFrom = (
  trade: AccountTrade,
  { orderId, by }: Pick<OrderRequest, 'orderId' | 'by'>,
  currency: string,
): Fill => {
  const { tradeId, symbol, side, price, quantity, fee, feeCurrency, liquidity, venueTime } = trade
  const isMoney = isZero(fee) || feeCurrency === (quoteOf(symbol) ?? currency)
  return {
    orderId,
    by,
    tradeId,
    symbol,
    side,
    price,
    quantity,
    fee,
    ...(isMoney ? {} : { feeCurrency }),
    liquidity,
    venueTime,
  }
}

/** A fill whose fee is money. */
export type Settled = Omit<Fill, 'feeCurrency'> & { readonly feeCurrency?: never }

/**
 * The fill as the holder has it: the quantity that it moved the position by, and what its fee cost in the money of the price.
 * A fee in the base currency is taken off what was bought (or comes on top of what was sold) and counts as its quantity at
 * the fill's price; price × quantity ± fee is the money that moved, as before. A fee in a third currency counts as '0' here:
 * `otherFee` says it.
 */
export const settled = (fill: Fill): Settled => {
  if (fill.feeCurrency === undefined) return fill as Settled
  const { feeCurrency, ...rest } = fill
  const { symbol, side, price, quantity, fee } = fill
  if (feeCurrency !== baseOf(symbol)) return { ...rest, fee: '0' }
  const net = side === 'buy' ? subtract(quantity, fee) : add(quantity, fee)
  return { ...rest, quantity: net, fee: multiply(fee, price) }
}

/** The fee of a fill that was taken neither in the money of its price nor in what was traded. */
export const otherFee = ({
  symbol,
  fee,
  feeCurrency,
}: Pick<Fill, 'symbol' | 'fee' | 'feeCurrency'>):
  | { readonly currency: string; readonly amount: Decimal }
  | undefined =>
  feeCurrency === undefined || feeCurrency === baseOf(symbol)
    ? undefined
    : { currency: feeCurrency, amount: fee }

/** Fees by currency, added up; a fold keeps one. */
export type FeesByCurrency = Map<string, Decimal>

/** What the fills paid in third currencies. */
export const otherFeesOf = (fills: readonly Fill[]): FeesByCurrency => {
  const fees: FeesByCurrency = new Map()
  for (const fill of fills) countOtherFee(fees, fill)
  return fees
}

/** Adds what `otherFee` says of the fill, in place. */
export const countOtherFee = (fees: FeesByCurrency, fill: Parameters<typeof otherFee>[0]): void => {
  const other = otherFee(fill)
  if (other !== undefined) fees.set(other.currency, add(fees.get(other.currency) ?? '0', other.amount))
}
