// The Log port over pino: JSON lines on stderr for a pipe or the journal, one line of text for people on a terminal.
// Every line is written before the call returns, so that nothing is lost when the process ends; and no secret is in it.

import { createRequire } from 'node:module'
import { stripVTControlCharacters } from 'node:util'
import type { createColors } from 'picocolors'
import type { Logger, pino as Pino } from 'pino'
import type { Config } from '../domain/config.ts'
import type { Log } from '../domain/log.ts'
import { redaction } from './redaction.ts'

export interface LogSettings {
  readonly level: Config['logLevel']
  /** Whether people read it as it is written. */
  readonly terminal: boolean
  readonly colour: boolean
  /** Values that must never appear. */
  readonly secrets: readonly string[]
  /** Takes each line with its end; the process's stderr, synchronously, when there is none. */
  readonly write?: (line: string) => void
}

const require = createRequire(import.meta.url)

/** Nothing is loaded before the first line that the level lets through. */
export const pinoLog = ({ level, terminal, colour, secrets, write }: LogSettings): Log => {
  const clean = redaction(secrets)
  let loaded: Logger | undefined

  const load = (): Logger => {
    const pino = require('pino') as typeof Pino
    const sink = write === undefined ? pino.destination({ dest: 2, sync: true }) : { write }
    const people = terminal
      ? humanLine((require('picocolors') as { createColors: typeof createColors }).createColors(colour))
      : undefined
    const destination = people === undefined ? sink : { write: (line: string) => sink.write(people(line)) }
    const options = {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      // Errors are objects already when pino sees them.
      serializers: {},
    }
    return pino(options, destination)
  }

  const log = (severity: 'info' | 'warn' | 'error', fields: object, sentence: string): void => {
    if (ranks.indexOf(severity) < ranks.indexOf(level)) return
    loaded ??= load()
    const value = clean.value(fields instanceof Error ? { err: fields } : fields) as object
    loaded[severity](withoutReserved(value), clean.text(sentence))
  }

  return {
    info: (fields, sentence) => log('info', fields, sentence),
    warn: (fields, sentence) => log('warn', fields, sentence),
    error: (fields, sentence) => log('error', fields, sentence),
  }
}

const ranks: readonly Config['logLevel'][] = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

/** Names that a line has already: a field of the same name would hide them from whoever reads the line. */
const reserved: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'msg'])

const withoutReserved = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [reserved.has(name) ? `${name}_` : name, value]),
  )

/** Text of others may hold line ends, and sequences that a terminal obeys. */
const oneLine = (text: string): string => stripVTControlCharacters(text).replace(/[\r\n\t]+/g, ' ')

/** '08:30:01 warn  the venue does not answer  symbol=BTC/USDT attempt=2', and the stack of an error below it. */
const humanLine = (colours: ReturnType<typeof createColors>) => {
  const paint: Readonly<Record<string, (text: string) => string>> = {
    info: colours.cyan,
    warn: colours.yellow,
    error: colours.red,
  }
  return (line: string): string => {
    const { level, time, pid: _, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
    const stacks: string[] = []
    const shown = Object.entries(fields).map(([name, value]) => {
      const error = isErrorLike(value) ? value : undefined
      if (error !== undefined) stacks.push(error.stack)
      const words = error?.message ?? (typeof value === 'string' ? value : undefined)
      const text = oneLine(words ?? JSON.stringify(value))
      return colours.dim(`${name}=${words !== undefined && /[\s"]/.test(text) ? JSON.stringify(text) : text}`)
    })
    const name = String(level)
    const head = [
      colours.dim(String(time).slice(11, 19)),
      (paint[name] ?? String)(name.padEnd(5)),
      [oneLine(String(msg)), shown.join(' ')].filter(part => part !== '').join('  '),
    ]
    const below = stacks.flatMap(stack => stack.split('\n').slice(1).map(oneLine))
    return `${[head.join(' '), ...below.map(each => colours.dim(each))].join('\n')}\n`
  }
}

const isErrorLike = (value: unknown): value is { message: string; stack: string } =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { message?: unknown }).message === 'string' &&
  typeof (value as { stack?: unknown }).stack === 'string'
