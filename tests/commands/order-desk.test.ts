// What the order desk does when the venue does not keep to what it was asked: an overfill, orders that nobody knows, and the
// switch that the venue pulls when it does not hear of us.

import { describe, expect, test } from 'vitest'
import type { Engine } from '../../commands/engine.ts'
import { resume } from '../../commands/halt.ts'
import { add, type Decimal } from '../../domain/decimal.ts'
import type { EventStore } from '../../domain/event-store.ts'
import type { OrderRequest } from '../../domain/order.ts'
import { haltOfOverfill } from '../../domain/safety.ts'
import { orderStreamOf } from '../../domain/stream.ts'
import { type Venue, VenueUnavailable } from '../../domain/venue.ts'
import {
  champions,
  closeOf,
  config,
  named,
  ProcessDied,
  trade,
  tradeUntilDeath,
  type World,
  wish,
  world,
} from '../engine-in-memory.ts'

/** A process at a paper venue that behaves in another way. */
const at = (
  book: World,
  altered: (paper: Venue) => Partial<Venue>,
  wrap?: (store: EventStore) => EventStore,
): Engine => {
  const engine = book.engine({}, wrap)
  return {
    ...engine,
    venue: async (...given) => {
      const paper = await engine.venue(...given)
      return { ...paper, ...altered(paper) }
    },
  }
}

const withOrders = (orders: Partial<typeof config.orders>): World =>
  world({ ...config, orders: { ...config.orders, ...orders } })

describe('an overfill', () => {
  const overfills = (paper: Venue): Partial<Venue> => ({
    reports: async now => {
      const reports = await paper.reports(now)
      return reports.map(report => {
        if (report.kind !== 'filled') return report
        return { ...report, fill: { ...report.fill, quantity: add(report.fill.quantity, '1000') } }
      })
    },
  })
  /** Dies when the first fill has been written. */
  const diesAtFill = (store: EventStore): EventStore => {
    let dead = false
    return {
      ...store,
      append: async group => {
        if (dead) throw new ProcessDied('a dead process writes nothing')
        const written = await store.append(group)
        dead = group.writes.some(({ events }) => events.some(({ event }) => event.type === 'OrderFilled'))
        if (dead) throw new ProcessDied('the fill is written, its halt is not')
        return written
      },
    }
  }

  test('whose halt a crash has lost halts the restart before anything is sent', async () => {
    const book = world()
    expect(await tradeUntilDeath(at(book, overfills, diesAtFill), closeOf(24))).toBe(true)
    const [filled] = named(await book.events(), 'OrderFilled')
    expect(named(await book.events(), 'TradingHalted')).toEqual([])
    const before = await book.head()

    const sent: string[] = []
    const listens = (paper: Venue): Partial<Venue> => ({
      place: async request => {
        sent.push(request.orderId)
        return paper.place(request)
      },
    })
    expect(await trade(at(book, listens), closeOf(24))).toBe(0)
    const after = (await book.events()).filter(({ seq }) => seq > before)
    expect(named(after, 'TradingHalted').map(({ id }) => id)).toEqual([
      haltOfOverfill(filled?.event.data.orderId as string).id,
    ])
    expect(named(after, 'IntentRaised').length).toBeGreaterThan(0)
    expect(named(after, 'OrderRequested')).toEqual([])
    expect(sent).toEqual([])
  })

  test('halts once: when it was lifted by name, a restart does not halt again', async () => {
    const book = world()
    expect(await tradeUntilDeath(at(book, overfills, diesAtFill), closeOf(24))).toBe(true)
    await trade(book.engine(), closeOf(12))
    expect(named(await book.events(), 'TradingHalted')).toHaveLength(1)
    await resume.run(book.engine(), { reason: 'the account was compared by hand' })
    await trade(book.engine(), closeOf(24))
    expect(named(await book.events(), 'TradingHalted')).toHaveLength(1)
  })
})

