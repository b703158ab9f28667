// Two faults under a real systemd that nobody mends by hand: a feed process of the operator's own that hangs, and a venue
// that stalls with an order on its way. The guardian heals both; the order is there once.

import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { compiledSimulator } from '../venue-simulator/compiled.ts'
import { putCryptoBook } from './books.ts'
import { Box, program, withSystemd } from './box.ts'

const soon = { timeout: 120_000, interval: 100 }
const main = `${process.execPath} ${program}/dist/commands/main.js`
const place = ['--prefix', program, '--node', process.execPath]

const eventsOf = (box: Box, book: string, type: string) =>
  linesOf(box.path(`/var/lib/veritape/ledger/${book}`)).filter(({ t }) => t === type)

const asVeritape = (box: Box, ...command: readonly string[]) =>
  box.run(
    ...[
      'setpriv',
      '--reuid=veritape',
      '--regid=veritape',
      '--clear-groups',
      'env',
      '-C',
      '/var/lib/veritape',
    ],
    ...['VERITAPE__LEDGER=/var/lib/veritape/ledger', 'VERITAPE__STATE=/var/lib/veritape/state'],
    ...command,
  )

withSystemd('a feed process of the operator that hangs', () => {
  const box = new Box()
  const config = ['--config', '/etc/veritape/paper.json']
  const beat = '/var/lib/veritape/feed.beat'
  // Late: the feed has written nothing for two seconds.
  const check = `#!/bin/sh
now=$(date +%s); then=$(stat -c %Y ${beat} 2>/dev/null || echo 0)
[ $((now - then)) -le 2 ] && { echo "feed: ok"; exit 0; }
echo "feed: nothing for $((now - then)) s"; exit 2
`

  beforeAll(() => {
    expect(box.boot()).toBe('running')
    putCryptoBook(box)
    box.stopClock()
    const file = box.path('/etc/veritape/paper.json')
    const given = JSON.parse(box.must('cat', '/etc/veritape/paper.json'))
    const guard = {
      settleSeconds: 3,
      units: ['feed.service'],
      locks: ['/var/lib/veritape/locks'],
      patterns: [
        { name: 'own feed', words: 'feed: nothing', actions: ['clear locks', 'restart feed.service'] },
      ],
    }
    box.put('/etc/veritape/paper.json', JSON.stringify({ ...given, guard }))
    expect(existsSync(file)).toBe(true)
    box.put('/opt/check-feed', check, 0o755)
    box.put(
      '/etc/systemd/system/feed.service',
      `[Service]\nExecStart=/bin/sh -c 'while :; do touch ${beat}; sleep 0.3; done'\n`,
    )
    const installed = box.veritape('units', 'install', ...config, ...place, '--yes')
    expect(installed.code, installed.out).toBe(0)
    box.must(
      'install',
      '-d',
      '-m',
      '0700',
      '-o',
      'veritape',
      '-g',
      'veritape',
      '/var/lib/veritape',
      '/var/lib/veritape/locks',
    )
    const lived = asVeritape(box, ...main.split(' '), 'execute', '--once', ...config)
    expect(lived.code, lived.out).toBe(0)
    box.must('systemctl', 'start', 'feed.service')
  })
  afterAll(() => box.remove())

  const guard = () => asVeritape(box, ...main.split(' '), 'guard', ...config, '--', '/opt/check-feed')

  test('is restarted by systemd at the wish of the guardian, and the lock of its dead ancestor is cleared', async () => {
    await expect.poll(() => guard().code, soon).toBe(0)
    const dead = Number(box.must('sh', '-c', 'sh -c "echo \\$\\$"'))
    box.put('/var/lib/veritape/locks/dead.lock', `${dead}\n`)
    box.put('/var/lib/veritape/locks/live.lock', '1\npid 1')
    box.put('/var/lib/veritape/locks/feed.lock', `${box.show('feed.service', 'MainPID')}\n`)
    const before = box.show('feed.service', 'MainPID')
    box.must('systemctl', 'kill', '--kill-whom=all', '--signal=STOP', 'feed.service')
    await sleep(3500)

    const told = guard()
    expect(told.code, told.out).toBe(0)
    expect(box.show('feed.service', 'MainPID')).not.toBe(before)
    expect(box.show('feed.service', 'SubState')).toBe('running')
    expect(eventsOf(box, 'paper', 'RecoveryAttempted').map(({ d }) => d.action)).toEqual([
      'clear locks',
      'restart feed.service',
    ])
    expect(eventsOf(box, 'paper', 'RecoverySucceeded')).toHaveLength(1)
    expect(eventsOf(box, 'paper', 'AlertRaised')).toHaveLength(0)
    const locks = box.must('ls', '/var/lib/veritape/locks').trim().split('\n')
    expect(locks).toEqual(['feed.lock', 'live.lock']) // both owners lived when it looked
    const [failed] = eventsOf(box, 'paper', 'GuardedCheckFailed')
    const said = box.must('cat', `/var/lib/veritape/ledger/data/${failed?.d.output}`)
    expect(said).toMatch(/^feed: nothing for \d+ s/)
  })

  test('a request for a unit that the operator did not name is heard by nobody', async () => {
    expect(box.run('systemctl', 'is-enabled', 'veritape-restart-unit@feed.path').out.trim()).toBe('enabled')
    box.put('/etc/systemd/system/other.service', '[Service]\nExecStart=/bin/sleep 600\n')
    box.must('systemctl', 'start', 'other.service')
    const before = box.show('other.service', 'MainPID')
    expect(asVeritape(box, 'touch', '/var/lib/veritape/requests/other.unit').code).toBe(0)
    await sleep(500)
    expect(box.show('other.service', 'MainPID')).toBe(before)
  })
})

