// veritape restore FROM   Puts a backup where its book has no ledger: in a new epoch, halted, and proven.

import { outside, propose } from '../domain/event.ts'
import { TradingHalted } from '../domain/safety.ts'
import { controlStream } from '../domain/stream.ts'
import { contentOf } from './backup.ts'
import type { Command } from './command.ts'
import { openControl } from './control.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

export const restore: Command<{ from: string }> = {
  options: yargs =>
    yargs.positional('from', { type: 'string', demandOption: true, describe: 'Folder of the backup' }),
  run: async (engine, { from }) => {
    const { screen, copies, config } = engine
    const { book } = await copies.check(from)
    if (book !== config.book)
      throw new Stop(
        exit.refused,
        `${from} is a backup of the book ${book}, not ${config.book}; say --book ${book}`,
      )
    const report = await copies.restore(from)
    await recordHalt(
      engine,
      `restored ${report.epochNow}`,
      'restore',
      engine.kill.read()?.reason ?? 'restored',
    )
    const head = await proveLedger(engine)
    screen.say(screen.style.good(`restored and proven: ${contentOf(report)}`))
    screen.say(`a new epoch began at ${report.epochNow}: no order id of before is used again`)
    screen.say(screen.style.warn('the book is halted. Reconcile it with the venue, then veritape resume'))
    screen.say(`views of ${config.state} may be ahead of it: veritape rebuild`)
    screen.say(`head seq ${head.seq} hash ${head.hash}`)
    screen.result({ ...report, head, halted: true })
    return exit.done
  },
}

/** Makes the KILL file that stands already an event of the book as well. */
export const recordHalt = async (engine: Engine, key: string, by: string, reason: string): Promise<void> => {
  const { keeper, close } = await openControl(engine)
  try {
    const halted = TradingHalted({ by, reason, level: 'halted' })
    await keeper.append([{ stream: controlStream, events: [propose(outside(key), halted)] }])
  } finally {
    await close()
  }
}

/** Throws when a byte of the book's ledger is not as it must be. */
export const proveLedger = async (engine: Engine) => {
  const steps = engine.auditLedger({})
  let step = await steps.next()
  for (; step.done !== true; step = await steps.next()) {
    if (step.value.kind !== 'damage') continue
    const { segment, byte, expected, found } = step.value.damage
    throw new Stop(
      exit.badData,
      `${engine.ledgerPath}/${segment} is damaged at byte ${byte}: expected ${expected}, found ${found}. Delete the folder and restore again`,
    )
  }
  return step.value.head
}