describe('a position that is sold twice', () => {
  const protectedChampions = champions.map(each => ({
    ...each,
    merged_config: { ...each.merged_config, protectiveStop: '0.1' as Decimal },
  }))
  /** The venue confirms that a stop is withdrawn, and tells only after the exit that it was filled all the same. */
  const fillsBoth = (paper: Venue): Partial<Venue> => {
    const stops = new Map<string, OrderRequest>()
    return {
      place: async request => {
        if (request.type === 'stop') stops.set(`${request.by} ${request.symbol}`, request)
        return paper.place(request)
      },
      reports: async now =>
        (await paper.reports(now)).flatMap(report => {
          if (report.kind !== 'filled' || report.fill.side === 'buy') return [report]
          const { by, symbol } = report.fill
          const stop = stops.get(`${by} ${symbol}`)
          if (stop === undefined || stop.orderId === report.fill.orderId) return [report]
          stops.delete(`${by} ${symbol}`)
          const { orderId, quantity } = stop
          return [
            report,
            { ...report, fill: { ...report.fill, orderId, quantity, tradeId: `${orderId}.late` } },
          ]
        }),
    }
  }

  test('halts the book, which never goes short', async () => {
    const book = world({ ...config, limits: { ...config.limits, openOrdersMax: 30 } }, protectedChampions)
    await trade(at(book, fillsBoth), closeOf(400))
    const events = await book.events()
    const [halt] = named(events, 'TradingHalted')
    const [late] = named(events, 'OrderFilled').filter(({ event }) => event.data.tradeId.endsWith('.late'))
    expect(late).toBeDefined()
    expect(halt?.id).toBe(haltOfOverfill(late?.event.data.orderId as string).id)
    expect(halt?.event.data.reason).toMatch(
      /filled more of .* than was asked or held; reconcile, then resume/,
    )
    expect(named(events, 'OrderRequested').filter(({ seq }) => seq > (halt?.seq ?? 0))).toEqual([])
  })
})

describe("the dead man's switch", () => {
  const holding = (book: World, heard: (n: number) => boolean = () => true) => {
    const held: number[] = []
    let turns = 0
    const engine = at(book, paper => ({
      cancelAllOrdersAfter: async seconds => {
        held.push(seconds)
      },
      reports: async now => {
        if (!heard(turns++)) throw new VenueUnavailable('the line is dead')
        return paper.reports(now)
      },
    }))
    return { engine, held }
  }

  test('is held back for so many seconds after each turn in which the venue was heard', async () => {
    const book = withOrders({ deadMansSwitchSeconds: 60 })
    const { engine, held } = holding(book)
    await trade(engine, closeOf(6))
    expect(held.length).toBeGreaterThanOrEqual(6)
    expect(new Set(held)).toEqual(new Set([60]))
  })

  test('is left to itself when the venue is not heard: then it shall cancel', async () => {
    const book = withOrders({ deadMansSwitchSeconds: 60 })
    const { engine, held } = holding(book, () => false)
    await trade(engine, closeOf(6))
    expect(named(await book.events(), 'CandleClosed').length).toBeGreaterThan(0)
    expect(held).toEqual([])
  })

  test('is not touched where it is not switched on', async () => {
    const { engine, held } = holding(withOrders({ deadMansSwitchSeconds: 0 }))
    await trade(engine, closeOf(6))
    expect(held).toEqual([])
  })

  test('that could not be held back is said, and trading goes on', async () => {
    const book = withOrders({ deadMansSwitchSeconds: 60 })
    const said: string[] = []
    const engine = at(book, () => ({
      cancelAllOrdersAfter: async () => {
        throw new VenueUnavailable('the line is dead')
      },
    }))
    const log = { ...engine.log, warn: (_: object, sentence: string) => said.push(sentence) }
    expect(await trade({ ...engine, log } as Engine, closeOf(6))).toBe(0)
    expect(said).toContain("the dead man's switch was not held back: the line is dead")
    expect(named(await book.events(), 'CandleClosed')).toHaveLength(12)
  })
})

