import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold } from '../../projections/projection.ts'
import { tally } from '../../projections/tally.ts'
import { champion, denied, intent, ledgerOf, requested } from './ledger-of.ts'
import { ledgers } from './random-ledgers.ts'

test('an answer counts for the wisher and the symbol of its intent', () => {
  const state = fold(tally, ledgerOf([intent(), intent({ symbol: 'ETH/USDT', by: 'op-1' }), denied(2)]))
  expect(state.byWisher.get('op-1')).toMatchObject({ raised: 1, denied: 1 })
  expect(state.byWisher.get(champion)).toMatchObject({ raised: 1, denied: 0 })
  expect(state.bySymbol.get('ETH/USDT')).toMatchObject({ raised: 1, denied: 1 })
  expect([...state.open.keys()]).toEqual([1])
})

test('an answer to an intent from before the ledger counts in the total', () => {
  expect(fold(tally, ledgerOf([requested(7)])).total).toMatchObject({ raised: 0, requested: 1 })
})

test('every intent is answered or open, in the total, by symbol and by wisher', () => {
  fc.assert(
    fc.property(ledgers, ledger => {
      const state = fold(tally, ledger)
      const openIn = (key: 'by' | 'symbol', name: string) =>
        [...state.open.values()].filter(wish => wish[key] === name).length
      const lines = [
        { counted: state.total, open: state.open.size },
        ...[...state.bySymbol].map(([name, counted]) => ({ counted, open: openIn('symbol', name) })),
        ...[...state.byWisher].map(([name, counted]) => ({ counted, open: openIn('by', name) })),
      ]
      for (const { counted, open } of lines)
        expect(counted.requested + counted.withheld + counted.denied + counted.expired + open).toBe(
          counted.raised,
        )
    }),
  )
})
