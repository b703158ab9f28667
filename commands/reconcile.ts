// veritape reconcile   The venue's account against the ledger: 0 agrees, 1 drift, 69 the venue cannot be asked. Safe to
// run beside execute, and as often as you like.

import { type AccountBooks, accountBooks, accountTypes } from '../domain/account-books.ts'
import { because } from '../domain/event.ts'
import type { Identity } from '../domain/event-store.ts'
import { awaitsWord } from '../domain/operators-word.ts'
import { orderPrefix } from '../domain/order-id.ts'
import { differenceOf } from '../domain/reconciliation.ts'
import { truthStream } from '../domain/stream.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import { type Venue, VenueUnavailable } from '../domain/venue.ts'
import { chain } from './bookkeeper.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import type { Executor } from './executor.ts'
import { exit, Stop } from './exit.ts'
import { neverHad, showNeverHad } from './never-had.ts'
import { adoption, type Reconciled, type Reconciler, reconciler } from './reconciler.ts'
import { counted } from './sentence.ts'

interface Options {
  adopt?: number | undefined
  label?: string | undefined
  neverHad?: string | undefined
  reason?: string | undefined
  whatIf?: boolean | undefined
}

export const reconcile: Command<Options> = {
  options: yargs =>
    yargs
      .option('adopt', {
        type: 'number',
        describe: 'Seq of a drift in a balance or position that you can explain: it is not the book’s own',
      })
      .option('label', { type: 'string', describe: 'The explanation; kept in the ledger' })
      .implies({ adopt: 'label', label: 'adopt' })
      .option('never-had', {
        type: 'string',
        describe:
          'Id of an order in doubt that no list of the venue reaches back to, and that it never had, as you have seen there',
      })
      .option('reason', { type: 'string', describe: 'How you know; kept in the ledger' })
      .option('what-if', { type: 'boolean', describe: 'Show what --never-had would record; write nothing' }),
  run: async (engine, { adopt, label, neverHad: orderId, reason = '', whatIf }) => {
    if (orderId === undefined && (reason !== '' || whatIf === true))
      throw new Stop(exit.usage, '--reason and --what-if are for an order; add --never-had ORDER')
    if (orderId !== undefined && reason.trim() === '')
      throw new Stop(exit.usage, `how do you know that the venue never had ${orderId}? add --reason HOW`)
    if (orderId !== undefined && adopt !== undefined)
      throw new Stop(exit.usage, '--never-had and --adopt are two statements; make them one after the other')
    if (orderId !== undefined && whatIf === true) return wouldGiveUp(engine, orderId, reason)
    const store = await engine.writeLedger('reconcile')
    try {
      const session = await open(engine, store)
      await session.keeper.catchUp()
      await jumpToBook(engine, store)
      if (adopt !== undefined) await adoptDrift(engine, session, adopt, label ?? '')
      if (orderId !== undefined) await neverHad(engine, session, orderId, reason)
      const outcome = await session.run(engine.clock.now())
      await session.keeper.stop('finished', '')
      show(engine, session, outcome)
      return outcome.verdict === 'agrees' ? exit.done : drifted
    } catch (error) {
      throw toldOf(error)
    } finally {
      await store.close()
    }
  },
}

const toldOf = (error: unknown): unknown =>
  error instanceof VenueUnavailable
    ? new Stop(
        exit.venueUnavailable,
        `${error.message}; nothing was concluded. Try again when the venue answers`,
      )
    : error

/** With a ledger that is only read. */
const wouldGiveUp = async (engine: Engine, orderId: string, reason: string): Promise<number> => {
  const store = await engine.readLedger()
  try {
    const books = accountBooks()
    for await (const recorded of store.readAll({ types: new Set(accountTypes) }))
      books.take(recorded as Parameters<AccountBooks['take']>[0])
    await jumpToBook(engine, store)
    const { venue, account } = await askable(engine, store.identity, books)
    await showNeverHad(engine, books, venue, account, orderId, reason)
    return exit.done
  } catch (error) {
    throw toldOf(error)
  } finally {
    await store.close()
  }
}

/** The verdict of a comparison, as of verify and diff: something does not agree. */
const drifted = 1

type Store = Parameters<typeof reconciler>[1]

/** The venue of the book's configuration, that knows the orders of these books. */
export const venueOf = async (
  engine: Engine,
  { book, epoch }: Identity,
  books: AccountBooks,
): Promise<Venue> =>
  engine.venue(
    await engine.market(),
    function* () {
      for (const { order } of books.orders.values()) yield order
    },
    orderPrefix(book, epoch),
    () => books.opened,
  )

