// Doubt: an order was requested and nobody knows whether the venue has it. Ask by its id before anything else.
//
// An order that is open by a fill alone is asked for too: its number at the venue tells its later trades from the owner's.
//
//   requested, unknown ──find──▶ known ─────────────────────────────▶ accepted
//                          └───▶ not known, and again after settling ─▶ it provably never arrived:
//                                    still wanted ──▶ the resend is recorded, then sent under the same id
//                                    no longer, or refused when it was ──▶ rejected
//                                too long ago to be believed ──▶ stays unknown: exposure, an alarm, beyond a limit a halt
//
// A venue in this process cannot have a request on its way: its first 'not-known' is proof, at any age.

import { type BookOrder, liveOrders } from '../domain/book.ts'
import type { Desk } from '../domain/desk.ts'
import { outside, propose } from '../domain/event.ts'
import { AlertRaised } from '../domain/health.ts'
import { isInDoubt, type Order } from '../domain/order.ts'
import { noAnswer } from '../domain/reconciliation.ts'
import { TradingHalted, tradingOf } from '../domain/safety.ts'
import { safetyStream } from '../domain/stream.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import { type Venue, type VenueOrder, VenueUnavailable } from '../domain/venue.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'
import type { RecordOrder } from './order-desk.ts'

export interface OrderDoubt {
  /** Asks about every order in doubt and does what follows from the answer. */
  settle(now: Instant): Promise<void>
}

export const orderDoubt = (
  engine: Engine,
  keeper: Bookkeeper,
  { book }: Desk,
  venue: Venue,
  record: RecordOrder,
  send: (orderId: string, now: Instant) => Promise<string | undefined>,
): OrderDoubt => {
  const { settleSeconds, resendSeconds, unknownHaltMax } = engine.config.orders
  /** When the venue first said of an order that it does not know it, since it was last sent. */
  const notKnownSince = new Map<string, Instant>()
  /** Why it refused one that it was sent again. If it has it after all, it is not unknown to it the next time. */
  const refusals = new Map<string, string>()

  /** Whether what the venue does not know now, it never had. */
  const isProven = (orderId: string, now: Instant): boolean => {
    if (venue.remote === undefined) return true
    const since = notKnownSince.get(orderId)
    if (since === undefined) notKnownSince.set(orderId, now)
    return since !== undefined && secondsBetween(since, now) >= settleSeconds
  }

  /** Why an order that never arrived shall not be sent any more; undefined when it shall. */
  const unwanted = ({ request, cancelRequested }: Order, now: Instant): string | undefined => {
    const trading = tradingOf(book.halts)
    const kill = engine.kill.read()
    const goodUntil = request.expiresAt ?? (venue.remote === undefined ? request.decided : now)
    if (now > goodUntil) return 'the wish is no longer fresh'
    if (cancelRequested || book.cancelWishes.has(request.orderId)) return 'it was withdrawn'
    if (trading === 'halted' || (trading === 'reducing' && !request.reduceOnly))
      return `by now trading is ${trading}`
    if (kill !== undefined && (kill.level === 'halted' || !request.reduceOnly)) return 'a KILL file stands'
    return undefined
  }

  const resend = async (order: Order, now: Instant) => {
    const { orderId } = order.request
    const number = (order.resends ?? 0) + 1
    const proof = `${venue.name} does not know it, asked at ${notKnownSince.get(orderId) ?? now} and at ${now}`
    // Recorded before it is sent: the one that comes after a crash must know when it left.
    if (venue.remote)
      await record(orderId, { type: 'RequestResend', data: { orderId, resend: number, proof, decided: now } })
    notKnownSince.delete(orderId)
    engine.log.warn({ orderId }, `sending again under the same id: ${orderId}: ${proof}`)
    const refusal = await send(orderId, now)
    if (refusal === undefined) return
    refusals.set(orderId, `it was refused when it was sent again: ${refusal}`)
    engine.log.warn(
      { orderId },
      `${venue.name} refused ${orderId}, which it was sent before: ${refusal}; it will be asked for`,
    )
  }

  const leaveUnknown = async (orderId: string) => {
    if (book.alerts.has(orderId)) return
    const sentence = `${venue.name} does not know ${orderId}, too long after it was asked for to believe that it never had it; it counts as exposure until a reconciliation or an operator settles it`
    await alarm(keeper, orderId, sentence)
    engine.log.error({ orderId }, sentence)
  }

  const haltAboveLimit = async (stale: number) => {
    if (stale <= unknownHaltMax || tradingOf(book.halts) === 'halted') return
    const reason = `the outcome of ${stale} orders stays unknown, ${unknownHaltMax} are allowed; veritape reconcile, then resume`
    const halted = TradingHalted({ by: 'execute', reason, level: 'halted' })
    const key = `unknown outcomes ${book.revisions.get(safetyStream) ?? -1}`
    await keeper.append([{ stream: safetyStream, events: [propose(outside(key), halted)] }])
    engine.log.error({}, reason)
  }

  const ask = async (order: Order): Promise<VenueOrder | undefined> => {
    const { orderId, symbol } = order.request
    try {
      return await venue.find(orderId, symbol)
    } catch (error) {
      if (!(error instanceof VenueUnavailable)) throw error
      engine.log.warn({ orderId }, `${orderId} stays in doubt: ${error.message}`)
      return undefined
    }
  }

  return {
    settle: async now => {
      let stale = 0
      for (const { order } of liveOrders(book)) {
        const isDoubted = isInDoubt(order)
        if (!isDoubted && order.venueOrderId !== undefined) continue
        const { orderId, decided } = order.request
        const found = await ask(order)
        if (found !== undefined && found.kind !== 'not-known') {
          const { venueOrderId } = found
          notKnownSince.delete(orderId)
          await record(orderId, {
            type: 'ReportAcceptance',
            data: { orderId, venueOrderId, venueTime: decided },
          })
          continue
        }
        if (!isDoubted) continue // a fill has proven that the venue has it; its number is asked for again
        if (venue.remote)
          await record(orderId, {
            type: 'ReportLostAnswer',
            data: { orderId, detail: noAnswer },
          })
        if (found === undefined) continue
        const known = book.orders.get(orderId) as BookOrder
        if (venue.remote && secondsBetween(decided, now) > resendSeconds) {
          stale++
          await leaveUnknown(orderId)
        } else if (found.unproven === undefined && isProven(orderId, now)) {
          const reason = refusals.get(orderId) ?? unwanted(known.order, now)
          if (reason === undefined) await resend(known.order, now)
          else
            await record(orderId, {
              type: 'ReportRejection',
              data: { orderId, reason: `it never reached the venue, and ${reason}` },
            })
        }
      }
      await haltAboveLimit(stale)
    },
  }
}

/** Tells a person; once for a subject, whoever asks. */
export const alarm = async (keeper: Bookkeeper, subject: string, sentence: string): Promise<void> => {
  const raised = AlertRaised({ severity: 'error', subject, sentence })
  await keeper.append([{ stream: safetyStream, events: [propose(outside(`alert ${subject}`), raised)] }])
}

const secondsBetween = (from: Instant, to: Instant): number =>
  (millisecondsOf(to) - millisecondsOf(from)) / 1000
