// veritape audit   After the close: the ledger's bytes and events, the views against the ledger, the ledger against the
// venue, the day's fills against the market. Reads only. 0 all holds, 1 something does not, 2 could not run, 69 the
// venue did not answer.

import { lastClosedDate } from '../domain/calendar.ts'
import type { EventStore } from '../domain/event-store.ts'
import type { AuditReport } from '../domain/ledger-audit.ts'
import { type CalendarDate, dayRange, isDate } from '../domain/time.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { fillsAgainstMarket } from './audit-fills.ts'
import { ledgerAgainstVenue } from './audit-venue.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'
import { proveBytes } from './verify.ts'
import { verifyViews } from './verify-views.ts'

/** What one comparison came to. 'not asked' is no verdict: `saw` says why nobody was. */
export interface Audited {
  readonly check: 'ledger' | 'views' | 'venue' | 'fills'
  readonly verdict: 'holds' | 'does not hold' | 'not asked' | 'no answer'
  readonly saw: string
  /** Each thing that does not hold, in a sentence. */
  readonly found: readonly string[]
}

/** As of verify: something does not hold. */
const doesNotHold = 1

export const audit: Command<{ day?: string | undefined }> = {
  options: yargs =>
    yargs.positional('day', {
      type: 'string',
      describe: "A date of the book's zone; the last one that is over when left out",
    }),
  run: async (engine, { day: given }) => {
    if (given !== undefined && !isDate(given))
      throw new Stop(exit.usage, `'${given}' is no date; write it as 2023-03-24`)
    const { screen } = engine
    const bytes = await ledgerItself(engine)
    // A damaged ledger proves nothing about anything else.
    const rest = bytes.verdict === 'holds' ? await restOf(engine, given) : undefined
    const all = [bytes, ...(rest?.all ?? [])]
    const failed = all.some(({ verdict }) => verdict === 'does not hold')
    const unanswered = all.some(({ verdict }) => verdict === 'no answer')
    const code = failed ? doesNotHold : unanswered ? exit.venueUnavailable : exit.done
    show(engine, rest?.day, all)
    screen.result({ book: engine.config.book, day: rest?.day ?? null, checks: all, exit: code })
    return code
  },
}

const restOf = async (engine: Engine, given: string | undefined) => {
  const store = await engine.readLedger()
  try {
    const day = given ?? (await dayThatIsOver(engine, store))
    return {
      day,
      all: [
        await viewsAgainstLedger(engine),
        await askingVenue(engine, store),
        await fillsAgainstMarket(engine, store, dayRange(store.identity.zone, day)),
      ],
    }
  } finally {
    await store.close()
  }
}

/** A recorded book stands at its last cycle. */
const dayThatIsOver = async (
  { clock, simulated, asOf, config, calendar }: Engine,
  store: EventStore,
): Promise<CalendarDate> => {
  if (asOf === undefined && simulated !== undefined)
    for await (const { event } of store.readAll({ types: new Set(['CycleCompleted']) }))
      if (event.type === 'CycleCompleted') simulated.jumpTo(event.data.clock)
  const day = lastClosedDate(config.calendar === 'nyse' ? calendar : undefined, clock.now())
  if (day === 'unknown')
    throw new Stop(
      exit.usage,
      'the calendar does not know which day is over; say it, such as audit 2023-03-24',
    )
  return day
}

const ledgerItself = async (engine: Engine): Promise<Audited> => {
  const found: string[] = []
  const report: AuditReport = await proveBytes(
    engine,
    { deep: true },
    ({ segment, line, expected, found: there }) =>
      found.push(`${segment}, line ${line}: expected ${expected}, found ${there}`),
  )
  const { events, segments, head, poison, damages } = report
  if (poison !== undefined) found.push(`nobody may write: ${poison}`)
  return {
    check: 'ledger',
    verdict: damages === 0 && poison === undefined ? 'holds' : 'does not hold',
    saw: `${counted(events, 'event')} in ${counted(segments.length, 'segment')}, head seq ${head.seq}`,
    found,
  }
}

const viewsAgainstLedger = async (engine: Engine): Promise<Audited> => {
  const views = await verifyViews(engine)
  if (views === undefined)
    return { check: 'views', verdict: 'not asked', saw: `none in ${engine.views.path}`, found: [] }
  const { asOf, compared, differing } = views
  return {
    check: 'views',
    verdict: differing.length === 0 ? 'holds' : 'does not hold',
    saw: `${counted(compared, 'view')} folded again as of seq ${asOf}`,
    found: differing.map(name => `${name} is not what the ledger gives; veritape rebuild writes it again`),
  }
}

const askingVenue = async (engine: Engine, store: EventStore): Promise<Audited> => {
  try {
    return await ledgerAgainstVenue(engine, store)
  } catch (error) {
    if (!(error instanceof VenueUnavailable)) throw error
    return { check: 'venue', verdict: 'no answer', saw: error.message, found: [] }
  }
}

const show = ({ screen, config }: Engine, day: string | undefined, all: readonly Audited[]) => {
  const { good, bad, faint, warn } = screen.style
  const colour = { holds: good, 'does not hold': bad, 'not asked': faint, 'no answer': warn }
  screen.heading(`Audit of ${config.book}${day === undefined ? '' : `, ${day}`}`)
  screen.table(
    ['check', 'verdict', 'saw'],
    all.map(({ check, verdict, saw }) => [check, colour[verdict](verdict), saw]),
  )
  for (const { check, found } of all) for (const each of found) screen.say(bad(`${check}: ${each}`))
  if (all.length === 1)
    screen.say('Nothing else was looked at. Stop the book, keep the files; veritape verify names every place')
}
