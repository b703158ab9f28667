// Law: while a gate that fails closed objects, no entry reaches the venue; a check that fails open changes no order.
// Every gate is tried alone and in company, on a morning that would otherwise have its orders.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CandleFileUnusable } from '../../adapters/bad-row.ts'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import type { Engine } from '../../commands/engine.ts'
import { execute } from '../../commands/execute.ts'
import { exit, Stop } from '../../commands/exit.ts'
import { halt } from '../../commands/halt.ts'
import { project } from '../../commands/project.ts'
import type { Champion } from '../../domain/champion.ts'
import type { Config } from '../../domain/config.ts'
import { outside, propose } from '../../domain/event.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { WatchlistPublished } from '../../domain/scan.ts'
import type { Venue } from '../../domain/venue.ts'
import { named, wish } from '../engine-in-memory.ts'
import { type EquityWorld, equityConfig, equityWorld, pullback, scanAt, scripted } from '../equity-world.ts'
import { redatedCandles } from '../redated-bars.ts'

const tickers = ['ADI', 'BMY', 'COF', 'EOG', 'FB', 'GE', 'LLY', 'MCD', 'MO', 'MSFT', 'NKE', 'PCLN', 'SBUX']
const bars = redatedCandles(tickers, '2026-12-04')
const day = '2026-09-15'
const eve = '2026-09-14'
const morrow = '2026-09-16'

interface Morning {
  config: Config
  champions: readonly Champion[]
  /** What the process that executes is given. */
  given: Partial<Engine>
  /** Sessions that are scanned before it, in order. */
  scans: readonly string[]
  /** Done before the execution. */
  readonly before: ((book: EquityWorld) => Promise<unknown>)[]
  earnings: 'none' | 'near' | 'unreadable'
  /** In the list and nowhere else. */
  ghosts: readonly string[]
}

interface Gate {
  readonly name: string
  readonly close: (morning: Morning) => void
}

const limit = (name: string, change: Partial<Config['limits']>): Gate => ({
  name,
  close: morning => {
    morning.config = { ...morning.config, limits: { ...morning.config.limits, ...change } }
  },
})
const gate = (name: string, close: Gate['close']): Gate => ({ name, close })

const closed: readonly Gate[] = [
  gate('a watchlist of yesterday', morning => {
    morning.scans = [eve]
  }),
  gate('a watchlist from the future', morning => {
    morning.scans = [morrow]
  }),
  gate('no watchlist at all', morning => {
    morning.scans = []
  }),
  gate('an empty watchlist', morning => {
    morning.config = { ...morning.config, scan: { ...morning.config.scan, priceMin: 1_000_000 } }
  }),
  gate('a list of candidates that somebody altered', morning => {
    morning.before.push(async book => {
      await project.run(book.at(day, '08:31'), { once: true })
      const csv = book.views.get('daily_candidates.csv')
      // Beside a gate that leaves the morning without a scan there is no list to alter.
      if (csv !== undefined) book.views.set('daily_candidates.csv', csv.replace(/^.*,1,.*\n/m, ''))
    })
  }),
  gate("yesterday's file beside today's event", morning => {
    morning.scans = [eve, day]
    morning.before.push(async book => {
      book.views.set('tradingview_watchlist.txt', `###${eve}\nGE\n`)
    })
  }),
  gate('a halt by event', morning => {
    morning.before.push(book => halt.run(book.at(day, '08:35'), { reason: 'a headline', reducing: false }))
  }),
  gate('a reducing halt', morning => {
    morning.before.push(book => halt.run(book.at(day, '08:35'), { reason: 'a headline', reducing: true }))
  }),
  gate('a KILL file', morning => {
    morning.before.push(book => book.at(day, '08:36').kill.pull('halted', 'somebody', 'with a touch'))
  }),
  gate('a calendar that ends before today', morning => {
    morning.given = { ...morning.given, calendar: { ...nyseCalendar, to: eve } }
  }),
  gate('a second executor', morning => {
    morning.given = {
      ...morning.given,
      holdExecutor: async () => {
        throw new Stop(exit.tryAgain, 'another executor runs')
      },
    }
  }),
  gate('a champion that nobody chose', morning => {
    morning.champions = [{ ...pullback, source: 'champions/baseline.json' }]
  }),
  gate('live without a live venue', morning => {
    morning.config = { ...morning.config, mode: 'live' }
  }),
  gate('a dry run', morning => {
    morning.config = { ...morning.config, mode: 'dry-run' }
  }),
  limit('stale candles', { candleAgeMaxMs: 1 }),
  limit('the cap on an order', { orderValueMax: '1' }),
  limit('the cap on a symbol', { symbolExposureMax: '1' }),
  limit('the cap on everything', { grossExposureMax: '1' }),
  limit('the cap on open orders', { openOrdersMax: 0 }),
  limit('the cap on orders of a day', { ordersPerDayMax: 0 }),
  limit('the loss of a day', { lossPerDayMax: '0' }),
  limit('the drawdown', { drawdownMax: '0' }),
]

