// veritape retain, as typed, on a book of several days with things lying around it.

import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../../commands/main.ts'
import { type BookOfDays, bookOfDays } from '../adapters/book-of-days.ts'
import { linesOf } from '../cli/files.ts'
import { capturedScreen } from './captured-screen.ts'

let book: BookOfDays
let root = ''
beforeEach(async () => {
  book = await bookOfDays(3)
  root = book.folder.slice(0, -'/cast'.length)
  await veritape('project', '--once')
  fs.mkdirSync(`${root}/logs`)
})
afterEach(() => book.remove())

const veritape = async (...argv: string[]) => {
  const { screen, stdout, stderr } = capturedScreen(argv.includes('--json'))
  const where = ['--book', 'cast', '--ledger', root, '--state', `${root}/state`]
  const code = await main([...argv, ...where], new AbortController().signal, screen)
  return { code, out: stdout(), err: stderr() }
}

/** Puts a file that was last changed so many days ago. */
const put = (name: string, days: number, bytes = 10): string => {
  const file = path.join(root, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, 'x'.repeat(bytes))
  const then = Date.now() / 1000 - days * 86_400
  fs.utimesSync(file, then, then)
  return file
}

const snapshot = () =>
  fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => fs.statSync(`${root}/${name}`).isFile())
    .sort()
    .map(name => [name, fs.readFileSync(`${root}/${name}`, 'latin1')])

test('seals the days that are over, throws away what is old, and records it', async () => {
  const month = put('state/cast/kpi_reports/2020-01.html', 40)
  const leftover = put('state/cast/.kpi.json.123.tmp', 2)
  const log = put('logs/veritape.log.2.gz', 31)
  const young = put('logs/veritape.log', 3)
  const foreign = put('logs/keys.txt', 400)
  const { code, out } = await veritape('retain', '--logs', `${root}/logs`, '--free-min', '0')
  expect(code).toBe(0)
  for (const each of [month, leftover, log]) expect(fs.existsSync(each), each).toBe(false)
  for (const each of [young, foreign]) expect(fs.existsSync(each), each).toBe(true)
  expect(book.files()).toContain('2023-03-25.jsonl.gz')
  expect(out).toMatch(/proved and sealed +2023-03-24\.jsonl/)
  expect(out).toMatch(/removed +.*2020-01\.html +10 +older than allowed/)
  expect(
    linesOf(book.folder)
      .filter(({ t }) => t === 'RetentionCompleted')
      .map(({ d }) => d),
  ).toEqual([
    {
      sealed: ['2023-03-24.jsonl', '2023-03-25.jsonl'],
      removed: {
        leftover: { files: 1, bytes: 10 },
        'old view': { files: 1, bytes: 10 },
        log: { files: 1, bytes: 10 },
      },
      free: expect.any(Number),
      floor: 0,
    },
  ])
})

test('a second time does nothing and writes nothing', async () => {
  await veritape('retain', '--free-min', '0')
  const before = snapshot()
  const { code, out } = await veritape('retain', '--free-min', '0')
  expect(code).toBe(0)
  expect(out).toContain('nothing was due')
  expect(snapshot()).toEqual(before)
})

test('--dry-run shows a table of the same and touches nothing', async () => {
  put('state/cast/kpi_reports/2020-01.html', 40)
  const before = snapshot()
  const { code, out } = await veritape('retain', '--dry-run')
  expect(code).toBe(0)
  expect(out).toMatch(/^prove and seal +2023-03-24\.jsonl +\d+ +the day is over$/m)
  expect(out).toMatch(/^remove +.*2020-01\.html +10 +older than allowed$/m)
  expect(out).toContain('a dry run: nothing was touched')
  expect(snapshot()).toEqual(before)
})

test('a day that does not hold is not touched, and neither is anything else', async () => {
  const month = put('state/cast/kpi_reports/2020-01.html', 40)
  const day = `${book.folder}/2023-03-24.jsonl`
  fs.writeFileSync(day, fs.readFileSync(day, 'utf8').replace('12.5', '12.6'))
  const { code, err } = await veritape('retain')
  expect(code).toBe(65)
  expect(err).toContain('Nothing was sealed')
  expect(fs.existsSync(month)).toBe(true)
  expect(fs.existsSync(day)).toBe(true)
})

test('never throws a day of the ledger, a view or what a link leads to away, however short the disk is', async () => {
  const views = Object.keys(JSON.parse(fs.readFileSync(`${root}/state/cast/views.json`, 'utf8')).files)
  for (const name of views) {
    const then = Date.now() / 1000 - 400 * 86_400
    fs.utimesSync(`${root}/state/cast/${name}`, then, then)
  }
  const target = put('elsewhere/secret.html', 400)
  fs.symlinkSync(`${root}/elsewhere`, `${root}/state/cast/link`)
  fs.symlinkSync(target, `${root}/state/cast/link.html`)
  const { code, err } = await veritape('retain', '--days', '0', '--size-max', '0', '--free-min', '999999999')
  expect(code).toBe(73)
  expect(err).toContain('its days are never thrown away')
  expect(fs.existsSync(target)).toBe(true)
  for (const name of views) expect(fs.existsSync(`${root}/state/cast/${name}`), name).toBe(true)
  expect((await veritape('verify')).out).toMatch(/^clean: 1[5-9] events/m)
})

test('without an index of views only leftovers go', async () => {
  fs.rmSync(`${root}/state/cast/views.json`)
  const kept = put('state/cast/kpi_reports/2020-01.html', 40)
  const leftover = put('state/cast/.kpi.json.123.tmp', 2)
  await veritape('retain', '--free-min', '0')
  expect(fs.existsSync(kept)).toBe(true)
  expect(fs.existsSync(leftover)).toBe(false)
})

test('refuses numbers that are none', async () => {
  expect((await veritape('retain', '--days', '-1')).code).toBe(64)
  expect((await veritape('retain', '--size-max', 'all')).code).toBe(64)
})
