// The life of an order: every status against every event and every command. We refuse wishes, never facts.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { declarations } from '../../domain/catalogue.ts'
import { type Decimal, sum } from '../../domain/decimal.ts'
import {
  decide,
  evolve,
  evolveAt,
  type Fill,
  isLive,
  isOverfilled,
  type MaybeOrder,
  type Order,
  OrderAccepted,
  OrderCancelled,
  OrderCancelRequested,
  type OrderCommand,
  type OrderEvent,
  OrderExpired,
  OrderFilled,
  OrderOutcomeUnknown,
  OrderRejected,
  OrderRequested,
  OrderResendRequested,
  OrderWithheld,
  remaining,
} from '../../domain/order.ts'
import { isLeft } from '../../domain/result.ts'
import { orderFilled, orderRequested } from '../cast.ts'

const request = orderRequested(7).data
const { orderId } = request
const venueTime = '2023-03-24T11:50:00.000Z'

/** A quarter of a bitcoin is asked for: 0.1 is a part, 0.15 the rest, 0.25 all. */
const fill = (tradeId: string, quantity: Decimal): Fill => orderFilled(7, tradeId, quantity).data

const requested = OrderRequested(request)
const withheld = OrderWithheld(request)
const accepted = OrderAccepted({ orderId, venueOrderId: 'v-1', venueTime })
const rejected = OrderRejected({ orderId, reason: 'insufficient funds' })
const lost = OrderOutcomeUnknown({ orderId, detail: 'timeout' })
const resent = OrderResendRequested({
  orderId,
  resend: 1,
  proof: 'not known, twice',
  decided: venueTime,
})
const cancelRequested = OrderCancelRequested({ orderId, reason: 'lunch' })
const cancelled = OrderCancelled({ orderId, reason: 'lunch', venueTime })
const expired = OrderExpired({ orderId, venueTime })
const part = OrderFilled(fill('t-part', '0.1'))
const all = OrderFilled(fill('t-all', '0.25'))

const orderAfter = (events: readonly OrderEvent[]): MaybeOrder =>
  events.reduce<MaybeOrder>((order, event) => evolve(order, event), undefined)

/** Every status that an order can have, reached by what really leads there. */
const histories = {
  none: [],
  requested: [requested],
  unknown: [requested, lost],
  open: [requested, accepted],
  'partly filled': [requested, accepted, OrderFilled(fill('t-0', '0.1'))],
  filled: [requested, accepted, OrderFilled(fill('t-0', '0.25'))],
  cancelled: [requested, accepted, cancelled],
  expired: [requested, accepted, expired],
  rejected: [requested, rejected],
  withheld: [withheld],
} as const satisfies Record<string, readonly OrderEvent[]>
type Before = keyof typeof histories

const events = {
  OrderRequested: requested,
  OrderWithheld: withheld,
  OrderAccepted: accepted,
  OrderRejected: rejected,
  OrderOutcomeUnknown: lost,
  OrderResendRequested: resent,
  OrderCancelRequested: cancelRequested,
  OrderCancelled: cancelled,
  OrderExpired: expired,
  'OrderFilled in part': part,
  'OrderFilled in full': all,
} as const satisfies Record<string, OrderEvent>
type What = keyof typeof events

/** The transition table, in the order of `events`. '!' is a broken invariant: the process stops. */
const transitions: Record<Before, string> = {
  //              requested withheld accepted  rejected  lost      resend    cancel?   cancelled expired   part      full
  none: '          requested withheld !         !         !         !         !         !         !         !         !',
  requested:
    '     !         !        open      rejected  unknown   requested requested cancelled expired   open      filled',
  unknown:
    '       !         !        open      rejected  unknown   unknown   unknown   cancelled expired   open      filled',
  open: '          !         !        open      rejected  open      open      open      cancelled expired   open      filled',
  'partly filled':
    '!         !        open      rejected  open      open      open      cancelled expired   open      filled',
  filled:
    '        !         !        filled    filled    filled    filled    filled    filled    filled    filled    filled',
  cancelled:
    '     !         !        cancelled cancelled cancelled cancelled cancelled cancelled cancelled cancelled filled',
  expired:
    '       !         !        expired   expired   expired   expired   expired   expired   expired   expired   filled',
  rejected:
    '      !         !        open      rejected  rejected  rejected  rejected  rejected  rejected  open      filled',
  withheld:
    '      !         !        withheld  withheld  withheld  withheld  withheld  withheld  withheld  withheld  filled',
}

