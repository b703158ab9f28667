// The lines of the morning preflight: each asks one question of the ledger, the clock and the files, offline, and says
// what it saw and what to do. FAIL: something would not be sent, or must not be. WARN: safe to go on, worth a look.

import { type Book, equityOf, liveOrders, valueHeld, valueInOrders } from '../domain/book.ts'
import { isDayKnown, tradingDate } from '../domain/calendar.ts'
import type { Config } from '../domain/config.ts'
import { compare, divide, isPositive, subtract, toPlaces } from '../domain/decimal.ts'
import { protectionOf } from '../domain/protection.ts'
import { tradingOf } from '../domain/safety.ts'
import { addDays, dateIn, daysBetween, type Instant, millisecondsOf } from '../domain/time.ts'
import type { Warning } from '../domain/warning.ts'
import { type Schedule, scheduleOf } from '../projections/schedule.ts'
import type { Engine } from './engine.ts'
import { sessions } from './sessions.ts'

export interface PreflightLine {
  readonly name: string
  readonly verdict: 'PASS' | 'WARN' | 'FAIL'
  readonly saw: string
  /** What to do; not when it passed. */
  readonly todo?: string
}

export const passed = (name: string, saw: string): PreflightLine => ({ name, verdict: 'PASS', saw })
export const warned = (name: string, saw: string, todo: string): PreflightLine => ({
  name,
  verdict: 'WARN',
  saw,
  todo,
})
export const failed = (name: string, saw: string, todo: string): PreflightLine => ({
  name,
  verdict: 'FAIL',
  saw,
  todo,
})

/** Days before the end of the exchange's table at which somebody should think of the next year. */
const horizonDays = 60

export const calendarLine = (engine: Pick<Engine, 'config' | 'calendar'>, now: Instant): PreflightLine => {
  const calendar = sessions(engine)
  if (calendar === undefined) return passed('market clock', 'the market never closes')
  const today = dateIn(calendar.zone, now)
  if (!isDayKnown(calendar, now))
    return failed(
      'market clock',
      `the calendar covers ${calendar.from} to ${calendar.to}, not ${today}`,
      'nothing is sent on a guess; update veritape, or check the clock of this machine',
    )
  const left = daysBetween(today, calendar.to)
  if (left < horizonDays)
    return warned('market clock', `the calendar ends in ${left} days, on ${calendar.to}`, 'update veritape')
  return passed('market clock', `${today} in ${calendar.zone}, the calendar reaches ${calendar.to}`)
}

export const sessionLine = (engine: Pick<Engine, 'config' | 'calendar'>, now: Instant): PreflightLine => {
  const calendar = sessions(engine)
  const date = tradingDate(calendar, now)
  if (date === undefined)
    return warned('session', 'no session today', 'nothing to do until the next one; veritape check session')
  return passed('session', calendar === undefined ? `${date}, around the clock` : `there is one on ${date}`)
}

/** The kill switch by file and by event. */
export const haltLine = ({ kill }: Pick<Engine, 'kill'>, { halts }: Book): PreflightLine => {
  const file = kill.read()
  const [halt] = halts
  const level = file?.level === 'halted' ? 'halted' : tradingOf(halts)
  if (file === undefined && halt === undefined)
    return passed('kill switch', 'no halt in the ledger, no KILL file')
  const by = halt === undefined ? `KILL file: ${file?.reason}` : `${halt.by}: ${halt.reason}`
  const todo = 'find out why, then veritape resume'
  if (level === 'halted') return failed('kill switch', `halted by ${by}`, todo)
  return warned('kill switch', `only orders that shrink a position, by ${by}`, todo)
}

/** Day and peak, as the ladder counts them. */
export const lossLines = (
  book: Book,
  { limits, zone }: Pick<Config, 'limits' | 'zone'>,
  now: Instant,
): readonly PreflightLine[] => {
  const equity = equityOf(book)
  const today = dateIn(book.opened?.zone ?? zone, now)
  const loss = book.dayStart?.date === today ? subtract(book.dayStart.equity, equity) : '0'
  const peak = compare(equity, book.peakEquity) > 0 ? equity : book.peakEquity
  const drawdown = isPositive(peak) ? divide(subtract(peak, equity), peak) : '0'
  const wait = 'entries are denied; look at the positions, then decide about the limit'
  return [
    compare(loss, limits.lossPerDayMax) >= 0
      ? failed('loss per day', `down ${loss} today, ${limits.lossPerDayMax} allowed`, wait)
      : passed('loss per day', `${loss} of ${limits.lossPerDayMax} today`),
    compare(drawdown, limits.drawdownMax) >= 0
      ? failed(
          'drawdown',
          `${toPlaces(drawdown, 4)} below the peak ${peak}, ${limits.drawdownMax} allowed`,
          wait,
        )
      : passed('drawdown', `${toPlaces(drawdown, 4)} of ${limits.drawdownMax}, equity ${equity}`),
  ]
}

