// veritape repair as an operator types it, on the book of a story whose disk failed a sync.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { holdExecutor } from '../../adapters/executor-lock.ts'
import { openLock } from '../../adapters/ledger-lock.ts'
import { bytesOf, copyOf, linesOf, segmentsOf } from './files.ts'
import { root, veritape } from './veritape.ts'

let cwd = ''
let name = ''
let book = ''
const sentence = 'the ledger could not be made durable (EIO: i/o error, fdatasync)'
beforeEach(() => {
  cwd = copyOf(join(root, 'tests/stories/a-denied-intent-leaves-its-reason'))
  name = readdirSync(join(cwd, 'ledger')).find(each => each !== 'data') ?? ''
  book = join(cwd, 'ledger', name)
  writeFileSync(join(book, 'POISON'), `${sentence}\n`)
})

const run = (...argv: string[]) => veritape(['--book', name, ...argv], { cwd })

test('whoever would write is told of it; it is looked at, done, recorded, and the book goes on', async () => {
  expect(await run('resume')).toMatchObject({
    code: 65,
    stderr: expect.stringContaining("then run 'veritape repair'"),
  })
  const before = bytesOf(book)
  const lines = linesOf(book)
  const looked = await run('repair')
  expect(looked).toMatchObject({ code: 0, stderr: '' })
  for (const part of [`poisoned: ${sentence}`, 'to be written into new files', 'nothing was changed'])
    expect(looked.stdout).toContain(part)
  expect(bytesOf(book)).toEqual(before)

  const done = await run('repair', '--apply')
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toContain('repaired and recorded')
  expect(existsSync(join(book, 'POISON'))).toBe(false)
  expect(linesOf(book).slice(0, lines.length)).toEqual(lines)
  const [told, ...more] = linesOf(book).slice(lines.length)
  expect(more).toEqual([])
  expect(told).toMatchObject({ t: 'LedgerRepaired', d: { seq: lines.length } })
  expect(readFileSync(join(book, told?.d.quarantined as string), 'utf8')).toBe(`${sentence}\n`)
  expect(done.stdout).toContain(`head seq ${lines.length + 1} hash ${told?.h}`)

  expect(await run('resume')).toMatchObject({ code: 0 })
  expect(await run('verify', '--deep')).toMatchObject({ code: 0 })
  expect(await run('repair', '--apply')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('there is no POISON: nothing to repair'),
  })
})

test('for a program it is one object', async () => {
  const looked = await run('repair', '--json')
  expect(JSON.parse(looked.stdout)).toMatchObject({
    poison: sentence,
    acknowledged: linesOf(book).length,
    segments: [{ segment: segmentsOf(book).at(-1) }],
    torn: null,
    repaired: false,
  })
})

test('it is refused with the documented codes, and changes nothing', async () => {
  const before = bytesOf(book)
  expect(await veritape(['repair', '--apply', '--book', 'other'], { cwd })).toMatchObject({
    code: 65,
    stdout: '',
  })
  expect(existsSync(join(cwd, 'ledger/other'))).toBe(false)

  const held = holdExecutor(book)
  if (typeof held !== 'function') throw new Error('the executor of a fresh copy is held')
  expect(await run('repair', '--apply')).toMatchObject({
    code: 75,
    stderr: expect.stringContaining('another executor'),
  })
  held()
  const lock = openLock(book, 'scan')
  expect(lock.tryTake()).toBe(true)
  expect(await run('repair', '--apply')).toMatchObject({ code: 75, stderr: expect.stringContaining('held') })
  lock.close()
  expect(bytesOf(book)).toEqual(before)

  const segment = join(book, segmentsOf(book).at(-1) as string)
  const bytes = readFileSync(segment)
  bytes[900] = (bytes[900] as number) ^ 1
  writeFileSync(segment, bytes)
  for (const flags of [[], ['--apply']])
    expect(await run('repair', ...flags)).toMatchObject({
      code: 65,
      stdout: '',
      stderr: expect.stringMatching(/damaged at byte .* Nothing was changed\..*restore from a backup/),
    })
  expect(readFileSync(segment).equals(bytes)).toBe(true)
  expect(readFileSync(join(book, 'POISON'), 'utf8')).toBe(`${sentence}\n`)
})

test('a day is not sealed on a disk that failed a sync', async () => {
  expect(await run('seal')).toMatchObject({ code: 65, stderr: expect.stringContaining('POISON exists') })
})