const row = (line: string): readonly string[] => line.trim().split(/\s+/)

describe('evolve', () => {
  test('the table has a row for each status and a column for each event', () => {
    const statuses = new Set<string>(
      Object.values(histories).map(history => orderAfter(history)?.status ?? 'none'),
    )
    for (const line of Object.values(transitions))
      for (const status of row(line)) if (status !== '!') expect(statuses).toContain(status)
    const declared = declarations.map(({ type }) => type).filter(type => type.startsWith('Order'))
    expect(new Set(Object.values(events).map(({ type }) => type))).toEqual(new Set(declared))
  })

  const cells = Object.entries(transitions).flatMap(([before, line]) => {
    const statuses = row(line)
    expect(statuses).toHaveLength(Object.keys(events).length)
    return Object.keys(events).map(
      (what, at) => [before as Before, what as What, statuses[at] as string] as const,
    )
  })

  test.each(cells)('%s, %s: %s', (before, what, status) => {
    const order = orderAfter(histories[before])
    if (status === '!') expect(() => evolve(order, events[what])).toThrow(orderId)
    else expect(evolve(order, events[what]).status).toBe(status)
  })

  test('no event forgets a fill', () => {
    const filled = orderAfter(histories['partly filled']) as Order
    for (const event of [accepted, rejected, lost, cancelRequested, cancelled, expired])
      expect(evolve(filled, event)).toMatchObject({ filled: '0.1', fills: [fill('t-0', '0.1')] })
  })

  test('when the venue took it is what the venue says', () => {
    expect(orderAfter([requested, accepted])).toMatchObject({ venueOrderId: 'v-1', acceptedAt: venueTime })
    expect(orderAfter([requested, OrderAccepted({ orderId, venueOrderId: 'v-1' })])).not.toHaveProperty(
      'acceptedAt',
    )
  })

  test('what is in flight, unknown or open may still be filled; what is over may not', () => {
    const live = Object.entries(histories)
      .filter(([, history]) => history.length > 0 && isLive(orderAfter(history) as Order))
      .map(([name]) => name)
    expect(live).toEqual(['requested', 'unknown', 'open', 'partly filled'])
  })
})

describe('late fills', () => {
  test.each(['cancelled', 'expired', 'rejected', 'withheld', 'filled'] as const)(
    'a fill after the order is %s is recorded',
    status => {
      const order = orderAfter(histories[status]) as Order
      const decided = decide({ type: 'ReportFill', data: fill('t-late', '0.05') }, order)
      expect(decided).toMatchObject({ right: [OrderFilled(fill('t-late', '0.05'))] })
      const later = evolve(order, OrderFilled(fill('t-late', '0.05')))
      expect(later.fills).toContainEqual(fill('t-late', '0.05'))
    },
  )

  test('a part that fills after the cancel leaves the order cancelled, with the part', () => {
    const order = orderAfter([requested, accepted, cancelled, part]) as Order
    expect(order).toMatchObject({ status: 'cancelled', filled: '0.1' })
    expect(remaining(order)).toBe('0.15')
    expect(isLive(order)).toBe(false)
  })

  test('a rejected order that fills in part is open again: the venue has it', () => {
    expect(isLive(orderAfter([requested, rejected, part]) as Order)).toBe(true)
  })

  test('more than was asked is recorded and is an overfill', () => {
    const order = orderAfter([requested, accepted, part, OrderFilled(fill('t-2', '0.15000001'))]) as Order
    expect(order).toMatchObject({ status: 'filled', filled: '0.25000001' })
    expect(isOverfilled(order)).toBe(true)
    expect(remaining(order)).toBe('-0.00000001')
  })

  test('exactly what was asked is none', () => {
    const order = orderAfter([requested, accepted, part, OrderFilled(fill('t-2', '0.15'))]) as Order
    expect(isOverfilled(order)).toBe(false)
    expect(remaining(order)).toBe('0')
  })

  test('a fill after all of it is recorded, and is an overfill', () => {
    expect(isOverfilled(orderAfter([requested, accepted, all, part]) as Order)).toBe(true)
  })
})

