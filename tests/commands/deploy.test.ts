// A deployment, against a machine made of maps: what it asks before it touches anything, and how it takes back.

import { describe, expect, test } from 'vitest'
import { deploy } from '../../commands/deploy.ts'
import type { Engine } from '../../commands/engine.ts'
import { defaults } from '../../domain/config.ts'
import { type Releases, ReleaseUnusable, type Said } from '../../domain/release.ts'
import type { Units } from '../../domain/units.ts'
import { filesOf } from '../../domain/units.ts'
import { shippedUnits } from '../shipped-units.ts'
import { capturedScreen } from './captured-screen.ts'

const shipped = shippedUnits()
const place = { prefix: '/opt/veritape/current', node: '/usr/bin/node', user: 'veritape' }
const stocks = {
  ...defaults,
  book: 'stocks',
  calendar: 'nyse' as const,
  execute: { ...defaults.execute, symbols: [] },
}

const proof = (differences: readonly object[]): Said => ({
  code: differences.length === 0 ? 0 : 1,
  stdout: JSON.stringify({ decisions: 3, identical: 3 - differences.length, differences }),
  stderr: '',
})
const preflight = (...failed: readonly string[]): Said => ({
  code: failed.length === 0 ? 0 : 1,
  stdout: JSON.stringify({
    lines: [
      { name: 'session', verdict: 'FAIL', saw: 'none today' },
      ...failed.map(name => ({ name, verdict: 'FAIL', saw: 'broken', todo: 'mend it' })),
    ],
  }),
  stderr: '',
})
const health = (verdict: string): Said => ({
  code: 0,
  stdout: JSON.stringify({ verdict, checks: [{ name: 'candles', verdict, saw: 'none' }] }),
  stderr: '',
})
const well: Said = { code: 0, stdout: '', stderr: '' }

interface Machine {
  readonly book?: typeof stocks | typeof defaults
  readonly answers?: Readonly<Record<string, Said | readonly Said[]>>
  readonly control?: (words: readonly string[]) => { code: number; said: string } | undefined
  readonly previous?: string
  readonly interrupted?: { from: string | undefined; to: string }
  readonly current?: string
}

/** What was done, in order; and what the deployment said. */
const machine = ({
  book = defaults,
  answers = {},
  control,
  interrupted,
  current = 'old',
  previous = 'older',
}: Machine = {}) => {
  const done: string[] = []
  const files = new Map(filesOf(book, place, shipped, ['venue']))
  const asked = new Map<string, number>()
  const units = {
    folder: '/etc/systemd/system',
    home: { prefix: '/opt/veritape/releases/old', node: '/usr/bin/node' },
    installed: () => new Map(files),
    write: (name: string, text: string) => {
      done.push(`write ${name}`)
      files.set(name, text)
    },
    remove: (name: string) => {
      done.push(`remove ${name}`)
      files.delete(name)
    },
    configuration: (name: string) => ({ path: `/etc/veritape/${name}.json`, there: true }),
    control: (...words: string[]) => {
      const own = control?.(words)
      if (!/^(?:is-|show)/.test(words[0] ?? '')) done.push(words.slice(0, 2).join(' '))
      if (own !== undefined) return own
      if (words[0] === 'is-active') return { code: 0, said: 'active' }
      if (words[0] === 'is-enabled') return { code: 0, said: 'enabled' }
      return { code: 0, said: words[0] === 'show' ? '0' : '' }
    },
  } as unknown as Units
  const answer = (argv: readonly string[], prefix: string): Said => {
    const verb = argv.join(' ').replace(/ --.*/, '')
    const given = answers[verb]
    const nth = asked.get(verb) ?? 0
    asked.set(verb, nth + 1)
    if (verb === 'units install')
      files.set('veritape-new@.timer', '[Timer]\nOnCalendar=*:0/5 UTC\nAccuracySec=1s\n')
    if (verb === 'units install') files.set('veritape-new@.service', files.get('veritape-kpi@.service') ?? '')
    done.push(`${verb} by ${prefix.replace('/opt/veritape/', '')}`)
    if (given !== undefined) return Array.isArray(given) ? (given[nth] ?? given.at(-1)) : (given as Said)
    if (verb === 'check preflight') return preflight()
    if (verb.startsWith('replay')) return proof([])
    if (verb === 'check health') return health('ok')
    return well
  }
  let links: { current: string | undefined; previous: string | undefined } = { current, previous }
  const releases: Releases = {
    folder: '/opt/veritape',
    link: '/opt/veritape/current',
    hold: () => () => done.push('free'),
    current: () => links.current,
    previous: () => links.previous,
    prefixOf: name => `/opt/veritape/releases/${name}`,
    bring: async source => {
      if (source.kind === 'git') throw new ReleaseUnusable('git does not start; is it installed?')
      return 'new'
    },
    interrupted: () => interrupted,
    begin: to => done.push(`begin ${to}`),
    relink: (now, previous) => {
      links = { current: now, previous }
      done.push(`link ${now} ${previous}`)
    },
    end: () => done.push('end'),
    prune: () => [],
    run: async ({ prefix }, argv) => answer(argv, prefix),
    runHere: async ({ prefix }, argv) => answer(argv, prefix),
    daysOf: () => ['2026-11-23', '2026-11-24'],
  }
  const { screen, stdout } = capturedScreen()
  const engine = {
    config: defaults,
    screen,
    units,
    clock: { now: () => '2026-11-25T12:00:00.000Z', sleep: async () => {} },
    signal: new AbortController().signal,
    releases: async () => releases,
  } as unknown as Engine
  const run = (options: Partial<Parameters<typeof deploy.run>[1]> = {}) =>
    deploy.run(engine, {
      source: 'veritape.tgz',
      to: '/opt/veritape',
      accept: false,
      rollback: false,
      'dry-run': false,
      settle: 0,
      keep: 3,
      ...options,
    })
  return { run, done, stdout, files, links: () => links }
}

