// veritape intent buy|sell|close|cancel   An operator's wish, answered by the executor like any other: through the
// ladder, with one order at most. Idempotent by --id: the same id again prints the first wish.

import { type Book, emptyBook, evolveBook, positionOf } from '../domain/book.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { type Decimal, isPositive, readDecimal } from '../domain/decimal.ts'
import { outside, propose, type Recorded } from '../domain/event.ts'
import { CancelWished, IntentRaised } from '../domain/intent.ts'
import { isLive } from '../domain/order.ts'
import { controlStream } from '../domain/stream.ts'
import { instantOf, millisecondsOf } from '../domain/time.ts'
import type { MarketRules } from '../domain/venue.ts'
import { exitOf } from '../domain/wish.ts'
import type { Command } from './command.ts'
import { openControl } from './control.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { rulesOnRecord } from './rules-on-record.ts'
import { showWhatIf } from './what-if.ts'

interface Options {
  what: 'buy' | 'sell' | 'close' | 'cancel'
  subject: string
  id: string
  quantity?: string | undefined
  limit?: string | undefined
  stop?: string | undefined
  holder: string
  expires: number
  reason: string
  whatIf?: boolean | undefined
}

export const intent: Command<Options> = {
  options: yargs =>
    yargs
      .positional('what', { choices: ['buy', 'sell', 'close', 'cancel'] as const, demandOption: true })
      .positional('subject', {
        type: 'string',
        demandOption: true,
        describe: 'A symbol; for cancel an order id',
      })
      .option('id', {
        type: 'string',
        demandOption: true,
        describe: 'Your name for this wish; the same again is the same wish',
      })
      .option('quantity', { type: 'string', describe: 'In the base currency or shares' })
      .option('limit', { type: 'string', describe: 'Limit price' })
      .option('stop', { type: 'string', describe: 'Stop price' })
      .option('holder', {
        type: 'string',
        default: 'operator',
        describe: "Whose position: the operator's own, or a champion's",
      })
      .option('expires', { type: 'number', default: 300, describe: 'Seconds until the wish is stale' })
      .option('reason', { type: 'string', default: 'an operator wished it' })
      .option('what-if', {
        type: 'boolean',
        default: false,
        describe: 'Show what would come of it; send nothing, write nothing',
      }),
  run: async (engine, options) => {
    if (options.whatIf) return whatIf(engine, options)
    const { book, keeper, close } = await openControl(engine)
    try {
      const key = `operator ${options.id}`
      const earlier = await wished(keeper.store, options.id)
      if (earlier !== undefined) {
        show(engine, book, earlier, true)
        return exit.done
      }
      const event =
        options.what === 'cancel'
          ? cancelOf(book, options)
          : wishOf(engine, book, options, await rulesOnRecord(engine, keeper.store))
      const written = await keeper.append([{ stream: controlStream, events: [propose(outside(key), event)] }])
      if (written === false || written[0] === undefined) throw new Error('the wish was not written')
      show(engine, book, written[0], false)
      return exit.done
    } finally {
      await close()
    }
  },
}

/** The same checks as of a real wish, at a ledger that is only read. */
const whatIf = async (engine: Engine, options: Options): Promise<number> => {
  const store = await engine.readLedger()
  try {
    const book = emptyBook()
    for await (const recorded of store.readAll()) evolveBook(book, recorded)
    if (book.lastCycle !== undefined) engine.simulated?.jumpTo(book.lastCycle)
    const earlier = await wished(store, options.id)
    if (earlier !== undefined) show(engine, book, earlier, true)
    else if (options.what === 'cancel') {
      cancelOf(book, options)
      engine.screen.say(
        `the venue would be asked to cancel ${options.subject}; nothing is sent, nothing is written`,
      )
      engine.screen.result({ verdict: 'allowed', cancels: options.subject, asOf: book.asOf })
    } else
      await showWhatIf(engine, store, book, wishOf(engine, book, options, await rulesOnRecord(engine, store)))
    return exit.done
  } finally {
    await store.close()
  }
}

