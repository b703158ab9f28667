// The oracle: lays the ledger's lines beside the simulated exchange's books. It shares no code with what it judges: it
// reads the lines as plain data, folds them in its own way and counts in whole numbers.

import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { text, units } from './exchange.ts'
import type { Run } from './one-run.ts'

interface Line {
  readonly seq: number
  readonly id: string
  readonly type: string
  readonly stream: string
  // biome-ignore lint/suspicious/noExplicitAny: lines are read as the data that they are
  readonly data: any
}

/** What the executor and a reconciliation say each time they run, whether or not there is anything new. */
const eachTime = /^(Run|Cycle|Holdings|Reconciliation|Candle|Strategy|Intent)/

/**
 * Law 5: the types of the events behind `head` that doing everything again may not have written. The executor ends one
 * poll later than it began, which may be on the next day of the book, whose zone is UTC: the first event of a day closes
 * the segment of the day before, and opens its own. A segment that ends on its own day is an objection.
 */
export const newsBehind = (events: readonly Recorded<BookEvent>[], head: number): readonly string[] => {
  const dayOf = (index: number) => events[index]?.at.slice(0, 10)
  const isMidnight = (index: number): boolean => {
    const event = events[index]?.event
    const before = events[index - 1]?.event
    if (event?.type === 'SegmentClosed')
      return dayOf(index - 1) !== dayOf(index) && event.data.nextSegment === `${dayOf(index)}.jsonl`
    return (
      event?.type === 'SegmentOpened' &&
      before?.type === 'SegmentClosed' &&
      event.data.segment === before.data.nextSegment
    )
  }
  return events.flatMap(({ event: { type } }, index) =>
    index < head || eachTime.test(type) || isMidnight(index) ? [] : [type],
  )
}