const difference = { seq: 7, kind: 'intents', recorded: 'IntentRaised {"a":1}', again: 'nothing null' }
const untouched = (done: readonly string[]) =>
  done.filter(step => /^(?:begin|link|write|remove|restart|enable|units)/.test(step))

test('proves, links, installs, restarts views before trader, and looks again', async () => {
  const { run, done, links, stdout } = machine()
  expect(await run()).toBe(0)
  expect(done).toEqual([
    'check preflight by releases/new',
    'replay 2026-11-24 by releases/new',
    'check health by current',
    'begin new',
    'link new old',
    'units install by current',
    'units verify by current',
    'restart veritape-project@paper.service',
    'restart veritape-execute@paper.service',
    'check health by current',
    'end',
    'free',
  ])
  expect(links()).toEqual({ current: 'new', previous: 'old' })
  expect(stdout()).toContain('3 of 3 decisions of 2026-11-24 are made again')
})

describe('before anything is touched', () => {
  test('changed decisions stop it and are named; --accept goes on', async () => {
    const answers = { 'replay 2026-11-24': proof([difference]) }
    const stopped = machine({ answers })
    await expect(stopped.run()).rejects.toMatchObject({
      code: 78,
      message: expect.stringContaining('--accept'),
    })
    expect(untouched(stopped.done)).toEqual([])
    expect(stopped.stdout()).toContain(
      'seq 7 (intents):\n  recorded IntentRaised {"a":1}\n  now      nothing null',
    )
    const accepted = machine({ answers })
    expect(await accepted.run({ accept: true })).toBe(0)
    expect(accepted.links().current).toBe('new')
  })

  test.each([
    ['a configuration', { 'check preflight': preflight('configuration') }, 'configuration: broken; mend it'],
    ['bars', { 'check preflight': preflight('bars') }, 'bars: broken; mend it'],
    [
      'a preflight that does not run',
      { 'check preflight': { code: 78, stdout: '', stderr: 'no key' } },
      'no key (exit 78)',
    ],
    [
      'a proof that does not run',
      { 'replay 2026-11-24': { code: 70, stdout: '', stderr: 'boom' } },
      'no proof of 2026-11-24: boom (exit 70)',
    ],
  ])('%s stops it', async (_, answers, sentence) => {
    const { run, done, stdout } = machine({ answers })
    await expect(run({ accept: true })).rejects.toMatchObject({ code: 78 })
    expect(stdout()).toContain(sentence)
    expect(untouched(done)).toEqual([])
  })

  test('a dry run shows the units and stops', async () => {
    const { run, done, links } = machine()
    expect(await run({ 'dry-run': true })).toBe(0)
    expect(done).toContain('units install by releases/new')
    expect(done.filter(step => /^(?:begin|link|restart)/.test(step))).toEqual([])
    expect(links().current).toBe('old')
  })

  test('a release that cannot be fetched is bad data; no source is a wrong command line', async () => {
    await expect(machine().run({ source: 'git+x#y' })).rejects.toMatchObject({ code: 65 })
    await expect(machine().run({ source: undefined })).rejects.toMatchObject({ code: 64 })
    await expect(machine().run({ rollback: true })).rejects.toMatchObject({ code: 64 })
  })

  test('the release that runs is left alone, unless its deployment was cut off', async () => {
    const again = machine({ current: 'new' })
    expect(await again.run()).toBe(0)
    expect(untouched(again.done)).toEqual([])
    const cut = machine({ current: 'new', interrupted: { from: 'old', to: 'new' } })
    expect(await cut.run()).toBe(0)
    expect(cut.done).toContain('restart veritape-execute@paper.service')
    expect(cut.links()).toEqual({ current: 'new', previous: 'old' })
    // A way back that was killed between its two links.
    const back = machine({ current: 'new', previous: 'new', interrupted: { from: 'new', to: 'old' } })
    expect(await back.run()).toBe(0)
    expect(back.links()).toEqual({ current: 'new', previous: 'old' })
  })
})

