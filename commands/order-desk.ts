// Orders at the venue: send what is durable, take down what the venue reports, withdraw what is not wanted any more.
// What is in doubt is asked for first (commands/order-doubt.ts).

import { type BookOrder, liveOrders } from '../domain/book.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Desk } from '../domain/desk.ts'
import { because, propose } from '../domain/event.ts'
import { decide, type OrderCommand } from '../domain/order.ts'
import { isLeft } from '../domain/result.ts'
import { orderStreamOf, safetyStream } from '../domain/stream.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import {
  type UnheardOrder,
  type Venue,
  type VenueOrder,
  type VenueReport,
  VenueUnavailable,
} from '../domain/venue.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'
import { alarm, orderDoubt } from './order-doubt.ts'

/** Writes what is news in a command; false when it is already so. */
export type RecordOrder = (orderId: string, command: OrderCommand) => Promise<boolean>

export interface OrderDesk {
  /** Sends an order whose request is durable. */
  send(orderId: string, now: Instant): Promise<void>
  /** Takes down everything the venue reports up to `now`; false when the venue could not be heard. */
  takeReports(now: Instant): Promise<boolean>
  /**
   * Whether the venue gave no usable answer about a live order in this market when it was last heard. What that order has
   * filled is not known: no new risk is taken there. An exit sells what no live order may sell, and is safe.
   */
  isUnheard(symbol: string): boolean
  /** Finds out about orders that were requested but never heard of; sends only what the venue does not know. */
  settle(now: Instant): Promise<void>
  /** Withdraws what operators wished to cancel. */
  withdraw(): Promise<void>
  /** Withdraws one order. It is over when the book says so, not when this resolves. */
  withdrawOne(orderId: string, reason: string): Promise<void>
  /** Whether what the venue said, or did not say, asks for a reconciliation. */
  inDoubt(): boolean
  /** Holds the venue's dead man's switch back, where it is switched on: only after a turn that made progress. */
  stayAlive(): Promise<void>
}

/** A list of trades may be behind the order for a while; an order that is not heard of for longer is told to a person. */
const silenceMs = 5 * 60_000

