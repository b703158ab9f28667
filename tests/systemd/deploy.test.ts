// Releases under a real systemd: the first one, one that is observably another, one that would decide otherwise, one that
// does not start, and the way back.

import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { putCryptoBook } from './books.ts'
import { Box, withSystemd } from './box.ts'
import { otherRelease, prepareRelease, versionOf } from './prepared-release.ts'

withSystemd('a release', () => {
  const box = new Box([])
  const config = ['--config', '/etc/veritape/paper.json']
  const execute = 'veritape-execute@paper.service'
  const main = 'dist/commands/main.js'

  beforeAll(() => {
    expect(box.boot()).toBe('running')
    putCryptoBook(box)
    box.stopClock()
    box.put('/etc/veritape/credentials/paper/venue', 'a secret of the venue', 0o600)
    const first = join(box.folder, 'first')
    prepareRelease(first)
    const other = (name: string, version: string, edits: Record<string, (text: string) => string>) =>
      otherRelease(first, join(box.folder, name), { ...edits, 'package.json': versionOf(version) })
    other('second', '0.2.0', {
      'systemd/veritape-kpi@.timer': text => text.replace('*:07 UTC', '*:08 UTC'),
      'systemd/veritape-execute@.service': text => text.replace('TimeoutStopSec=20', 'TimeoutStopSec=25'),
    })
    other('deciding-otherwise', '0.3.0', {
      [main]: text => text.replaceAll('"warming up"', '"the averages are well"'),
    })
    other('broken', '0.4.0', {
      [main]: text => text.replace(/^(#!.*\n)/, '$1if (process.argv[2] === "execute") process.exit(70);\n'),
    })
  })
  afterAll(() => box.remove())

  const by = (program: string, ...argv: readonly string[]) =>
    box.run('/usr/bin/env', '-C', '/', process.execPath, `${program}/${main}`, ...argv)
  const deploy = (...argv: readonly string[]) =>
    by('/opt/veritape/current', 'deploy', ...argv, '--settle', '1')
  /** The text of all installed units. */
  const installed = "find /etc/systemd/system -maxdepth 1 -type f -name 'veritape-*' | sort | xargs cat"
  const current = () => readlinkSync(box.path('/opt/veritape/current'))
  const runs = () =>
    linesOf(box.path('/var/lib/veritape/ledger/paper')).filter(
      ({ t, s }) => t === 'RunStarted' && s === 'run-execute',
    )
  const running = () => `${box.show(execute, 'SubState')} ${runs().at(-1)?.d.version}`

  test('the first one: deployed, installed, started', async () => {
    const deployed = by('/mnt/first', 'deploy', '/mnt/first')
    expect(deployed.code, deployed.out).toBe(0)
    expect(deployed.out).toContain('packages as locked, brought along; says it is 0.1.0')
    expect(deployed.out).toContain('no book is installed here')
    expect(current()).toMatch(/^releases\/0\.1\.0-[0-9a-f]{12}$/)
    const installed = by(
      '/opt/veritape/current',
      'units',
      'install',
      ...config,
      '--credential',
      'venue',
      '--yes',
    )
    expect(installed.code, installed.out).toBe(0)
    // The units name the link, so that they stay as they are.
    expect(box.must('systemctl', 'cat', execute)).toContain(
      '/opt/veritape/current/dist/commands/main.js execute',
    )
    box.must('install', '-d', '-m', '0700', '-o', 'veritape', '-g', 'veritape', '/var/lib/veritape')
    const past = new Date(box.now() - 3_600_000).toISOString()
    const lived = box.run(
      ...[
        'setpriv',
        '--reuid=veritape',
        '--regid=veritape',
        '--clear-groups',
        'env',
        '-C',
        '/var/lib/veritape',
      ],
      ...[
        'VERITAPE__LEDGER=/var/lib/veritape/ledger',
        'VERITAPE__STATE=/var/lib/veritape/state',
        process.execPath,
      ],
      ...[`/opt/veritape/current/${main}`, 'execute', '--once', '--from', past, ...config],
    )
    expect(lived.code, lived.out).toBe(0)
    box.must('systemctl', 'start', execute)
    await expect.poll(running, { timeout: 60_000 }).toBe('running 0.1.0')
  })

  test('a dry run asks and proves, and touches nothing', () => {
    const before = [current(), box.show(execute, 'MainPID')]
    const dry = deploy('/mnt/second', '--dry-run')
    expect(dry.code, dry.out).toBe(0)
    expect(dry.out).toMatch(/paper: \d+ of \d+ decisions of 20\d\d-\d\d-\d\d are made again/)
    expect(dry.out).toContain('- TimeoutStopSec=20\n+ TimeoutStopSec=25\n')
    expect([current(), box.show(execute, 'MainPID')]).toEqual(before)
  })

  test('an upgrade: other units, another version in the ledger, the keys kept, and doing it again is nothing', async () => {
    const upgraded = deploy('/mnt/second')
    expect(upgraded.code, upgraded.out).toBe(0)
    expect(current()).toMatch(/^releases\/0\.2\.0-/)
    await expect.poll(running, { timeout: 60_000 }).toBe('running 0.2.0')
    expect(box.show(execute, 'TimeoutStopUSec')).toBe('25s')
    expect(box.must('systemctl', 'cat', 'veritape-kpi@paper.timer')).toContain('OnCalendar=*:08 UTC')
    expect(box.must('systemctl', 'cat', execute)).toContain('LoadCredential=venue:')
    const again = deploy('/mnt/second')
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('is the one that runs') })
  })

  test('a release that would decide otherwise is stopped; it says which', async () => {
    const pid = box.show(execute, 'MainPID')
    const stopped = deploy('/mnt/deciding-otherwise')
    expect(stopped.code, stopped.out).toBe(78)
    expect(stopped.out).toContain('(evaluations):\n  recorded StrategyEvaluated')
    expect(stopped.out).toContain('the averages are well')
    expect(stopped.out).toContain('If that is wanted: --accept')
    expect(current()).toMatch(/^releases\/0\.2\.0-/)
    expect(box.show(execute, 'MainPID')).toBe(pid)
  })

  test('a configuration that it does not accept stops it before the proof', () => {
    const text = box.must('cat', '/etc/veritape/paper.json')
    box.put('/etc/veritape/paper.json', text.replace(':"champions"', ':"nowhere"'))
    const refused = deploy('/mnt/deciding-otherwise')
    expect(refused.code, refused.out).toBe(78)
    expect(refused.out).toContain('paper: configuration: ')
    box.put('/etc/veritape/paper.json', text)
  })

  test('a release that does not start is taken back', async () => {
    const units = box.must('sh', '-c', installed)
    const broken = deploy('/mnt/broken')
    expect(broken.code, broken.out).toBe(1)
    expect(broken.out).toContain(`${execute} did not start`)
    expect(current()).toMatch(/^releases\/0\.2\.0-/)
    expect(existsSync(box.path('/opt/veritape/DEPLOYING'))).toBe(false)
    await expect.poll(running, { timeout: 60_000 }).toBe('running 0.2.0')
    expect(box.must('sh', '-c', installed)).toBe(units)
    expect(by('/opt/veritape/current', 'units', 'verify', ...config).code).toBe(0)
  })

  test('SIGKILL in the middle of a deployment: the next one says so, and ends it', async () => {
    box.run(
      'sh',
      '-c',
      `${process.execPath} /opt/veritape/current/${main} deploy --rollback --settle 60 & ` +
        'for n in $(seq 600); do [ -e /opt/veritape/DEPLOYING ] && break; sleep 0.05; done; kill -KILL $!',
    )
    expect(existsSync(box.path('/opt/veritape/DEPLOYING'))).toBe(true)
    const ended = deploy('/mnt/second')
    expect(ended.code, ended.out).toBe(0)
    expect(ended.out).toContain('was cut off; this one takes its place')
    await expect.poll(running, { timeout: 60_000 }).toBe('running 0.2.0')
    expect(current()).toMatch(/^releases\/0\.2\.0-/)
    expect(by('/opt/veritape/current', 'units', 'verify', ...config).code).toBe(0)
  })

  test('a rollback: the release before, its units, its version in the ledger', async () => {
    const rolled = deploy('--rollback')
    expect(rolled.code, rolled.out).toBe(0)
    await expect.poll(running, { timeout: 60_000 }).toBe('running 0.1.0')
    expect(box.show(execute, 'TimeoutStopUSec')).toBe('20s')
  })

  test('uninstalled: no units, and a ledger that is sound', () => {
    expect(by('/opt/veritape/current', 'units', 'uninstall', ...config, '--yes').code).toBe(0)
    expect(box.must('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'veritape-*')).toBe('')
    const verified = by('/opt/veritape/current', 'verify', ...config, '--ledger', '/var/lib/veritape/ledger')
    expect(verified.code, verified.out).toBe(0)
  })
})
