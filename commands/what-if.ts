// What would come of an operator's wish: the ladder's verdict, the order as the venue would get it, fees and exposure.
// Reads the ledger and the venue's rules; sends nothing and writes nothing.

import { answerTo, exposureOf } from '../domain/answer.ts'
import type { Book } from '../domain/book.ts'
import { add, type Decimal, multiply, subtract, toPlaces } from '../domain/decimal.ts'
import type { Recorded } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import type { IntentRaised } from '../domain/intent.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { intentValue } from '../domain/risk.ts'
import { controlStream } from '../domain/stream.ts'
import type { Engine } from './engine.ts'
import { circumstances } from './executor.ts'

/** Shows what the executor would answer now, were the wish the next line of the ledger. */
export const showWhatIf = async (
  engine: Engine,
  store: EventStore,
  book: Book,
  wish: IntentRaised,
): Promise<void> => {
  const { screen, config, clock } = engine
  const { identity } = store
  const prefix = orderPrefix(identity.book, identity.epoch)
  const orders = function* () {
    for (const { order } of book.orders.values()) yield order
  }
  const venue = await engine.venue(await engine.market(), orders, prefix)
  const now = clock.now()
  const context = circumstances(
    {
      engine,
      venue,
      dryRun: identity.mode === 'dry-run',
      prefix,
    },
    now,
  )
  const killed = engine.kill.read()
  if (killed !== undefined) book.halts = [...book.halts, { seq: book.asOf + 1, by: 'KILL file', ...killed }]
  const answer = answerTo(book, asIfRecorded(wish, book), context)
  const before = exposureOf(book, wish.data, context)
  const value = intentValue(wish.data)
  const { makerFee, takerFee } = config.venue
  const fee = multiply(value, wish.data.type === 'limit' ? makerFee : takerFee)
  const entry: Decimal = wish.data.reduceOnly ? '0' : value
  const after = {
    symbolExposure: add(before.symbolExposure, entry),
    grossExposure: add(before.grossExposure, entry),
    freeCash: subtract(before.freeCash, wish.data.side === 'buy' ? add(value, fee) : '0'),
  }
  const sent = answer.type === 'OrderRequested' || answer.type === 'OrderWithheld' ? answer.data : undefined
  const verdict =
    answer.type === 'IntentDenied'
      ? `denied, ${answer.data.reason}: ${answer.data.detail}`
      : answer.type === 'IntentExpired'
        ? 'expired before it could be answered'
        : answer.type === 'OrderWithheld'
          ? 'allowed, but a dry run sends nothing'
          : 'allowed'

  screen.heading(`What if, in ${config.book} at seq ${book.asOf}: nothing is sent, nothing is written`)
  screen.table(
    ['', ''],
    [
      ['verdict', sent === undefined ? screen.style.bad(verdict) : screen.style.good(verdict)],
      ...(sent === undefined
        ? []
        : [
            [
              `order for ${venue.name}`,
              `${sent.side} ${sent.quantity} ${sent.symbol} ${sent.type}${sent.limitPrice === undefined ? '' : ` limit ${sent.limitPrice}`}${sent.stopPrice === undefined ? '' : ` stop ${sent.stopPrice}`} ${sent.timeInForce}${sent.reduceOnly ? ' reduce-only' : ''}`,
            ],
            ['client order id', `${sent.orderId}, if no other line comes before it`],
          ]),
      [
        'value',
        `${toPlaces(value, 2)} ${config.currency} at ${wish.data.limitPrice ?? wish.data.stopPrice ?? wish.data.referencePrice}`,
      ],
      ['fee', `${toPlaces(fee, 2)} ${config.currency}`],
    ],
  )
  screen.table(
    ['', 'now', 'if filled', 'allowed'],
    [
      [
        `exposure in ${wish.data.symbol}`,
        toPlaces(before.symbolExposure, 2),
        toPlaces(after.symbolExposure, 2),
        config.limits.symbolExposureMax,
      ],
      [
        'exposure in all',
        toPlaces(before.grossExposure, 2),
        toPlaces(after.grossExposure, 2),
        config.limits.grossExposureMax,
      ],
      ['free cash', toPlaces(before.freeCash, 2), toPlaces(after.freeCash, 2), ''],
    ],
    [1, 2, 3],
  )
  screen.result({ verdict, answer, value, fee, before: exposures(before), after, asOf: book.asOf })
}

const exposures = ({ symbolExposure, grossExposure, freeCash }: ReturnType<typeof exposureOf>) => ({
  symbolExposure,
  grossExposure,
  freeCash,
})

/** The wish as the next line of the ledger, which it does not become. */
const asIfRecorded = (wish: IntentRaised, { asOf, revisions }: Book): Recorded<IntentRaised> => ({
  seq: asOf + 1,
  id: 'what-if',
  correlation: asOf + 1,
  stream: controlStream,
  revision: (revisions.get(controlStream) ?? -1) + 1,
  at: '',
  cause: 0,
  run: 0,
  event: wish,
})
