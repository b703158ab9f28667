// The program on EventStoreDB as a person types it: the same book as in files, line for line; what each verb does there;
// copies both ways; and two executors on one book over a partition.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { terminalScreen } from '../../adapters/terminal-screen.ts'
import { main } from '../../commands/main.ts'
import { type StandInProcess, standInProcess } from '../eventstore-stand-in/process.ts'
import { type StandIn, standIn } from '../eventstore-stand-in/server.ts'
import { cryptoExample, start, veritape } from './veritape.ts'

let server: StandIn
let cwd = ''
let written = 0
const until = ['--from', '2023-03-21T00:00Z', '--until', '2023-03-21T10:00Z']

/** Runs a command in this process, as if typed. */
const run = async (store: string, ...argv: readonly string[]) => {
  const text = { out: '', err: '' }
  const stream = (to: 'out' | 'err') => ({
    write: (part: string) => {
      text[to] += part
    },
    on: () => {},
  })
  const screen = terminalScreen({
    stdout: stream('out'),
    stderr: stream('err'),
    json: argv.includes('--json'),
    environment: {},
  })
  const places = ['--config', cryptoExample, '--ledger', join(cwd, 'ledger'), '--log-level', 'silent']
  const state = ['--state', join(cwd, `state-${store.split(':')[0]}`)]
  const given = argv.map(word =>
    word.replace('BACKUP', join(cwd, 'backup')).replace('FILE', join(cwd, `file-${written++}`)),
  )
  const code = await main(
    [...given, ...places, ...state, '--store', store],
    new AbortController().signal,
    screen,
  )
  return { code, ...text }
}
const done = async (store: string, ...argv: readonly string[]) => {
  const ended = await run(store, ...argv)
  expect(ended, argv.join(' ')).toMatchObject({ code: 0, err: '' })
  return ended.out
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'veritape-esdb-'))
  server = await standIn()
  await done('jsonl', 'execute', '--paper', ...until)
  await done(server.url, 'execute', '--paper', ...until)
  await done('jsonl', 'backup', 'BACKUP')
})
afterAll(async () => {
  await server.kill()
  rmSync(cwd, { recursive: true })
})

/** Lines of an export without what is made of the ledger's random id. */
const told = async (store: string) => {
  const file = join(cwd, `export-${Math.random()}`)
  await done(store, 'export', '--out', file)
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map(line => {
    const event = JSON.parse(line) as Record<string, unknown>
    return event.stream === 'ledger' ? { ...event, id: undefined } : event
  })
}

describe('the same book', () => {
  test('has the same events at the same seqs, to the last field', async () => {
    const files = await told('jsonl')
    expect(files.length).toBeGreaterThan(1000)
    expect(await told(server.url)).toEqual(files)
  })

  test('has the same views, byte for byte, and the same key figures', async () => {
    for (const store of ['jsonl', server.url]) await done(store, 'project', '--once')
    const views = (of: string) =>
      readdirSync(join(cwd, `state-${of}/demo-crypto`), { recursive: true, encoding: 'utf8' })
        .filter(name => /\.(json|csv|html|md|txt)$/.test(name) && !name.includes('checkpoint'))
        .sort()
        .map(name => [name, readFileSync(join(cwd, `state-${of}/demo-crypto`, name), 'utf8')])
    expect(views('esdb').length).toBeGreaterThan(3)
    expect(views('esdb')).toEqual(views('jsonl'))
    const kpi = async (store: string) => done(store, 'report', 'kpi', '--json')
    expect(await kpi(server.url)).toBe(await kpi('jsonl'))
  })

  test('is proven: bytes and decisions', async () => {
    expect(await done(server.url, 'verify', '--deep')).toContain('clean: ')
    expect(await done(server.url, 'replay', '--prove')).toMatch(/(\d+) of \1 decisions are identical/)
  })

  test('executed again does nothing', async () => {
    expect(await done(server.url, 'execute', '--paper', ...until)).toContain('nothing new')
  })
})

