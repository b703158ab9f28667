// The Screen port: tables and colours on a terminal, aligned plain text in a pipe, JSON when asked for.
//
//   stdout  results: text and tables for people, or JSON with `json`, never both
//   stderr  remarks and progress; progress on a terminal only

import { createRequire } from 'node:module'
import { stripVTControlCharacters } from 'node:util'
import type CliProgress from 'cli-progress'
import type { createColors } from 'picocolors'
import type { Screen, Style } from '../domain/screen.ts'
import { plainTable, terminalTable } from './text-table.ts'

/** Where a screen writes: process.stdout, process.stderr, or a stream of a test. */
export interface ScreenStream {
  write(text: string): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface ScreenSettings {
  readonly stdout: ScreenStream
  readonly stderr: ScreenStream
  readonly json: boolean
  /** NO_COLOR and TERM are looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Told once when nobody reads stdout any more (`veritape … | head`); nothing is written to it after that. */
  readonly onClosed?: () => void
}

const columnsInPipe = 100
const columnsUnknown = 80

/** Whether colour is wanted on this stream: https://no-color.org, and terminals that say they are dumb. */
export const wantsColour = (
  stream: Pick<ScreenStream, 'isTTY'>,
  environment: ScreenSettings['environment'],
): boolean => stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb'

const require = createRequire(import.meta.url)

/** Packages are loaded when the first table, colour or bar needs them: most commands need none. */
export const terminalScreen = (settings: ScreenSettings): Screen => {
  const { stderr, json, environment } = settings
  const stdout = quietly(settings.stdout, settings.onClosed)
  const remarks = quietly(stderr)
  const terminal = settings.stdout.isTTY === true
  const style = styleOf(wantsColour(settings.stdout, environment))
  const columns = () => (terminal ? (settings.stdout.columns ?? columnsUnknown) : columnsInPipe)
  const bars = new Set<object>()

  /** A bar that is being drawn shares the terminal with whatever is said: it draws itself again below. */
  const clearBars = () => {
    if (bars.size > 0) remarks('\r\u001b[K')
  }

  /** Tables stand apart from what is said before and after them, and close to their heading. */
  let last: 'nothing' | 'text' | 'heading' | 'table' = 'nothing'

  const print = (text: string, kind: 'text' | 'heading' | 'table') => {
    if (json) return
    clearBars()
    const apart =
      kind === 'heading' || (kind === 'table' ? last === 'text' || last === 'table' : last === 'table')
    stdout(`${apart ? '\n' : ''}${text}\n`)
    last = kind
  }

  return {
    json,
    terminal,
    get columns() {
      return columns()
    },
    say: (line = '') => print(line, 'text'),
    heading: text => print(style.strong(text), 'heading'),
    table: (head, rows, numbers = []) => {
      if (json) return
      const table = terminal
        ? terminalTable(head, rows, numbers, columns(), style)
        : plainTable(head, rows, numbers)
      print(table, 'table')
    },
    document: text => stdout(text),
    result: value => {
      if (json) stdout(`${JSON.stringify(value ?? null, undefined, terminal ? 2 : undefined)}\n`)
    },
    note: line => {
      clearBars()
      remarks(`${wantsColour(stderr, environment) ? line : stripVTControlCharacters(line)}\n`)
    },
    progress: (label, total) => {
      if (stderr.isTTY !== true) return { at: () => {}, stop: () => {} }
      const bar = barOn(stderr, label, total)
      bars.add(bar)
      return {
        at: done => bar.update(done),
        stop: () => {
          bar.stop()
          bars.delete(bar)
        },
      }
    },
    style,
  }
}

/** Writes until the reader is gone. Any other error of the stream (no space, say) is thrown. */
const quietly = (stream: ScreenStream, onClosed?: () => void): ((text: string) => void) => {
  let closed = false
  stream.on('error', error => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error
    if (!closed) onClosed?.()
    closed = true
  })
  return text => {
    if (!closed) stream.write(text)
  }
}

const styleOf = (colour: boolean): Style => {
  const same = (text: string) => text
  if (!colour) return { strong: same, good: same, bad: same, warn: same, faint: same }
  const picocolors = require('picocolors') as { createColors: typeof createColors }
  const { bold, green, red, yellow, dim } = picocolors.createColors(true)
  return { strong: bold, good: green, bad: red, warn: yellow, faint: dim }
}

const barOn = (stderr: ScreenStream, label: string, total: number | undefined): CliProgress.SingleBar => {
  const progress = require('cli-progress') as typeof CliProgress
  const bar = new progress.SingleBar({
    stream: stderr as NodeJS.WritableStream,
    format:
      total === undefined
        ? `${label}  {value}  {duration_formatted}`
        : `${label}  {bar} {percentage} %  {value} of {total}  {eta_formatted} left`,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
    // A process that is killed must not leave a terminal without a cursor.
    hideCursor: null,
    clearOnComplete: true,
    // Signals belong to the command.
    gracefulExit: false,
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? value.toLocaleString('en-US') : String(value),
  })
  bar.start(total ?? 0, 0)
  return bar
}
