// order_path_vs_bare: from the closed candle in our hands to the order in the venue's, by the real loop with every step
// durable before the next, against the same loop over a store in memory. The venue answers at once, so that nothing
// hides the disk: two groups are synced on the way, the candle with its decisions, and the order's request.

import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { Engine } from '../../commands/engine.ts'
import { sha256 } from '../../domain/hash.ts'
import type { MarketData } from '../../domain/market-data.ts'
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
        return medianOf(await orderPaths(candles, world => onDisk(world, place)))
      },
      theirs: async () => medianOf(await orderPaths(candles, world => world.engine())),
    }
  },
}

/** An engine of that world whose book lies on the disk. */
const onDisk = (from: World, folder: string): Engine => {
  const engine = from.engine()
  const { book, mode } = settings
  const open = (role: Parameters<Engine['writeLedger']>[0]) =>
    openJsonlStore({ folder, role, clock: engine.clock.now, create: { book, mode, zone: 'UTC' } })
  return { ...engine, writeLedger: open, readLedger: () => open('cli') }
}

/** Milliseconds from the candle to the venue, of every order of so many candles that answers the candle of its turn. */
const orderPaths = async (candles: number, engineOf: (world: World) => Engine): Promise<number[]> => {
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
        if (delivered !== undefined) taken.push(performance.now() - delivered)
        return { kind: 'accepted', venueOrderId: sha256(request.orderId).slice(0, 8) }
      },
    }
  }
  await trade({ ...engine, market: async () => market, venue }, closeOf(candles))
  if (taken.length === 0) throw new Error('no order was sent')
  return taken
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