/** The table of docs/eventstoredb.md. */
const refuses: ReadonlyArray<readonly [argv: readonly string[], code: number, sentence: string]> = [
  [['repair'], 78, 'restore what EventStoreDB lost'],
  [['seal'], 78, 'works on the files of the embedded ledger'],
  [['backup', 'somewhere'], 78, "use 'veritape copy --to jsonl:FOLDER'"],
  [['restore', 'BACKUP'], 78, 'restore it without --store'],
  [['import', 'somewhere'], 78, 'import it without --store'],
  [['export', '--redacted'], 78, 'copy the book to files first'],
  [['verify', '--anchors', 'somewhere'], 78, 'seals and anchors belong to the files'],
  [['backtest', '--strategy', 'ema-cross', '--symbol', 'BTC/USDT'], 78, 'leave out --store'],
]
const works: ReadonlyArray<readonly [argv: readonly string[], says: string]> = [
  [['status'], 'stream book-demo-crypto'],
  [['why', '10'], 'Why 10'],
  [['why-not', 'BTC/USDT'], 'BTC/USDT'],
  [['replay', '2023-03-21'], '2023-03-21'],
  [['rebuild'], 'portfolio.json'],
  [
    ['export', '--day', '2023-03-21', '--type', 'OrderFilled', '--format', 'csv', '--out', 'FILE'],
    'lines in',
  ],
  [['export', '--open', '1', '--out', 'FILE'], '1 line in'],
  [['verify', '2023-03-21'], 'clean'],
]

describe('a verb', () => {
  test.each(refuses)('%j is refused with %i and a sentence', async (argv, code, sentence) => {
    const ended = await run(server.url, ...argv)
    expect(ended).toMatchObject({ code, err: expect.stringContaining(sentence) })
    expect(ended.err.trim().split('\n')).toHaveLength(1)
  })

  test.each(works)('%j works', async (argv, says) => {
    expect(await done(server.url, ...argv)).toContain(says)
  })

  test('halt and resume write the event, and the KILL file of this machine', async () => {
    expect(await done(server.url, 'halt', '--reason', 'lunch')).toContain('halted: lunch')
    expect(readFileSync(join(cwd, 'ledger/demo-crypto/KILL'), 'utf8')).toContain('lunch')
    expect(await done(server.url, 'resume')).toContain('1 halt lifted')
    expect(readdirSync(join(cwd, 'ledger/demo-crypto'))).not.toContain('KILL')
  })

  test('halt works without the server: the file stands', async () => {
    const gone = await run(
      'esdb://127.0.0.1:9?tls=false&deadlineMs=200&patienceMs=300',
      'halt',
      '--reason',
      'fire',
    )
    expect(gone).toMatchObject({ code: 75, err: expect.stringContaining('KILL stands') })
    expect(readFileSync(join(cwd, 'ledger/demo-crypto/KILL'), 'utf8')).toContain('fire')
    await done(server.url, 'resume')
  })

  test.each([
    [
      'esdb://admin:changeit@127.0.0.1:2113',
      'no secret belongs there; take it out, and give user:password in the environment as VERITAPE_ESDB_CREDENTIALS',
    ],
    ['esdb://127.0.0.1:2113?tsl=false', 'a parameter that is not known'],
    ['postgres://localhost', 'is neither jsonl'],
  ])('refuses the address %s and does not repeat it', async (store, sentence) => {
    const ended = await run(store, 'status')
    expect(ended).toMatchObject({ code: 78, err: expect.stringContaining(sentence) })
    expect(ended.err).not.toContain('changeit')
  })
})

