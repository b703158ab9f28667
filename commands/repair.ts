// veritape repair   The way out of POISON, which a failed sync leaves and which stops every writer. It looks and says what
// it would do; with --apply it writes what is proven into new files and moves POISON to the quarantine.

import type { Head } from '../domain/event-store.ts'
import type { RepairReport } from '../domain/ledger-repair.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'

export const repair: Command<{ apply: boolean }> = {
  options: yargs =>
    yargs.option('apply', {
      type: 'boolean',
      default: false,
      describe: 'Do it, when every process of the book is stopped; without it nothing is changed',
    }),
  run: async (engine, { apply }) => {
    const { screen, config } = engine
    if (!(await engine.hasBook(config.book)))
      throw new Stop(exit.badData, `there is no book ${config.book} in ${config.ledger}: nothing to repair`)
    const report = apply ? await repaired(engine) : await engine.repairLedger(false)
    const { poison, acknowledged } = report
    if (poison !== undefined) screen.say(screen.style.warn(`poisoned: ${poison}`))
    screen.say(
      screen.style.good(
        `proven: ${counted(report.head.seq, 'event')}; all ${acknowledged} that were acknowledged are there`,
      ),
    )
    if (poison === undefined) screen.say('there is no POISON: nothing to repair')
    else for (const line of whatIsDone(report)) screen.say(line)
    const head = report.repaired ? await recorded(engine) : report.head
    screen.say(`head seq ${head.seq} hash ${head.hash}`)
    screen.result({ ...report, poison: poison ?? null, torn: report.torn ?? null, head })
    return exit.done
  },
}

/** An executor that waits for its next candle would not notice that the files under it have changed. */
const repaired = async (engine: Engine): Promise<RepairReport> => {
  const free = await engine.holdExecutor()
  try {
    return await engine.repairLedger(true)
  } finally {
    free()
  }
}

/** LedgerRepaired is an event of the store itself: whoever opens it for writing next records it. */
const recorded = async (engine: Engine): Promise<Head> => {
  const store = await engine.writeLedger('cli')
  try {
    return await store.head()
  } finally {
    await store.close()
  }
}

const whatIsDone = ({ segments, torn, acknowledged, head, repaired }: RepairReport): readonly string[] => {
  const names = segments.map(({ segment, bytes }) => `${segment} (${bytes} bytes)`).join(', ')
  const more = head.seq - acknowledged
  const told = more === 1 ? 'event that was' : 'events that were'
  return [
    ...(names === '' ? [] : [`${repaired ? 'written' : 'to be written'} into new files: ${names}`]),
    ...(more === 0 ? [] : [`kept: ${more} ${told} whole, though nobody had been told so`]),
    ...(torn === undefined
      ? []
      : [
          `${repaired ? 'set' : 'to be set'} aside in quarantine/: ${counted(torn.bytes, 'torn byte')} of ${torn.segment}, which nobody was told about`,
        ]),
    repaired
      ? 'repaired and recorded: POISON lies in quarantine/, and the book may be written to. A disk that failed once fails again: look at it'
      : 'nothing was changed. Check the disk, stop every process of the book, then veritape repair --apply',
  ]
}
