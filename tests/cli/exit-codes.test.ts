// The exit codes that scripts and systemd branch on, each shown by a process that ends with it. 69 comes with a venue
// that can be unreachable; the paper venue never is.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitTable } from '../../commands/exit.ts'
import { checkout } from '../checkout.ts'
import { demo } from '../demo-ledger.ts'
import { copyOf, segmentsOf, temporaryFolder } from './files.ts'
import { cryptoExample, equitiesExample, start, veritape } from './veritape.ts'

const { folder } = await demo()
const crypto = ['--config', cryptoExample, '--ledger', 'ledger', '--state', 'state']
const equities = ['--config', equitiesExample, '--ledger', 'ledger', '--state', 'state']

test('0: a clean ledger, a fresh watchlist, a day with a session', async () => {
  const surroundings = { cwd: folder }
  const check = ['watchlist', 'check', '--as-of', '2015-10-30T08:35']
  expect(await veritape(['verify', ...crypto], surroundings)).toMatchObject({ code: 0 })
  expect(await veritape([...check, ...equities], surroundings)).toMatchObject({ code: 0 })
  const session = ['check', 'session', '--as-of', '2015-10-30T08:30']
  expect(await veritape([...session, ...equities], surroundings)).toMatchObject({ code: 0 })
})

test('1: a damaged ledger, a stale watchlist', async () => {
  const cwd = copyOf(folder)
  const book = join(cwd, 'ledger/demo-crypto')
  const [segment = ''] = segmentsOf(book)
  const bytes = readFileSync(join(book, segment))
  bytes[70_000] = (bytes[70_000] as number) ^ 1
  writeFileSync(join(book, segment), bytes)
  const verified = await veritape(['verify', ...crypto], { cwd })
  expect(verified.code).toBe(1)
  expect(verified.stdout).toContain(`${segment}, line `)
  const check = ['watchlist', 'check', '--as-of', '2015-11-02T08:35']
  const checked = await veritape([...check, ...equities], { cwd })
  expect(checked).toMatchObject({ code: 1, stderr: '' })
  expect(checked.stdout).toContain('run veritape scan')
})

test('2: verify could not run, which is no verdict about bytes', async () => {
  const cwd = temporaryFolder()
  expect(await veritape(['verify', '--book', 'nowhere'], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no ledger in'),
  })
})

test('10: no session on a Sunday', async () => {
  const sunday = ['check', 'session', '--as-of', '2015-10-04T12:00', ...equities]
  expect(await veritape(sunday, { cwd: folder })).toMatchObject({ code: 10, stderr: '' })
})

test('64: the command line is wrong', async () => {
  expect(await veritape(['frobnicate'], { cwd: folder })).toMatchObject({ code: 64 })
})

test('65: the data is wrong', async () => {
  expect(await veritape(['status', '--book', 'nowhere'], { cwd: folder })).toMatchObject({ code: 65 })
})

test('70: an error of our own is never a verdict, and its stack is shown only when asked for', async () => {
  const other = temporaryFolder()
  checkout(other, built => {
    const path = join(built, 'domain/strategies.ts')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('registered(breakout),', '...[registered(breakout)].slice(1),'))
  })

  const surroundings = { cwd: folder, dist: join(other, 'dist') }
  const prove = ['replay', '--prove', '--book', 'demo-crypto']
  const failed = await veritape(prove, surroundings)
  expect(failed.code).toBe(70)
  expect(failed.stderr).toMatch(/^veritape: an error of our own: strategy breakout .*\n$/)
  const debugged = await veritape(prove, { ...surroundings, env: { VERITAPE_DEBUG: '1' } })
  expect(debugged.code).toBe(70)
  expect(debugged.stderr).toContain('desk.js:')
})

test('73: the views cannot be written', async () => {
  const cwd = copyOf(folder)
  writeFileSync(join(cwd, 'file'), '')
  const projected = await veritape(
    ['project', '--once', '--config', cryptoExample, '--ledger', 'ledger', '--state', 'file'],
    { cwd },
  )
  expect(projected.code).toBe(73)
  expect(projected.stderr).toMatch(/^veritape: cannot write .*\n$/)
})

test('75: a second executor', async () => {
  const cwd = temporaryFolder()
  const execute = ['execute', '--paper', '--from', '2023-03-02', ...crypto]
  const both = [start(execute, { cwd }), start(execute, { cwd })]
  const turnedAway = await Promise.race(both.map(({ ended }) => ended))
  expect(turnedAway).toMatchObject({ code: 75, stdout: '' })
  expect(turnedAway.stderr).toMatch(/^veritape: another executor .*\n$/)
  for (const { process } of both) process.kill('SIGTERM')
  const codes = (await Promise.all(both.map(({ ended }) => ended))).map(({ code }) => code)
  expect(codes.sort()).toEqual([0, 75])
})

test('78: a configuration or a gate refused', async () => {
  expect(await veritape(['execute', '--live', ...crypto], { cwd: folder })).toMatchObject({ code: 78 })
  expect(await veritape(['status', '--config', 'no.json'], { cwd: folder })).toMatchObject({ code: 78 })
})

test('--help prints every code', async () => {
  const { code, stdout } = await veritape(['--help'], { cwd: folder })
  expect(code).toBe(0)
  for (const [number] of exitTable) expect(stdout).toMatch(new RegExp(`^ +${number}  `, 'm'))
})
