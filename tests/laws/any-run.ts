// Any run that a book can have: processes that stop, die and are told nothing, with operators in between.

import fc from 'fast-check'
import { halt, resume } from '../../commands/halt.ts'
import {
  closeOf,
  type Fate,
  fated,
  fates,
  named,
  trade,
  tradeUntilDeath,
  type World,
  wish,
  world,
} from '../engine-in-memory.ts'

export type Step =
  | { readonly does: 'trade' | 'oversleep'; readonly candles: number }
  | { readonly does: 'die'; readonly candles: number; readonly fate: Fate; readonly write: number }
  | {
      readonly does: 'buy' | 'sell' | 'close'
      readonly symbol: string
      readonly quantity: string
      readonly id: number
    }
  | { readonly does: 'cancel'; readonly order: number; readonly id: number }
  | { readonly does: 'halt' | 'reduce' | 'resume' }

const symbols = fc.constantFrom('BTC/USDT', 'ETH/USDT')
const ids = fc.nat(5)
const ahead = fc.integer({ min: 0, max: 12 })

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('trade' as const), candles: ahead }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('oversleep' as const), candles: ahead }) },
    {
      weight: 6,
      arbitrary: fc.record({
        does: fc.constant('die' as const),
        candles: ahead,
        fate: fc.constantFrom(...fates),
        write: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constantFrom('buy' as const, 'sell' as const, 'close' as const),
        symbol: symbols,
        quantity: fc.constantFrom('0.01', '0.05', '9'),
        id: ids,
      }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('cancel' as const), order: fc.nat(20), id: ids }) },
    {
      weight: 2,
      arbitrary: fc.record({ does: fc.constantFrom('halt' as const, 'reduce' as const, 'resume' as const) }),
    },
  ),
  { minLength: 3, maxLength: 14 },
)

/** Runs the steps; gives the candle that the book has come to. */
export const run = async (
  book: World,
  all: readonly Step[],
  atStep?: () => Promise<void>,
): Promise<number> => {
  let candle = 0
  for (const step of all) {
    await take(book, step, candle)
    if ('candles' in step) candle += step.candles
    await atStep?.()
  }
  return candle
}

/** A step that needs a ledger waits until there is one. */
const take = async (book: World, step: Step, candle: number): Promise<void> => {
  switch (step.does) {
    case 'trade':
      await trade(book.engine(), closeOf(candle + step.candles))
      return
    case 'oversleep': {
      const until = closeOf(candle + step.candles)
      const begun = named(await book.events(), 'CandleClosed').length > 0
      await (begun ? trade(book.engine(), until, until) : trade(book.engine(), until))
      return
    }
    case 'die':
      await tradeUntilDeath(book.engine({}, fated(step.fate, step.write)), closeOf(candle + step.candles))
      return
    case 'cancel': {
      const requests = named(await book.events(), 'OrderRequested')
      const subject = requests[step.order % Math.max(requests.length, 1)]?.event.data.orderId
      if (subject !== undefined)
        await wish(book.engine(), { what: 'cancel', subject, id: `cancel-${step.id}` })
      return
    }
    case 'buy':
    case 'sell':
    case 'close': {
      const { does: what, symbol: subject, quantity, id } = step
      await wish(book.engine(), {
        what,
        subject,
        id: `${what}-${id}`,
        ...(what === 'close' ? {} : { quantity }),
      })
      return
    }
    case 'halt':
    case 'reduce':
      await halt.run(book.engine(), { reason: 'lunch', reducing: step.does === 'reduce' })
      return
    case 'resume':
      await resume.run(book.engine(), { reason: 'back' })
      return
  }
}

/** A book after any run, and then after one process that came to its end undisturbed. */
export const finished = async (all: readonly Step[], book: World = world()): Promise<World> => {
  const candle = await run(book, all)
  await trade(book.engine(), closeOf(candle))
  return book
}

/** How often a property over whole runs is tried: a run takes a tenth of a second. */
export const tries = { numRuns: 25 } as const
