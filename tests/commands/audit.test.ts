// veritape audit on a book in memory: forged fills, an account that says something else, a venue that is silent.

import { describe, expect, test } from 'vitest'
import { paperVenue } from '../../adapters/paper-venue.ts'
import { audit } from '../../commands/audit.ts'
import type { Engine } from '../../commands/engine.ts'
import { rulesOf } from '../../domain/config.ts'
import { outside, propose } from '../../domain/event.ts'
import type { AuditReport } from '../../domain/ledger-audit.ts'
import { type Fill, OrderFilled } from '../../domain/order.ts'
import { orderStreamOf } from '../../domain/stream.ts'
import { type Venue, VenueUnavailable } from '../../domain/venue.ts'
import { closeOf, config, named, recorded, trade, type World, world } from '../engine-in-memory.ts'

/** The bytes of a book in memory are not this test's business. */
const clean: AuditReport = {
  segments: ['2023-03-22.jsonl'],
  events: 1,
  bytes: 1,
  head: { seq: 1, hash: 'a' },
  unacknowledgedBytes: 0,
  seals: 0,
  anchors: 0,
  signatures: 0,
  poison: undefined,
  damages: 0,
}

interface Told {
  readonly code: number
  readonly checks: Readonly<
    Record<string, { readonly verdict: string; readonly saw: string; readonly found: readonly string[] }>
  >
}

const audited = async (book: World, given: Partial<Engine> = {}, report = clean): Promise<Told> => {
  let told: { checks: readonly (Told['checks'][string] & { check: string })[] } = { checks: [] }
  const engine = book.engine({
    auditLedger: async function* () {
      yield* []
      return report
    },
    ...given,
  })
  const screen = {
    ...engine.screen,
    result: (value: unknown) => {
      told = value as typeof told
    },
  }
  const code = await audit.run({ ...engine, screen }, { day: '2023-03-22' })
  return { code, checks: Object.fromEntries(told.checks.map(each => [each.check, each])) }
}

const traded = async (): Promise<World> => {
  const book = world()
  await trade(book.engine(), closeOf(12))
  return book
}

/** Another fill of the first filled order, as nobody's venue reported it. */
const forge = async (book: World, change: Partial<Fill>): Promise<Fill> => {
  const events = await book.events()
  const first = named(events, 'OrderFilled')[0]?.event.data as Fill
  const run = named(events, 'RunStarted')[0]?.seq ?? 0
  const forged: Fill = { ...first, tradeId: 'forged', ...change }
  const stream = orderStreamOf(first.orderId)
  const revision = events.filter(each => each.stream === stream).length - 1
  const event = propose(outside('forged'), OrderFilled(forged))
  await book.store('execute').append({ run, writes: [{ stream, expected: { revision }, events: [event] }] })
  expect(named(await book.events(), 'OrderFilled').at(-1)?.event.data).toEqual(forged)
  return forged
}

