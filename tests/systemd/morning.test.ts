// The morning of a book that trades a watchlist: without a list of today its executor does not start and gives up, with
// one it starts with the machine, and at 08:40 in New York it is started anew, with the order on its way and the position.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { dailyBarsUpTo, putEquitiesBook } from './books.ts'
import { Box, program, withSystemd } from './box.ts'

withSystemd('a morning in New York', () => {
  const box = new Box()
  const config = ['--config', '/etc/veritape/stocks.json']
  const execute = 'veritape-execute@stocks.service'
  const restart = 'veritape-execute-restart@stocks.service'
  const timer = 'veritape-execute-restart@stocks.timer'
  const scan = 'veritape-scan@stocks.service'
  const soon = { timeout: 90_000, interval: 100 }

  const lines = () => linesOf(box.path('/var/lib/veritape/ledger/stocks'))
  const events = (type: string) => lines().filter(({ t }) => t === type)
  const boot = (instant: string) => {
    box.setClock(instant)
    box.boot()
    // The bars are those of the days before.
    box.put('/etc/veritape/data/daily.csv', dailyBarsUpTo(instant.slice(0, 10)))
  }
  const running = () =>
    expect
      .poll(() => box.show(execute, 'SubState'), soon)
      .toBe('running')
      .catch(error => {
        throw new Error(`${error}\n${box.journal(execute)}`)
      })
  const scanned = () => expect(box.run('systemctl', 'start', scan).code, box.journal(scan)).toBe(0)
  /** After anything: sound bytes, one answer to each intent, and one order of the operator's. */
  const nothingTwice = () => {
    const { code, out } = box.asVeritape('verify', ...config)
    expect(code, out).toBe(0)
    const answers = lines().filter(({ t }) => /^(OrderRequested|IntentDenied|IntentExpired)$/.test(t))
    const answered = answers.map(({ d }) => d.intent)
    expect(new Set(answered).size).toBe(answered.length)
    expect(events('OrderRequested').filter(({ d }) => d.intent === wish)).toHaveLength(1)
  }
  let wish = 0

  beforeAll(() => {
    boot('2026-03-05T13:10:00Z')
    // Rising prices stand far above their average, and the last bar of a morning is of the evening before.
    putEquitiesBook(box, { scan: { distanceMaxAtr: 20 }, limits: { candleAgeMaxMs: 7 * 86_400_000 } })
    box.stopClock()
    box.dismissGuardian()
    box.dropIn(execute, '[Service]\nRestartSec=1\n')
    box.dropIn(scan, '[Service]\nRestartSec=15\n')
    const place = ['--prefix', program, '--node', process.execPath]
    const { code, out } = box.veritape('units', 'install', ...config, ...place, '--yes')
    expect(code, out).toBe(0)
  })
  afterAll(() => box.remove())

  test('without a watchlist of today it does not start, and after four tries nobody tries again', async () => {
    box.run('systemctl', 'start', execute)
    await expect.poll(() => box.show(execute, 'ActiveState'), soon).toBe('failed')
    expect(box.show(execute, 'NRestarts')).toMatch(/^[34]$/)
    expect(box.journal(execute)).toContain('Start request repeated too quickly')
    expect(box.journal(execute)).not.toContain('execution started')
    const tries = box.journal(execute)
    await new Promise(passed => setTimeout(passed, 3000))
    expect(box.journal(execute)).toBe(tries)
  })

  test('with one it starts, and takes an order that is on its way until the next bar', async () => {
    scanned()
    expect(events('WatchlistPublished').at(-1)?.d).toMatchObject({ session: '2026-03-05' })
    box.must('systemctl', 'reset-failed', execute)
    box.must('systemctl', 'start', execute)
    await expect.poll(() => events('CandleClosed').length, soon).toBeGreaterThan(0)
    const wished = box.asVeritape(
      'intent',
      'buy',
      'AAA',
      '--quantity',
      '10',
      '--id',
      'before-the-bell',
      ...config,
    )
    expect(wished.code, wished.out).toBe(0)
    wish = Number(events('IntentRaised').find(({ d }) => d.by === 'operator')?.n)
    await expect.poll(() => events('OrderAccepted').length, soon).toBeGreaterThan(0)
    nothingTwice()
  })

  test('it starts with the machine, and again at 08:40: the order on its way is the same, and no other is sent', async () => {
    box.cutPower()
    boot('2026-03-05T13:35:00Z')
    await running()
    const old = box.show(execute, 'MainPID')
    box.approach(timer, '2026-03-05T13:40:00Z')
    await expect.poll(() => box.show(restart, 'ExecMainExitTimestamp') !== '', soon).toBe(true)
    expect(box.show(restart, 'Result'), box.journal(restart)).toBe('success')
    await running()
    expect(box.show(execute, 'MainPID')).not.toBe(old)
    expect(events('OrderFilled')).toEqual([])
    nothingTwice()
  })

  test('the morning after: a scan whose bars come late is tried again, and published without anybody', async () => {
    box.cutPower()
    boot('2026-03-06T13:35:00Z')
    box.put('/etc/veritape/data/daily.csv', dailyBarsUpTo('2026-03-05'))
    expect(box.run('systemctl', 'start', scan).code).not.toBe(0)
    await expect.poll(() => events('ScanFailed').length, soon).toBeGreaterThan(0)
    // Yesterday's list: the gate refuses until systemd has given up.
    await expect.poll(() => box.show(execute, 'ActiveState'), soon).toBe('failed')
    box.put('/etc/veritape/data/daily.csv', dailyBarsUpTo('2026-03-06'))
    await expect.poll(() => events('WatchlistPublished').at(-1)?.d.session, soon).toBe('2026-03-06')
    await expect.poll(() => box.show(scan, 'Result'), soon).toBe('success')
    expect(box.journal(scan)).not.toContain('Triggering OnFailure=')
  })

  test('an executor that gave up gets its new chance at 08:40, and the order is filled once', async () => {
    expect(box.show(execute, 'ActiveState')).toBe('failed')
    box.approach(timer, '2026-03-06T13:40:00Z')
    await running()
    await expect.poll(() => events('OrderFilled').length, soon).toBe(1)
    nothingTwice()
  })

  test('a restart with a position in the book keeps it', async () => {
    const positions = () => JSON.parse(box.asVeritape('status', '--json', ...config).out).positions
    expect(positions()).toMatchObject([{ symbol: 'AAA', quantity: '10' }])
    const [old, before] = [box.show(execute, 'MainPID'), lines()]
    box.must('systemctl', 'start', restart)
    await running()
    expect(box.show(execute, 'MainPID')).not.toBe(old)
    expect(positions()).toMatchObject([{ symbol: 'AAA', quantity: '10' }])
    expect(lines().slice(0, before.length)).toEqual(before)
    nothingTwice()
  })
})