export const orderDesk = (engine: Engine, keeper: Bookkeeper, desk: Desk, venue: Venue): OrderDesk => {
  const { book } = desk
  /** Orders that the venue is done with and that are not done in the ledger: their end was not reported. */
  const endsMissing = new Set<string>()

  const record: RecordOrder = async (orderId, command) => {
    for (;;) {
      const known = book.orders.get(orderId)
      const decided = decide(command, known?.order)
      if (isLeft(decided) || known === undefined) return false // not ours: reconciliation adopts it
      const events = decided.right.map((event: BookEvent) =>
        propose(because(known.link), event, markOf(command)),
      )
      if (events.length === 0) return false
      // A reconciliation may have written the same fact in between: then it is no news any more.
      const written = await keeper.append([{ stream: orderStreamOf(orderId), events }], 'shared')
      if (written !== false) return true
      await keeper.catchUp()
    }
  }

  /** Gives why the venue refused an order that it was sent before: that may be because it has it. */
  const send = async (orderId: string, now: Instant): Promise<string | undefined> => {
    const { order } = book.orders.get(orderId) as BookOrder
    const { side, quantity, symbol, type, by } = order.request
    const sentence = `${side} ${quantity} ${symbol} (${type}) for ${by}`
    const answer = await venue.place(order.request)
    switch (answer.kind) {
      case 'accepted': {
        const { venueOrderId, venueTime = now } = answer
        await record(orderId, { type: 'ReportAcceptance', data: { orderId, venueOrderId, venueTime } })
        engine.log.info({ orderId, venueOrderId }, `order submitted: ${sentence}, id ${orderId}`)
        return undefined
      }
      case 'rejected':
        if (order.resends !== undefined) return answer.reason
        await record(orderId, { type: 'ReportRejection', data: { orderId, reason: answer.reason } })
        engine.log.warn({ orderId }, `order rejected by ${venue.name}: ${sentence}: ${answer.reason}`)
        return undefined
      case 'unknown':
        await record(orderId, { type: 'ReportLostAnswer', data: { orderId, detail: answer.detail } })
        engine.log.error({ orderId }, `outcome unknown: ${sentence}: ${answer.detail}; it will be asked for`)
        return undefined
    }
  }

  /** Orders that the venue gave no usable answer about when it was last heard, and since when. */
  const unheard = new Map<string, Instant>()

  const noteUnheard = async (silent: readonly UnheardOrder[], now: Instant) => {
    for (const orderId of unheard.keys())
      if (!silent.some(each => each.orderId === orderId)) unheard.delete(orderId)
    for (const { orderId, why } of silent) {
      const since = unheard.get(orderId)
      if (since === undefined) {
        unheard.set(orderId, now)
        engine.log.warn({ orderId }, `${orderId} cannot be heard of, the others can: ${why}`)
        continue
      }
      const subject = `reports of ${orderId}`
      const isLong = millisecondsOf(now) - millisecondsOf(since) >= silenceMs
      if (!isLong || !book.liveOrders.has(orderId) || book.alerts.has(subject)) continue
      const sentence = `${venue.name} gives no usable answer about ${orderId}: ${why}; nothing new is bought in its market until it does, or a reconciliation ends it`
      await alarm(keeper, subject, sentence)
      engine.log.error({ orderId }, sentence)
    }
  }

  const take = async (report: VenueReport) => {
    if (report.kind === 'filled') {
      const { orderId, side, quantity, symbol, price } = report.fill
      const isNews = await record(orderId, { type: 'ReportFill', data: report.fill })
      if (!isNews) return
      engine.log.info({ orderId }, `filled: ${side} ${quantity} ${symbol} at ${price}`)
      await haltForFacts()
      return
    }
    const { orderId, venueTime } = report
    if (report.kind === 'expired')
      await record(orderId, { type: 'ReportExpired', data: { orderId, venueTime } })
    else if (report.kind === 'rejected')
      await record(orderId, { type: 'ReportRejection', data: { orderId, reason: report.reason } })
    else
      await record(orderId, { type: 'ReportCancelled', data: { orderId, reason: report.reason, venueTime } })
  }

  /** Also those whose halt a crash has lost, and those that a reconciliation found. */
  const haltForFacts = async () => {
    for (const halt of [...book.haltsDue.values()]) {
      await keeper.append([{ stream: safetyStream, events: [halt] }])
      engine.log.error({}, halt.event.data.reason)
    }
  }

  const doubt = orderDoubt(engine, keeper, desk, venue, record, send)

  /** How an order stands before it is withdrawn; undefined when the venue gives no answer now. */
  const ask = async (orderId: string, symbol: string): Promise<VenueOrder | undefined> => {
    try {
      return await venue.find(orderId, symbol)
    } catch (error) {
      if (error instanceof VenueUnavailable) return undefined
      throw error
    }
  }

  const withdrawOne = async (orderId: string, reason: string) => {
    const { order } = book.orders.get(orderId) as BookOrder
    const { symbol } = order.request
    // A cancel whose answer was lost may have been done; one of an order in doubt may be of nothing. Ask first.
    const isFirst = !order.cancelRequested && order.venueOrderId !== undefined
    await record(orderId, { type: 'RequestCancel', data: { orderId, reason } })
    if (!isFirst) {
      const found = await ask(orderId, symbol)
      // Without its number, a fill that is told after its end would be nobody's.
      if (found !== undefined && found.kind !== 'not-known')
        await record(orderId, {
          type: 'ReportAcceptance',
          data: { orderId, venueOrderId: found.venueOrderId },
        })
      if (found?.kind === 'done') endsMissing.add(orderId)
      if (found?.kind !== 'open') return // its end is reported or reconciled, or it is asked again
    }
    const answer = await venue.cancel(orderId, symbol)
    if (answer.kind === 'too-late') endsMissing.add(orderId)
    if (answer.kind === 'unknown')
      engine.log.error({ orderId }, `cancel unknown: ${answer.detail}; it will be asked for`)
    if (answer.kind !== 'cancelled') return
    const { venueTime } = answer
    await record(orderId, {
      type: 'ReportCancelled',
      data: { orderId, reason, ...(venueTime === undefined ? {} : { venueTime }) },
    })
  }

  return {
    send: async (orderId, now) => {
      await send(orderId, now)
    },
    takeReports: async now => {
      try {
        const silent: UnheardOrder[] = []
        for (const report of await venue.reports(now))
          if (report.kind === 'unheard') silent.push(report)
          else await take(report)
        await noteUnheard(silent, now)
        return true
      } catch (error) {
        if (!(error instanceof VenueUnavailable)) throw error
        engine.log.warn({}, `${venue.name} cannot be heard, so nothing is sent: ${error.message}`)
        return false
      }
    },
    isUnheard: symbol =>
      [...unheard.keys()].some(
        orderId => book.liveOrders.has(orderId) && book.orders.get(orderId)?.order.request.symbol === symbol,
      ),
    settle: async now => {
      await haltForFacts()
      await doubt.settle(now)
    },
    withdraw: async () => {
      for (const known of liveOrders(book)) {
        if (!known.order.cancelRequested && !book.cancelWishes.has(known.order.request.orderId)) continue
        await withdrawOne(known.order.request.orderId, 'an operator wished it')
      }
    },
    inDoubt: () => {
      for (const orderId of endsMissing) if (!book.liveOrders.has(orderId)) endsMissing.delete(orderId)
      return endsMissing.size > 0 || liveOrders(book).some(({ order }) => order.status === 'unknown')
    },
    stayAlive: async () => {
      const { deadMansSwitchSeconds } = engine.config.orders
      if (deadMansSwitchSeconds === 0 || venue.cancelAllOrdersAfter === undefined) return
      try {
        await venue.cancelAllOrdersAfter(deadMansSwitchSeconds)
      } catch (error) {
        if (!(error instanceof VenueUnavailable)) throw error
        engine.log.warn({}, `the dead man's switch was not held back: ${error.message}`)
      }
    },
    withdrawOne,
  }
}

/** Fills of one order are told apart by the venue's number of the trade, resends by theirs; all else happens once. */
export const markOf = (command: OrderCommand): string | number =>
  command.type === 'ReportFill'
    ? command.data.tradeId
    : command.type === 'RequestResend'
      ? command.data.resend
      : 0