/** Everything that is not as it must be, in sentences; nothing when all is well. */
export const objections = (run: Run): readonly string[] => {
  const found: string[] = [...run.errors, ...run.differences]
  const no = (sentence: string) => found.push(sentence)
  const { exchange } = run
  const lines: Line[] = run.events.map(({ seq, id, stream, event }) => ({
    seq,
    id,
    type: event.type,
    stream,
    data: event.data,
  }))
  if (found.length > 0) return found
  const of = (...types: string[]) => lines.filter(({ type }) => types.includes(type))

  // 3. What was acknowledged is there, in an order without gaps.
  const ids = new Set(lines.map(({ id }) => id))
  for (const id of run.acknowledged) if (!ids.has(id)) no(`law 3: acknowledged event ${id} is lost`)
  for (const [index, { seq }] of lines.entries())
    if (seq !== index + 1) no(`law 3: seq ${seq} stands at place ${index + 1}`)

  // 2. One order at most per intent, and one answer exactly.
  const requests = new Map(
    of('OrderRequested').map(({ seq, data }) => [data.orderId as string, { seq, data }]),
  )
  const answers = new Map<number, number>()
  for (const { data } of of('OrderRequested', 'OrderWithheld', 'IntentDenied', 'IntentExpired'))
    answers.set(data.intent, (answers.get(data.intent) ?? 0) + 1)
  for (const { seq } of of('IntentRaised'))
    if (answers.get(seq) !== 1) no(`law 2: intent ${seq} has ${answers.get(seq) ?? 0} answers`)
  const placed = new Map<string, number>()
  for (const { clientId } of exchange.orders)
    if (clientId !== undefined && clientId !== 'web-7f3a')
      placed.set(clientId, (placed.get(clientId) ?? 0) + 1)
  for (const [orderId, count] of placed) {
    if (count > 1) no(`law 2: the exchange has ${count} orders ${orderId}`)
    if (!requests.has(orderId)) no(`law 2: the exchange has ${orderId}, which the ledger never asked for`)
  }
  const wished = of('IntentRaised')
    .map(({ data }) => data.id)
    .filter(id => id !== undefined)
  if (new Set(wished).size !== wished.length) no('law 5: a wish of an operator was raised twice')

  // Each order ends as it ended at the exchange, with exactly its trades.
  const terminal = /^(OrderRejected|OrderCancelled|OrderExpired)$/
  for (const [orderId, { data: request }] of requests) {
    const own = lines.filter(({ stream }) => stream === `order-${orderId}`)
    const there = exchange.orders.find(({ clientId }) => clientId === orderId)
    const fills = own.filter(({ type }) => type === 'OrderFilled')
    const trades = exchange.trades.filter(({ order }) => order.clientId === orderId)
    const filled = fills.reduce((sum, { data }) => sum + units(data.quantity), 0n)
    const isOver = filled >= units(request.quantity) || own.some(({ type }) => terminal.test(type))
    if (!isOver) no(`law 2: ${orderId} is still open in the ledger: ${own.map(({ type }) => type).join(' ')}`)
    if (there?.status === 'open') no(`law 2: ${orderId} is still open at the exchange`)
    const told = new Set<string>()
    for (const { data } of fills) {
      if (told.has(data.tradeId)) no(`law 4: trade ${data.tradeId} of ${orderId} is counted twice`)
      told.add(data.tradeId)
      const trade = trades.find(({ id }) => id === data.tradeId)
      if (trade === undefined) no(`law 4: fill ${data.tradeId} of ${orderId} never happened`)
      else if (
        text(trade.price) !== data.price ||
        text(trade.quantity) !== data.quantity ||
        text(trade.fee) !== data.fee ||
        trade.feeCurrency !== (data.feeCurrency ?? data.symbol.split('/')[1]) ||
        trade.order.side !== data.side ||
        data.by !== request.by
      )
        no(`law 4: fill ${data.tradeId} of ${orderId} is not the trade that happened`)
    }
    for (const { id } of trades) if (!told.has(id)) no(`law 4: trade ${id} of ${orderId} is lost`)
    if (
      there !== undefined &&
      own.some(({ type, data }) => type === 'OrderRejected' && /never/.test(data.reason))
    )
      no(`law 2: ${orderId} is said never to have arrived, and the exchange has it`)
    for (const { type, data } of own)
      if (type === 'OrderRejected' && !(data.reason?.length > 3))
        no(`law 9: ${orderId} was rejected without a reason`)
  }
  for (const { type, seq, data } of of('IntentDenied'))
    if (!(data.detail?.length > 3 && data.reason?.length > 3)) no(`law 9: ${type} at ${seq} does not say why`)

  // 7 and the order of things: what was asked of the venue was durable, allowed and not of a dry run.
  let at = 0
  const halts = new Map<number, string>()
  const over = new Set<string>()
  const left = new Map<string, bigint>()
  const sentAgain = new Set<string>()
  for (const { orderId, reduceOnly, head, unheard } of run.asked) {
    for (; at < head; at++) {
      const { type, seq, data } = lines[at] as Line
      if (type === 'OrderRequested') left.set(data.orderId, units(data.quantity))
      if (type === 'OrderFilled')
        left.set(data.orderId, (left.get(data.orderId) ?? 0n) - units(data.quantity))
      if (terminal.test(type) || (left.get(data.orderId) ?? 1n) <= 0n) over.add(data.orderId)
      if (type === 'OrderResendRequested') sentAgain.add(data.orderId)
      if (type === 'TradingHalted') halts.set(seq, data.level)
      if (type === 'TradingResumed') for (const lifted of data.lifts) halts.delete(lifted)
    }
    const request = requests.get(orderId)
    if (run.weather.dryRun) no(`law 7: a dry run sent ${orderId}`)
    if (request === undefined || request.seq > head)
      no(`order of things: ${orderId} was sent before it was durable`)
    const levels = [...halts.values()]
    if (levels.includes('halted') || (levels.length > 0 && !reduceOnly))
      no(`safety: ${orderId} was sent while trading was ${levels.join(', ')}`)
    // What is sent again was decided and counted before, also where the process died before it was sent at all.
    const silent = unheard.find(
      each => !over.has(each) && requests.get(each)?.data.symbol === request?.data.symbol,
    )
    if (silent !== undefined && !reduceOnly && !sentAgain.has(orderId))
      no(`safety: ${orderId} takes new risk while ${silent} cannot be heard of in its market`)
  }

  // 4. Money and quantity, to the last digit, with everything that is not ours named as such.
  if (!run.weather.dryRun) {
    const held = new Map<string, bigint>()
    const put = (name: string, by: bigint) => held.set(name, (held.get(name) ?? 0n) + by)
    const adopted = new Map<string, bigint>()
    put('USD', units(run.opening))
    for (const { type, data } of of('OrderFilled', 'ExternalTradeObserved', 'ExternalBalanceAdopted')) {
      if (type === 'ExternalBalanceAdopted') {
        put(data.name, units(data.quantity))
        adopted.set(data.name, (adopted.get(data.name) ?? 0n) + units(data.quantity))
        continue
      }
      const [base, quote] = data.symbol.split('/')
      const value = (units(data.price) * units(data.quantity)) / 10n ** 12n
      const sign = data.side === 'buy' ? 1n : -1n
      put(base, sign * units(data.quantity))
      put(quote, -sign * value)
      put(data.feeCurrency ?? quote, -units(data.fee))
    }
    for (const name of new Set([...held.keys(), ...exchange.balances.keys()]))
      if ((held.get(name) ?? 0n) !== (exchange.balances.get(name) ?? 0n))
        no(
          `law 4: ${name}: the ledger explains ${text(held.get(name) ?? 0n)}, the exchange holds ${text(exchange.balances.get(name) ?? 0n)}`,
        )
    for (const name of new Set([...adopted.keys(), ...run.transfers.keys()]))
      if ((adopted.get(name) ?? 0n) !== (run.transfers.get(name) ?? 0n))
        no(
          `drift: ${text(adopted.get(name) ?? 0n)} ${name} were adopted, ${text(run.transfers.get(name) ?? 0n)} were really transferred`,
        )
    // The program's own positions, beside what is named as not the book's: the balance, dust and all.
    const outside = new Map(adopted)
    for (const { data } of of('ExternalTradeObserved')) {
      const [base] = data.symbol.split('/')
      const signed = data.side === 'buy' ? units(data.quantity) : -units(data.quantity)
      const fee = data.feeCurrency === base ? units(data.fee) : 0n
      outside.set(base, (outside.get(base) ?? 0n) + signed - fee)
    }
    for (const symbol of run.weather.symbols) {
      const [base = ''] = symbol.split('/')
      const there = (exchange.balances.get(base) ?? 0n) - (outside.get(base) ?? 0n)
      const position = units(run.positions.get(symbol) ?? '0')
      if (position !== there)
        no(
          `law 4: the position in ${symbol} is ${text(position)}, and the account holds ${text(there)} of it`,
        )
    }
    const external = of('ExternalTradeObserved').map(({ data }) => data.tradeId as string)
    if (new Set(external).size !== external.length) no('law 4: a trade of the owner is counted twice')
    for (const id of external)
      if (!run.ownerTrades.has(id)) no(`drift: trade ${id} is called the owner's and is not`)
    for (const id of run.ownerTrades)
      if (!external.includes(id)) no(`drift: the owner's trade ${id} was not recognised`)
    if (run.lastVerdict !== 'agrees') no(`drift: in the end ${run.lastVerdict}`)
  }

  // 6. Each candle once, in order, as the exchange closed it, and judged once by each seat.
  for (const candle of run.early) no(`law 6: ${candle} was recorded before it closed`)
  for (const symbol of run.weather.symbols) {
    const closed = of('CandleClosed').filter(({ data }) => data.symbol === symbol)
    const first = closed[0]?.data.openTime
    const real = exchange.candles.filter(
      each => each.symbol === symbol && new Date(each.openTime).toISOString() >= (first ?? '~'),
    )
    for (const [index, { data }] of closed.entries()) {
      const there = real[index]
      if (there === undefined || new Date(there.openTime).toISOString() !== data.openTime)
        no(`law 6: candle ${data.openTime} of ${symbol} is out of order, missing or repeated`)
      else if (
        text(there.close) !== data.close ||
        text(there.high) !== data.high ||
        text(there.volume) !== data.volume
      )
        no(`law 6: candle ${data.openTime} of ${symbol} is not the one that closed`)
    }
    const finished = real.filter(({ closeTime }) => closeTime <= exchange.now() - 3_600_000).length
    if (closed.length < finished) no(`law 6: ${finished - closed.length} candles of ${symbol} are missing`)
    const judged = new Map<string, number>()
    for (const { data } of of('StrategyEvaluated'))
      if (data.symbol === symbol)
        judged.set(
          `${data.champion} ${data.openTime}`,
          (judged.get(`${data.champion} ${data.openTime}`) ?? 0) + 1,
        )
    for (const [key, count] of judged) if (count !== 1) no(`law 6: ${key} was judged ${count} times`)
    if (judged.size !== closed.length * 3)
      no(`law 6: ${judged.size} judgements on ${closed.length} candles of ${symbol}`)
  }
  return found
}
