// veritape halt    Stops all new orders: first the KILL file, durable even while the ledger is busy, then the event.
// veritape resume  Lifts every halt that stands now, by name, and removes the KILL file. Both are safe to repeat.

import type { Book } from '../domain/book.ts'
import { outside, propose } from '../domain/event.ts'
import { TradingHalted, TradingResumed } from '../domain/safety.ts'
import { controlStream } from '../domain/stream.ts'
import type { Command } from './command.ts'
import { openControl } from './control.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'

interface HaltOptions {
  reason: string
  reducing: boolean
}

export const halt: Command<HaltOptions> = {
  options: yargs =>
    yargs
      .option('reason', {
        type: 'string',
        default: 'an operator halted',
        describe: 'Why; kept in the ledger',
      })
      .option('reducing', {
        type: 'boolean',
        default: false,
        describe: 'Still allow orders that shrink a position',
      }),
  run: async (engine, { reason, reducing }) => {
    const level = reducing ? 'reducing' : 'halted'
    if (!(await engine.hasBook(engine.config.book)))
      throw new Stop(
        exit.badData,
        `there is no book ${engine.config.book} in ${engine.config.ledger}: nothing can trade in it`,
      )
    await engine.kill.pull(level, 'operator', reason)
    const { screen } = engine
    try {
      const { book, keeper, close } = await openControl(engine, 'urgent')
      try {
        const standing = book.halts.find(each => each.level === level || each.level === 'halted')
        if (standing === undefined) {
          const halted = TradingHalted({ by: 'operator', reason, level })
          await keeper.append([{ stream: controlStream, events: [propose(outside(nextKey(book)), halted)] }])
        }
        screen.say(
          standing === undefined ? `${level}: ${reason}` : `already ${standing.level}: ${standing.reason}`,
        )
        screen.result({ halted: true, level, event: 'recorded' })
      } finally {
        await close()
      }
    } catch (error) {
      if (!isBusy(error)) {
        screen.note(
          `${level} all the same: ${engine.config.ledger}/${engine.config.book}/KILL stands. But the ledger did not take it down:`,
        )
        throw error
      }
      // The file is what stops the trading; the executor makes it an event as soon as it can.
      screen.say(`${level}: the KILL file stands; the event follows when the ledger is free`)
      screen.result({ halted: true, level, event: 'pending' })
    }
    return exit.done
  },
}

/** Whether another process held the ledger: the same halt can be recorded in a moment. */
const isBusy = (error: unknown): boolean =>
  error instanceof Stop ? error.code === exit.tryAgain : error instanceof Error && error.name === 'LedgerBusy'

export const resume: Command<{ reason: string }> = {
  options: yargs =>
    yargs.option('reason', {
      type: 'string',
      default: 'an operator resumed',
      describe: 'Why; kept in the ledger',
    }),
  run: async (engine, { reason }) => {
    const { book, keeper, close } = await openControl(engine)
    const { screen } = engine
    try {
      // The file first: if the ledger then refuses, the halts in it stand, and nothing trades by accident.
      await engine.kill.release()
      const lifts = book.halts.map(({ seq }) => seq)
      if (lifts.length > 0) {
        const resumed = TradingResumed({ by: 'operator', reason, lifts })
        await keeper.append([{ stream: controlStream, events: [propose(outside(nextKey(book)), resumed)] }])
      }
      screen.say(
        lifts.length === 0 ? 'nothing was halted' : `resumed: ${counted(lifts.length, 'halt')} lifted`,
      )
      screen.result({ lifts })
      return exit.done
    } finally {
      await close()
    }
  },
}

const nextKey = (book: Book): string => `${controlStream} ${(book.revisions.get(controlStream) ?? -1) + 1}`
