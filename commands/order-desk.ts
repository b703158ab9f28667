// Orders at the venue: send what is durable, take down what the venue reports, ask before sending again.

import { type BookOrder, liveOrders } from '../domain/book.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Desk } from '../domain/desk.ts'
import { because, outside, propose } from '../domain/event.ts'
import { decide, isOverfilled, type OrderCommand } from '../domain/order.ts'
import { isLeft } from '../domain/result.ts'
import { TradingHalted, tradingOf } from '../domain/safety.ts'
import { orderStreamOf, safetyStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import type { Venue, VenueReport } from '../domain/venue.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'

export interface OrderDesk {
  /** Sends an order whose request is durable. */
  send(orderId: string, now: Instant): Promise<void>
  /** Takes down everything the venue reports up to `now`. */
  takeReports(now: Instant): Promise<void>
  /** Finds out about orders that were requested but never heard of; sends only what the venue does not know. */
  settle(now: Instant): Promise<void>
  /** Withdraws what operators wished to cancel. */
  withdraw(): Promise<void>
  /** Withdraws one order. It is over when the book says so, not when this resolves. */
  withdrawOne(orderId: string, reason: string): Promise<void>
}

export const orderDesk = (engine: Engine, keeper: Bookkeeper, desk: Desk, venue: Venue): OrderDesk => {
  const { book } = desk

  /** Writes what is news in a command; nothing when it is already so. */
  const record = async (orderId: string, command: OrderCommand): Promise<boolean> => {
    const known = book.orders.get(orderId)
    const decided = decide(command, known?.order)
    if (isLeft(decided) || known === undefined) return false // not ours: reconciliation adopts it
    const events = decided.right.map((event: BookEvent) => propose(because(known.link), event, mark(command)))
    if (events.length > 0) await keeper.append([{ stream: orderStreamOf(orderId), events }])
    return events.length > 0
  }

  const send = async (orderId: string, now: Instant) => {
    const { order } = book.orders.get(orderId) as BookOrder
    const { side, quantity, symbol, type, by } = order.request
    const sentence = `${side} ${quantity} ${symbol} (${type}) for ${by}`
    const answer = await venue.place(order.request)
    switch (answer.kind) {
      case 'accepted': {
        const { venueOrderId, venueTime = now } = answer
        await record(orderId, { type: 'ReportAcceptance', data: { orderId, venueOrderId, venueTime } })
        engine.log.info({ orderId, venueOrderId }, `order submitted: ${sentence}, id ${orderId}`)
        return
      }
      case 'rejected':
        await record(orderId, { type: 'ReportRejection', data: { orderId, reason: answer.reason } })
        engine.log.warn({ orderId }, `order rejected by ${venue.name}: ${sentence}: ${answer.reason}`)
        return
      case 'unknown':
        await record(orderId, { type: 'ReportLostAnswer', data: { orderId, detail: answer.detail } })
        engine.log.error({ orderId }, `outcome unknown: ${sentence}: ${answer.detail}; it will be asked for`)
    }
  }

  const take = async (report: VenueReport) => {
    if (report.kind === 'filled') {
      const { orderId, side, quantity, symbol, price } = report.fill
      const isNews = await record(orderId, { type: 'ReportFill', data: report.fill })
      if (!isNews) return
      engine.log.info({ orderId }, `filled: ${side} ${quantity} ${symbol} at ${price}`)
      const known = book.orders.get(orderId)
      if (known !== undefined && isOverfilled(known.order)) await haltForOverfill(orderId)
      return
    }
    const { orderId, venueTime } = report
    if (report.kind === 'expired')
      await record(orderId, { type: 'ReportExpired', data: { orderId, venueTime } })
    else
      await record(orderId, { type: 'ReportCancelled', data: { orderId, reason: report.reason, venueTime } })
  }

  const haltForOverfill = async (orderId: string) => {
    const reason = `the venue filled more of ${orderId} than was asked; reconcile, then resume`
    const halted = TradingHalted({ by: 'execute', reason, level: 'halted' })
    await keeper.append([{ stream: safetyStream, events: [propose(outside(`overfill ${orderId}`), halted)] }])
    engine.log.error({ orderId }, reason)
  }

  const withdrawOne = async (orderId: string, reason: string) => {
    await record(orderId, { type: 'RequestCancel', data: { orderId, reason } })
    const { symbol } = (book.orders.get(orderId) as BookOrder).order.request
    const answer = await venue.cancel(orderId, symbol)
    if (answer.kind !== 'cancelled') return // its end or its fills will be reported, or it is asked again
    const { venueTime } = answer
    await record(orderId, {
      type: 'ReportCancelled',
      data: { orderId, reason, ...(venueTime === undefined ? {} : { venueTime }) },
    })
  }

  return {
    send,
    takeReports: async now => {
      for (const report of await venue.reports(now)) await take(report)
    },
    settle: async now => {
      for (const { order } of liveOrders(book)) {
        if (order.status !== 'requested' && order.status !== 'unknown') continue
        const { orderId, symbol, decided, expiresAt, reduceOnly } = order.request
        const trading = tradingOf(book.halts)
        const found = await venue.find(orderId, symbol)
        if (found.kind !== 'not-known') {
          const { venueOrderId } = found
          await record(orderId, {
            type: 'ReportAcceptance',
            data: { orderId, venueOrderId, venueTime: decided },
          })
        } else if (now > (expiresAt ?? decided)) {
          const reason = 'it never reached the venue, and the wish is no longer fresh'
          await record(orderId, { type: 'ReportRejection', data: { orderId, reason } })
        } else if (trading === 'halted' || (trading === 'reducing' && !reduceOnly)) {
          const reason = `it never reached the venue, and by now trading is ${trading}`
          await record(orderId, { type: 'ReportRejection', data: { orderId, reason } })
        } else await send(orderId, now)
      }
    },
    withdraw: async () => {
      for (const { order } of liveOrders(book))
        if (order.cancelRequested || book.cancelWishes.has(order.request.orderId))
          await withdrawOne(order.request.orderId, 'an operator wished it')
    },
    withdrawOne,
  }
}

/** Fills of one order are told apart by the venue's number of the trade; everything else happens once. */
const mark = (command: OrderCommand): string | number =>
  command.type === 'ReportFill' ? command.data.tradeId : 0
