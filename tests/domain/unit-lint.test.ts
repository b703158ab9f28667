// Rules over unit files: those that are shipped pass, and each rule is shown a unit that breaks it.

import { describe, expect, test } from 'vitest'
import { verbNamed } from '../../commands/command-line.ts'
import { defaults } from '../../domain/config.ts'
import { lineDiff } from '../../domain/line-diff.ts'
import { objectionTo, rendered, settingsOf, valuesOf } from '../../domain/unit-file.ts'
import { lintGate, lintUnits } from '../../domain/unit-lint.ts'
import { enabledUnits, filesOf, installedBooks } from '../../domain/units.ts'
import { shippedUnits } from '../shipped-units.ts'

const shipped = shippedUnits()
const place = { prefix: '/opt/veritape', user: 'veritape', node: '/usr/bin/node' }
const equities = {
  ...defaults,
  book: 'stocks',
  calendar: 'nyse' as const,
  execute: { ...defaults.execute, symbols: [] },
}
const templates = (files: ReadonlyMap<string, string>) =>
  new Map([...files].filter(([name]) => /@\.\w+$/.test(name)))
const units = templates(filesOf(equities, place, shipped, []))

test('the shipped units have nothing to object to', () => {
  expect(units.size).toBeGreaterThan(12)
  expect(lintUnits(units)).toEqual([])
})

test('every unit runs verbs that there are', () => {
  const verbs = [...units].flatMap(([name, text]) =>
    settingsOf(text)
      .filter(({ key }) => /^Exec/.test(key))
      .flatMap(({ value }) =>
        [...value.matchAll(/main\.js ([a-z]+(?: [a-z]+)?)/g)].map(([, verb = '']) => ({ name, verb })),
      ),
  )
  expect(verbs.length).toBeGreaterThan(10)
  const known = (verb: string) =>
    [verb, verb.split(' ')[0] ?? ''].some(each =>
      [each, `${each} [day]`].some(usage => verbNamed(usage) !== undefined),
    )
  expect(verbs.filter(({ verb }) => !known(verb))).toEqual([])
})

test('no unit that is not named an exception runs as root', () => {
  const roots = [...units].filter(([, text]) => valuesOf(settingsOf(text), 'User').includes('root'))
  expect(roots.map(([name]) => name).sort()).toEqual([
    'veritape-execute-restart@.service',
    'veritape-restart-unit@.service',
    'veritape-restart@.service',
  ])
})

describe('a unit that breaks a rule is named', () => {
  const execute = 'veritape-execute@.service'
  const changed = (name: string, from: string | RegExp, to: string) => {
    const text = (units.get(name) as string).replace(from, to)
    expect(text).not.toBe(units.get(name))
    return lintUnits(new Map([...units, [name, text]]))
  }
  test.each([
    [execute, 'OnFailure=veritape-guardian@', 'OnFailure=veritape-gardian@', 'is not there'],
    [execute, /^OnFailure=.*$/m, '', 'nobody hears'],
    ['veritape-health@.service', 'OnSuccess=veritape-all-', 'OnSuccess=veritape-al-', 'is not there'],
    [execute, 'StartLimitIntervalSec=1800', 'StartLimitIntervalSec=800', 'never trips'],
    [execute, /^StartLimitIntervalSec=.*$/m, '', 'never trips'],
    [execute, 'RestartPreventExitStatus=78', 'RestartPreventExitStatus=77', 'exit 78'],
    [execute, 'UMask=0077', 'Environment=API_KEY=abc', 'secret'],
    ['veritape-scan@.timer', ' America/New_York', '', 'must name UTC'],
    ['veritape-health@.timer', 'UTC', 'America/New_York', 'must name UTC'],
    ['veritape-health@.timer', 'AccuracySec=1s', '', 'AccuracySec'],
    ['veritape-audit@.service', /^TimeoutStartSec=.*$/m, '', 'never started again'],
    [
      'veritape-guardian@.service',
      '[Service]',
      'OnFailure=veritape-guardian@%i.service\n[Service]',
      'call itself',
    ],
  ])('%s, %s', (name, from, to, sentence) => {
    expect(changed(name, from, to)).toEqual([expect.stringMatching(new RegExp(`^${name}: .*${sentence}`))])
  })

  test.each(['scan', 'execute-restart', 'preflight'])('a gate of trading days that %s has not', unit => {
    const name = `veritape-${unit}@.service`
    expect(changed(name, /^ExecCondition=.*$/m, '')).toEqual([expect.stringContaining('no gate')])
    // Node's 1 for a crash would be a holiday.
    expect(changed(name, '10) exit 1', '*) exit 1')).toEqual([expect.stringContaining('no gate')])
  })

  test('an executor without the gate of its watchlist', () => {
    const files = filesOf(equities, place, shipped, [])
    const dropIn = 'veritape-execute@stocks.service.d/book.conf'
    const open = (files.get(dropIn) ?? '').replace(/^ExecStartPre=.*\n/m, '')
    expect(lintGate(equities, files)).toEqual([])
    expect(lintGate(equities, new Map([...files, [dropIn, open]]))).toEqual([
      `${dropIn}: the executor has no watchlist gate (ExecStartPre)`,
    ])
    expect(lintGate(equities, new Map())).toHaveLength(1)
    expect(lintGate(defaults, new Map())).toEqual([])
  })

  test('a timer without its service', () => {
    const without = new Map([...units].filter(([name]) => name !== 'veritape-audit@.service'))
    expect(lintUnits(without)).toEqual(['veritape-audit@.timer: starts a service that is not there'])
  })
})