describe('it takes back', () => {
  const wentBack = ({ done, links, files }: ReturnType<typeof machine>) => {
    expect(links()).toEqual({ current: 'old', previous: 'older' })
    expect(done).toContain('remove veritape-new@.timer')
    expect([...files.keys()]).not.toContain('veritape-new@.timer')
    expect(done.indexOf('daemon-reload')).toBeGreaterThan(done.indexOf('link old older'))
  }

  test('an executor that does not start', async () => {
    let tries = 0
    const world = machine({
      control: words =>
        words.join(' ') === 'restart veritape-execute@paper.service' && tries++ === 0
          ? { code: 1, said: 'Job failed' }
          : undefined,
    })
    expect(await world.run()).toBe(1)
    wentBack(world)
    expect(world.done.filter(step => step === 'restart veritape-execute@paper.service')).toHaveLength(2)
    expect(world.done.slice(-2)).toEqual(['end', 'free'])
  })

  test.each([
    ['units that are not sound', { 'units verify': { code: 1, stdout: 'no gate', stderr: '' } }, 'no gate'],
    [
      'units that are not installed',
      { 'units install': { code: 73, stdout: '', stderr: 'no room' } },
      'no room',
    ],
    ['a health that became worse', { 'check health': [health('ok'), health('unhealthy')] }, 'candles: none'],
    ['a health check that fails', { 'check health': [health('ok'), well] }, 'the health check itself failed'],
  ])('%s', async (_, answers, sentence) => {
    const world = machine({ answers })
    expect(await world.run()).toBe(1)
    wentBack(world)
    expect(world.stdout()).toContain(sentence)
  })

  test('a crash after the start', async () => {
    let shown = 0
    const world = machine({
      control: words => (words[0] === 'show' ? { code: 0, said: `${shown++ > 1 ? 1 : 0}` } : undefined),
    })
    expect(await world.run()).toBe(1)
    wentBack(world)
  })

  test('and says so when the way back fails too: the mark stays', async () => {
    const world = machine({
      control: words =>
        words[0] === 'restart' && words[1]?.includes('execute@')
          ? { code: 1, said: 'Job failed' }
          : undefined,
    })
    expect(await world.run()).toBe(2)
    expect(world.done).not.toContain('end')
    expect(world.stdout()).toContain('the way back failed')
  })
})

test('what was unhealthy before is not the fault of the release', async () => {
  const { run, links } = machine({ answers: { 'check health': health('unhealthy') } })
  expect(await run()).toBe(0)
  expect(links().current).toBe('new')
})

test('an executor behind a gate that would refuse it goes on with the release before', async () => {
  const { run, done, stdout } = machine({
    book: stocks,
    answers: { 'watchlist check': { code: 1, stdout: 'there is no session today', stderr: '' } },
  })
  expect(await run()).toBe(0)
  expect(done).toContain('restart veritape-project@stocks.service')
  expect(done).not.toContain('restart veritape-execute@stocks.service')
  expect(stdout()).toContain('goes on with the release before, because the gate would refuse it now')
})

test('what does not run is not started', async () => {
  const { run, done } = machine({
    control: words => (words[0] === 'is-active' ? { code: 3, said: 'inactive' } : undefined),
  })
  expect(await run()).toBe(0)
  expect(done.filter(step => step.startsWith('restart'))).toEqual([])
})

test('a rollback takes the release before, and its proof is told, not a gate', async () => {
  const { run, links } = machine({ answers: { 'replay 2026-11-24': proof([difference]) } })
  expect(await run({ source: undefined, rollback: true })).toBe(0)
  expect(links()).toEqual({ current: 'older', previous: 'old' })
})