describe('orders that a remote venue does not know, too late to believe it', () => {
  const knowsNothing = (placed: string[]) => (): Partial<Venue> => ({
    remote: true,
    place: async ({ orderId }) => {
      placed.push(orderId)
      return { kind: 'unknown', detail: 'the connection was reset' }
    },
    find: async () => ({ kind: 'not-known' }),
    reports: async () => [],
  })
  const afterTwoHours = async (unknownHaltMax: number) => {
    const placed: string[] = []
    const book = world({
      ...config,
      orders: { ...config.orders, settleSeconds: 15, resendSeconds: 120, unknownHaltMax },
      limits: { ...config.limits, grossExposureMax: '1000000', openOrdersMax: 50, unknownOutcomesMax: 50 },
    })
    await trade(at(book, knowsNothing(placed)), closeOf(24))
    const events = await book.events()
    return { events, placed, alerts: named(events, 'AlertRaised'), halts: named(events, 'TradingHalted') }
  }

  test('stay unknown, with one alarm each, and are never sent again; as many as are allowed do not halt', async () => {
    const { events, placed, alerts, halts } = await afterTwoHours(50)
    expect(placed.length).toBeGreaterThan(2)
    expect(new Set(placed).size).toBe(placed.length)
    expect(alerts.map(({ event }) => event.data.subject).sort()).toEqual([...placed].sort())
    expect(new Set(alerts.map(({ event }) => event.data.severity))).toEqual(new Set(['error']))
    expect(named(events, 'OrderRejected', 'OrderCancelled')).toEqual([])
    expect(halts).toEqual([])
    expect((await afterTwoHours(placed.length)).halts).toEqual([])
    expect((await afterTwoHours(placed.length - 1)).halts).toHaveLength(1)
  })

  test('halt once when there are more than are allowed, and nothing is sent then', async () => {
    const { events, alerts, halts } = await afterTwoHours(1)
    const [halt] = halts
    expect(halts).toHaveLength(1)
    const unknown = alerts.filter(({ seq }) => seq < (halt?.seq ?? 0)).length
    expect(unknown).toBeGreaterThan(1)
    expect(halt?.event.data).toEqual({
      by: 'execute',
      level: 'halted',
      reason: `the outcome of ${unknown} orders stays unknown, 1 are allowed; veritape reconcile, then resume`,
    })
    expect(named(events, 'OrderRequested').filter(({ seq }) => seq > (halt?.seq ?? 0))).toEqual([])
  })
})

describe('an order that is sent again', () => {
  /** The first answer is lost, the second is a refusal; whether the venue `knows` it then. */
  const refusedAgain = async (knows: boolean) => {
    const book = withOrders({ settleSeconds: 15, resendSeconds: 86_400 })
    const sent: string[] = []
    const refuses = (): Partial<Venue> => ({
      remote: true,
      place: async ({ orderId }) => {
        sent.push(orderId)
        if (sent.indexOf(orderId) < sent.length - 1)
          return { kind: 'rejected', reason: 'insufficient balance' }
        return { kind: 'unknown', detail: 'the connection was reset' }
      },
      find: async orderId =>
        knows && sent.indexOf(orderId) < sent.lastIndexOf(orderId)
          ? { kind: 'open', venueOrderId: `v-${orderId}` }
          : { kind: 'not-known' },
      reports: async () => [],
    })
    await trade(at(book, refuses), closeOf(24))
    const events = (await book.events()).filter(({ stream }) => stream === orderStreamOf(sent[0] as string))
    return { types: events.map(({ event }) => event.type), last: events.at(-1)?.event.data }
  }

  test('and refused then is asked for before it is given up: what was sent first may be why', async () => {
    const asked = ['OrderRequested', 'OrderOutcomeUnknown', 'OrderResendRequested']
    expect((await refusedAgain(true)).types).toEqual([...asked, 'OrderAccepted'])
    const { types, last } = await refusedAgain(false)
    expect(types).toEqual([...asked, 'OrderRejected'])
    expect(last).toMatchObject({
      reason: 'it never reached the venue, and it was refused when it was sent again: insufficient balance',
    })
  })
})

