// A plain line must mean to us what it means to the parser, and every other line is the parser's.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import yargs, { type Argv } from 'yargs'
import { verbNamed, withoutFlags } from '../../commands/command-line.ts'
import { type Global, readPlainLine } from '../../commands/plain-line.ts'

const texts = ['book', 'config', 'ledger', 'state', 'store', 'log-level', 'as-of'] as const

/** The global flags as the command line declares them. */
const parsed = (argv: readonly string[]): { words: readonly unknown[]; args: Partial<Global> } => {
  let parser: Argv<object> = yargs([...argv])
  for (const name of texts) parser = parser.option(name, { type: 'string' })
  const all = parser
    .option('json', { type: 'boolean', default: false })
    .help(false)
    .version(false)
    .parseSync()
  const {
    _: words,
    book,
    config,
    ledger,
    state,
    store,
    json,
    logLevel,
    asOf,
  } = all as unknown as Global & {
    _: readonly unknown[]
  }
  const args = { book, config, ledger, state, store, json, logLevel, asOf }
  return { words, args: Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) }
}

const values = fc.oneof(
  fc.constantFrom(
    'demo-crypto',
    './ledger',
    '/srv/x y',
    '2015-08-24T08:30',
    '1e3',
    '007',
    'true',
    'a=b',
    '-x',
    '',
    'ü',
  ),
  fc.string(),
)
const tokens = fc.oneof(
  fc.constantFrom(
    'status',
    'check',
    'config',
    'report',
    'kpi',
    '--json',
    '--no-json',
    '--',
    '-h',
    '--deep',
    '--json=false',
  ),
  fc.constantFrom(...texts.map(name => `--${name}`)),
  fc.tuple(fc.constantFrom(...texts), values).map(([name, value]) => `--${name}=${value}`),
  values,
)

test('whatever is read as a plain line is read by the parser in the same way', () => {
  let plain = 0
  fc.assert(
    fc.property(
      fc.constantFrom(['status'], ['check', 'config'], []),
      fc.array(tokens, { maxLength: 6 }),
      (verb, rest) => {
        const argv = [...verb, ...rest]
        const line = readPlainLine(argv)
        if (line === undefined) return
        plain++
        const { words, args } = parsed(argv)
        expect(words).toEqual(line.verb.split(' '))
        expect(args).toEqual(line.args)
      },
    ),
    { numRuns: 3000 },
  )
  expect(plain).toBeGreaterThan(100)
})

test('a plain line has its verb and its flags', () => {
  expect(readPlainLine(['status'])).toEqual({ verb: 'status', args: { json: false } })
  expect(
    readPlainLine(['report', 'kpi', '--book', 'demo-crypto', '--json', '--as-of', '2023-03-24']),
  ).toEqual({
    verb: 'report kpi',
    args: { json: true, book: 'demo-crypto', asOf: '2023-03-24' },
  })
})

test('mistakes, help and flags of a verb are left to the parser', () => {
  for (const argv of [
    [],
    ['--help'],
    ['status', '--help'],
    ['status', '--book'],
    ['status', '--book', '--json'],
    ['status', '__proto__', 'status'],
    ['status', 'toString', 'status'],
    ['status', '--book', 'a', '--book', 'b'],
    ['status', '--book=a'],
    ['status', '--json', 'false'],
    ['status', '--bok', 'a'],
    ['verify', '2023-03-24'],
    ['verify', '--deep'],
    ['--book', 'a', 'status'],
  ])
    expect(readPlainLine(argv), argv.join(' ')).toBeUndefined()
})

test('the verbs that are said to have no flags have none', async () => {
  for (const usage of withoutFlags) {
    const verb = verbNamed(usage)
    expect(verb, usage).toBeDefined()
    const untouched = {} as Argv // any call on it would throw
    expect((await verb?.load())?.options(untouched), usage).toBe(untouched)
  }
})
