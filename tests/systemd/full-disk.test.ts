// A disk that somebody else fills under a book that systemd runs, and that empties again: what was acknowledged stays,
// each wish is answered once, the alarm comes and goes, and nobody touches the book.

import { existsSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { putCryptoBook } from './books.ts'
import { Box, program, withSystemd } from './box.ts'

withSystemd('a disk that fills and empties', () => {
  const box = new Box()
  const config = ['--config', '/etc/veritape/paper.json']
  const execute = 'veritape-execute@paper.service'
  const health = 'veritape-health@paper.service'
  const guardian = 'veritape-guardian@paper.service'
  const disk = '/var/lib/veritape'
  const soon = { timeout: 120_000, interval: 100 }

  const lines = () => linesOf(box.path(`${disk}/ledger/paper`))
  const events = (type: string) => lines().filter(({ t }) => t === type)
  const alarmStands = () => existsSync(box.path(`${disk}/state/ALARM-paper`))
  const intent = (id: string) =>
    box.asVeritape('intent', 'buy', 'BTC/USDT', '--id', id, '--quantity', '0.001', ...config)
  const verified = () => {
    const { code, out } = box.asVeritape('verify', ...config)
    expect(code, out).toBe(0)
  }
  const withJournals = (error: unknown) => {
    throw new Error([error, ...[execute, health, guardian].map(unit => box.journal(unit))].join('\n'))
  }
  const signal = (name: string) =>
    box.must('systemctl', 'kill', '--kill-whom=main', `--signal=${name}`, execute)
  /** As the timer does, which here would come at a minute of its own. */
  const judgeHealth = () => box.run('systemctl', 'start', health).code
  const guardianRests = () =>
    expect.poll(() => box.show(guardian, 'ActiveState'), soon).toMatch(/^(?:inactive|failed)$/)

  beforeAll(() => {
    expect(box.boot()).toBe('running')
    putCryptoBook(box)
    box.putDisk(disk, 1600)
    box.stopClock()
    box.dropIn(execute, '[Service]\nRestartSec=0\n')
    const place = ['--prefix', program, '--node', process.execPath]
    const { code, out } = box.veritape('units', 'install', ...config, ...place, '--yes')
    expect(code, out).toBe(0)
    box.must('install', '-d', '-m', '0700', '-o', 'veritape', '-g', 'veritape', disk)
    const past = new Date(box.now() - 3_600_000).toISOString()
    const lived = box.asVeritape('execute', '--once', '--from', past, ...config)
    expect(lived.code, lived.out).toBe(0)
    box.must('systemctl', 'start', execute)
  })
  afterAll(() => box.remove())

  /** Files of somebody else until less than `bytes` are free; their blocks are taken and not written. */
  const fill = (bytes: number) => {
    const [blocks, size] = box.must('stat', '-f', '-c', '%a %S', disk).split(' ').map(Number) as [
      number,
      number,
    ]
    box.must('mkdir', `${disk}/foreign`)
    let [rest, part] = [blocks * size - bytes, 2 ** 30]
    for (let n = 0; part >= size; part /= 2)
      while (rest >= part && box.run('fallocate', '-l', `${part}`, `${disk}/foreign/${n++}`).code === 0)
        rest -= part
  }
  const empty = () => rmSync(box.path(`${disk}/foreign`), { recursive: true })

  test('full: the executor ends with 73, systemd gives up, and the alarm is raised in spite of the disk', async () => {
    // Stopped while it writes, it holds the ledger, and the wish is to come again.
    const wishOfStopped = () => {
      signal('STOP')
      const { code } = intent('on-its-way')
      if (code !== 0) signal('CONT')
      return code
    }
    await expect.poll(wishOfStopped, soon).toBe(0)
    fill(0)
    signal('CONT')
    await expect
      .poll(() => box.show(execute, 'ActiveState'), soon)
      .toBe('failed')
      .catch(withJournals)
    expect(box.show(execute, 'ExecMainStatus'), box.journal(execute)).toBe('73')
    await expect
      .poll(() => events('AlertRaised').length, soon)
      .toBe(1)
      .catch(withJournals)
    expect(events('AlertRaised')[0]?.d.sentence).toBe('no room on the disk: a restart cannot help')
    expect(box.run('journalctl', '-u', guardian, '-p', 'err', '-o', 'cat', '--no-pager').out).toContain(
      'ALERT paper: no room on the disk: a restart cannot help',
    )
    await guardianRests()
    expect(alarmStands(), box.journal(guardian)).toBe(true)
    expect(intent('in-vain')).toMatchObject({ code: 73, out: expect.stringContaining('free') })
    expect(judgeHealth()).toBe(1)
    await guardianRests()
    expect(events('AlertRaised')).toHaveLength(1)
    expect(events('RecoveryAttempted')).toEqual([])
  })

  test('emptied: the next look at its health brings the book back, and the wish is answered once', async () => {
    const before = lines()
    empty()
    judgeHealth()
    await expect
      .poll(() => events('RecoverySucceeded').length, soon)
      .toBe(1)
      .catch(withJournals)
    await expect.poll(() => box.show(execute, 'SubState'), soon).toBe('running')
    await guardianRests()
    expect(alarmStands()).toBe(false)
    expect(intent('after').code).toBe(0)
    const answers = () => {
      const answered = lines().filter(({ t }) => /^(OrderRequested|IntentDenied|IntentExpired)$/.test(t))
      return events('IntentRaised').map(({ n }) => answered.filter(({ d }) => d.intent === Number(n)).length)
    }
    await expect.poll(() => new Set(answers()), soon).toEqual(new Set([1]))
    expect(lines().slice(0, before.length)).toEqual(before)
    verified()
  })

  test('nearly full and emptied while all goes on: nothing fails, and the alarm is taken back all the same', async () => {
    fill(100 * 2 ** 20)
    expect(judgeHealth()).toBe(1)
    await expect
      .poll(() => events('AlertRaised').length, soon)
      .toBe(2)
      .catch(withJournals)
    await guardianRests()
    expect(alarmStands()).toBe(true)
    const pid = box.show(execute, 'MainPID')
    empty()
    expect(judgeHealth()).toBe(0)
    await expect
      .poll(() => events('RecoverySucceeded').length, soon)
      .toBe(2)
      .catch(withJournals)
    await expect.poll(alarmStands, soon).toBe(false)
    expect(box.show(execute, 'MainPID')).toBe(pid)
    verified()
  })
})
