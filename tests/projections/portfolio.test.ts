import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, multiply, negate, subtract, sum } from '../../domain/decimal.ts'
import { OrderFilled } from '../../domain/order.ts'
import {
  drawdown,
  grossExposure,
  heldBy,
  markOf,
  portfolio,
  portfolioFiles,
  positionIn,
  realizedPnlOf,
  unrealizedPnlOf,
} from '../../projections/portfolio.ts'
import { fold } from '../../projections/projection.ts'
import { buy, candle, champion, intent, later, ledgerOf, noon, opened, sell } from './ledger-of.ts'
import { fills, ledgers } from './random-ledgers.ts'

const portfolioOf = (...events: Parameters<typeof ledgerOf>[0]) => fold(portfolio, ledgerOf(events))

describe('what a book holds', () => {
  test('a purchase moves money into a position and takes the fee from the cash', () => {
    const after = portfolioOf(opened(), buy('2', '100', { fee: '0.5' }))
    expect(after.cash).toBe('9799.5')
    expect(positionIn(after, 'BTC/USDT')).toMatchObject({ quantity: '2', cost: '200', fees: '0.5' })
    expect(after.equity).toBe('9999.5')
  })

  test('a part sold realises its share at average cost, before fees', () => {
    const after = portfolioOf(opened(), buy('1', '100'), buy('1', '110'), sell('1', '120', { fee: '1' }))
    expect(positionIn(after, 'BTC/USDT')).toMatchObject({ quantity: '1', cost: '105', realizedPnl: '15' })
    expect(after.cash).toBe('9909')
  })

  test('a purchase whose fee was taken off it moves its whole price, and holds what is left', () => {
    const after = portfolioOf(opened(), buy('2', '100', { fee: '0.005', feeCurrency: 'BTC' }))
    expect(after.cash).toBe('9800')
    expect(positionIn(after, 'BTC/USDT')).toMatchObject({ quantity: '1.995', cost: '199.5', fees: '0.5' })
    expect(after.equity).toBe('9999.5')
  })

  test('a fee in a third currency stands beside the money, and costs none', () => {
    const inBnb = { fee: '0.002', feeCurrency: 'BNB' } as const
    const events = [opened(), buy('2', '100', inBnb), sell('1', '100', { ...inBnb, tradeId: 't-2' })]
    const after = portfolioOf(...events)
    expect(after).toMatchObject({ cash: '9900', fees: '0', equity: '10000' })
    const [file] = portfolioFiles(after)
    expect(JSON.parse(file?.text() ?? '')).toMatchObject({ fees: '0', otherFees: { BNB: '0.004' } })
    const [without] = portfolioFiles(portfolioOf(opened(), buy('2', '100', { fee: '1' })))
    expect(JSON.parse(without?.text() ?? '')).not.toHaveProperty('otherFees')
  })

  test('what an exit named as dust is held and valued, and is no open position', () => {
    const exit = intent({ side: 'sell', quantity: '0.9', dust: '0.05' })
    const after = portfolioOf(opened(), buy('0.95', '100'), exit, sell('0.9', '100'))
    expect(after.openPositions).toBe(0)
    expect(positionIn(after, 'BTC/USDT').quantity).toBe('0.05')
    expect(grossExposure(after)).toBe('5')
    expect(portfolioOf(opened(), buy('0.95', '100'), exit).openPositions).toBe(1)
    expect(portfolioOf(opened(), buy('0.95', '100'), sell('0.9', '100'), exit).openPositions).toBe(0)
  })

  test('a sale beyond the position is folded and leaves a short', () => {
    const after = portfolioOf(opened(), buy('1', '100'), sell('3', '110'), candle('BTC/USDT', '90'))
    expect(positionIn(after, 'BTC/USDT')).toMatchObject({ quantity: '-2', cost: '-220', realizedPnl: '10' })
    expect(unrealizedPnlOf(after)).toBe('40')
    expect(grossExposure(after)).toBe('180')
    expect(after.equity).toBe('10050')
  })

  test('champions and operators have their own share of the same symbol', () => {
    const after = portfolioOf(opened(), buy('1', '100'), buy('2', '130', { by: 'operator-1' }))
    expect(positionIn(after, 'BTC/USDT').quantity).toBe('3')
    expect(heldBy(after, champion, 'BTC/USDT')).toMatchObject({ quantity: '1', cost: '100' })
    expect(heldBy(after, 'operator-1', 'BTC/USDT')).toMatchObject({ quantity: '2', cost: '260' })
    expect(heldBy(after, 'operator-1', 'ETH/USDT').quantity).toBe('0')
  })
})

