import { expect, test } from 'vitest'
import { feed, fold, type Projection } from '../../projections/projection.ts'
import { buy, candle, ledgerOf, opened } from './ledger-of.ts'

const fillCount: Projection<number, 'OrderFilled'> = {
  name: 'fill-count',
  types: ['OrderFilled'],
  initial: () => 0,
  apply: count => count + 1,
}

test('a projection is fed the types it declares and no others', () => {
  expect(fold(fillCount, ledgerOf([opened(), buy('1', '100'), candle('BTC/USDT', '100')]))).toBe(1)
})

test('an event of another type leaves the state as it is', () => {
  const [first] = ledgerOf([opened()])
  if (first === undefined) throw new Error('one event')
  expect(feed(fillCount, 7, first)).toBe(7)
})
