// The last trade and the top of the book, as exact decimals.

import { expect, test } from 'vitest'
import type { CcxtExchange } from '../../adapters/ccxt-exchange.ts'
import { ccxtQuote } from '../../adapters/ccxt-quote.ts'
import { SymbolUnknown } from '../../domain/market-data.ts'

const exchangeOf = (ticker: object, book: object) => {
  const asked: string[] = []
  const market = {
    precision: { price: '0.1', amount: '0.001' },
    limits: { amount: { min: '0.001' } },
    active: true,
    spot: true,
  }
  const api = {
    markets: { 'BTC/USD': { symbol: 'BTC/USD', ...market } },
    symbols: ['BTC/USD'],
    precisionMode: 4,
    fetchTicker: async () => ticker,
    fetchOrderBook: async () => book,
  }
  const exchange = {
    name: 'kraken',
    api,
    ask: async (what: string, question: (given: unknown) => Promise<unknown>) => {
      asked.push(what)
      return { value: await question(api), raw: what, heard: [] }
    },
  }
  return { exchange: exchange as unknown as CcxtExchange, asked }
}

test('both answers give one quote, and lie in the evidence', async () => {
  const { exchange } = exchangeOf(
    { last: '28000.10' },
    {
      bids: [
        ['27999.9', '1e-3'],
        ['1', '1'],
      ],
      asks: [['28000.2', '2']],
    },
  )
  expect(await ccxtQuote(exchange, 'BTC/USD')).toEqual({
    value: { last: '28000.1', bid: '27999.9', bidQuantity: '0.001', ask: '28000.2', askQuantity: '2' },
    raw: 'the ticker of BTC/USD\nthe order book of BTC/USD',
  })
})

test('what an exchange does not say, or says in no number, is left out', async () => {
  const { exchange } = exchangeOf({ last: null }, { bids: [], asks: [['soon', '2']] })
  expect((await ccxtQuote(exchange, 'BTC/USD')).value).toEqual({ askQuantity: '2' })
})

test('a market that is not there is never asked for', async () => {
  const { exchange, asked } = exchangeOf({}, {})
  await expect(ccxtQuote(exchange, 'DOGE/USD')).rejects.toThrow(SymbolUnknown)
  expect(asked).toEqual([])
})