const commands = {
  RequestOrder: { type: 'RequestOrder', data: request },
  WithholdOrder: { type: 'WithholdOrder', data: request },
  ReportAcceptance: { type: 'ReportAcceptance', data: accepted.data },
  ReportRejection: { type: 'ReportRejection', data: rejected.data },
  ReportLostAnswer: { type: 'ReportLostAnswer', data: lost.data },
  RequestResend: { type: 'RequestResend', data: resent.data },
  RequestCancel: { type: 'RequestCancel', data: cancelRequested.data },
  ReportCancelled: { type: 'ReportCancelled', data: cancelled.data },
  ReportExpired: { type: 'ReportExpired', data: expired.data },
  ReportFill: { type: 'ReportFill', data: part.data },
} as const satisfies { [Type in OrderCommand['type']]: Extract<OrderCommand, { type: Type }> }
type Name = keyof typeof commands

/** '+' is news, '.' is known already, a word is a refusal. In the order of `commands`. */
const decisions: Record<Before, string> = {
  //              request  withhold accepted rejected lost    resend  cancel? cancelled expired fill
  none: '         +        +        unknown  unknown  unknown unknown unknown unknown   unknown unknown',
  requested: '    .        .        +        +        +       +       +       +         +       +',
  unknown: '      .        .        +        +        .       +       +       +         +       +',
  open: '         .        .        .        +        .       known   +       +         +       +',
  'partly filled': '.        .        .        +        .       known   +       +         +       +',
  filled: '       .        .        .        .        .       known   done    .         .       +',
  cancelled: '    .        .        .        .        .       known   done    .         .       +',
  expired: '      .        .        .        .        .       known   done    .         .       +',
  rejected: '     .        .        +        .        .       known   done    .         .       +',
  withheld: '     .        .        +        .        .       known   done    .         .       +',
}
const refusals: Record<string, string> = {
  unknown: 'order-unknown',
  done: 'order-already-done',
  known: 'order-known-to-venue',
}

test('a fold of recorded events knows when an order ended, whatever the venue says of the time', () => {
  const at = (minute: number) => `2026-11-25T10:0${minute}:00.000000Z`
  const fold = (...events: readonly OrderEvent[]) =>
    events.reduce<MaybeOrder>((order, event, index) => evolveAt(order, event, at(index)), undefined)
  expect(fold(requested, accepted, part)).not.toHaveProperty('endedAt')
  expect(fold(requested, accepted, cancelled)?.endedAt).toBe(at(2))
  expect(fold(requested, accepted, cancelled, part)?.endedAt).toBe(at(2)) // it ended once
  expect(fold(requested, rejected, accepted, expired)?.endedAt).toBe(at(3)) // it came back, and ended again
})