describe('the number of an order at the venue, by which its trades are told from the owner’s', () => {
  /** A remote venue whose answers to orders are lost; what it knows is what the test lets it know. */
  const losesAnswers = (answers: Partial<Venue>) => (): Partial<Venue> => ({
    remote: true,
    place: async () => ({ kind: 'unknown', detail: 'the connection was reset' }),
    reports: async () => [],
    ...answers,
  })
  const unavailable: Venue['find'] = async () => {
    throw new VenueUnavailable('the line is dead')
  }
  /** A book whose last turn asked for its first order and heard no answer. */
  const inDoubt = async () => {
    const book = withOrders({ settleSeconds: 15, resendSeconds: 86_400 })
    for (let candles = 1; ; candles++) {
      await trade(at(book, losesAnswers({ find: unavailable })), closeOf(candles))
      const [requested] = named(await book.events(), 'OrderRequested')
      if (requested !== undefined) return { book, candles, request: requested.event.data }
    }
  }
  const typesOf = async (book: World, orderId: string) =>
    (await book.events())
      .filter(({ stream }) => stream === orderStreamOf(orderId))
      .map(({ event }) => event.type)

  test('is recorded before an order in doubt is withdrawn: a fill that is told later is still its own', async () => {
    const { book, candles, request } = await inDoubt()
    const { orderId } = request
    await wish(book.engine(), { what: 'cancel', subject: orderId, id: 'c-1' })
    let isBeforeReports = true
    const venue = losesAnswers({
      find: async (id, symbol) =>
        isBeforeReports ? unavailable(id, symbol) : { kind: 'open', venueOrderId: 'v-1' },
      reports: async () => {
        isBeforeReports = false
        return []
      },
      cancel: async () => ({ kind: 'cancelled' }),
    })
    await trade(at(book, venue), closeOf(candles))
    expect((await typesOf(book, orderId)).slice(-3)).toEqual([
      'OrderCancelRequested',
      'OrderAccepted',
      'OrderCancelled',
    ])
  })

  test('is asked for when only a fill has said that the venue has the order', async () => {
    const { book, candles, request } = await inDoubt()
    const { orderId, by, symbol, side, decided } = request
    const fill = {
      orderId,
      by,
      symbol,
      side,
      tradeId: 't-1',
      price: '28000',
      quantity: '0.0001',
      fee: '0',
    } as const
    const filled = { ...fill, liquidity: 'taker', venueTime: decided } as const
    const tells = losesAnswers({ find: unavailable, reports: async () => [{ kind: 'filled', fill: filled }] })
    await trade(at(book, tells), closeOf(candles))
    const sent: string[] = []
    const place: Venue['place'] = async request => {
      sent.push(request.orderId)
      return { kind: 'unknown', detail: 'the connection was reset' }
    }
    const silent = losesAnswers({ place, find: async () => ({ kind: 'not-known' }) })
    await trade(at(book, silent), closeOf(candles + 3))
    expect((await typesOf(book, orderId)).at(-1)).toBe('OrderFilled')
    expect(sent).not.toContain(orderId) // a fill has proven that the venue has it
    const knows: Venue['find'] = async () => ({ kind: 'open', venueOrderId: 'v-1' })
    await trade(at(book, losesAnswers({ find: knows })), closeOf(candles + 3))
    expect((await typesOf(book, orderId)).at(-1)).toBe('OrderAccepted')
  })
})