describe('copies', () => {
  const head = (said: string) => /head seq \d+ hash [0-9a-f]{64}/.exec(said)?.[0]

  test('from files to a server and back are the same chain, and go on where they stopped', async () => {
    const other = await standIn()
    try {
      const said = await done('jsonl', 'copy', '--to', other.url)
      expect(said).toMatch(/equal: (\d+) events, \1 of them new/)
      expect(await done('jsonl', 'copy', '--to', other.url)).toContain(', 0 of them new')
      const files = head(await done('jsonl', 'verify'))
      expect(head(await done(other.url, 'verify'))).toBe(files)
      const writing = await run(other.url, 'execute', '--paper', ...until)
      expect(writing).toMatchObject({
        code: 78,
        err: expect.stringContaining('is a copy that follows another ledger'),
      })
      const back = join(cwd, 'back')
      expect(await done(other.url, 'copy', '--to', `jsonl:${back}`)).toContain('equal: ')
      const ended = await veritape(['verify', '--config', cryptoExample, '--ledger', back], { cwd })
      expect(head(ended.stdout)).toBe(files)
      expect(await run(other.url, 'copy', '--to', `jsonl:${back}`)).toMatchObject({
        code: 65,
        err: expect.stringContaining('is a ledger already'),
      })
    } finally {
      await other.kill()
    }
  })

  test('that take over begin an epoch, are halted, and trade on', async () => {
    const other = await standIn()
    try {
      expect(await done(server.url, 'copy', '--to', other.url, '--take-over')).toContain(
        'a new epoch begins there',
      )
      await done(other.url, 'halt', '--reason', 'still')
      await done(other.url, 'resume')
      const events = await told(other.url)
      expect(events.map(({ type }) => type)).toContain('LedgerRestored')
      expect(await done(other.url, 'verify', '--deep')).toContain('clean')
    } finally {
      await other.kill()
    }
  })

  test('of something else are refused', async () => {
    expect(await run('jsonl', 'copy', '--to', server.url)).toMatchObject({
      code: 65,
      err: expect.stringContaining('is a ledger already, and no copy'),
    })
    expect(await run('jsonl', 'copy')).toMatchObject({ code: 64 })
  })

  test('that are interrupted by the network go on from where they are', async () => {
    const other = await standIn()
    try {
      const impatient = `${other.url}&deadlineMs=200&patienceMs=300`
      other.appends.put({ kind: 'mute-after', stream: 'book-', times: 100 })
      other.reads.put({ kind: 'mute', stream: 'book-', after: 1, times: 100 })
      expect((await run('jsonl', 'copy', '--to', impatient)).code).toBe(75)
      other.appends.clear()
      other.reads.clear()
      expect(await done('jsonl', 'copy', '--to', other.url)).toContain('equal: ')
      expect(head(await done(other.url, 'verify'))).toBe(head(await done('jsonl', 'verify')))
    } finally {
      await other.kill()
    }
  })
})

describe('a server in another process', () => {
  let process: StandInProcess
  beforeAll(async () => {
    process = await standInProcess()
  })
  afterAll(() => process.end())
  const program = (...argv: readonly string[]) => [
    ...argv,
    '--config',
    cryptoExample,
    '--log-level',
    'silent',
  ]

  test('two executors over a partition: one answer to every intent, and the fenced one stops with 75', async () => {
    const url = `${process.url}&deadlineMs=400&patienceMs=5000&leaseMs=3000`
    const trade = (name: string) => {
      const store = [
        '--store',
        `${url}&connectionName=${name}`,
        '--ledger',
        join(cwd, 'shared'),
        '--state',
        join(cwd, `state-${name}`),
      ]
      return start(program('execute', '--paper', ...until, ...store), { cwd })
    }
    // From its 60th append on nobody hears the first executor, and it hears nobody.
    await process.tell({
      append: { kind: 'mute-before', connection: 'one', stream: 'book-', after: 60, times: 1e6 },
    })
    const first = trade('one')
    while (Number(await process.tell({ do: 'count' })) < 150)
      await new Promise(resolve => setTimeout(resolve, 50))
    await process.tell({ append: { kind: 'mute-before', connection: 'one', times: 1e6 } })
    await process.tell({ read: { kind: 'mute', connection: 'one', times: 1e6 } })
    const second = await trade('two').ended
    expect(second).toMatchObject({ code: 0, stderr: '' })
    const fenced = await first.ended
    expect(fenced.code).toBe(75)
    expect(fenced.stderr).toMatch(/^veritape: the lease on demo-crypto could not be renewed .* sends nothing/)
    await process.tell({ do: 'clear' })
    const events = await told(url)
    const of = (...types: string[]) => events.filter(({ type }) => types.includes(type as string))
    expect(of('LeaseTaken')).toHaveLength(1)
    const requests = of('OrderRequested').map(event => (event as { data: { intent: number } }).data.intent)
    expect(requests.length).toBeGreaterThan(0)
    expect(new Set(requests).size).toBe(requests.length)
    const answers = of('OrderRequested', 'IntentDenied', 'IntentExpired', 'OrderWithheld')
    expect(answers).toHaveLength(of('IntentRaised').length)
    expect(await done(url, 'verify')).toContain('clean')
    const decisions = (all: typeof events) =>
      all.filter(({ type }) => type === 'StrategyEvaluated').map(({ type, data }) => ({ type, data }))
    expect(decisions(events)).toEqual(decisions(await told('jsonl')))
  })
})
