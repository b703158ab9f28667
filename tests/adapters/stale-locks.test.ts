// Locks that their owner left behind: the dead owner's goes, the living one's stays, and so does every file in doubt.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { guardHands } from '../../adapters/guard-hands.ts'
import { sweepLocks } from '../../adapters/stale-locks.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veritape-locks-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const put = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
/** The process id of a process that has ended. */
const deadPid = () => spawnSync('true').pid

test('the lock of a dead owner goes, the one of a live owner stays', async () => {
  const sleeper = spawn('sleep', ['60'])
  try {
    const dead = deadPid()
    const gone = put('gone.lock', `pid ${dead}\n`)
    const held = put('held.lock', `${sleeper.pid}\n`)
    const mine = put('mine.lock', JSON.stringify({ pid: process.pid }))
    const inits = put('init.lock', '2 \n')
    const other = put('notes.txt', `${dead}\n`)
    expect(sweepLocks([folder], true).cleared).toEqual([`${gone} of pid ${dead}`])
    expect(existsSync(gone)).toBe(true)
    const { cleared, kept } = sweepLocks([folder], false)
    expect(cleared).toEqual([`${gone} of pid ${dead}`])
    expect([gone, held, mine, inits, other].map(path => existsSync(path))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ])
    expect(kept.join('\n')).toContain(`${held} (its owner ${sleeper.pid} lives)`)
    expect(kept.join('\n')).toContain(`${mine} (its owner ${process.pid} lives)`)
    expect(sweepLocks([other], false).cleared).toEqual([`${other} of pid ${dead}`]) // named by itself
  } finally {
    sleeper.kill()
  }
})

test('in doubt a lock stays: without a pid, a link, a folder, too large, not there', () => {
  const dead = deadPid()
  put('empty.lock', '')
  put('words.lock', 'host=box owner unknown')
  put('large.lock', `${dead} ${'x'.repeat(5000)}`)
  mkdirSync(join(folder, 'folder.lock'))
  symlinkSync(put('target', `${dead}`), join(folder, 'link.lock'))
  const { cleared, kept } = sweepLocks([folder, join(folder, 'nowhere')], false)
  expect(cleared).toEqual([])
  expect(kept).toHaveLength(5)
  expect(existsSync(join(folder, 'target'))).toBe(true)
})

const hands = (given: object = {}) =>
  guardHands({ requests: `${folder}/requests`, state: `${folder}/state`, environment: {}, ...given })

test('a command that hangs is killed, it alone, and its end is told', async () => {
  const before = Date.now()
  const { code, output } = await hands({ runMaxMs: 200 }).run(['/bin/sh', '-c', 'echo begun; sleep 30'])
  expect(Date.now() - before).toBeLessThan(5000)
  expect(code).toBe(124)
  expect(output).toContain('begun')
  expect(output).toContain('killed: it did not end within 0.2 s')
})

test('a program that is not there is no verdict', async () => {
  expect(await hands().run(['/no/such/program'])).toMatchObject({ code: 127 })
})

test('requests and alarms are files', () => {
  const { askRestart, askRestartOf, alarm } = hands()
  askRestart('paper')
  askRestartOf('flow.service')
  alarm('paper', 'it is late\n')
  expect(
    ['requests/paper.restart', 'requests/flow.unit', 'state/ALARM-paper'].map(each =>
      existsSync(`${folder}/${each}`),
    ),
  ).toEqual([true, true, true])
  alarm('paper', undefined)
  expect(existsSync(`${folder}/state/ALARM-paper`)).toBe(false)
})