describe('an order of which the venue gives no usable answer, among others of which it does', () => {
  /** Behind its first fill, in part, an entry in BTC is not heard of any more, or only not in that turn. */
  const withSick = (lasts: 'for ever' | 'one turn' = 'for ever') => {
    let since: string | undefined
    const asked = new Map<string, string>()
    let sick: string | undefined
    return (paper: Venue): Partial<Venue> => ({
      place: async request => {
        if (request.symbol === 'BTC/USDT' && !request.reduceOnly) asked.set(request.orderId, request.quantity)
        return paper.place(request)
      },
      reports: async now => {
        if (lasts === 'one turn' && since !== undefined && now > since) return paper.reports(now)
        const heard = []
        for (const report of await paper.reports(now)) {
          const { orderId, quantity } = report.kind === 'filled' ? report.fill : { ...report, quantity: '' }
          if (orderId === sick) continue
          heard.push(report)
          if (quantity !== '' && asked.has(orderId) && asked.get(orderId) !== quantity) sick ??= orderId
        }
        if (sick === undefined) return heard
        since ??= now
        return [...heard, { kind: 'unheard', orderId: sick, why: 'its trades show less than it says' }]
      },
    })
  }

  test('holds up new risk in its market, and nothing else: fills, exits and other markets go on; a person is told once', async () => {
    const book = world()
    await trade(at(book, withSick()), closeOf(24))
    const events = await book.events()
    const [alert] = named(events, 'AlertRaised')
    expect(named(events, 'AlertRaised')).toHaveLength(1)
    const sick = alert?.event.data.subject.replace('reports of ', '')
    const entries = named(events, 'OrderRequested').filter(({ event: { data } }) => !data.reduceOnly)
    expect(entries.map(({ event }) => event.data.orderId)).toContain(sick)
    const fills = named(events, 'OrderFilled').filter(({ event }) => event.data.orderId === sick)
    expect(fills).toHaveLength(1)
    const from = fills[0]?.seq ?? Number.NaN
    const later = events.filter(({ seq }) => seq > from)
    const requested = named(later, 'OrderRequested').map(({ event }) => event.data)
    expect(requested.filter(({ symbol, reduceOnly }) => symbol === 'BTC/USDT' && !reduceOnly)).toEqual([])
    expect(requested.some(({ symbol, reduceOnly }) => symbol === 'BTC/USDT' && reduceOnly)).toBe(true)
    expect(requested.some(({ symbol, reduceOnly }) => symbol === 'ETH/USDT' && !reduceOnly)).toBe(true)
    expect(named(later, 'OrderFilled').length).toBeGreaterThan(2)
    // The wishes were not answered as if nothing were: they ran out.
    expect(named(later, 'IntentExpired').length).toBeGreaterThan(0)
  })

  test('is no matter for a person when it is heard of again in the next turn', async () => {
    const book = world()
    const said: string[] = []
    const engine = at(book, withSick('one turn'))
    const log = { ...engine.log, warn: (_: object, sentence: string) => said.push(sentence) }
    await trade({ ...engine, log } as Engine, closeOf(24))
    expect(said.filter(sentence => sentence.includes('cannot be heard of'))).toHaveLength(1)
    expect(named(await book.events(), 'AlertRaised')).toEqual([])
  })
})

test('what a remote venue says not to know, without any proof in it, is never sent again, and a person is told', async () => {
  const placed: string[] = []
  const book = withOrders({ settleSeconds: 15, resendSeconds: 7_200, unknownHaltMax: 50 })
  const proves = (unproven: string | undefined) => (): Partial<Venue> => ({
    remote: true,
    place: async ({ orderId }) => {
      placed.push(orderId)
      return { kind: 'unknown', detail: 'the connection was reset' }
    },
    find: async () => ({ kind: 'not-known', ...(unproven === undefined ? {} : { unproven }) }),
    reports: async () => [],
  })
  await trade(at(book, proves('its lists do not reach back')), closeOf(12))
  expect(placed.length).toBeGreaterThan(0)
  expect(new Set(placed).size).toBe(placed.length)
  expect(named(await book.events(), 'OrderResendRequested', 'OrderRejected')).toEqual([])
})
