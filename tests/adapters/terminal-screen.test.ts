// What goes to which stream, in which form.

import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { type ScreenSettings, type ScreenStream, terminalScreen } from '../../adapters/terminal-screen.ts'

class Captured extends Writable {
  isTTY: boolean
  columns: number
  text = ''
  constructor(isTTY: boolean, columns = 80) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
    this.columns = columns
  }
  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk)
    done()
  }
}

const screenOn = (terminal: boolean, settings: Partial<ScreenSettings> = {}) => {
  const stdout = new Captured(terminal)
  const stderr = new Captured(terminal)
  const screen = terminalScreen({ stdout, stderr, json: false, environment: {}, ...settings })
  return { stdout, stderr, screen }
}

const sequence = '\u001b['

test('results are on stdout, remarks on stderr', () => {
  const { stdout, stderr, screen } = screenOn(false)
  screen.say('a result')
  screen.say()
  screen.note('a remark')
  expect(stdout.text).toBe('a result\n\n')
  expect(stderr.text).toBe('a remark\n')
})

test('in a pipe nothing is coloured, no bar is drawn and a line has 100 characters', () => {
  const { stdout, stderr, screen } = screenOn(false)
  expect([screen.terminal, screen.columns]).toEqual([false, 100])
  screen.heading('Heading')
  screen.table(['a', 'b'], [[screen.style.bad('x'), '1']], [1])
  const bar = screen.progress('reading', 10)
  bar.at(5)
  bar.stop()
  expect(stdout.text).toBe('\nHeading\na  b\nx  1\n')
  expect(stderr.text).toBe('')
})

test('on a terminal headings, rules and words are coloured, and the width is asked each time', () => {
  const { stdout, screen } = screenOn(true)
  screen.say(screen.style.good('PASS'))
  screen.table(['a'], [['x']])
  expect(stdout.text).toContain(`${sequence}32mPASS`)
  expect(stdout.text).toContain('─')
  stdout.columns = 120
  expect(screen.columns).toBe(120)
})

test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('%j keeps a terminal without colour', environment => {
  const { stdout, screen } = screenOn(true, { environment })
  screen.heading('Heading')
  screen.say(screen.style.bad('no'))
  screen.table(['a'], [['x']])
  expect(stdout.text).not.toContain(sequence)
})

test('with NO_COLOR empty there is colour, as the convention says', () => {
  expect(screenOn(true, { environment: { NO_COLOR: '' } }).screen.style.bad('x')).toContain(sequence)
})

test('a remark loses its colour when stderr is no terminal', () => {
  const stderr = new Captured(false)
  const { screen } = screenOn(true, { stderr })
  screen.note(screen.style.warn('careful'))
  expect(stderr.text).toBe('careful\n')
})

test('with --json only results are on stdout, one a line in a pipe', () => {
  const { stdout, stderr, screen } = screenOn(false, { json: true })
  screen.say('for people')
  screen.heading('for people')
  screen.table(['a'], [['for people']])
  screen.result({ a: [1, 2] })
  screen.result(undefined)
  screen.note('a remark')
  expect(stdout.text).toBe('{"a":[1,2]}\nnull\n')
  expect(stderr.text).toBe('a remark\n')
})

test('without --json a result is not printed', () => {
  const { stdout, screen } = screenOn(false)
  screen.result({ a: 1 })
  expect(stdout.text).toBe('')
})

test('a bar is drawn on the terminal of stderr, with how much of how many', () => {
  const { stdout, stderr, screen } = screenOn(true)
  const bar = screen.progress('verifying', 2000)
  bar.at(1000)
  bar.stop()
  expect(stderr.text).toContain('verifying')
  expect(stderr.text).toContain('50 %  1,000 of 2,000')
  expect(stdout.text).toBe('')
})

test('without a total the bar only counts', () => {
  const { stderr, screen } = screenOn(true)
  const bar = screen.progress('reading')
  bar.at(1234)
  bar.stop()
  expect(stderr.text).toContain('reading  1,234')
  expect(stderr.text).not.toMatch(/%|NaN|Infinity/)
})

test('a drawn bar leaves no process waiting and no listener of signals behind', () => {
  const listeners = process.listenerCount('SIGINT')
  const bar = screenOn(true).screen.progress('reading', 5)
  expect(process.listenerCount('SIGINT')).toBe(listeners)
  bar.stop()
})

test('a line said while a bar is drawn does not stand in the bar', () => {
  const { stderr, screen } = screenOn(true)
  const bar = screen.progress('reading', 5)
  stderr.text = ''
  screen.say('found something')
  expect(stderr.text).toBe(`\r${sequence}K`)
  bar.stop()
  stderr.text = ''
  screen.say('done')
  expect(stderr.text).toBe('')
})

test('when the reader of stdout is gone it is told once, and nothing is written any more', () => {
  const stdout = new PassThrough() as PassThrough & ScreenStream
  let closed = 0
  const { screen } = screenOn(false, { stdout, onClosed: () => closed++ })
  const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  stdout.emit('error', gone)
  stdout.emit('error', gone)
  screen.say('nobody hears this')
  expect(closed).toBe(1)
  expect(stdout.read()).toBe(null)
})

test('a full disk behind stdout is not passed over in silence', () => {
  const stdout = new PassThrough() as PassThrough & ScreenStream
  screenOn(false, { stdout })
  expect(() => stdout.emit('error', Object.assign(new Error('no space'), { code: 'ENOSPC' }))).toThrow(
    'no space',
  )
})
