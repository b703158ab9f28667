// veritape export   The events of a book as text: JSON Lines, a table of one type, or redacted for somebody else's eyes.

import { declarations } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import type { Selection, TextOut } from '../domain/ledger-copies.ts'
import { DateText } from '../domain/time.ts'
import { type Cell, printRow } from '../projections/csv.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'

interface Options {
  format: 'jsonl' | 'csv'
  type?: string[] | undefined
  day?: string | undefined
  from?: number | undefined
  to?: number | undefined
  out?: string | undefined
  redacted: boolean
  open?: number | undefined
}

export const exportEvents: Command<Options> = {
  options: yargs =>
    yargs
      .option('format', {
        choices: ['jsonl', 'csv'] as const,
        default: 'jsonl' as const,
        describe: 'csv takes one --type',
      })
      .option('type', { type: 'string', array: true, describe: 'Only events of this type; repeatable' })
      .option('day', {
        type: 'string',
        describe:
          "Only what was recorded on a date of the book's zone; redacted: the day's segments, as its seal has them",
      })
      .option('from', { type: 'number', describe: 'From this seq on' })
      .option('to', { type: 'number', describe: 'Up to this seq' })
      .option('out', { type: 'string', describe: 'File; stdout when left out' })
      .option('redacted', {
        type: 'boolean',
        default: false,
        describe: 'Without sizes and prices; veritape verify --redacted checks it',
      })
      .option('open', {
        type: 'number',
        describe: 'Print this one line as it stands, to open a redacted one',
      }),
  run: async (engine, options) => {
    const problem = problemWith(options)
    if (problem !== undefined) throw new Stop(exit.usage, problem)
    const out = await engine.copies.textOut(options.out)
    let lines: number
    try {
      lines = await writeAll(engine, options, out)
    } catch (error) {
      await out.discard()
      throw error
    }
    await out.close()
    if (options.out !== undefined) {
      engine.screen.say(`${counted(lines, 'line')} in ${options.out}`)
      engine.screen.result({ file: options.out, lines })
    }
    return exit.done
  },
}

const isSeq = (number: number | undefined): boolean =>
  number === undefined || (Number.isSafeInteger(number) && number > 0)

const problemWith = ({ format, type, day, from, to, redacted, open }: Options): string | undefined => {
  const unknown = type?.find(each => !declarations.some(declared => declared.type === each))
  if (unknown !== undefined) return `there is no event called ${unknown}; docs/ledger-format.md lists them`
  if (day !== undefined && !DateText.safeParse(day).success)
    return `'${day}' is no date; write it as 2023-03-24`
  if (![from, to, open].every(isSeq)) return 'a seq is a whole number from 1 on'
  if (format === 'csv' && type?.length !== 1)
    return 'csv has a column for each field, so it takes exactly one --type'
  if (redacted && (format === 'csv' || type !== undefined))
    return 'a redacted export is a part of the chain without gaps: --day, --from and --to select it, not --type or csv'
  if (open !== undefined && (redacted || type !== undefined || day !== undefined))
    return '--open prints one line and takes no other selection'
  return undefined
}

const writeAll = async (engine: Engine, options: Options, out: TextOut): Promise<number> => {
  if (options.open !== undefined) {
    await out.write(await engine.copies.plainLine(options.open))
    return 1
  }
  let lines = 0
  for await (const line of linesOf(engine, options)) {
    lines++
    if (!(await out.write(line))) break
  }
  return lines
}

const linesOf = (engine: Engine, options: Options): AsyncIterable<string> => {
  const { day, from, to } = options
  const selection: Selection = {
    ...(day === undefined ? {} : { day }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
  return options.redacted ? engine.copies.redacted(selection) : eventLines(engine, selection, options)
}

async function* eventLines(engine: Engine, selection: Selection, { format, type }: Options) {
  const { first, last } = await engine.copies.rangeOf(selection)
  const store = await engine.readLedger()
  try {
    const [only = ''] = type ?? []
    const columns = format === 'csv' ? columnsOf(only) : []
    if (format === 'csv') yield printRow([...envelope, ...columns])
    const types = type === undefined ? {} : { types: new Set(type) }
    if (last >= first)
      for await (const recorded of store.readAll({ after: (first - 1) as Seq, upTo: last, ...types }))
        yield format === 'csv' ? printRow(cellsOf(recorded, columns)) : jsonLine(recorded)
  } finally {
    await store.close()
  }
}

/** An event by plain names, in this order; what `import` reads. */
const jsonLine = ({ seq, at, stream, revision, id, cause, correlation, run, event }: Recorded): string => {
  const { type, version, data } = event
  const line = { seq, at, type, version, stream, revision, id, cause, correlation, run, data }
  return `${JSON.stringify(line)}\n`
}

const envelope = ['seq', 'at', 'type', 'stream', 'revision', 'id', 'cause', 'correlation', 'run'] as const

const columnsOf = (type: string): readonly string[] =>
  Object.keys(declarations.find(declared => declared.type === type)?.data.shape ?? {})

const cellsOf = ({ event, ...place }: Recorded, columns: readonly string[]): readonly Cell[] => {
  const data = event.data as Readonly<Record<string, unknown>>
  const flat = { ...place, type: event.type }
  return [...envelope.map(name => flat[name]), ...columns.map(name => cellOf(data[name]))]
}

/** Text and numbers as they are; what is nested, as JSON. */
const cellOf = (value: unknown): Cell => {
  if (value === undefined) return ''
  return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)
}
