// What a fill comes to, by the currency that its fee was taken in.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, multiply, negate, subtract } from '../../domain/decimal.ts'
import { baseOf, fillFrom, otherFee, otherFeesOf, quoteOf, settled } from '../../domain/fill.ts'
import type { Fill } from '../../domain/order.ts'
import type { AccountTrade } from '../../domain/venue.ts'
import { fill, noon } from '../projections/ledger-of.ts'
import { fills } from '../projections/random-ledgers.ts'

const bought = (fee: Fill['fee'], feeCurrency?: string): Fill =>
  fill({ quantity: '2', price: '100', fee, ...(feeCurrency === undefined ? {} : { feeCurrency }) }).data
const sold = (fee: Fill['fee'], feeCurrency: string): Fill => ({ ...bought(fee, feeCurrency), side: 'sell' })

const trade = (feeCurrency: string, given: Partial<AccountTrade> = {}): AccountTrade => ({
  tradeId: 't-1',
  venueOrderId: 'v-1',
  orderId: undefined,
  symbol: 'BTC/USDT',
  side: 'buy',
  price: '100',
  quantity: '2',
  fee: '0.002',
  feeCurrency,
  liquidity: 'taker',
  venueTime: noon,
  ...given,
})
const order = { orderId: 'k3x9p2q-1', by: 'operator' }

describe('a symbol', () => {
  test('names what is traded and what the price is in; a share names itself and no currency', () => {
    expect([baseOf('BTC/USDT'), quoteOf('BTC/USDT')]).toEqual(['BTC', 'USDT'])
    expect([baseOf('BTC/USDT:USDT'), quoteOf('BTC/USDT:USDT')]).toEqual(['BTC', 'USDT'])
    expect([baseOf('AAPL'), quoteOf('AAPL')]).toEqual(['AAPL', undefined])
  })
})

describe('a trade of the account as a fill', () => {
  test('names the currency of its fee only where that is not the currency of the price', () => {
    expect(fillFrom(trade('USDT'), order, 'USD')).toEqual({
      ...order,
      tradeId: 't-1',
      symbol: 'BTC/USDT',
      side: 'buy',
      price: '100',
      quantity: '2',
      fee: '0.002',
      liquidity: 'taker',
      venueTime: noon,
    })
    expect(fillFrom(trade('BTC'), order, 'USD')).toMatchObject({ fee: '0.002', feeCurrency: 'BTC' })
    expect(fillFrom(trade('BNB'), order, 'USD')).toMatchObject({ fee: '0.002', feeCurrency: 'BNB' })
  })

  test('of a share is in the currency that prices of shares are in', () => {
    expect(fillFrom(trade('USD', { symbol: 'AAPL' }), order, 'USD')).not.toHaveProperty('feeCurrency')
    expect(fillFrom(trade('EUR', { symbol: 'AAPL' }), order, 'USD')).toMatchObject({ feeCurrency: 'EUR' })
  })

  test('without a fee names no currency, whatever the venue says beside the nought', () => {
    expect(fillFrom(trade('BNB', { fee: '0' }), order, 'USD')).not.toHaveProperty('feeCurrency')
    expect(fillFrom(trade('BNB', { fee: '0.00' as '0' }), order, 'USD')).not.toHaveProperty('feeCurrency')
  })

  test('takes a venue at its name: ZUSD is not USD, and no money is guessed from it', () => {
    const fill = fillFrom(trade('ZUSD', { symbol: 'BTC/USD' }), order, 'USD')
    expect(fill).toMatchObject({ feeCurrency: 'ZUSD' })
    expect(settled(fill)).toMatchObject({ quantity: '2', fee: '0' })
    expect(otherFee(fill)).toEqual({ currency: 'ZUSD', amount: '0.002' })
  })
})

describe('settled', () => {
  test('with a fee in money is the fill itself', () => {
    const plain = bought('0.2')
    expect(settled(plain)).toBe(plain)
  })

  test('with a fee in what was bought holds less of it; the fee costs its price', () => {
    const { feeCurrency: _, ...rest } = bought('0.002', 'BTC')
    expect(settled(bought('0.002', 'BTC'))).toEqual({ ...rest, quantity: '1.998', fee: '0.2' })
  })

  test('with a fee in what was sold parts with more of it; the fee costs its price', () => {
    expect(settled(sold('0.002', 'BTC'))).toMatchObject({ side: 'sell', quantity: '2.002', fee: '0.2' })
  })

  test('with a rebate in what was bought holds more of it', () => {
    expect(settled(bought('-0.002', 'BTC'))).toMatchObject({ quantity: '2.002', fee: '-0.2' })
  })

  test('with a fee in a third currency moves what was traded, and costs no money', () => {
    expect(settled(bought('0.002', 'BNB'))).toMatchObject({ quantity: '2', fee: '0' })
  })

  test('moves as much money as price times quantity, whatever is taken in the base currency', () => {
    fc.assert(
      fc.property(fills, all => {
        for (const each of all) {
          const inBase = { ...each, feeCurrency: baseOf(each.symbol) }
          const { side, price, quantity, fee } = settled(inBase)
          const paid = multiply(price, side === 'buy' ? quantity : negate(quantity))
          const value = multiply(each.price, each.quantity)
          expect(add(paid, fee)).toBe(each.side === 'buy' ? value : negate(value))
        }
      }),
    )
  })
})

describe('fees in third currencies', () => {
  test('are neither those in money nor those in the base currency', () => {
    expect([bought('0.2'), bought('0.002', 'BTC')].map(otherFee)).toEqual([undefined, undefined])
  })

  test('add up by currency, rebates against fees', () => {
    const all = [bought('1', 'BNB'), sold('0.5', 'BNB'), bought('3', 'KCS'), bought('-1', 'KCS'), bought('9')]
    expect([...otherFeesOf(all)]).toEqual([
      ['BNB', '1.5'],
      ['KCS', subtract('3', '1')],
    ])
  })
})