const wished = async (store: { read(stream: string): AsyncIterable<Recorded<BookEvent>> }, id: string) => {
  for await (const recorded of store.read(controlStream)) {
    const { type, data } = recorded.event
    if ((type === 'IntentRaised' || type === 'CancelWished') && data.id === id) return recorded
  }
  return undefined
}

const decimalOption = (flag: string, text: string | undefined): Decimal | undefined => {
  if (text === undefined) return undefined
  const value = readDecimal(text)
  if (value === undefined || !isPositive(value))
    throw new Stop(exit.usage, `--${flag} ${text} is no positive decimal; write it as 0.25`)
  return value
}

const wishOf = (
  engine: Engine,
  book: Book,
  options: Options,
  rules: (symbol: string) => MarketRules,
): IntentRaised => {
  const { what, subject: symbol, id, holder, expires, reason } = options
  const limitPrice = decimalOption('limit', options.limit)
  const stopPrice = decimalOption('stop', options.stop)
  const mark = book.marks.get(symbol)
  const referencePrice = limitPrice ?? stopPrice ?? mark
  if (referencePrice === undefined)
    throw new Stop(
      exit.badData,
      `the book has seen no candle of ${symbol}; give --limit, or check the symbol`,
    )
  const held = positionOf(book, holder, symbol).quantity
  const given = decimalOption('quantity', options.quantity)
  const all = what === 'close' && given === undefined ? exitOf(held, rules(symbol)) : undefined
  if (what === 'close' && given === undefined && all === undefined && isPositive(held))
    throw new Stop(
      exit.usage,
      `${held} ${symbol} of ${holder} is dust: less than the venue takes in an order`,
    )
  const quantity = given ?? all?.quantity ?? (what === 'close' ? held : undefined)
  if (quantity === undefined) throw new Stop(exit.usage, `how much? give --quantity to ${what}`)
  if (!isPositive(quantity))
    throw new Stop(exit.usage, `${holder} holds no ${symbol}; veritape status lists positions and holders`)
  const until = instantOf(millisecondsOf(engine.clock.now()) + expires * 1000)
  return IntentRaised({
    source: 'operator',
    by: holder,
    id,
    symbol,
    side: what === 'buy' ? 'buy' : 'sell',
    type: stopPrice !== undefined ? 'stop' : limitPrice !== undefined ? 'limit' : 'market',
    quantity,
    ...(limitPrice === undefined ? {} : { limitPrice }),
    ...(stopPrice === undefined ? {} : { stopPrice }),
    timeInForce: 'GTC',
    reduceOnly: what !== 'buy',
    referencePrice,
    expiresAt: until,
    reason,
    ...(all?.dust === undefined ? {} : { dust: all.dust }),
  })
}

const cancelOf = (book: Book, { subject: orderId, id, reason }: Options): BookEvent => {
  const known = book.orders.get(orderId)
  if (known === undefined)
    throw new Stop(exit.badData, `no order ${orderId} in this book; veritape status lists them`)
  if (!isLive(known.order))
    throw new Stop(exit.badData, `order ${orderId} is ${known.order.status}: there is nothing to cancel`)
  return CancelWished({ id, orderId, reason })
}

const show = ({ screen, config }: Engine, book: Book, recorded: Recorded<BookEvent>, again: boolean) => {
  const { event, seq } = recorded
  const first = again ? 'already wished' : 'wished'
  if (event.type === 'IntentRaised') {
    const { side, quantity, symbol, type } = event.data
    screen.say(
      `${first}: ${side} ${quantity} ${symbol} (${type}), seq ${seq}; the executor of ${config.book} answers it`,
    )
  } else screen.say(`${first}: cancel, seq ${seq}`)
  screen.result({ seq, event, again, asOf: book.asOf })
}
