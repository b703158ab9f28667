// veritape why ID       The chain of causes behind an event or an order, down to the candle, and what came of it.
// veritape why-not SYM  What refused a symbol: scan verdicts, quiet evaluations, denials, in the ledger's words.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { intentOf, orderPrefix } from '../domain/order-id.ts'
import { allDays, dayRange, isDate } from '../domain/time.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { sentenceOf } from './sentence.ts'

export const why: Command<{ id: string }> = {
  options: yargs =>
    yargs.positional('id', {
      type: 'string',
      demandOption: true,
      describe: 'A seq, an order id or an event id',
    }),
  run: async (engine, { id }) => {
    const store = await engine.readLedger()
    const { screen } = engine
    try {
      const { chain, consequences } = await causes(store, id)
      screen.heading(`Why ${id}`)
      screen.table(['seq', 'recorded', 'event', 'what'], chain.map(row), [0])
      if (consequences.length > 0) {
        screen.heading('What came of it')
        screen.table(['seq', 'recorded', 'event', 'what'], consequences.map(row), [0])
      }
      await sayWhatTheCheckSaid(engine, chain)
      screen.result({ id, chain, consequences })
      return exit.done
    } finally {
      await store.close()
    }
  },
}

/** Of a recovery's story people ask for the words of the check itself: the events hold their hash. */
const sayWhatTheCheckSaid = async (
  { data, screen }: Engine,
  chain: readonly Recorded<BookEvent>[],
): Promise<void> => {
  const { seq, event } = chain.findLast(each => each.event.type === 'GuardedCheckFailed') ?? {}
  if (event?.type !== 'GuardedCheckFailed' || event.data.output === undefined) return
  screen.heading(`What ${event.data.check} said, seq ${seq}`)
  try {
    const said = Buffer.from(await data.get(event.data.output))
      .toString()
      .trimEnd()
    for (const line of said.split('\n').slice(-linesMax)) screen.say(line)
  } catch {
    screen.say(`it is not in the data folder any more: ${event.data.output}`)
  }
}
const linesMax = 30

const row = ({ seq, at, event }: Recorded<BookEvent>): readonly string[] => [
  `${seq}`,
  at.slice(0, 19).replace('T', ' '),
  event.type,
  sentenceOf(event),
]

/** Whether the event answers an intent with this order: one of an epoch before the book was restored. */
const isAnswer = ({ type, data }: BookEvent, orderId: string): boolean =>
  (type === 'OrderRequested' || type === 'OrderWithheld') && data.orderId === orderId

/** The seq that an operator means: a seq itself, one of our order ids, an event id. */
const seqOf = async (store: EventStore, id: string): Promise<Seq> => {
  const { book, epoch } = store.identity
  if (/^\d+$/.test(id)) return Number(id)
  const intent = intentOf(orderPrefix(book, epoch), id)
  if (intent !== undefined) return intent
  for await (const recorded of store.readAll())
    if (recorded.id === id || isAnswer(recorded.event, id)) return recorded.seq
  throw new Stop(exit.badData, `nothing in this book is called ${id}; give a seq, an order id or an event id`)
}

/**
 * From the first cause to the event itself, and everything that it led to. A chain shares one correlation, so two
 * reads of the ledger find it whole.
 */
const causes = async (store: EventStore, id: string) => {
  const seq = await seqOf(store, id)
  let found: Recorded<BookEvent> | undefined
  for await (const recorded of store.readAll({ after: seq - 1, upTo: seq })) found = recorded
  if (found === undefined) {
    const { seq: head } = await store.head()
    throw new Stop(exit.badData, `there is no event ${seq}; the book ends at ${head}`)
  }
  const family = new Map<Seq, Recorded<BookEvent>>()
  for await (const recorded of store.readAll({ after: found.correlation - 1 }))
    if (recorded.correlation === found.correlation) family.set(recorded.seq, recorded)
  const scanned = await candidateBehind(store, family.values(), found.seq)
  const chain: Recorded<BookEvent>[] = []
  for (let at: Recorded<BookEvent> | undefined = found; at !== undefined; at = family.get(at.cause))
    chain.unshift(at)
  if (scanned !== undefined && scanned.seq < (chain[0]?.seq ?? 0)) chain.unshift(scanned)
  const descends = new Set<Seq>([seq])
  const consequences: Recorded<BookEvent>[] = []
  for (const recorded of family.values())
    if (descends.has(recorded.cause)) {
      descends.add(recorded.seq)
      consequences.push(recorded)
    }
  return { chain, consequences }
}

/** The scan row by which a ticker came onto the watchlist: what the chain of a watchlist book stands on. */
const candidateBehind = async (store: EventStore, family: Iterable<Recorded<BookEvent>>, before: Seq) => {
  const candles = [...family].flatMap(({ event }) =>
    event.type === 'CandleClosed' ? [event.data.symbol] : [],
  )
  const [symbol] = candles
  let candidate: Recorded<BookEvent> | undefined
  if (symbol === undefined) return candidate
  for await (const recorded of store.readAll({ upTo: before, types: new Set(['CandidateFound']) }))
    if (recorded.event.type === 'CandidateFound' && recorded.event.data.ticker === symbol)
      candidate = recorded
  return candidate
}

export const whyNot: Command<{ symbol: string; day?: string | undefined }> = {
  options: yargs =>
    yargs
      .positional('symbol', { type: 'string', demandOption: true, describe: 'AAPL, BTC/USDT' })
      .option('day', { type: 'string', describe: "Only this date of the book's zone" }),
  run: async (engine, { symbol, day }) => {
    if (day !== undefined && !isDate(day))
      throw new Stop(exit.usage, `'${day}' is no date; write it as 2023-03-24`)
    const store = await engine.readLedger()
    const { screen } = engine
    try {
      const { zone } = store.identity
      const { from, to } = day === undefined ? allDays : dayRange(zone, day)
      const refusals: Recorded<BookEvent>[] = []
      const intents = new Map<Seq, string>()
      let evaluations = 0
      let quiet: Recorded<BookEvent> | undefined
      for await (const recorded of store.readAll()) {
        const { event, at, seq } = recorded
        if (event.type === 'IntentRaised') intents.set(seq, event.data.symbol)
        if (at < from || at >= to) continue
        if (
          (event.type === 'TickerRejected' || event.type === 'TickerShelved') &&
          event.data.ticker === symbol
        )
          refusals.push(recorded)
        if (event.type === 'StrategyEvaluated' && event.data.symbol === symbol) {
          evaluations++
          if (event.data.action === 'none') quiet = recorded
        }
        if (
          (event.type === 'IntentDenied' || event.type === 'IntentExpired') &&
          intents.get(event.data.intent) === symbol
        )
          refusals.push(recorded)
      }
      screen.heading(`Why not ${symbol}${day === undefined ? '' : ` on ${day}`}`)
      if (refusals.length === 0 && evaluations === 0)
        screen.say(`the book says nothing of ${symbol}: no scan looked at it and no strategy was asked`)
      const shown = refusals.slice(-20)
      if (shown.length < refusals.length)
        screen.say(`the last ${shown.length} of ${refusals.length} refusals`)
      if (shown.length > 0) screen.table(['seq', 'recorded', 'event', 'what'], shown.map(row), [0])
      if (evaluations > 0) screen.say(`${evaluations} evaluations`)
      if (quiet !== undefined)
        screen.say(`the last one without a wish, seq ${quiet.seq}: ${sentenceOf(quiet.event)}`)
      screen.result({ symbol, refusals, evaluations, quiet: quiet ?? null })
      return exit.done
    } finally {
      await store.close()
    }
  },
}
