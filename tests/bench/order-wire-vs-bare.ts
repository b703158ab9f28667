// order_wire_vs_bare: from the closed candle in our hands to the order on the wire: the loop of order_path_vs_bare with the
// adapter of binance behind it, up to the moment in which a server on this machine has the request. What a strategy waits
// for, and what the ledger adds to it.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ccxtAccount } from '../../adapters/ccxt-account.ts'
import { openCcxt } from '../../adapters/ccxt-exchange.ts'
import { ccxtVenue } from '../../adapters/ccxt-venue.ts'
import type { Benchmark } from './benchmark.ts'
import { medianOf, onDisk, orderPaths, type Place } from './order-path-vs-bare.ts'

export const orderWireVsBare: Benchmark = {
  name: 'order_wire_vs_bare',
  ours: 'candle to the request on the wire, each step durable',
  theirs: 'the same loop and adapter, store in memory',
  ratio: 'cost',
  target: 1.5,
  prepare: async (folder, size) => {
    const candles = size === 'full' ? 60 : 48
    const { place, close } = await wire()
    let books = 0
    return {
      rounds: size === 'full' ? 5 : 1,
      unit: 'order',
      ours: async () => {
        books += 1
        const book = `${folder}/book-${books}`
        return medianOf(await orderPaths(candles, world => onDisk(world, book), place))
      },
      theirs: async () => medianOf(await orderPaths(candles, world => world.engine(), place)),
      close,
    }
  },
}

/** The adapter of binance, and a server that takes every order. Requests are not spaced: a wait would hide what is measured. */
const wire = async (): Promise<{ place: Place; close: () => void }> => {
  let heardAt = 0
  let taken = 0
  const server = createServer((request, response) => {
    heardAt = performance.now()
    request.resume()
    request.on('end', () => {
      taken += 1
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ symbol: 'BTCUSDT', orderId: taken, status: 'NEW', transactTime: Date.now() }),
      )
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const exchange = await openCcxt({
    exchange: 'binance',
    keys: { apiKey: 'key', secret: 'secret' },
    sandbox: false,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    withMarkets: false,
    spaced: false,
  })
  exchange.api.setMarkets([market])
  const now = () => new Date().toISOString()
  const orders = () => []
  const account = ccxtAccount({ exchange, symbols: () => [market.symbol], orders, prefix: '', now })
  const venue = ccxtVenue({ exchange, account, orders, now, pollMs: 0 })
  return {
    place: async request => {
      const answer = await venue.place(request)
      if (answer.kind !== 'accepted') throw new Error(`the order was not taken: ${JSON.stringify(answer)}`)
      return { answer, heardAt }
    },
    close: () => {
      exchange.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** What ccxt has to know of it to send an order. */
const market = {
  id: 'BTCUSDT',
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  baseId: 'BTC',
  quoteId: 'USDT',
  type: 'spot',
  spot: true,
  active: true,
  contract: false,
  precision: { amount: 0.00001, price: 0.01 },
  limits: { amount: {}, price: {}, cost: {} },
  info: { orderTypes: ['LIMIT', 'MARKET'] },
}
