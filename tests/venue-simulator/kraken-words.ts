// How Kraken names assets and pairs, makes its ids, and words a refusal.

import { createHash } from 'node:crypto'
import type { Decimal } from '../../domain/decimal.ts'
import { currenciesOf, type Order } from './books.ts'
import type { Objection } from './exchange.ts'
import { type Answer, json } from './skin.ts'

export const ok = (result: unknown): Answer => json({ error: [], result })
export const error = (text: string, status = 200, headers = {}): Answer =>
  json({ error: [text] }, status, headers)

/** Kraken's own names of assets: 'BTC' is XXBT, or XBT for short. */
const assets: Readonly<Record<string, readonly [id: string, altname: string]>> = {
  BTC: ['XXBT', 'XBT'],
  ETH: ['XETH', 'ETH'],
  XRP: ['XXRP', 'XRP'],
  LTC: ['XLTC', 'LTC'],
  USD: ['ZUSD', 'USD'],
  EUR: ['ZEUR', 'EUR'],
  GBP: ['ZGBP', 'GBP'],
}
export const assetId = (currency: string): string => assets[currency]?.[0] ?? currency
export const altname = (currency: string): string => assets[currency]?.[1] ?? currency
export const pairId = ({ symbol }: { symbol: string }): string => currenciesOf(symbol).map(assetId).join('')
export const pairName = ({ symbol }: { symbol: string }): string => currenciesOf(symbol).map(altname).join('')

export const places = (step: Decimal): number => (step.split('.')[1] ?? '').length
export const seconds = (ms: number): number => ms / 1000

export const types = {
  market: 'market',
  limit: 'limit',
  stop: 'stop-loss',
  'stop-limit': 'stop-loss-limit',
} as const

export const statusOf = ({ status }: Order): string =>
  status === 'open' ? 'open' : status === 'filled' ? 'closed' : status === 'canceled' ? 'canceled' : 'expired'

/** 'OXVPSU-Q726F-L3SDEP': letters and digits made from a number, never the same twice. */
export const krakenId = (first: string, number: number): string => {
  const hex = createHash('sha256').update(`${first}${number}`).digest('hex').toUpperCase()
  const tail = number.toString(36).toUpperCase().padStart(6, '0')
  return `${first}${hex.slice(0, 5)}-${hex.slice(5, 10)}-${tail}`
}

export const refusals: Record<Objection, string> = {
  'unknown-symbol': 'EQuery:Unknown asset pair',
  'duplicate-client-id': 'EOrder:Duplicate cl_ord_id among open orders',
  'quantity-off-lot': 'EGeneral:Invalid arguments:volume',
  'below-minimum-quantity': 'EGeneral:Invalid arguments:volume minimum not met',
  'price-off-tick': 'EOrder:Invalid price',
  'below-minimum-cost': 'EOrder:Cost minimum not met',
  'insufficient-funds': 'EOrder:Insufficient funds',
  'would-take': 'EOrder:Post only order',
}

export const isClientId = (text: string): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ||
  /^[0-9a-f]{32}$/i.test(text) ||
  /^[\x20-\x7e]{1,18}$/.test(text)
