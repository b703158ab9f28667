// Positions at average cost. Whatever happens, money is conserved to the last digit.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, type Decimal, isZero, multiply, negate, subtract, sum } from '../../domain/decimal.ts'
import { entryPrice, evolvePosition, flat, type Position, unrealizedPnl } from '../../domain/position.ts'

type Trade = Parameters<typeof evolvePosition>[1]

const buy = (quantity: Decimal, price: Decimal, fee: Decimal = '0'): Trade => ({
  side: 'buy',
  quantity,
  price,
  fee,
})
const sell = (quantity: Decimal, price: Decimal, fee: Decimal = '0'): Trade => ({
  side: 'sell',
  quantity,
  price,
  fee,
})
const positionAfter = (...trades: readonly Trade[]): Position => trades.reduce(evolvePosition, flat)

describe('average cost', () => {
  test('two purchases cost their average', () => {
    const position = positionAfter(buy('1', '100'), buy('3', '200'))
    expect(position).toEqual({ quantity: '4', cost: '700', realizedPnl: '0', fees: '0' })
    expect(entryPrice(position)).toBe('175')
  })

  test('a sale realizes its price minus the average, and leaves the average as it was', () => {
    const position = positionAfter(buy('1', '100'), buy('3', '200'), sell('2', '180'))
    expect(position).toEqual({ quantity: '2', cost: '350', realizedPnl: '10', fees: '0' })
    expect(entryPrice(position)).toBe('175')
  })

  test('a sale of everything leaves no crumb of cost behind, even when the average does not end', () => {
    const position = positionAfter(
      buy('1', '100'),
      buy('1', '100.01'),
      buy('1', '100'),
      sell('1', '100'),
      sell('2', '100'),
    )
    expect(position).toEqual({ quantity: '0', cost: '0', realizedPnl: '-0.01', fees: '0' })
    expect(entryPrice(position)).toBe('0')
  })

  test('the cost of a part is worked out in one step, to 18 places', () => {
    expect(positionAfter(buy('1', '1'), buy('2', '0'), sell('2', '1')).cost).toBe('0.333333333333333333')
  })

  test('a cost of more places than a quotient has is closed to the last of them', () => {
    const dust = buy('0.000000000001', '0.000000000003')
    expect(positionAfter(dust).cost).toBe('0.000000000000000000000003')
    expect(positionAfter(dust, sell('0.000000000001', '0.000000000003'))).toEqual(flat)
  })

  test('fees are kept beside the profit, and a rebate lowers them', () => {
    expect(positionAfter(buy('1', '100', '0.1'), sell('1', '110', '-0.02'))).toEqual({
      quantity: '0',
      cost: '0',
      realizedPnl: '10',
      fees: '0.08',
    })
  })

  test('an open position is worth its mark minus its cost', () => {
    expect(unrealizedPnl(positionAfter(buy('2', '100')), '90')).toBe('-20')
    expect(unrealizedPnl(positionAfter(sell('2', '100')), '90')).toBe('20')
    expect(unrealizedPnl(flat, '90')).toBe('0')
  })
})

describe('crossing zero', () => {
  test('a sale beyond the position closes it and opens a short with the rest, with one fee', () => {
    const position = positionAfter(buy('1', '100'), sell('3', '110', '0.5'))
    expect(position).toEqual({ quantity: '-2', cost: '-220', realizedPnl: '10', fees: '0.5' })
    expect(entryPrice(position)).toBe('110')
  })

  test('a purchase beyond a short closes it and opens a position with the rest', () => {
    const position = positionAfter(sell('2', '110'), buy('3', '100'))
    expect(position).toEqual({ quantity: '1', cost: '100', realizedPnl: '20', fees: '0' })
  })

  test('a short that is bought back in parts realizes the average of what it was sold at', () => {
    expect(positionAfter(sell('1', '100'), sell('1', '120'), buy('1', '90'))).toEqual({
      quantity: '-1',
      cost: '-110',
      realizedPnl: '20',
      fees: '0',
    })
  })
})

const amounts = (most: number, places: number): fc.Arbitrary<Decimal> =>
  fc.integer({ min: 1, max: most }).map(n => multiply(`${n}`, `0.${'0'.repeat(places - 1)}1` as Decimal))

const trades: fc.Arbitrary<readonly Trade[]> = fc.array(
  fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: fc.oneof(fc.constantFrom<Decimal>('1', '2', '3'), amounts(10 ** 9, 8)),
    price: amounts(10 ** 8, 2),
    fee: fc.oneof(amounts(10 ** 6, 8), amounts(10 ** 6, 8).map(negate)),
  }),
  { maxLength: 40 },
)

test('realized + unrealized - fees is the change of cash plus what is held at its mark, exactly, after any trades', () => {
  fc.assert(
    fc.property(trades, amounts(10 ** 8, 2), (all, mark) => {
      const position = positionAfter(...all)
      const cash = sum(
        all.map(({ side, quantity, price, fee }) => {
          const value = multiply(quantity, price)
          return subtract(side === 'buy' ? negate(value) : value, fee)
        }),
      )
      const profit = subtract(add(position.realizedPnl, unrealizedPnl(position, mark)), position.fees)
      expect(profit).toBe(add(cash, multiply(position.quantity, mark)))
    }),
    { numRuns: 500 },
  )
})

test('the quantity is what was bought minus what was sold, and without quantity there is no cost', () => {
  fc.assert(
    fc.property(trades, all => {
      const position = positionAfter(...all)
      expect(position.quantity).toBe(
        sum(all.map(({ side, quantity }) => (side === 'buy' ? quantity : negate(quantity)))),
      )
      if (isZero(position.quantity)) expect(position.cost).toBe('0')
      else expect(position.cost.startsWith('-')).toBe(position.quantity.startsWith('-'))
    }),
    { numRuns: 500 },
  )
})