describe('fills against the market', () => {
  test('those of the paper venue hold', async () => {
    const { code, checks } = await audited(await traded())
    expect(code).toBe(0)
    expect(checks.fills).toMatchObject({ verdict: 'holds', found: [] })
    expect(checks.fills?.saw).toMatch(/^([1-9]\d*) of \1 fills held against candles$/)
  })

  test('a forged one outside its candle is named, with what the market did', async () => {
    const book = await traded()
    await forge(book, { price: '99999' })
    const { code, checks } = await audited(book)
    expect(code).toBe(1)
    expect(checks.fills?.verdict).toBe('does not hold')
    expect(checks.fills?.found).toHaveLength(1)
    expect(checks.fills?.found[0]).toMatch(
      / at 99999, 2023-03-22T1.*: the market was between \d+.* and \d+.* \(5m from /,
    )
  })

  test('the slippage on record is the room that there is, and no more', async () => {
    const events = await (await traded()).events()
    const fill = named(events, 'OrderFilled')[0]?.event.data as Fill
    const candle = named(events, 'CandleClosed')
      .map(({ event }) => event.data)
      .find(({ symbol, openTime }) => symbol === fill.symbol && openTime === fill.venueTime)
    const high = Number(candle?.high)
    expect(high).toBeGreaterThan(0)
    const slippage = Number(config.venue.slippage)
    for (const [factor, code] of [
      [1 + slippage * 0.99, 0],
      [1 + slippage * 1.01, 1],
    ] as const) {
      const book = await traded()
      await forge(book, { price: `${Math.round(high * factor * 1e6) / 1e6}` })
      expect((await audited(book)).code).toBe(code)
    }
  })

  test('one at a moment that no candle covers, where there must be one, is named', async () => {
    const book = await traded()
    const events = await book.events()
    // Taken out of the fold, as if the market had stood still: only the audit's own reading is changed.
    const fill = named(events, 'OrderFilled')[0]?.event.data as Fill
    const engine = book.engine()
    const readLedger = async () => {
      const store = await engine.readLedger()
      return {
        ...store,
        readAll: async function* (...given: Parameters<typeof store.readAll>) {
          for await (const each of store.readAll(...given))
            if (each.event.type !== 'CandleClosed' || each.event.data.openTime !== fill.venueTime) yield each
        },
      }
    }
    const { code, checks } = await audited(book, { readLedger })
    expect(code).toBe(1)
    expect(checks.fills?.found[0]).toContain('there is no candle of that moment')
  })

  test('one of another day is not asked about', async () => {
    const book = await traded()
    await forge(book, { price: '99999', venueTime: '2023-03-21T18:00:00.000Z' })
    expect((await audited(book)).code).toBe(0)
  })
})

describe('the ledger against the venue', () => {
  /** The same venue under another name, so that it is asked. */
  const asked = (change: (venue: Venue) => Venue): Partial<Engine> => {
    const settings = { ...config, venue: { ...config.venue, name: 'elsewhere' } }
    return {
      config: settings,
      venue: async (market, orders, _prefix, opening) =>
        change(
          paperVenue({
            terms: settings.venue,
            rules: rulesOf(settings.venue.markets),
            timeframe: '5m',
            market,
            orders,
            now: () => closeOf(12),
            ...(opening === undefined ? {} : { opening }),
          }),
        ),
      market: async () => recorded,
    }
  }

  test('an account that agrees holds, and nothing is written', async () => {
    const book = await traded()
    const head = await book.head()
    const { code, checks } = await audited(
      book,
      asked(venue => venue),
    )
    expect(checks.venue).toMatchObject({ verdict: 'holds', found: [] })
    expect(code).toBe(0)
    expect(await book.head()).toBe(head)
  })

  test('an account that holds something else is named, and nothing is written', async () => {
    const book = await traded()
    const head = await book.head()
    const poorer = asked(venue => ({
      ...venue,
      account: {
        ...(venue.account as NonNullable<Venue['account']>),
        holdings: async () => ({ value: { USDT: '1' }, raw: '{}' }),
      },
    }))
    const { code, checks } = await audited(book, poorer)
    expect(code).toBe(1)
    expect(checks.venue?.verdict).toBe('does not hold')
    expect(checks.venue?.found.join()).toMatch(/balance USDT: ledger \d+.*, venue 1/)
    expect(await book.head()).toBe(head)
  })

  test('a trade of ours that the ledger lacks is named', async () => {
    const book = await traded()
    const lacking = asked(venue => {
      const account = venue.account as NonNullable<Venue['account']>
      const tradesSince: typeof account.tradesSince = async since => {
        const { value, raw } = await account.tradesSince(since)
        const [last] = value.slice(-1)
        return { value: last === undefined ? value : [...value, { ...last, tradeId: 'unheard' }], raw }
      }
      return { ...venue, account: { ...account, tradesSince } }
    })
    const { code, checks } = await audited(book, lacking)
    expect(code).toBe(1)
    expect(checks.venue?.found.join()).toMatch(/the ledger lacks of \S+: fill; veritape reconcile records it/)
  })

  test('a venue that does not answer is no verdict, but 69; what does not hold says more', async () => {
    const silent = asked(venue => ({
      ...venue,
      account: {
        ...(venue.account as NonNullable<Venue['account']>),
        holdings: async () => {
          throw new VenueUnavailable('elsewhere does not answer')
        },
      },
    }))
    const book = await traded()
    const { code, checks } = await audited(book, silent)
    expect(code).toBe(69)
    expect(checks.venue).toMatchObject({ verdict: 'no answer', saw: 'elsewhere does not answer' })
    await forge(book, { price: '99999' })
    expect((await audited(book, silent)).code).toBe(1)
  })

  test('the paper venue is not asked: it would answer from the ledger', async () => {
    expect((await audited(await traded())).checks.venue?.verdict).toBe('not asked')
  })
})

test('a view that the ledger does not give is named', async () => {
  const book = await traded()
  book.views.set('views.json', '{"asOf": 3}')
  const { code, checks } = await audited(book)
  expect(code).toBe(1)
  expect(checks.views?.found.join()).toContain('views.json is not what the ledger gives')
})

test('POISON is named; behind damage nothing else is looked at', async () => {
  const book = await traded()
  const poisoned = await audited(book, {}, { ...clean, poison: 'pid 1: EIO' })
  expect(poisoned).toMatchObject({ code: 1, checks: { ledger: { found: ['nobody may write: pid 1: EIO'] } } })
  const damaged = await audited(book, {}, { ...clean, damages: 1 })
  expect(damaged.code).toBe(1)
  expect(Object.keys(damaged.checks)).toEqual(['ledger'])
})