const open: readonly Gate[] = [
  gate('an index without bars', morning => {
    morning.config = { ...morning.config, warnings: { ...morning.config.warnings, index: 'SPY' } }
  }),
  gate('a market without breadth', morning => {
    morning.config = {
      ...morning.config,
      warnings: { ...morning.config.warnings, index: 'MSFT', breadthMin: 1 },
    }
  }),
  gate('earnings tomorrow', morning => {
    morning.earnings = 'near'
  }),
  gate('a file of earnings that cannot be read', morning => {
    morning.earnings = 'unreadable'
  }),
  gate('a universe that is full of holes', morning => {
    morning.ghosts = ['ZZZX', 'ZZZY', 'ZZZZ']
  }),
]

interface Outcome {
  readonly sent: readonly OrderRequest[]
  readonly code: number
  readonly warnings: readonly string[]
}

const morningWith = async (gates: readonly Gate[], venueOf = (venue: Venue) => venue): Promise<Outcome> => {
  const morning: Morning = {
    config: { ...equityConfig, universe: { ...equityConfig.universe, history: 200 } },
    champions: [pullback],
    given: {},
    scans: [day],
    before: [],
    earnings: 'none',
    ghosts: [],
  }
  for (const each of gates) each.close(morning)
  const book = equityWorld(scripted(bars), [...tickers, ...morning.ghosts], morning.config, morning.champions)
  if (morning.earnings === 'near')
    book.earnings = new Map(tickers.map(ticker => [ticker, [{ date: morrow, when: 'before-open' }]]))
  for (const date of morning.scans) {
    const engine = book.at(date, '08:30')
    await scanAt(book, date, {
      universe: {
        ...engine.universe,
        ...(morning.earnings === 'unreadable'
          ? {
              keepEarnings: async () => {
                throw new CandleFileUnusable('earnings.csv', 'it is not there', 'check the path')
              },
            }
          : {}),
      },
    })
  }
  for (const step of morning.before) await step(book)
  const sent: OrderRequest[] = []
  const engine = book.at(day, '08:40', morning.given)
  const overheard: Engine = {
    ...engine,
    venue: async (market, orders, prefix) => {
      const inner = venueOf(await engine.venue(market, orders, prefix))
      return {
        ...inner,
        place: request => {
          if (!request.reduceOnly) sent.push(request)
          return inner.place(request)
        },
      }
    },
  }
  let code: number
  try {
    code = await execute.run(overheard, { once: true })
  } catch (error) {
    if (!(error instanceof Stop) && (error as Error).name !== 'CalendarEnds') throw error
    code = error instanceof Stop ? error.code : exit.refused
  }
  const warnings = named(await book.events(), 'WarningRaised').map(({ event }) => event.data.check)
  return { sent, code, warnings }
}

/** What an order asks for; its id counts the events before it, warnings among them. */
const terms = ({ sent }: Outcome) => sent.map(({ orderId: _id, intent: _intent, ...rest }) => rest)

const control = await morningWith([])

test('the morning has its orders when no gate objects', () => {
  expect(control.code).toBe(exit.done)
  expect(control.sent.length).toBeGreaterThan(2)
})

