// The scan at 08:30 in New York on both sides of both changes of the clock, and not on a holiday: a real systemd whose
// wall clock stands seconds before.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { dailyBarsUpTo, putEquitiesBook } from './books.ts'
import { Box, program, withSystemd } from './box.ts'

withSystemd('timers in New York', () => {
  const box = new Box()
  const scan = 'veritape-scan@stocks.service'
  const execute = 'veritape-execute@stocks.service'

  beforeAll(() => {
    box.setClock('2026-03-06T02:00:00Z')
    expect(box.boot()).toBe('running')
    putEquitiesBook(box)
    box.dismissGuardian() // it would try for a minute to heal an executor whose gate refuses; that is another story
    const place = ['--prefix', program, '--node', process.execPath]
    const { code, out } = box.veritape(
      'units',
      'install',
      '--config',
      '/etc/veritape/stocks.json',
      ...place,
      '--yes',
    )
    expect(code, out).toBe(0)
  })
  afterAll(() => box.remove())

  const scans = () =>
    linesOf(box.path('/var/lib/veritape/ledger/stocks')).filter(({ t }) => t === 'ScanStarted')
  const bootBefore = (instant: string) => {
    box.put('/etc/veritape/data/daily.csv', dailyBarsUpTo(instant.slice(0, 10)))
    box.cutPower()
    box.setClock(new Date(Date.parse(instant) - 120_000).toISOString())
    box.boot()
    box.approach('veritape-scan@stocks.timer', instant)
  }
  const soon = { timeout: 60_000, interval: 100 }

  test.each([
    ['the last Friday of winter time', '2026-03-06', '13:30'],
    ['the first Monday of summer time', '2026-03-09', '12:30'],
    ['the last Friday of summer time', '2026-10-30', '12:30'],
    ['the first Monday of winter time', '2026-11-02', '13:30'],
  ])('%s: %s at %s UTC', async (_, session, utc) => {
    bootBefore(`${session}T${utc}:00Z`)
    await expect.poll(() => box.show(scan, 'ExecMainExitTimestamp') !== '', soon).toBe(true)
    expect(box.show(scan, 'Result'), box.journal(scan)).toBe('success')
    const started = scans().at(-1)
    expect(started?.d.session).toBe(session)
    expect(String(started?.d.clock)).toMatch(new RegExp(`^${session}T${utc}:`))
  })

  test('on Thanksgiving the scan is skipped, which is no failure; the gate refuses and gives up', async () => {
    bootBefore('2026-11-26T13:30:00Z')
    await expect.poll(() => box.journal(scan), soon).toContain("Skipped due to 'exec-condition'")
    expect(box.show(scan, 'ActiveState')).toBe('inactive')
    expect(scans().filter(({ d }) => d.session === '2026-11-26')).toEqual([])
    await expect.poll(() => box.show(execute, 'ActiveState'), soon).toBe('failed')
    expect(box.show(execute, 'NRestarts')).toMatch(/^[34]$/)
    expect(box.journal(execute)).toContain('there is no session today')
    expect(box.journal(execute)).not.toContain('execution started')
  })
})
