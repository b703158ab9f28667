// veritape import FILE   Makes a new book of the whole history in a file of `veritape export`: for research, never to
// trade on. docs/decisions says why a part of a history, or a live book, is refused.

import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { proveLedger, recordHalt } from './restore.ts'

interface Options {
  file: string
  mode?: 'paper' | 'backtest' | undefined
}

export const importEvents: Command<Options> = {
  options: yargs =>
    yargs
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'JSON Lines, as export writes them',
      })
      .option('mode', { choices: ['paper', 'backtest'] as const, describe: 'Of the new book' }),
  overrides: ({ mode }) => (mode === undefined ? {} : { mode: { value: mode, flag: '--mode' } }),
  run: async (engine, { file }) => {
    const { screen, copies, config } = engine
    if (config.mode !== 'paper' && config.mode !== 'backtest')
      throw new Stop(
        exit.refused,
        `an imported history is never traded on: the book ${config.book} is ${config.mode}; say --mode paper or --mode backtest`,
      )
    const report = await copies.importEvents(file)
    await recordHalt(
      engine,
      `imported ${report.sha256}`,
      'import',
      `imported from a file with SHA-256 ${report.sha256}`,
    )
    const head = await proveLedger(engine)
    screen.say(
      screen.style.good(
        `imported and proven: ${report.seq} events are the book ${report.book} (${report.mode}) now`,
      ),
    )
    screen.say(`its events end where the file did, at seq ${report.seq}; the book is halted`)
    screen.say(`head seq ${head.seq} hash ${head.hash}`)
    screen.result({ ...report, head, halted: true })
    return exit.done
  },
}
