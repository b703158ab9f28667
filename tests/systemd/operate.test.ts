// A book under a real systemd: installed, started, killed, hung, halted, cut off from power, and removed. The stories
// follow each other in one box.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../cli/files.ts'
import { tableRows } from '../docs/markdown-table.ts'
import { putCryptoBook } from './books.ts'
import { Box, program, withSystemd } from './box.ts'

withSystemd('a book that systemd runs', () => {
  const box = new Box()
  const config = ['--config', '/etc/veritape/paper.json']
  const place = ['--prefix', program, '--node', process.execPath, '--credential', 'venue']
  const execute = 'veritape-execute@paper.service'
  const project = 'veritape-project@paper.service'

  beforeAll(() => {
    expect(box.boot()).toBe('running')
    putCryptoBook(box)
    box.stopClock()
    box.dismissGuardian()
    box.put('/etc/veritape/credentials/paper/venue', 'a secret of the venue', 0o600)
  })
  afterAll(() => box.remove())

  const ledger = () => box.path('/var/lib/veritape/ledger/paper')
  const lines = () => linesOf(ledger())
  const events = (type: string) => lines().filter(({ t }) => t === type)
  const mainPid = () => box.show(execute, 'MainPID')
  const signal = (name: string) =>
    box.must('systemctl', 'kill', '--kill-whom=main', `--signal=${name}`, execute)
  const asVeritape = (...argv: readonly string[]) => box.asVeritape(...argv, ...config)
  const settled = { timeout: 60_000, interval: 50 }
  const running = () => expect.poll(() => box.show(execute, 'SubState'), settled).toBe('running')
  const newPid = (old: string) =>
    expect.poll(() => box.show(execute, 'SubState') === 'running' && mainPid() !== old, settled).toBe(true)

  /** What must be true after anything: sound bytes, each candle once, one answer to each intent, one order at most. */
  const nothingTwice = () => {
    const verified = asVeritape('verify')
    expect(verified.code, verified.out).toBe(0)
    const candles = events('CandleClosed').map(({ d }) => d.openTime)
    expect(new Set(candles).size).toBe(candles.length)
    const answers = lines().filter(({ t }) => /^(OrderRequested|IntentDenied|IntentExpired)$/.test(t))
    const answered = answers.map(({ d }) => d.intent)
    expect(new Set(answered).size).toBe(answered.length)
  }

  test('install shows what it would do, does it once, and verify agrees', () => {
    const shown = box.veritape('units', 'install', ...config, ...place)
    expect(shown.code, shown.out).toBe(0)
    expect(shown.out).toContain('new /etc/systemd/system/veritape-execute@.service')
    expect(shown.out).toContain('nothing was changed')
    expect(existsSync(box.path('/etc/systemd/system/veritape-execute@.service'))).toBe(false)
    const verifiedBefore = box.veritape('units', 'verify', ...config, ...place)
    expect(verifiedBefore).toMatchObject({ code: 1, out: expect.stringContaining('is missing') })

    const installed = box.veritape('units', 'install', ...config, ...place, '--yes')
    expect(installed.code, installed.out).toBe(0)
    const again = box.veritape('units', 'install', ...config, ...place, '--yes')
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('are installed already') })
    const verified = box.veritape('units', 'verify', ...config, ...place)
    expect(verified.code, verified.out).toBe(0)
    expect(verified.out).toMatch(
      /veritape-audit@paper\.timer +20\d\d-\d\d-\d\d (?:19|20):30 +20\d\d-\d\d-\d\d 00:30/,
    )
    expect(verified.out).not.toMatch(/scan|execute-restart|preflight/)
  })

  test('verify tells drift, and a second executor on the book', () => {
    const unit = box.path('/etc/systemd/system/veritape-execute@.service')
    const text = readFileSync(unit, 'utf8')
    writeFileSync(unit, text.replace('StartLimitIntervalSec=1800', 'StartLimitIntervalSec=10'))
    box.put(
      '/etc/systemd/system/mine.service',
      '[Service]\nExecStart=/bin/sh -c "sleep 1000; : execute --config /etc/veritape/paper.json"\n',
    )
    box.must('systemctl', 'start', 'mine')
    const { code, out } = box.veritape('units', 'verify', ...config, ...place)
    expect(code).toBe(1)
    expect(out).toContain('veritape-execute@.service is not what this program ships')
    expect(out).toContain('never trips')
    expect(out).toContain('mine.service executes paper too')
    box.must('systemctl', 'stop', 'mine')
    writeFileSync(unit, text)
  })

  test('every unit passes systemd-analyze, and its exposure is low', () => {
    const names = JSON.parse(box.veritape('units', 'list', '--json').out).units.map(
      ({ unit }: { unit: string }) => unit,
    ) as string[]
    expect(names.length).toBeGreaterThan(12)
    const verified = box.run('systemd-analyze', 'verify', '--man=no', '--recursive-errors=yes', ...names)
    expect(verified).toMatchObject({ code: 0, out: '' })
    const scores = names
      .filter(each => each.endsWith('.service'))
      .map(name => {
        const limit = /restart@/.test(name) ? 20 : 15 // tenths
        const scored = box.run('systemd-analyze', 'security', '--no-pager', `--threshold=${limit}`, name)
        expect(scored.code, scored.out).toBe(0)
        const [, score] = /Overall exposure level for \S+: ([\d.]+)/.exec(scored.out) ?? []
        return [`\`${name.replace(/@.*/, '')}\``, score]
      })
    const documented = tableRows('docs/operations.md', ['service', 'exposure', 'why it is not less'])
    expect(documented.map(([name, score]) => [name, score])).toEqual(scores)
  })

  test('the executor is ready after its first turn; the views follow it', async () => {
    box.put(`/run/systemd/system/${execute}.d/zz-soon.conf`, '[Service]\nRestartSec=0\n')
    box.must('systemctl', 'daemon-reload')
    box.must('install', '-d', '-m', '0700', '-o', 'veritape', '-g', 'veritape', '/var/lib/veritape')
    // The past of the book, so that orders need not wait for a candle.
    const past = new Date(box.now() - 3_600_000).toISOString()
    const lived = asVeritape('execute', '--once', '--from', past)
    expect(lived.code, lived.out).toBe(0)
    box.must('systemctl', 'start', execute)
    expect(box.show(execute, 'SubState')).toBe('running')
    expect(box.show(execute, 'StatusText')).toMatch(/^cycle \d+, seq \d+, \d+ MB$/)
    await expect.poll(() => box.show(project, 'SubState'), settled).toBe('running')
    await expect
      .poll(() => existsSync(box.path('/var/lib/veritape/state/paper/execution_heartbeat.json')), settled)
      .toBe(true)
  })

  test('a credential is readable to its unit, and to nobody else', () => {
    const directory = `/run/credentials/${execute}`
    const inside = box.must('nsenter', '-t', mainPid(), '-m', 'cat', `${directory}/venue`)
    expect(inside).toBe('a secret of the venue')
    for (const path of [`${directory}/venue`, '/etc/veritape/credentials/paper/venue'])
      expect(box.run('setpriv', '--reuid=nobody', '--clear-groups', 'cat', path)).toMatchObject({
        code: 1,
        out: expect.stringContaining('Permission denied'),
      })
    expect(
      box.must('setpriv', '--reuid=nobody', '--clear-groups', 'systemctl', 'show', execute),
    ).not.toContain('a secret of the venue')
    expect(box.must('cat', `/proc/${mainPid()}/environ`)).not.toContain('a secret of the venue')
  })

  test('there is no way out of the sandbox', async () => {
    box.put('/root/secret/file', 'x')
    box.must(
      'systemd-run',
      '--unit=listener',
      process.execPath,
      '-e',
      'require("net").createServer().listen(4711)',
    )
    const probe = async (unit: string) => {
      const text = readFileSync(box.path(`/etc/systemd/system/${unit}@.service`), 'utf8')
      const command = `ExecStart=${process.execPath} ${program}/tests/systemd/sandbox-probe.mjs`
      box.put(
        `/run/systemd/system/probe-${unit}@.service`,
        text
          .replace(/^ExecStart=.*$/m, command)
          .replace(/^Type=.*$/m, 'Type=oneshot')
          .replace(/^Restart=.*$/m, ''),
      )
      box.must('systemctl', 'daemon-reload')
      await expect.poll(() => box.run('systemctl', 'start', `probe-${unit}@paper`).code, settled).toBe(0)
      const line = box
        .journal(`probe-${unit}@paper`)
        .split('\n')
        .find(each => each.startsWith('{'))
      return JSON.parse(line ?? '{}')
    }
    const shut = {
      uid: Number(box.must('id', '-u', 'veritape')),
      writeState: 'done',
      writeEtc: 'EROFS',
      writeProgram: 'EROFS',
      writeVar: 'EROFS',
      readRoot: 'EACCES',
      readShadow: 'EACCES',
      readCredential: 'EACCES',
      seesSystemd: 'ENOENT',
    }
    expect(await probe('veritape-execute')).toEqual({ ...shut, loopback: 'done' })
    const offline = await probe('veritape-retention')
    expect(offline).toEqual({ ...shut, loopback: expect.stringMatching(/^E(AFNOSUPPORT|PERM|CONNREFUSED)$/) })
  })

  test('SIGKILL in the middle of orders: each intent is answered once', async () => {
    const kills = 4
    for (let n = 1; n <= kills; n++) {
      const wish = asVeritape('intent', 'buy', 'BTC/USDT', '--id', `wish-${n}`, '--quantity', '0.001')
      expect(wish.code, wish.out).toBe(0)
      const old = mainPid()
      signal('SIGKILL')
      await newPid(old)
      box.run('systemctl', 'reset-failed', execute) // the start limit has a story of its own
    }
    await expect
      .poll(
        () =>
          events('IntentRaised').filter(({ n }) => lines().some(({ d }) => d.intent === Number(n))).length,
        settled,
      )
      .toBe(events('IntentRaised').length)
    expect(events('IntentRaised').length).toBeGreaterThanOrEqual(kills)
    nothingTwice()
  })

  test('an executor that crashed and waits for its restart is not well', async () => {
    box.put(`/run/systemd/system/${execute}.d/zz-soon.conf`, '[Service]\nRestartSec=600\n')
    box.must('systemctl', 'daemon-reload')
    signal('SIGKILL')
    await expect.poll(() => box.show(execute, 'SubState'), settled).toBe('auto-restart')
    const { code, out } = asVeritape('check', 'health')
    expect(code, out).toBe(2)
    expect(out).toMatch(/units +unhealthy +crashed: veritape-execute@paper\.service/)
  })

  test('a hung event loop is killed by the watchdog and comes back without a duplicate', async () => {
    box.put(`/run/systemd/system/${execute}.d/zz-soon.conf`, '[Service]\nWatchdogSec=5\nRestartSec=0\n')
    box.must('systemctl', 'daemon-reload')
    box.must('systemctl', 'restart', execute)
    const old = mainPid()
    // Progress resets the watchdog: it lives longer than its limit.
    await new Promise(passed => setTimeout(passed, 6500))
    expect(mainPid()).toBe(old)
    signal('SIGSTOP')
    await newPid(old)
    expect(box.journal(execute)).toContain('Watchdog timeout (limit 5s)!')
    nothingTwice()
  })

  test('a halt survives the loss of power, and so does every line', async () => {
    expect(asVeritape('halt', '--reason', 'the power may go').code).toBe(0)
    await expect.poll(() => events('TradingHalted').length, settled).toBeGreaterThan(0)
    const before = lines()
    box.cutPower()
    expect(box.boot()).toBe('running')
    await running()
    expect(lines().slice(0, before.length)).toEqual(before)
    nothingTwice()
    let wishes = 0
    const denial = () => {
      // One that meets the end of a candle expires instead.
      const wish = asVeritape(
        'intent',
        'buy',
        'BTC/USDT',
        '--id',
        `in-vain-${wishes++}`,
        '--quantity',
        '0.001',
      )
      expect(wish.code, wish.out).toBe(0)
      return events('IntentDenied').at(-1)?.d.reason
    }
    await expect.poll(denial, { timeout: 60_000, interval: 1000 }).toBe('trading-halted')
  })

  test('a refused configuration is not tried again', async () => {
    const path = box.path('/etc/veritape/paper.json')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"paper"', '"paper","surprise":1'))
    expect(box.run('systemctl', 'restart', execute).code).toBe(1)
    expect(box.show(execute, 'ActiveState')).toBe('failed')
    expect(box.show(execute, 'ExecMainStatus')).toBe('78')
    expect(box.show(execute, 'NRestarts')).toBe('0')
    writeFileSync(path, text)
    box.must('systemctl', 'reset-failed', execute)
    box.must('systemctl', 'start', execute)
  })

  test('a new version is installed, and the old one again', () => {
    const change = (seconds: number) =>
      box.put(
        '/etc/veritape/paper.json',
        readFileSync(box.path('/etc/veritape/paper.json'), 'utf8').replace(
          /"pollSeconds":[\d.]+/,
          `"pollSeconds":${seconds}`,
        ),
      )
    change(60)
    const shown = box.veritape('units', 'install', ...config, ...place)
    expect(shown.out).toContain('- WatchdogSec=60\n+ WatchdogSec=210\n')
    expect(box.veritape('units', 'install', ...config, ...place, '--yes').code).toBe(0)
    expect(box.show(execute, 'SubState')).toBe('running')
    change(0.2)
    expect(box.veritape('units', 'install', ...config, ...place, '--yes').out).toContain('+ WatchdogSec=60\n')
    expect(box.veritape('units', 'verify', ...config, ...place).code).toBe(0)
  })

  test('uninstall stops and removes the units, and keeps the ledger', () => {
    const before = lines()
    const shown = box.veritape('units', 'uninstall', ...config)
    expect(shown.out).toContain('nothing was changed')
    expect(box.show(execute, 'SubState')).toBe('running')
    const gone = box.veritape('units', 'uninstall', ...config, '--yes')
    expect(gone.code, gone.out).toBe(0)
    expect(box.must('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'veritape-*')).toBe('')
    expect(
      box.run('sh', '-c', 'ls -d /etc/systemd/system/veritape* /etc/systemd/system/*/veritape*').code,
    ).toBe(2)
    expect(lines().slice(0, before.length)).toEqual(before)
    nothingTwice()
    expect(box.veritape('units', 'uninstall', ...config, '--yes').out).toContain('no units of paper')
  })
})
