// veritape copy --from STORE --to STORE   The book's ledger in another store, line for line: the same seqs, the same hash
// chain. May be stopped and started again; --follow keeps a mirror up to date; --take-over makes the copy the ledger.

import type { CopyStep } from '../domain/ledger-copy.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'

interface Options {
  from?: string | undefined
  to?: string | undefined
  follow: boolean
  takeOver?: boolean | undefined
}

export const copy: Command<Options> = {
  options: yargs =>
    yargs
      .option('from', { type: 'string', describe: 'jsonl, jsonl:FOLDER or esdb://…; --store when left out' })
      .option('to', { type: 'string', describe: 'jsonl, jsonl:FOLDER or esdb://…' })
      .option('follow', {
        type: 'boolean',
        default: false,
        describe: 'Stay, and copy what comes: a mirror in EventStoreDB',
      })
      .option('take-over', {
        type: 'boolean',
        default: false,
        describe: 'Make the copy the ledger: a new epoch, halted until resume',
      }),
  run: async (engine, { from = engine.config.store, to, follow, takeOver = false }) => {
    if (to === undefined) throw new Stop(exit.usage, 'copy to where? veritape copy --to esdb://host:2113')
    const { screen, log } = engine
    const steps = engine.copyLedger({ from, to, follow, takeOver })
    const progress = screen.progress('copying, events')
    try {
      let step = await steps.next()
      for (; step.done !== true; step = await steps.next()) report(step.value)
      progress.stop()
      const { from: source, to: target, since, epochNow } = step.value
      const isEqual = source.seq === target.seq && source.hash === target.hash
      screen.say(
        isEqual
          ? screen.style.good(`equal: ${counted(target.seq, 'event')}, ${target.seq - since} of them new`)
          : screen.style.bad(
              `stopped at seq ${target.seq} of ${source.seq}; the same command goes on from there`,
            ),
      )
      screen.say(`from seq ${source.seq} hash ${source.hash}`)
      screen.say(`to   seq ${target.seq} hash ${target.hash}`)
      if (epochNow !== undefined)
        screen.say(
          `a new epoch begins there (${epochNow}); it is halted: reconcile with the venue, then resume`,
        )
      screen.result({ equal: isEqual, ...step.value })
      return isEqual || follow ? exit.done : exit.tryAgain
    } finally {
      progress.stop()
    }

    function report(step: CopyStep) {
      if (step.kind === 'copied') progress.at(step.seq)
      else if (step.kind === 'waiting') log.warn({}, `mirror waits: ${step.why}`)
      else if (follow)
        log.info({ seq: step.head.seq, hash: step.head.hash }, `mirror equal at seq ${step.head.seq}`)
    }
  },
}
