// veritape replay DAY   What happened on a day, what the book looked like at any moment of it, and the proof that
// the same code decides the same again.

import { type Book, emptyBook, equityOf, evolveBook } from '../domain/book.ts'
import type { Recorded } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { entryPrice } from '../domain/position.ts'
import { allDays, type DayRange, dayRange, isDate, readInstant } from '../domain/time.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { type Kind, prove } from './proof.ts'
import { proveBacktest } from './proof-of-backtest.ts'

interface Options {
  day?: string | undefined
  at?: string | undefined
  prove: boolean
}

export const replay: Command<Options> = {
  options: yargs =>
    yargs
      .positional('day', {
        type: 'string',
        describe: "A date of the book's zone; the whole book when left out",
      })
      .option('at', { type: 'string', describe: 'Stop at this seq or time and show the book as it was' })
      .option('prove', { type: 'boolean', default: false, describe: 'Decide everything again and compare' }),
  run: async (engine, { day, at, prove: proving }) => {
    const store = await engine.readLedger()
    try {
      const range = rangeOf(store, day)
      if (proving) return await showProof(engine, store, range)
      return await showDay(engine, store, range, at)
    } finally {
      await store.close()
    }
  },
}

interface Range extends DayRange {
  readonly day: string | undefined
}

const rangeOf = ({ identity }: EventStore, day: string | undefined): Range => {
  if (day === undefined) return { day, ...allDays }
  if (!isDate(day)) throw new Stop(exit.usage, `'${day}' is no date; write it as 2023-03-24`)
  return { day, ...dayRange(identity.zone, day) }
}

const showProof = async (engine: Engine, store: EventStore, range: Range): Promise<number> => {
  const { screen } = engine
  const { seq } = await store.head()
  const progress = screen.progress('proving', seq)
  const { counts, differences, answeredElsewhere } =
    store.identity.mode === 'backtest'
      ? await proveBacktest(engine, store, at => progress.at(at))
      : await prove(engine, store, range, at => progress.at(at))
  progress.stop()
  const kinds = Object.entries(counts) as [Kind, { decisions: number; identical: number }][]
  const decisions = kinds.reduce((sum, [, count]) => sum + count.decisions, 0)
  const identical = kinds.reduce((sum, [, count]) => sum + count.identical, 0)
  if (decisions + differences.length === 0) {
    screen.say(`nothing was decided on ${range.day ?? 'any day'}: there is nothing to prove`)
    screen.result({ day: range.day ?? null, decisions, identical, counts, differences })
    return exit.done
  }
  screen.heading(`Replay proof of ${range.day ?? 'the whole book'}`)
  screen.table(
    ['decisions', 'made again', 'identical'],
    [
      ...kinds.map(([kind, count]) => [kind, `${count.decisions}`, `${count.identical}`]),
      ['total', `${decisions}`, `${identical}`],
    ],
    [1, 2],
  )
  for (const { seq: where, kind, recorded, again } of differences.slice(0, 5)) {
    screen.say(`seq ${where} (${kind}):`)
    screen.say(`  recorded ${recorded.slice(0, 300)}`)
    screen.say(`  now      ${again.slice(0, 300)}`)
  }
  if (differences.length > 5) screen.say(`… and ${differences.length - 5} more`)
  screen.say(
    differences.length === 0
      ? screen.style.good(`${identical} of ${decisions} decisions are identical`)
      : screen.style.bad(
          `${decisions - identical} of ${decisions} decisions differ: this code would not have done what was done`,
        ),
  )
  if (answeredElsewhere > 0)
    screen.say(
      `${answeredElsewhere} of the evaluations rest on the recorded answers of a strategy server: that they follow from what it answered is proved, why it answered so is not`,
    )
  screen.result({
    day: range.day ?? null,
    decisions,
    identical,
    counts,
    differences,
    ...(answeredElsewhere > 0 ? { answeredElsewhere } : {}),
  })
  return differences.length === 0 ? exit.done : 1
}

const showDay = async (
  engine: Engine,
  store: EventStore,
  range: Range,
  at: string | undefined,
): Promise<number> => {
  const { screen } = engine
  const book = emptyBook()
  const counts = new Map<string, number>()
  const isBeyond = stopAt(store, at)
  for await (const recorded of store.readAll()) {
    if (recorded.at >= range.to || isBeyond(recorded)) break
    evolveBook(book, recorded)
    if (recorded.at >= range.from) counts.set(recorded.event.type, (counts.get(recorded.event.type) ?? 0) + 1)
  }
  screen.heading(`${store.identity.book}, ${range.day ?? 'the whole book'}, as of seq ${book.asOf}`)
  screen.table(
    ['event', 'count'],
    [...counts].map(([type, count]) => [type, `${count}`]),
    [1],
  )
  showBook(engine, book)
  return exit.done
}

const stopAt = ({ identity }: EventStore, at: string | undefined): ((recorded: Recorded) => boolean) => {
  if (at === undefined) return () => false
  if (/^\d+$/.test(at)) return ({ seq }) => seq > Number(at)
  const instant = readInstant(at, identity.zone)
  if (instant === undefined) throw new Stop(exit.usage, `--at ${at} is neither a seq nor a time`)
  return recorded => recorded.at > instant
}

const showBook = ({ screen }: Engine, book: Book) => {
  const held = [...book.holdings].filter(([, { quantity }]) => quantity !== '0')
  const { currency = '' } = book.opened ?? {}
  screen.say(
    `cash ${book.cash} ${currency}, equity ${equityOf(book)} ${currency}, ${book.liveOrders.size} orders open`,
  )
  if (held.length > 0)
    screen.table(
      ['holder', 'symbol', 'quantity', 'entry', 'mark'],
      held.map(([key, position]) => {
        const [by, symbol] = [key.slice(0, key.lastIndexOf(' ')), key.slice(key.lastIndexOf(' ') + 1)]
        return [by, symbol, position.quantity, entryPrice(position), book.marks.get(symbol) ?? 'n/a']
      }),
      [2, 3, 4],
    )
  screen.result({
    asOf: book.asOf,
    cash: book.cash,
    equity: equityOf(book),
    holdings: Object.fromEntries(held),
    openOrders: [...book.liveOrders],
    halts: book.halts,
  })
}
