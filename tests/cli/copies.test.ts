// backup, restore, export and import as a person types them, on the books of two stories.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { orderPrefix } from '../../domain/order-id.ts'
import { upcast } from '../../domain/upcast.ts'
import { bytesOf, copyOf, linesOf } from './files.ts'
import { root, veritape } from './veritape.ts'

const paper = 'a-denied-intent-leaves-its-reason'
const backtest = 'a-backtest-is-proven-by-running-it-again'

let cwd = ''
let book = ''
const at = (story: string) => {
  cwd = copyOf(join(root, 'tests/stories', story))
  book = readdirSync(join(cwd, 'ledger')).find(name => name !== 'data') ?? ''
}
beforeEach(() => at(paper))

const run = (...argv: string[]) =>
  veritape([...(argv.includes('--book') ? [] : ['--book', book]), ...argv], { cwd })
const done = async (...argv: string[]) => {
  const ended = await run(...argv)
  expect(ended.stderr, argv.join(' ')).toBe('')
  expect(ended.code, argv.join(' ')).toBe(0)
  return ended.stdout
}
const headIn = (stdout: string) => /^head seq \d+ hash [0-9a-f]{64}$/m.exec(stdout)?.[0]

describe('backup and restore', () => {
  test('a book is copied, proven, put elsewhere, and is halted there in a new epoch', async () => {
    const before = bytesOf(join(cwd, 'ledger'))
    const said = await done('backup', 'copy')
    expect(said).toContain('backed up to copy and proven')
    expect(headIn(said)).toBe(headIn(await done('verify')))
    expect(await done('backup', '--check', 'copy')).toContain('copy is whole')
    expect(await done('verify', '--ledger', 'copy')).toContain('clean')
    const restored = await done('restore', 'copy', '--ledger', 'new')
    expect(restored).toContain('the book is halted. Reconcile it with the venue, then veritape resume')
    expect(bytesOf(join(cwd, 'ledger'))).toEqual(before)
    const lines = linesOf(join(cwd, 'new', book))
    const old = linesOf(join(cwd, 'ledger', book))
    expect(lines.slice(0, old.length)).toEqual(old)
    expect(lines.slice(old.length).map(({ t }) => t)).toEqual(['LedgerRestored', 'TradingHalted'])
    const { epoch } = JSON.parse(readFileSync(join(cwd, 'new', book, 'LEDGER.json'), 'utf8'))
    expect(lines.at(-2)?.d).toMatchObject({ epoch, seq: old.length, hash: old.at(-1)?.h })
    expect(orderPrefix(book, epoch)).not.toBe(orderPrefix(book, old[0]?.d.epoch as string))
    expect(readdirSync(join(cwd, 'new/data'))).toEqual(readdirSync(join(cwd, 'ledger/data')))
    expect(await done('status', '--ledger', 'new')).toContain('halted by restore')
    expect(await done('resume', '--ledger', 'new')).toContain('resumed')
    expect(headIn(await done('verify', '--ledger', 'new'))).not.toBe(headIn(said))
  })

  test.each([paper, backtest])('what was decided before is proven again after a restore: %s', async story => {
    at(story)
    await done('backup', 'copy')
    await done('restore', 'copy', '--ledger', 'new')
    const proof = (stdout: string) => stdout.slice(stdout.indexOf('decisions'))
    expect(proof(await done('replay', '--prove', '--ledger', 'new'))).toBe(
      proof(await done('replay', '--prove')),
    )
  })

  test('an order of the epoch before is still found by its id', async () => {
    at(backtest)
    await done('backup', 'copy')
    await done('restore', 'copy', '--ledger', 'new')
    const order = linesOf(join(cwd, 'ledger', book)).find(({ t }) => t === 'OrderRequested')?.d
      .orderId as string
    expect(await done('why', order, '--ledger', 'new')).toContain('OrderRequested')
  })

  test('what cannot be done is said, with its exit code, and changes nothing', async () => {
    await done('backup', 'copy')
    const before = bytesOf(cwd)
    const refused = async (code: number, sentence: string, ...argv: string[]) => {
      const ended = await run(...argv)
      expect(ended.stderr, argv.join(' ')).toContain(sentence)
      expect(ended.code, argv.join(' ')).toBe(code)
    }
    await refused(73, 'copy is not empty', 'backup', 'copy')
    await refused(73, 'never over one', 'restore', 'copy')
    await refused(78, `say --book ${book}`, 'restore', 'copy', '--book', 'other')
    await refused(64, 'backup where?', 'backup')
    await refused(65, 'is no backup', 'backup', '--check', 'ledger')
    await refused(65, 'is no backup', 'restore', 'nowhere', '--ledger', 'new')
    await refused(65, 'there is no ledger', 'backup', 'other', '--book', 'other')
    expect(bytesOf(cwd)).toEqual(before)
  })
})