describe('a book', () => {
  test('with a watchlist gets the gate, the scan and the morning restart; another one does not', () => {
    const gated = filesOf(equities, place, shipped, []).get('veritape-execute@stocks.service.d/book.conf')
    expect(gated).toContain('ExecStartPre=/usr/bin/node /opt/veritape/dist/commands/main.js watchlist check')
    expect(enabledUnits(equities, units.keys())).toContain('veritape-scan@stocks.timer')
    const free = filesOf(defaults, place, shipped, ['venue']).get(
      'veritape-execute@paper.service.d/book.conf',
    )
    expect(free).toBe('[Service]\nWatchdogSec=60\nLoadCredential=venue:/etc/veritape/credentials/%i/venue\n')
  })

  test('around the clock has no timer of a session; what all books have it has too', () => {
    const timers = (config: typeof defaults) =>
      enabledUnits(config, units.keys())
        .filter(name => name.endsWith('.timer'))
        .map(name => name.replace(/veritape-(.*)@.*/, '$1'))
    const always = ['audit', 'health', 'integrity', 'kpi', 'retention']
    const free = { ...defaults, calendar: 'always' as const }
    expect(timers(free)).toEqual(always)
    expect(timers(equities)).toEqual([...always, 'execute-restart', 'preflight', 'scan'].sort())
    const named = { ...equities, execute: { ...equities.execute, symbols: ['SPY'] } }
    expect(timers(named)).toEqual([...always, 'preflight'].sort())
    const files = filesOf(free, place, shipped, [])
    expect(files.get('veritape-audit@paper.timer.d/book.conf')).toBe(
      '[Timer]\nOnCalendar=\nOnCalendar=*-*-* 00:30 UTC\n',
    )
    expect(
      [...filesOf(equities, place, shipped, []).keys()].filter(name => name.includes('audit@stocks')),
    ).toEqual([])
  })

  test('gives its keys to the units that ask the venue, and to no other', () => {
    const given = [...filesOf(defaults, place, shipped, ['venue'])]
      .filter(([, text]) => text.includes('LoadCredential=venue:'))
      .map(([name]) => name.replace(/veritape-(.*)@.*/, '$1'))
    expect(given.sort()).toEqual([
      'all-clear',
      'audit',
      'execute',
      'guardian',
      'health',
      'integrity',
      'preflight',
      'scan',
    ])
  })

  test('that looks rarely at its market has a watchdog that waits for it', () => {
    const slow = { ...defaults, execute: { ...defaults.execute, pollSeconds: 300 } }
    expect(filesOf(slow, place, shipped, []).get('veritape-execute@paper.service.d/book.conf')).toContain(
      'WatchdogSec=930\n',
    )
  })

  test('is known by its drop-in', () => {
    expect(installedBooks(['veritape-execute@a.service.d/book.conf', 'veritape-execute@.service'])).toEqual([
      'a',
    ])
  })
})

describe('places', () => {
  test.each([
    [{ prefix: '/home/you/veritape' }, 'hidden from units'],
    [{ node: '/root/.nvm/node' }, 'hidden from units'],
    [{ prefix: 'veritape' }, 'no plain absolute path'],
    [{ prefix: '/opt/a b' }, 'no plain absolute path'],
    [{ prefix: '/opt/%i' }, 'no plain absolute path'],
    [{ user: 'x y' }, 'no name of a system user'],
  ])('%j is refused', (change, sentence) => {
    expect(objectionTo({ ...place, ...change })).toContain(sentence)
  })
  test('/opt is fine', () => {
    expect(objectionTo(place)).toBeUndefined()
  })
  test('a placeholder that nothing fills is an error', () => {
    expect(() => rendered('ExecStart=@prfix@/x', place, new Map())).toThrow('@prfix@')
  })
})

describe('line diff', () => {
  test.each([
    ['a\nb\nc\n', 'a\nx\nc\n', ['  a', '- b', '+ x', '  c']],
    ['', 'a\n', ['+ a']],
    ['a\n', '', ['- a']],
    ['a\nb\n', 'b\na\n', ['- a', '  b', '+ a']],
    ['a\n', 'a\n', ['  a']],
  ])('%j to %j', (before, after, lines) => {
    expect(lineDiff(before, after)).toEqual(lines)
  })
})