export const orderLines = (
  book: Book,
  { limits, zone }: Pick<Config, 'limits' | 'zone'>,
  now: Instant,
): readonly PreflightLine[] => {
  const live = liveOrders(book)
  const unknown = live.filter(({ order }) => order.status === 'unknown').length
  const today = book.ordersByDate.get(dateIn(book.opened?.zone ?? zone, now)) ?? 0
  const held = valueHeld(book)
  const ordered = valueInOrders(book)
  const { orderValueMax, symbolExposureMax, grossExposureMax } = limits
  const room = subtract(subtract(grossExposureMax, held), ordered)
  return [
    unknown > limits.unknownOutcomesMax
      ? failed(
          'unknown outcomes',
          `${unknown} orders, ${limits.unknownOutcomesMax} allowed`,
          'the executor asks the venue for them; look at veritape status before you trade',
        )
      : passed('unknown outcomes', `${unknown} of ${limits.unknownOutcomesMax}`),
    live.length >= limits.openOrdersMax
      ? failed('open orders', `${live.length}, ${limits.openOrdersMax} allowed`, 'cancel some, or wait')
      : passed('open orders', `${live.length} of ${limits.openOrdersMax}`),
    today >= limits.ordersPerDayMax
      ? failed('orders today', `${today}, ${limits.ordersPerDayMax} allowed`, 'no entry before tomorrow')
      : passed('orders today', `${today} of ${limits.ordersPerDayMax}`),
    isPositive(room)
      ? passed(
          'exposure',
          `held ${held}, on order ${ordered}; order ${orderValueMax} ≤ symbol ${symbolExposureMax} ≤ all ${grossExposureMax}`,
        )
      : warned(
          'exposure',
          `held ${held}, on order ${ordered} of ${grossExposureMax}`,
          'no room for entries; close something, or raise limits.grossExposureMax',
        ),
  ]
}

/** Before the bell a candle is old by nature: this warns, and the ladder refuses when the entry comes. */
export const candleLine = (
  book: Book,
  { limits, execute }: Pick<Config, 'limits' | 'execute'>,
  now: Instant,
): PreflightLine => {
  const stale: string[] = []
  let looked = 0
  for (const { symbol, closeTime } of book.lastCandles.values()) {
    if (execute.symbols.length > 0 && !execute.symbols.includes(symbol)) continue
    if (execute.symbols.length === 0 && !(book.watchlist?.tickers.includes(symbol) ?? false)) continue
    looked += 1
    if (millisecondsOf(now) - millisecondsOf(closeTime) > limits.candleAgeMaxMs)
      stale.push(`${symbol} (${closeTime})`)
  }
  if (stale.length > 0)
    return warned(
      'candles',
      `older than ${limits.candleAgeMaxMs} ms: ${stale.slice(0, 5).join(', ')}`,
      'entries wait for a newer candle; if none comes, look at the market data',
    )
  return passed(
    'candles',
    looked === 0 ? 'none yet: the executor reads them' : `${looked} markets, none is stale`,
  )
}

/** A position whose champion wants a stop and has none at the venue. */
export const protectionLine = (
  book: Book,
  champions: Parameters<typeof protectionOf>[1][],
  rules: (symbol: string) => Parameters<typeof protectionOf>[2],
  calendar: Parameters<typeof protectionOf>[3],
): PreflightLine => {
  const bare = champions
    .filter(champion => protectionOf(book, champion, rules(champion.symbol), calendar) !== undefined)
    .map(({ champion }) => champion)
  if (bare.length > 0)
    return warned(
      'protective stops',
      `missing for ${bare.join(', ')}`,
      'start the executor: it places them in its first turn',
    )
  const wanting = champions.filter(({ protectiveStop }) => protectiveStop !== undefined)
  return passed(
    'protective stops',
    wanting.length === 0 ? 'no champion asks for one' : 'no position lacks the one its champion asks for',
  )
}

/** Whether the scan ran for every session, back to the day three weeks ago. Today's may be due still. */
export const scheduleLine = (
  schedule: Schedule,
  engine: Pick<Engine, 'config' | 'calendar'>,
  now: Instant,
): PreflightLine => {
  const days = scheduleOf(schedule, sessions(engine), now)
  if (days === 'unknown')
    return failed('scan schedule', 'the calendar does not say what should have run', 'update veritape')
  if (days.length === 0)
    return warned('scan schedule', 'no scan has ever run in this book', 'run veritape scan')
  const from = addDays(now.slice(0, 10), -21)
  const lately = days.filter(({ session }) => session >= from)
  const last = days.at(-1)
  const wrong = lately.filter(({ verdict }) => verdict === 'failed' || verdict === 'missed')
  const todo = 'veritape scan runs it again for today; look at the timer for the days before'
  if (last !== undefined && (last.verdict === 'failed' || last.verdict === 'missed'))
    return failed('scan schedule', `${last.session}: ${last.saw}`, todo)
  const [first] = wrong
  if (first !== undefined)
    return warned(
      'scan schedule',
      `${wrong.length} of the last ${lately.length} sessions without a scan, first ${first.session}: ${first.saw}`,
      todo,
    )
  return passed('scan schedule', `${lately.length} sessions, last ${last?.session}: ${last?.saw}`)
}

/** What the checks that fail open found for the session: one line each, never more than a warning. */
export const warningLines = (
  warnings: readonly Warning[],
  { index }: Config['warnings'],
  earnings: readonly string[],
): readonly PreflightLine[] => {
  const line = (check: Warning['check'], quiet: string, todo: string): PreflightLine => {
    const found = warnings.filter(each => each.check === check)
    const name = check.replace('-', ' ')
    return found.length === 0
      ? passed(name, quiet)
      : warned(name, found.map(({ detail }) => detail).join('; '), todo)
  }
  return [
    line(
      'market-regime',
      index === '' ? 'not asked: warnings.index is empty' : `nothing against it, by ${index}`,
      'trading goes on; decide whether you want to',
    ),
    line(
      'earnings-proximity',
      earnings.length === 0 ? 'not asked: universe.earnings is empty' : 'no candidate reports soon',
      'trading goes on; decide whether you want to',
    ),
    line('scan-coverage', 'the universe had its bars', 'veritape fetch, or look at the source of the bars'),
    line('attribution', 'every entry has a scan row', 'veritape why shows the entry'),
  ]
}