describe('what it is worth', () => {
  test('until there is a candle, a position is marked at its last fill', () => {
    const after = portfolioOf(opened(), buy('1', '100'), buy('1', '104'))
    expect(markOf(after, 'BTC/USDT')).toBe('104')
    expect(after.equity).toBe('10004')
  })

  test('the newest candle marks, whatever its timeframe; a fill and a late candle do not', () => {
    const now = portfolioOf(
      opened(),
      buy('1', '100'),
      candle('BTC/USDT', '120', later(10)),
      candle('BTC/USDT', '90', noon),
      buy('1', '119'),
    )
    expect(markOf(now, 'BTC/USDT')).toBe('120')
    expect(now.equity).toBe('10021')
  })

  test('the drawdown is counted from the highest equity, and the largest one stays', () => {
    const now = portfolioOf(
      opened({ cash: '1000' }),
      buy('10', '100'),
      candle('BTC/USDT', '120', later(5)),
      candle('BTC/USDT', '90', later(10)),
      candle('BTC/USDT', '114', later(15)),
    )
    expect(now.peak).toBe('1200')
    expect(now.maxDrawdown).toBe('0.25')
    expect(drawdown(now)).toBe('0.05')
  })

  test('a candle of a symbol that is not held, or no longer, changes nothing that is shown', () => {
    const textOf = (...events: Parameters<typeof ledgerOf>[0]) =>
      [...portfolioFiles(portfolioOf(...events))][0]?.text()
    const events = [opened(), candle('BTC/USDT', '99'), buy('1', '100'), sell('1', '110')]
    const before = textOf(...events)
    expect(textOf(...events, candle('ETH/USDT', '50'))).toBe(before)
    expect(textOf(...events, candle('BTC/USDT', '50', later(5)))).toBe(before)
  })

  test('the view has every figure, by symbol and by champion', () => {
    const now = portfolioOf(opened(), buy('2', '100', { fee: '1' }), candle('BTC/USDT', '90'))
    const line = {
      quantity: '2',
      entryPrice: '100',
      mark: '90',
      markTime: noon,
      realizedPnl: '0',
      unrealizedPnl: '-20',
      fees: '1',
    }
    const [file] = portfolioFiles(now)
    expect(file?.path).toBe('portfolio.json')
    expect(JSON.parse(file?.text() ?? '')).toEqual({
      asOf: 3,
      currency: 'USDT',
      opening: '10000',
      cash: '9799',
      equity: '9979',
      grossExposure: '180',
      realizedPnl: '0',
      unrealizedPnl: '-20',
      fees: '1',
      peakEquity: '10000',
      drawdown: '0.0021',
      maxDrawdown: '0.0021',
      positions: { 'BTC/USDT': line },
      by: { [champion]: { 'BTC/USDT': line } },
    })
  })
})

describe('laws', () => {
  test('cash and quantity are conserved exactly, whatever is filled', () => {
    fc.assert(
      fc.property(fills, all => {
        const now = portfolioOf(opened(), ...all.map(each => OrderFilled(each)))
        const signed = all.map(({ side, quantity, price, symbol, fee }) => ({
          symbol,
          quantity: side === 'buy' ? quantity : negate(quantity),
          price,
          fee,
        }))
        const spent = sum(signed.map(({ quantity, price }) => multiply(quantity, price)))
        const fees = sum(signed.map(({ fee }) => fee))
        expect(add(add(now.cash, spent), fees)).toBe('10000')
        expect(now.fees).toBe(fees)
        for (const symbol of ['BTC/USDT', 'ETH/USDT'])
          expect(positionIn(now, symbol).quantity).toBe(
            sum(signed.filter(each => each.symbol === symbol).map(({ quantity }) => quantity)),
          )
      }),
    )
  })

  test('what the wishers hold adds up to what the book holds, and so does what they earned', () => {
    fc.assert(
      fc.property(fills, all => {
        const now = portfolioOf(opened(), ...all.map(each => OrderFilled(each)))
        for (const [symbol, total] of now.positions) {
          const own = [...now.by.values()].flatMap(each => each.get(symbol) ?? [])
          expect(sum(own.map(({ quantity }) => quantity))).toBe(total.quantity)
          expect(sum(own.map(({ fees }) => fees))).toBe(total.fees)
          // Netting realises at other moments, but realised less open cost is the same money.
          expect(sum(own.map(({ realizedPnl, cost }) => subtract(realizedPnl, cost)))).toBe(
            subtract(total.realizedPnl, total.cost),
          )
        }
      }),
    )
  })

  test('equity is the opening cash plus all profit less all fees, at every moment', () => {
    fc.assert(
      fc.property(ledgers, ledger => {
        let now = portfolio.initial()
        for (const recorded of ledger) {
          if (!(portfolio.types as readonly string[]).includes(recorded.event.type)) continue
          now = portfolio.apply(now, recorded as Parameters<typeof portfolio.apply>[1])
          expect(now.equity).toBe(
            subtract(sum([now.opening, realizedPnlOf(now), unrealizedPnlOf(now)]), now.fees),
          )
          expect(now.openPositions).toBe([...now.positions.values()].filter(p => p.quantity !== '0').length)
        }
      }),
    )
  })

  test('the same fills in any order give the same quantities and the same cash', () => {
    const shuffled = fills.chain(all =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const a = portfolioOf(opened(), ...one.map(each => OrderFilled(each)))
        const b = portfolioOf(opened(), ...other.map(each => OrderFilled(each)))
        expect(b.cash).toBe(a.cash)
        for (const [symbol, { quantity, fees }] of a.positions)
          expect(b.positions.get(symbol)).toMatchObject({ quantity, fees })
      }),
    )
  })
})
