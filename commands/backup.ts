// veritape backup TO        Copies the book's ledger, and the files it refers to, while others write to it.
// veritape backup --check   Proves a backup without restoring it.

import type { BackupReport } from '../domain/ledger-copies.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

interface Options {
  to?: string | undefined
  check?: string | undefined
}

export const backup: Command<Options> = {
  options: yargs =>
    yargs
      .positional('to', { type: 'string', describe: 'Folder that is empty or not there yet' })
      .option('check', { type: 'string', describe: 'Folder of a backup to prove' }),
  run: async (engine, { to, check }) => {
    if ((to === undefined) === (check === undefined))
      throw new Stop(exit.usage, 'backup where? veritape backup FOLDER, or veritape backup --check FOLDER')
    const { screen, copies } = engine
    if (check !== undefined) {
      const report = await copies.check(check)
      screen.say(screen.style.good(`${check} is whole: ${contentOf(report)}`))
      tell(engine, report, check)
      return exit.done
    }
    const report = await copies.backup(to ?? '')
    screen.say(screen.style.good(`backed up to ${to} and proven: ${contentOf(report)}`))
    tell(engine, report, to ?? '')
    return exit.done
  },
}

export const contentOf = ({ book, mode, head, segments, bytes, data }: BackupReport): string =>
  `book ${book} (${mode}), ${head.seq} events in ${segments} segments, ${bytes} bytes, ${data.length} data files`

const tell = ({ screen }: Engine, report: BackupReport, folder: string) => {
  if (report.dataMissing.length > 0)
    screen.note(
      `${report.dataMissing.length} files that events refer to were not there to be copied, the first is ${report.dataMissing[0]}; what was decided from them cannot be proven again`,
    )
  screen.say(`head seq ${report.head.seq} hash ${report.head.hash}`)
  screen.result({ folder, ...report })
}