describe('export', () => {
  const objects = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))

  test('every event is a line with plain names', async () => {
    const lines = linesOf(join(cwd, 'ledger', book))
    expect(objects(await done('export'))).toEqual(
      lines.map(({ n, at: when, t, k, s, r, i, m, d }) => ({
        seq: Number(n),
        at: when,
        stream: s,
        revision: Number(r),
        id: i,
        ...m,
        ...upcast({ type: t, version: k, data: d }), // an old line is exported in the shape of today
      })),
    )
  })

  test('it is cut by type, seq and day', async () => {
    const all = objects(await done('export'))
    const wanted = ['CandleClosed', 'IntentDenied']
    expect(objects(await done('export', '--type', ...wanted))).toEqual(
      all.filter(({ type }) => wanted.includes(type)),
    )
    expect(objects(await done('export', '--from', '5', '--to', '9'))).toEqual(all.slice(4, 9))
    const day = all[0].at.slice(0, 10)
    expect(objects(await done('export', '--day', day))).toEqual(all.filter(each => each.at.startsWith(day)))
    expect(await done('export', '--day', '1999-01-01')).toBe('')
  })

  test('csv has a column for each field of the type', async () => {
    const [header = '', ...rows] = (await done('export', '--format', 'csv', '--type', 'CandleClosed'))
      .trimEnd()
      .split('\n')
    expect(header).toBe(
      'seq,at,type,stream,revision,id,cause,correlation,run,symbol,timeframe,openTime,closeTime,open,high,low,close,volume',
    )
    const candles = linesOf(join(cwd, 'ledger', book)).filter(({ t }) => t === 'CandleClosed')
    expect(rows.map(row => row.split(',').slice(9))).toEqual(candles.map(({ d }) => Object.values(d)))
  })

  test('a file is written as a whole, and never over another', async () => {
    expect(await done('export', '--out', 'events.jsonl')).toMatch(/^\d+ lines in events.jsonl\n$/)
    expect(readFileSync(join(cwd, 'events.jsonl'), 'utf8')).toBe(await done('export'))
    expect(await run('export', '--out', 'events.jsonl')).toMatchObject({ code: 73 })
    expect((await run('export', '--out', 'none.csv', '--book', 'other')).code).toBe(65)
    expect(readdirSync(cwd).filter(name => name.startsWith('none'))).toEqual([])
  })

  test.each([
    ['--type', 'Nothing'],
    ['--format', 'csv'],
    ['--day', 'today'],
    ['--from', '0'],
    ['--redacted', '--type', 'OrderFilled'],
    ['--open', '3', '--redacted'],
  ])('export %s %s %s is no command', async (...argv) => {
    expect(await run('export', ...argv.filter(each => each !== undefined))).toMatchObject({
      code: 64,
      stdout: '',
    })
  })

  test('into a pipe that is closed early it ends without an error of our own', async () => {
    const ended = await veritape(['--book', book, 'export'], {
      cwd,
      through: ['sh', '-c', '"$@" | head -n 1', 'sh'],
    })
    expect(ended.stderr).toBe('')
  })
})

describe('redacted', () => {
  test('somebody else checks it against the head, and one line is opened', async () => {
    const head = headIn(await done('verify')) as string
    await done('export', '--redacted', '--out', 'redacted.jsonl')
    const whole = await done('verify', '--redacted', 'redacted.jsonl', '--anchor', head)
    expect(whole).toContain('so these lines are those of the book')
    const fill = linesOf(join(cwd, 'ledger', book)).find(({ t }) => t === 'IntentRaised')
    const text = readFileSync(join(cwd, 'redacted.jsonl'), 'utf8')
    expect(text).not.toContain(`"${fill?.d.quantity}"`)
    writeFileSync(join(cwd, 'opened'), await done('export', '--open', String(Number(fill?.n))))
    expect(await done('verify', '--redacted', 'redacted.jsonl', '--opened', 'opened')).toContain(
      `opened and the same: ${Number(fill?.n)}`,
    )
    writeFileSync(join(cwd, 'cut.jsonl'), `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
    expect(await run('verify', '--redacted', 'cut.jsonl')).toMatchObject({ code: 1 })
    expect(await run('verify', '--redacted', 'opened')).toMatchObject({ code: 65 })
    expect(await run('verify', '--redacted', 'redacted.jsonl', '--anchor', 'x')).toMatchObject({ code: 64 })
  })
})

describe('import', () => {
  test('an exported history is a new book, with the same views, halted', async () => {
    await done('export', '--out', 'events.jsonl')
    expect(await done('import', 'events.jsonl', '--mode', 'paper', '--book', 'what-if')).toContain(
      'imported and proven',
    )
    const views = (name: string) => {
      const folder = join(cwd, 'state', name)
      return readFileSync(join(folder, 'portfolio.json'), 'utf8')
    }
    await done('rebuild')
    await done('rebuild', '--book', 'what-if')
    expect(views('what-if')).toBe(views(book))
    expect(await done('status', '--book', 'what-if')).toContain('halted by import')
    expect(existsSync(join(cwd, 'ledger/what-if/KILL'))).toBe(true)
  })

  test('only whole histories, only for research, only into new books', async () => {
    await done('export', '--out', 'all.jsonl')
    await done('export', '--from', '2', '--out', 'part.jsonl')
    expect(await run('import', 'all.jsonl', '--book', 'x')).toMatchObject({ code: 78 })
    expect(await run('import', 'all.jsonl', '--book', 'x', '--mode', 'live')).toMatchObject({ code: 64 })
    expect(await run('import', 'part.jsonl', '--book', 'x', '--mode', 'paper')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('line 1: expected seq 1, found 2'),
    })
    expect(await run('import', 'all.jsonl', '--mode', 'paper')).toMatchObject({ code: 73 })
    mkdirSync(join(cwd, 'ledger/x'))
    expect(await run('import', 'all.jsonl', '--book', 'x', '--mode', 'backtest')).toMatchObject({ code: 73 })
  })
})
