// The guardian under a real systemd: a failure that ends by itself is healed, one that stays ends with an alarm within
// the budget, and nobody was asked.

import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { putCryptoBook } from './books.ts'
import { Box, program, withSystemd } from './box.ts'

withSystemd('a guardian', () => {
  const box = new Box()
  const execute = 'veritape-execute@paper.service'
  const guardian = 'veritape-guardian@paper.service'
  const health = 'veritape-health@paper.service'
  const soon = { timeout: 120_000, interval: 100 }
  const events = (type: string) =>
    linesOf(box.path('/var/lib/veritape/ledger/paper')).filter(({ t }) => t === type)
  const main = `${process.execPath} ${program}/dist/commands/main.js`
  const config = '--config /etc/veritape/paper.json'

  beforeAll(() => {
    expect(box.boot()).toBe('running')
    putCryptoBook(box)
    box.stopClock()
    box.dropIn(execute, '[Service]\nRestartSec=0\n')
    box.dropIn(
      guardian,
      `[Service]\nExecStart=\nExecStart=${main} guard --settle 2 --per-hour 3 ${config} -- ${main} check health ${config}\n`,
    )
    const place = ['--prefix', program, '--node', process.execPath]
    const { code, out } = box.veritape('units', 'install', ...config.split(' '), ...place, '--yes')
    expect(code, out).toBe(0)
    box.must('systemctl', 'start', execute)
  })
  afterAll(() => box.remove())

  const candles = '/etc/veritape/data/BTCUSDT-1m.csv'
  /** A feed that gives nonsense. */
  const breakFeed = () => {
    const text = readFileSync(box.path(candles), 'utf8')
    writeFileSync(box.path(candles), 'nonsense\n')
    return () => writeFileSync(box.path(candles), text)
  }

  /**
   * What the timer does every five minutes. On a busy machine the executor may need longer than `--settle` to fail again: the guardian takes it
   * for well, and a failure while it is on its way out is not told to it.
   */
  const lookAgain = () => {
    const isOver = box.show(guardian, 'ActiveState') !== 'activating'
    if (isOver && box.show(execute, 'ActiveState') === 'failed') box.run('systemctl', 'start', health)
  }

  test('a transient failure: start limit, guardian, restart, recovered', async () => {
    const mend = breakFeed()
    expect(box.run('systemctl', 'restart', execute).code).toBe(1)
    await expect.poll(() => events('RecoveryAttempted').length, soon).toBeGreaterThan(0)
    mend()
    await expect.poll(() => events('RecoverySucceeded').length, soon).toBe(1)
    await expect.poll(() => box.show(execute, 'SubState'), soon).toBe('running')
    expect(events('AlertRaised')).toHaveLength(0)
    expect(events('RecoveryAttempted')[0]?.d).toMatchObject({ action: 'restart', because: 'failed units' })
  })

  test('a persistent failure: the budget ends, the alarm is in the ledger and in the journal', async () => {
    await expect.poll(() => box.show(guardian, 'ActiveState'), soon).toBe('inactive')
    const mend = breakFeed()
    expect(box.run('systemctl', 'restart', execute).code).toBe(1)
    const alarms = () => {
      lookAgain()
      return events('AlertRaised').length
    }
    await expect.poll(alarms, soon).toBe(1)
    expect(events('RecoveryAttempted')).toHaveLength(3)
    expect(events('AlertRaised')[0]?.d).toMatchObject({
      severity: 'error',
      sentence: 'failed units: 3 recoveries in an hour did not last',
    })
    expect(box.run('journalctl', '-u', guardian, '-p', 'err', '-o', 'cat', '--no-pager').out).toContain(
      'ALERT paper: failed units: 3 recoveries in an hour did not last',
    )
    mend()
  })
})
