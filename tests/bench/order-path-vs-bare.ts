// order_path_vs_bare: from the closed candle in our hands to the order in the venue's, by the real loop with every step
// durable before the next, against the same loop over a store in memory. The venue answers at once, so that nothing
// hides the disk: two groups are synced on the way, the candle with its decisions, and the order's request.

import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { Engine } from '../../commands/engine.ts'
import { sha256 } from '../../domain/hash.ts'
import type { MarketData } from '../../domain/market-data.ts'
import type { OrderRequest } from '../../domain/order.ts'
import type { PlaceAnswer } from '../../domain/venue.ts'
import { champions, closeOf, config, recorded, trade, type World, world } from '../engine-in-memory.ts'
import type { Benchmark } from './benchmark.ts'

const settings = { ...config, execute: { ...config.execute, symbols: ['BTC/USDT'] } }
/** The champion that trades most, alone: each turn with an order has one. */
const alone = champions.filter(({ strategy, symbol }) => strategy === 'ema-cross' && symbol === 'BTC/USDT')

export const orderPathVsBare: Benchmark = {
  name: 'order_path_vs_bare',
  ours: 'candle to order, each step durable',
  theirs: 'the same loop, store in memory',
  ratio: 'cost',
  target: 1.5,
  prepare: async (folder, size) => {
    const candles = size === 'full' ? 60 : 48
    let books = 0
    return {
      rounds: size === 'full' ? 5 : 1,
      unit: 'order',
      ours: async () => {
        books += 1
        const place = `${folder}/book-${books}`
        return medianOf(await orderPaths(candles, world => onDisk(world, place), atOnce))
      },
      theirs: async () => medianOf(await orderPaths(candles, world => world.engine(), atOnce)),
    }
  },
}

/** Places an order; `heardAt` is when it reached the venue, by performance.now(). */
export type Place = (request: OrderRequest) => Promise<{ answer: PlaceAnswer; heardAt: number }>

/** A venue in this process that takes what it is given. */
const atOnce: Place = async ({ orderId }) => ({
  heardAt: performance.now(),
  answer: { kind: 'accepted', venueOrderId: sha256(orderId).slice(0, 8) },
})

/** An engine of that world whose book lies on the disk. */
export const onDisk = (from: World, folder: string): Engine => {
  const engine = from.engine()
  const { book, mode } = settings
  const open = (role: Parameters<Engine['writeLedger']>[0]) =>
    openJsonlStore({ folder, role, clock: engine.clock.now, create: { book, mode, zone: 'UTC' } })
  return { ...engine, writeLedger: open, readLedger: () => open('cli') }
}

/** Milliseconds from the candle to the venue, of every order of so many candles that answers the candle of its turn. */
export const orderPaths = async (
  candles: number,
  engineOf: (world: World) => Engine,
  place: Place,
): Promise<number[]> => {
  const taken: number[] = []
  let delivered: number | undefined
  const market: MarketData = {
    ...recorded,
    closedCandles: async (...asked) => {
      const closed = await recorded.closedCandles(...asked)
      delivered = closed.length > 0 ? performance.now() : undefined
      return closed
    },
  }
  const engine = engineOf(world(settings, alone))
  // The venue looks at candles of its own: what it asks for is no delivery.
  const venue: Engine['venue'] = async (_, ...given) => {
    const paper = await engine.venue(recorded, ...given)
    return {
      ...paper,
      place: async request => {
        const since = delivered
        const { answer, heardAt } = await place(request)
        if (since !== undefined) taken.push(heardAt - since)
        return answer
      },
    }
  }
  await trade({ ...engine, market: async () => market, venue }, closeOf(candles))
  if (taken.length === 0) throw new Error('no order was sent')
  return taken
}

export const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
