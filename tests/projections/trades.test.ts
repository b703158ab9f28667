import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { subtract, sum } from '../../domain/decimal.ts'
import { OrderFilled } from '../../domain/order.ts'
import { heldBy, portfolio } from '../../projections/portfolio.ts'
import { fold } from '../../projections/projection.ts'
import { averagePrice, holdingMs, openQuantity, type Trade, trades } from '../../projections/trades.ts'
import { buy, champion, intent, later, ledgerOf, noon, opened, requested, sell } from './ledger-of.ts'
import { fills } from './random-ledgers.ts'

const tradesOf = (...events: Parameters<typeof ledgerOf>[0]) => fold(trades, ledgerOf(events))

describe('a round trip', () => {
  test('goes from flat to flat, with exact profit and the reasons of its intents', () => {
    const state = tradesOf(
      intent({ reason: 'fast above slow' }),
      requested(1, { orderId: 'in' }),
      buy('1', '100', { orderId: 'in', fee: '0.1' }),
      buy('2', '103', { orderId: 'in', fee: '0.2', tradeId: 't-2' }),
      intent({ reason: 'fast below slow', side: 'sell' }),
      requested(5, { orderId: 'out', side: 'sell' }),
      sell('3', '110', { orderId: 'out', fee: '0.3', venueTime: later(90) }),
    )
    expect(state.closed).toMatchObject([
      {
        by: champion,
        side: 'long',
        entryTime: noon,
        exitTime: later(90),
        entered: '3',
        entryValue: '306',
        exitValue: '330',
        grossPnl: '24',
        fees: '0.6',
        netPnl: '23.4',
        entryReasons: ['fast above slow'],
        exitReasons: ['fast below slow'],
        orderIds: ['in', 'out'],
        seqs: [3, 4, 7],
      },
    ])
    expect(state.closed.map(holdingMs)).toEqual([90 * 60_000])
    expect(averagePrice('306', '3')).toBe('102')
    expect(state.open.size).toBe(0)
  })

  test('stays open while a part is held', () => {
    const state = tradesOf(buy('2', '100'), sell('1', '110'))
    expect(state.closed).toEqual([])
    expect([...state.open.values()].map(openQuantity)).toEqual(['1'])
  })

  test('belongs to one wisher: two of them in one symbol are two trades', () => {
    const other = { by: 'operator-1' }
    const state = tradesOf(buy('1', '100'), buy('1', '100', other), sell('1', '90'), sell('1', '110', other))
    expect(state.closed.map(({ by, grossPnl }) => [by, grossPnl])).toEqual([
      [champion, '-10'],
      ['operator-1', '10'],
    ])
  })

  test('of a short earns when the price falls', () => {
    const [trade] = tradesOf(sell('2', '100'), buy('2', '90')).closed
    expect(trade).toMatchObject({ side: 'short', entryValue: '200', exitValue: '180', grossPnl: '20' })
  })

  test('that goes through flat ends one trade and begins the next, with its fee split by quantity', () => {
    const state = tradesOf(buy('1', '100'), sell('3', '120', { fee: '0.3' }))
    expect(state.closed).toMatchObject([{ grossPnl: '20', fees: '0.1', netPnl: '19.9' }])
    expect([...state.open.values()]).toMatchObject([{ side: 'short', entered: '2', fees: '0.2', seqs: [2] }])
  })
})

describe('dust', () => {
  const bnb = { feeCurrency: 'BNB' }
  const inBase = (fee: '0.05' | '0.04') => ({ fee, feeCurrency: 'BTC' })
  const first = [
    buy('1', '100', inBase('0.05')), // 0.95 are held, and one lot is 0.1
    intent({ side: 'sell', quantity: '0.9', dust: '0.05' }),
    sell('0.9', '110', { fee: '0.1' }),
  ]
  const second = [
    buy('1', '100', inBase('0.04')), // 0.96 and the dust of before: 1.01
    intent({ side: 'sell', quantity: '1', dust: '0.01' }),
    sell('1', '110'),
  ]

  test('that an exit of everything named ends the round trip, which then has the quantity that was sold', () => {
    const state = tradesOf(...first)
    expect(state.open.size).toBe(0)
    expect(state.closed).toMatchObject([
      { entered: '0.9', entryValue: '90', grossPnl: '9', fees: '5.1', netPnl: '3.9' },
    ])
  })

  test('is part of the next round trip, at what it was bought for, and is left again', () => {
    const state = tradesOf(...first, ...second)
    expect(state.open.size).toBe(0)
    expect(state.closed[1]).toMatchObject({
      entered: '1',
      entryValue: '100',
      grossPnl: '10',
      fees: '4',
      netPnl: '6',
    })
    expect([...state.left.values()]).toEqual([{ quantity: '0.01', value: '1' }])
    const book = fold(portfolio, ledgerOf([opened(), ...first, ...second]))
    expect(heldBy(book, champion, 'BTC/USDT').quantity).toBe('0.01')
    expect(book.openPositions).toBe(0)
    expect(sum(state.closed.map(({ netPnl }) => netPnl))).toBe(
      subtract(heldBy(book, champion, 'BTC/USDT').realizedPnl, book.fees),
    )
  })

  test('that no exit named is a position: the round trip stays open', () => {
    const state = tradesOf(buy('1', '100', inBase('0.05')), sell('0.9', '110'))
    expect(state.closed).toEqual([])
    expect([...state.open.values()].map(openQuantity)).toEqual(['0.05'])
  })

  test('of one wisher says nothing about what another holds', () => {
    const other = { by: 'operator-1' }
    const state = tradesOf(...first, buy('1', '100', other), sell('0.96', '110', other))
    expect([...state.open.values()].map(openQuantity)).toEqual(['0.04'])
  })

  test('is not what a fee in a third currency leaves, which is in no profit', () => {
    const state = tradesOf(buy('1', '100', { fee: '0.002', ...bnb }), sell('1', '110', { fee: '0.1' }))
    expect(state.closed).toMatchObject([{ entered: '1', grossPnl: '10', fees: '0.1', netPnl: '9.9' }])
  })
})

test('gross profit and fees of all trades are what the portfolio realised, whatever is filled', () => {
  fc.assert(
    fc.property(fills, all => {
      const ledger = ledgerOf([opened(), ...all.map(each => OrderFilled(each))])
      const state = fold(trades, ledger)
      const book = fold(portfolio, ledger)
      const closed = new Map<string, Trade[]>()
      for (const trade of state.closed) {
        const key = `${trade.by} ${trade.symbol}`
        closed.set(key, [...(closed.get(key) ?? []), trade])
      }
      for (const [by, own] of book.by)
        for (const [symbol, position] of own) {
          const key = `${by} ${symbol}`
          const done = closed.get(key) ?? []
          const open = state.open.get(key)
          expect(sum([...done.map(({ fees }) => fees), open?.fees ?? '0'])).toBe(position.fees)
          if (open !== undefined) {
            const held = openQuantity(open)
            expect(open.side === 'long' ? held : subtract('0', held)).toBe(heldBy(book, by, symbol).quantity)
            continue
          }
          expect(sum(done.map(({ grossPnl }) => grossPnl))).toBe(position.realizedPnl)
          for (const { entered, exited } of done) expect(exited).toBe(entered)
        }
    }),
  )
})