test.each(closed.map(each => [each.name, each] as const))('nothing is sent: %s', async (_, each) => {
  const { sent } = await morningWith([each])
  expect(sent).toEqual([])
})

test('nothing is sent while any of several gates objects', async () => {
  const some = fc.subarray([...closed], { minLength: 1, maxLength: 4 })
  const others = fc.subarray([...open])
  await fc.assert(
    fc.asyncProperty(some, others, async (objecting, warning) => {
      const { sent } = await morningWith([...objecting, ...warning])
      expect(sent, objecting.map(({ name }) => name).join(' and ')).toEqual([])
    }),
    { numRuns: 8 },
  )
})

test('files that are deleted or as they were printed hold up nothing; an altered one is refused with a sentence', async () => {
  const started = async (change: (views: Map<string, string>) => void) => {
    const book = equityWorld(scripted(bars), tickers)
    await scanAt(book, day)
    await project.run(book.at(day, '08:31'), { once: true })
    change(book.views)
    return execute.run(book.at(day, '08:40'), { once: true })
  }
  expect(await started(() => {})).toBe(exit.done)
  expect(await started(views => views.clear())).toBe(exit.done)
  const altered = started(views => views.set('daily_candidates.csv', 'my own list'))
  await expect(altered).rejects.toMatchObject({
    code: exit.refused,
    message: `daily_candidates.csv is not what the ledger says of ${day}: nothing is traded on two lists; run veritape project --once`,
  })
})

test('an order whose outcome is unknown holds up the next ones', async () => {
  const { sent } = await morningWith([], venue => ({
    ...venue,
    place: async () => ({ kind: 'unknown', detail: 'the line is dead' }),
  }))
  expect(sent).toHaveLength(1)
})

test.each(open.map(each => [each.name, each] as const))(
  'every order is sent, with a warning: %s',
  async (_, each) => {
    const outcome = await morningWith([each])
    expect(terms(outcome)).toEqual(terms(control))
    expect(outcome.code).toBe(exit.done)
    expect(outcome.warnings.length).toBeGreaterThan(control.warnings.length)
  },
)

test('every order is sent, whatever the checks that fail open find together', async () => {
  const together = await morningWith(open)
  expect(terms(together)).toEqual(terms(control))
  expect(new Set(together.warnings)).toEqual(
    new Set(['market-regime', 'earnings-proximity', 'scan-coverage']),
  )
})

test('an entry without a scan row behind it is sent, and warned of', async () => {
  const book = equityWorld(scripted(bars), tickers)
  const list = WatchlistPublished({ session: day, tickers: control.sent.map(({ symbol }) => symbol) })
  await book.store('scan').append({
    run: 0,
    writes: [
      {
        stream: `scan-${day}`,
        expected: 'no-stream',
        events: [propose(outside('by hand'), list)],
      },
    ],
  })
  expect(await execute.run(book.at(day, '08:40'), { once: true })).toBe(exit.done)
  const events = await book.events()
  const requested = named(events, 'OrderRequested').filter(({ event }) => !event.data.reduceOnly)
  const warned = named(events, 'WarningRaised')
  expect(requested.length).toBe(control.sent.length)
  expect(warned.map(({ event }) => [event.data.check, event.data.symbol])).toEqual(
    requested.map(({ event }) => ['attribution', event.data.symbol]),
  )
})

test("an operator's wish for a ticker of yesterday's list is denied, with the gate's name", async () => {
  const book = equityWorld(scripted(bars), tickers)
  await scanAt(book, eve)
  const [subject = ''] = named(await book.events(), 'WatchlistPublished')[0]?.event.data.tickers ?? []
  const code = await wish(book.at(day, '08:39'), {
    what: 'buy',
    subject,
    id: 'hunch',
    quantity: '1',
    limit: '10',
  })
  expect(code).toBe(exit.done)
  await execute.run(book.at(day, '08:40'), { once: true })
  const events = await book.events()
  expect(named(events, 'IntentDenied').map(({ event }) => event.data.reason)).toEqual(['watchlist-stale'])
  expect(named(events, 'OrderRequested')).toEqual([])
})
