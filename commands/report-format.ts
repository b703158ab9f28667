// The forms of a report besides the table for people: --format json, csv or html, the document alone on stdout.

import type { Argv } from 'yargs'
import { exit, Stop } from './exit.ts'

export const reportFormats = ['table', 'json', 'csv', 'html'] as const
export type ReportFormat = (typeof reportFormats)[number]

export interface FormatOptions {
  /** undefined: a table. */
  format?: ReportFormat | undefined
}

export const withFormat = (yargs: Argv): Argv<FormatOptions> =>
  yargs.option('format', {
    choices: reportFormats,
    describe: 'table (the default), json, csv or html; html is one page that needs no network',
  })

/** --json asks for JSON, too; it cannot ask for something else besides. */
export const formatOf = (json: boolean, { format = 'table' }: FormatOptions): ReportFormat => {
  if (json && format !== 'table' && format !== 'json')
    throw new Stop(exit.usage, `--json and --format ${format} ask for two things; leave one of them out`)
  return format
}
