// The control endpoint of a simulated venue, on a port of its own: what a test does to the venue and asks of it. JSON over HTTP.
//
//   GET  /books      the books as an oracle reads them     POST /faults   { rules: [...] }
//   GET  /requests   every request the venue has heard     POST /clock    { set | advanceMs | skewMs }
//   GET  /faults     the faults that have fired            POST /price    { symbol, price }
//   GET  /state      the venue's time, its own errors      POST /fill     { orderId | clientId, quantity, price }
//   DELETE /faults   forgets every rule                    POST /pay      { currency, amount, reason }
//                                                          POST /owner-order, /owner-cancel: a person at the web page

import { createServer, type IncomingMessage, type Server } from 'node:http'
import { z } from 'zod'
import { type Decimal, DecimalText } from '../../domain/decimal.ts'
import { reportOf } from './books.ts'
import { type Exchange, isRefused } from './exchange.ts'
import { type Faults, faultRule } from './faults.ts'
import type { Journal } from './journal.ts'
import type { VenueServer } from './server.ts'

const wishes = {
  '/faults': z.strictObject({ rules: z.array(faultRule) }),
  '/clock': z.union([
    z.strictObject({ set: z.iso.datetime() }),
    z.strictObject({ advanceMs: z.number().min(0) }),
    z.strictObject({ skewMs: z.number() }),
  ]),
  '/price': z.strictObject({ symbol: z.string(), price: DecimalText }),
  '/fill': z.strictObject({
    orderId: z.string().optional(),
    clientId: z.string().optional(),
    quantity: DecimalText.optional(),
    price: DecimalText.optional(),
  }),
  '/pay': z.strictObject({
    currency: z.string(),
    amount: DecimalText,
    reason: z.string().default('deposit'),
  }),
  '/owner-order': z.strictObject({
    symbol: z.string(),
    side: z.enum(['buy', 'sell']),
    quantity: DecimalText,
    limitPrice: DecimalText.optional(),
  }),
  '/owner-cancel': z.strictObject({ orderId: z.string() }),
}
export type Wish<Path extends keyof typeof wishes> = z.input<(typeof wishes)[Path]>

export const controlServer = (
  exchange: Exchange,
  journal: Journal,
  faults: Faults,
  venue: VenueServer,
): Server => {
  const { clock, books } = exchange

  const idOf = ({
    orderId,
    clientId,
  }: {
    orderId?: string | undefined
    clientId?: string | undefined
  }): string => {
    const found = orderId ?? [...books.orders.values()].findLast(order => order.clientId === clientId)?.id
    if (found === undefined || !books.orders.has(found))
      throw new Error(`the venue has no order ${orderId ?? clientId}`)
    return found
  }

  const wish = (path: string, body: unknown): unknown => {
    switch (path) {
      case '/faults':
        return faults.add(wishes['/faults'].parse(body).rules)
      case '/clock': {
        const moved = wishes['/clock'].parse(body)
        if ('set' in moved) clock.set(Date.parse(moved.set))
        else if ('advanceMs' in moved) clock.advance(moved.advanceMs)
        else clock.skew(moved.skewMs)
        return exchange.advance()
      }
      case '/price': {
        const { symbol, price } = wishes['/price'].parse(body)
        return exchange.setPrice(symbol, price)
      }
      case '/fill': {
        const { quantity, price, ...whose } = wishes['/fill'].parse(body)
        return exchange.fill(idOf(whose), quantity, price)
      }
      case '/pay': {
        const { currency, amount, reason } = wishes['/pay'].parse(body)
        return exchange.pay(currency, amount, reason)
      }
      case '/owner-order': {
        const { limitPrice, ...order } = wishes['/owner-order'].parse(body)
        const placed = exchange.place({
          ...order,
          by: 'owner',
          type: limitPrice === undefined ? 'market' : 'limit',
          limitPrice,
        })
        if (isRefused(placed)) throw new Error(`the venue refuses the owner's order: ${placed.refused}`)
        return { orderId: placed.id }
      }
      case '/owner-cancel':
        return exchange.cancel(idOf(wishes['/owner-cancel'].parse(body)))
      default:
        throw new Error(`no such wish: ${path}`)
    }
  }

  const answer = (method: string, path: string, body: string): unknown => {
    if (method === 'POST') return wish(path, JSON.parse(body))
    if (method === 'DELETE' && path === '/faults') return faults.clear()
    switch (path) {
      case '/books':
        exchange.advance()
        return reportOf(books)
      case '/requests':
        return venue.seen
      case '/faults':
        return faults.fired()
      case '/state':
        return { now: new Date(clock.now()).toISOString(), errors: venue.errors, prices: pricesNow(exchange) }
      default:
        throw new Error(`no such question: ${path}`)
    }
  }

  return createServer((request, response) => {
    const reply = (status: number, value: unknown) => {
      // A caller that slept must not meet a connection that was kept for it and closed in the meantime.
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      response.end(JSON.stringify(value ?? null))
    }
    textOf(request)
      .then(body => {
        const said = answer(request.method ?? 'GET', request.url ?? '/', body)
        journal.commit()
        reply(200, said)
      })
      .catch((error: Error) => reply(400, { error: error.message }))
  })
}

const pricesNow = (exchange: Exchange): Record<string, Decimal> =>
  Object.fromEntries(exchange.script.markets.map(({ symbol }) => [symbol, exchange.lastPrice(symbol)]))

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