describe('decide', () => {
  const cells = Object.entries(decisions).flatMap(([before, line]) => {
    const verdicts = row(line)
    expect(verdicts).toHaveLength(Object.keys(commands).length)
    return Object.keys(commands).map(
      (name, at) => [before as Before, name as Name, verdicts[at] as string] as const,
    )
  })

  test.each(cells)('%s, %s: %s', (before, name, verdict) => {
    const decided = decide(commands[name], orderAfter(histories[before]))
    if (verdict === '+')
      expect(decided).toMatchObject({ _tag: 'Right', right: [{ data: commands[name].data }] })
    else if (verdict === '.') expect(decided).toMatchObject({ _tag: 'Right', right: [] })
    else expect(decided).toMatchObject({ _tag: 'Left', left: refusals[verdict] })
  })

  test('an order id that is taken by another request is refused', () => {
    const other: readonly Partial<typeof request>[] = [
      { intent: 8 },
      { symbol: 'ETH/USDT' },
      { side: 'sell' },
      { type: 'stop' },
      { quantity: '0.26' },
      { limitPrice: '28011' },
      { stopPrice: '28000' },
      { by: 'operator' },
      { timeInForce: 'IOC' },
      { reduceOnly: true },
      { expiresAt: venueTime },
    ]
    for (const difference of other) {
      const decided = decide(
        { type: 'RequestOrder', data: { ...request, ...difference } },
        orderAfter([requested]),
      )
      expect(decided, JSON.stringify(difference)).toMatchObject({ left: 'order-id-taken' })
    }
  })

  test('the same request decided at another moment is the same request', () => {
    const decided = decide(
      { type: 'RequestOrder', data: { ...request, decided: venueTime } },
      orderAfter([requested]),
    )
    expect(decided).toMatchObject({ right: [] })
  })

  test('only our wishes are refused: of a known order no report is', () => {
    for (const [before, history] of Object.entries(histories))
      for (const command of Object.values(commands))
        if (before !== 'none' && command.type.startsWith('Report'))
          expect(isLeft(decide(command, orderAfter(history))), `${before} ${command.type}`).toBe(false)
  })

  test('a cancel is asked for once', () => {
    const again = decide(commands.RequestCancel, orderAfter([requested, accepted, cancelRequested]))
    expect(again).toMatchObject({ right: [] })
  })
})

/** Commands of one order, as any venue and any operator might send them. */
const anyCommand: fc.Arbitrary<OrderCommand> = fc.oneof(
  fc.constantFrom<OrderCommand>(...Object.values(commands)),
  fc.record({
    type: fc.constant('ReportFill' as const),
    data: fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom<Decimal>('0.05', '0.1', '0.25'))
      .map(([trade, quantity]) => fill(`t-${trade}`, quantity)),
  }),
)

const apply = (order: MaybeOrder, command: OrderCommand): MaybeOrder => {
  const decided = decide(command, order)
  return isLeft(decided) ? order : decided.right.reduce<MaybeOrder>(evolve, order)
}

test('repeating a command yields no events, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 25 }), anyCommand, (history, command) => {
      const before = history.reduce<MaybeOrder>(apply, undefined)
      const first = decide(command, before)
      const again = decide(command, apply(before, command))
      if (isLeft(first)) expect(again).toEqual(first)
      else expect(again).toMatchObject({ _tag: 'Right', right: [] })
    }),
    { numRuns: 1000 },
  )
})

test('whatever is commanded, a trade is filled once and the fills add up', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 40 }), history => {
      const order = history.reduce<MaybeOrder>(apply, undefined)
      if (order === undefined) return
      expect(order.filled).toBe(sum(order.fills.map(({ quantity }) => quantity)))
      expect(new Set(order.fills.map(({ tradeId }) => tradeId)).size).toBe(order.fills.length)
    }),
    { numRuns: 500 },
  )
})

test('the same trades, in any order and reported any number of times, fill the same quantity', () => {
  const trades = fc
    .uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 8 })
    .map(all => all.map(n => fill(`t-${n}`, `0.0${n}` as Decimal)))
  const reported = trades.chain(all =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray([...all, ...all, ...all], { minLength: all.length * 3, maxLength: all.length * 3 }),
    ),
  )
  fc.assert(
    fc.property(reported, ([once, shuffled]) => {
      const filledBy = (fills: readonly Fill[]) =>
        fills.reduce<MaybeOrder>(
          (order, data) => apply(order, { type: 'ReportFill', data }),
          orderAfter([requested, accepted]),
        )
      expect(filledBy(shuffled)?.filled).toBe(filledBy(once)?.filled)
      expect(filledBy(shuffled)?.status).toBe(filledBy(once)?.status)
    }),
  )
})