/** The reconciler of a book with the venue of its configuration. */
export const open = (engine: Engine, store: Store): Promise<Reconciler> =>
  reconciler(engine, store, books => askable(engine, store.identity, books))

const askable = async (engine: Engine, identity: Identity, books: AccountBooks) => {
  const venue = await venueOf(engine, identity, books)
  const { account } = venue
  if (account !== undefined) return { venue, account }
  throw new Stop(
    exit.refused,
    `venue ${venue.name} cannot be asked about an account; choose another with venue.name`,
  )
}

/**
 * The reconciliation that an executor does itself: at its start, and when a doubt arises, at most once in the time that
 * doubts need to settle. None where the account is derived from the book: it cannot disagree.
 */
export const truthOf = async ({
  engine,
  keeper,
  venue,
}: Executor): Promise<Pick<Executor, 'reconcile'> & { close: () => Promise<void> }> => {
  const { account } = venue
  if (venue.remote === undefined || account === undefined) return { close: async () => {} }
  const store = await engine.writeLedger('reconcile')
  const own = await reconciler(engine, store, async () => ({ venue, account }))
  let last: Instant | undefined
  return {
    close: async () => {
      await store.close()
    },
    reconcile: async now => {
      const settleMs = engine.config.orders.settleSeconds * 1000
      if (last !== undefined && millisecondsOf(now) - millisecondsOf(last) < settleMs) return
      try {
        await own.run(now)
        last = now
      } catch (error) {
        if (!(error instanceof VenueUnavailable)) throw error
        engine.log.warn({}, `not reconciled, the venue cannot be asked: ${error.message}`)
      }
      await keeper.catchUp()
    },
  }
}

/** A recorded book lives at the time of its last cycle. */
const jumpToBook = async (engine: Engine, store: Store) => {
  if (engine.simulated === undefined) return
  for await (const { event } of store.readAll({ types: new Set(['CycleCompleted']) }))
    if (event.type === 'CycleCompleted') engine.simulated.jumpTo(event.data.clock)
}

const adoptDrift = async (engine: Engine, session: Reconciler, seq: number, label: string) => {
  driftToAdopt(session, seq)
  await session.run(engine.clock.now()) // what explains itself by now is not to be adopted
  try {
    const { data, link } = driftToAdopt(session, seq)
    const events = chain(because(link), adoption(data, seq, differenceOf(data), label))
    await session.keeper.append([{ stream: truthStream, events }])
  } catch (error) {
    if (error instanceof Stop) await session.keeper.stop('refused', error.message)
    throw error
  }
}

const driftToAdopt = ({ books }: Reconciler, seq: number) => {
  const drift = books.drifts.get(seq)
  if (drift === undefined) {
    const standing = [...books.drifts.keys()].join(', ') || 'none stand'
    throw new Stop(exit.badData, `no unresolved drift ${seq}; there are: ${standing}`)
  }
  const { subject, name } = drift.data
  if (subject !== 'balance' && subject !== 'position')
    throw new Stop(
      exit.refused,
      `drift ${seq} is about ${subject} ${name}: an order cannot be explained away, only a balance or position`,
    )
  return drift
}

const show = ({ screen, config }: Engine, { books }: Reconciler, outcome: Reconciled) => {
  const { verdict, rounds, orders, fills, external, drifts } = outcome
  const agrees = verdict === 'agrees'
  screen.heading(`Reconciliation of ${config.book}`)
  screen.table(
    ['', ''],
    [
      ['verdict', agrees ? screen.style.good('agrees') : screen.style.bad('drift')],
      ['live orders asked about', `${orders}`],
      ['fills the ledger lacked', `${fills}`],
      ['adopted as not ours', `${external}`],
      [
        'holdings',
        Object.entries(books.lastObserved?.holdings ?? {})
          .map(pair => pair.join(' '))
          .join(', '),
      ],
      ['asked', counted(rounds, 'time')],
    ],
  )
  if (books.drifts.size > 0) {
    screen.table(
      ['drift', 'about', 'name', 'ledger', 'venue', 'evidence'],
      [...books.drifts].map(([seq, { data }]) => [
        `${seq}`,
        data.subject,
        data.name,
        data.ledger,
        data.venue,
        data.evidence.slice(0, 12),
      ]),
      [0, 3, 4],
    )
    screen.say(
      'It is held until it agrees again. What you can explain: veritape reconcile --adopt DRIFT --label WHY',
    )
    if ([...books.drifts.values()].some(({ data }) => awaitsWord(data)))
      screen.say(
        'Look for that order at the venue itself. If it was never there: veritape reconcile --never-had ORDER --reason HOW',
      )
  }
  screen.result({ verdict, rounds, orders, fills, external, drifts, exit: agrees ? exit.done : drifted })
}
