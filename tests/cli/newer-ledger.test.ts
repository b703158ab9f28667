// A program that was not updated meets a ledger that a newer one wrote: which commands stop, and what still works.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { writtenTomorrow } from '../adapters/written-tomorrow.ts'
import { bytesOf, copyOf, linesOf } from './files.ts'
import { root, veritape } from './veritape.ts'

let cwd = ''
const book = () => join(cwd, 'every-event')
const run = (...argv: string[]) => veritape([...argv, '--ledger', '.', '--book', 'every-event'], { cwd })
beforeEach(() => {
  cwd = copyOf(join(root, 'tests/ledgers/v1'))
  rmSync(join(book(), 'KILL'), { force: true })
})

/** The golden ledger and the one line of tomorrow. */
const events = linesOf(join(root, 'tests/ledgers/v1/every-event')).length + 1

describe.each([
  ['type', 'DividendPaid', 1],
  ['version of a fill', 'OrderFilled', 3],
])('with an unknown %s', (_, type, version) => {
  const sentence = `the ledger holds ${type} version ${version}, which this program does not know; update veritape`
  beforeEach(() => writtenTomorrow(book(), type, version))

  test.each([
    ['rebuild'],
    ['project', '--once'],
    ['report', 'kpi'],
    ['replay'],
    ['why', '10'],
    ['export'],
    ['resume'],
    ['intent', 'buy', 'BTC/USDT', '--id', 'x', '--quantity', '1'],
  ])('%s %s stops, with nothing written', async (...argv) => {
    const before = bytesOf(book())
    const { code, stderr } = await run(...argv)
    expect(stderr).toContain(sentence)
    expect(code).toBe(65)
    expect(bytesOf(book())).toMatchObject(before)
  })

  test('verify proves the bytes', async () => {
    expect(await run('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`clean: ${events} events`),
    })
  })

  test('status says where the ledger stands, and nothing about money', async () => {
    const { code, stdout, stderr } = await run('status')
    expect(code).toBe(65)
    expect(stdout).toContain(`seq ${events}`)
    expect(stdout).not.toContain('equity')
    expect(stderr).toContain(sentence)
  })

  test('halt halts by its file', async () => {
    expect((await run('halt')).code).toBe(65)
    expect(existsSync(join(book(), 'KILL'))).toBe(true)
  })

  test('backup copies and checks', async () => {
    expect(await run('backup', 'b')).toMatchObject({ code: 0 })
    expect(await run('backup', '--check', 'b')).toMatchObject({ code: 0 })
  })

  test('a redacted export hides what it does not know', async () => {
    const { code, stdout } = await run('export', '--redacted')
    expect(code).toBe(0)
    expect(stdout).toContain('"d":{},"hidden":["dividend"]')
  })
})

describe('with a newer LEDGER.json', () => {
  const identity = (change: object) => {
    const file = join(book(), 'LEDGER.json')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }))
  }

  test('that wants newer readers, every command stops with one sentence', async () => {
    identity({ formatVersion: 2, minReaderVersion: 2 })
    const sentence = 'it needs format 2, this program knows 1; update veritape'
    for (const argv of [['status'], ['rebuild'], ['project', '--once'], ['export'], ['backup', 'b']]) {
      const { code, stderr } = await run(...argv)
      expect(stderr, argv.join(' ')).toContain(sentence)
      expect(code, argv.join(' ')).toBe(78)
    }
    expect(await run('verify')).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) })
    expect((await run('halt')).code).toBe(78)
    expect(existsSync(join(book(), 'KILL'))).toBe(true)
  })

  test('that lets old readers in, reading goes on and writing stops', async () => {
    identity({ formatVersion: 2, news: 'of a newer program' })
    expect(await run('status')).toMatchObject({ code: 0 })
    expect(await run('verify')).toMatchObject({ code: 0 })
    const { code, stderr } = await run('resume')
    expect(stderr).toContain('it is written in format 2, and this program writes 1')
    expect(code).toBe(78)
  })
})