withSystemd('a venue that stalls', () => {
  const box = new Box()
  const book = 'stall'
  const config = ['--config', `/etc/veritape/${book}.json`]
  const execute = `veritape-execute@${book}.service`
  const guardian = `veritape-guardian@${book}.service`
  const integrity = `veritape-integrity@${book}.service`
  const secret = 'c2ltdWxhdGVkLXNlY3JldC1vZi1hLXNpbXVsYXRlZC12ZW51ZQ=='
  let control = ''

  const ask = (method: 'POST' | 'DELETE', body?: object) => {
    const options = JSON.stringify({ method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const script = `fetch('${control}/faults', ${options}).then(answer => process.exit(answer.ok ? 0 : 1))`
    box.must(process.execPath, '-e', script)
  }

  beforeAll(async () => {
    const simulator = await compiledSimulator()
    const folder = dirname(dirname(dirname(simulator)))
    mkdirSync(join(box.folder, 'venue'))
    cpSync(folder, join(box.folder, 'simulator'), {
      recursive: true,
      filter: from => !from.endsWith('/node_modules'),
    })
    symlinkSync(`${program}/node_modules`, join(box.folder, 'simulator/node_modules'))
    expect(box.boot()).toBe('running')
    // It ends with its stdin, which a unit does not have.
    const serve = `${process.execPath} /mnt/simulator/tests/venue-simulator/main.js binance --folder /mnt/venue`
    const command = `sleep 600 | ${serve} --port 40123 --live-for 600`
    box.must('systemd-run', '--unit=venue', '/bin/sh', '-c', command)
    for (let waited = 0; control === '' && waited < 30_000; waited += 100) {
      control = /"control":"([^"]+)"/.exec(box.journal('venue.service'))?.[1] ?? ''
      await sleep(100)
    }
    putCryptoBook(box)
    const url = 'http://127.0.0.1:40123'
    box.put(
      `/etc/veritape/${book}.json`,
      JSON.stringify({
        book,
        mode: 'paper',
        market: { source: 'ccxt', exchange: 'binance', url },
        venue: { name: 'binance', sandbox: true, url },
        execute: { symbols: ['BTC/USDT'], timeframe: '1m', pollSeconds: 1, champions: 'champions' },
        orders: { settleSeconds: 1 },
      }),
    )
    box.put(`/etc/veritape/credentials/${book}/BINANCE_API_KEY`, 'simulated-key', 0o600)
    box.put(`/etc/veritape/credentials/${book}/BINANCE_API_SECRET`, secret, 0o600)
    box.put(
      `/etc/systemd/system/${guardian}.d/soon.conf`,
      `[Service]\nExecStart=\nExecStart=${main} guard --settle 5 --per-hour 6 ${config.join(' ')} -- ${main} check health ${config.join(' ')}\n`,
    )
    const installed = box.veritape(
      ...['units', 'install', ...config, ...place],
      ...['--credential', 'BINANCE_API_KEY', 'BINANCE_API_SECRET', '--yes'],
    )
    expect(installed.code, installed.out).toBe(0)
    // The clock would ask at minutes of its own; here the test asks.
    box.must('systemctl', 'stop', `veritape-health@${book}.timer`, `veritape-integrity@${book}.timer`)
    const started = box.run('systemctl', 'start', execute)
    expect(started.code, box.journal(execute)).toBe(0)
  })
  afterAll(() => {
    box.remove()
    rmSync(box.folder, { recursive: true, force: true })
  })

  test('is well before: the venue answers, takes the keys, has our time; the memory of the executor is seen', async () => {
    await expect.poll(() => eventsOf(box, book, 'CandleClosed').length, soon).toBeGreaterThan(0)
    box.run('systemctl', 'start', `veritape-health@${book}.service`)
    const [last] = eventsOf(box, book, 'HealthChecked').slice(-1)
    const checks = (last?.d.checks ?? []) as { name: string; saw: string; verdict: string }[]
    const saw = new Map(checks.map(each => [each.name, `${each.verdict} ${each.saw}`]))
    expect(saw.get('venue')).toBe('ok binance answers')
    expect(saw.get('credentials')).toBe('ok accepted by binance')
    expect(saw.get('clock')).toMatch(/^ok -?\d+ ms off the venue's$/)
    expect(saw.get('memory')).toMatch(/^ok \d+ MB resident, pid \d+$/)
  })

  test('is healed when it answers again, and the order that was on its way is there once', async () => {
    // It acts, and says nothing more.
    const stall = { kind: 'stall', where: 'headers', ms: 600_000 }
    ask('POST', { rules: [{ on: '*', times: 0, fault: stall }] })
    const wished = asVeritape(
      box,
      ...main.split(' '),
      ...['intent', 'buy', 'BTC/USDT', '--quantity', '0.01', '--id', 'in-the-stall', ...config],
    )
    expect(wished.code, wished.out).toBe(0)
    await expect.poll(() => eventsOf(box, book, 'OrderRequested').length, soon).toBe(1)
    expect(box.run('systemctl', 'start', `veritape-health@${book}.service`).code).toBe(1)
    // A quarter of an hour strikes: it cannot compare either, stays failed, and must not cost the executor a restart.
    expect(box.run('systemctl', 'start', integrity).code).toBe(1)
    await expect.poll(() => eventsOf(box, book, 'RecoveryAttempted').length, soon).toBeGreaterThan(1)
    ask('DELETE')

    await expect
      .poll(() => eventsOf(box, book, 'RecoverySucceeded').length, soon)
      .toBe(1)
      .catch(error => {
        throw new Error(`${error}\n${box.journal(guardian)}\n${box.journal(execute)}`)
      })
    await expect.poll(() => eventsOf(box, book, 'OrderFilled').length, soon).toBeGreaterThan(0)
    expect(eventsOf(box, book, 'AlertRaised')).toHaveLength(0)
    expect(eventsOf(box, book, 'RecoveryAttempted').map(({ d }) => d.action)[0]).toBe('reconnect venue')
    expect(box.show(execute, 'SubState')).toBe('running')
    expect(box.show(integrity, 'ActiveState')).toBe('failed')

    const books = JSON.parse(
      box.must(process.execPath, '/mnt/simulator/tests/venue-simulator/main.js', 'books', '/mnt/venue'),
    ) as { byClientId: Record<string, { orders: string[] }> }
    expect(Object.values(books.byClientId).map(({ orders }) => orders.length)).toEqual([1])
    const verified = asVeritape(box, ...main.split(' '), 'verify', ...config)
    expect(verified.code, verified.out).toBe(0)
  })
})
