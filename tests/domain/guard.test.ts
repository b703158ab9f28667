// What a guardian does next: given what a check said and what was tried, then.

import { describe, expect, test } from 'vitest'
import {
  findingOf,
  guardObjection,
  healing,
  hopeless,
  nextStep,
  patternsOf,
  type Situation,
} from '../../domain/guard.ts'
import { GuardRules, guardDefaults } from '../../domain/guard-rules.ts'
import { instantOf } from '../../domain/time.ts'

const now = instantOf(Date.parse('2026-11-25T12:00:00Z'))
const ago = (minutes: number) => instantOf(Date.parse(now) - minutes * 60_000)
const ill: Situation = {
  finding: 'ill',
  code: 2,
  output: 'heartbeat  unhealthy  last cycle 400 s ago',
  patterns: patternsOf(guardDefaults),
  attempts: [],
  tried: 0,
  now,
  budget: { perHour: 3, perDay: 8 },
}

describe('exit codes', () => {
  const health = ['veritape', 'check', 'health']
  const preflight = ['node', 'main.js', 'check', 'preflight', '--strict']
  test.each([
    [health, 0, 'well'],
    [health, 1, 'warning'],
    [health, 2, 'ill'],
    [health, 70, 'unexpected'],
    [preflight, 1, 'ill'],
    [preflight, 2, 'warning'],
    [preflight, 78, 'unexpected'],
    [['/bin/mine'], 0, 'well'],
    [['/bin/mine'], 1, 'ill'],
    [['/bin/mine'], 2, 'ill'],
    [['/bin/mine'], 3, 'unexpected'],
    [health, 129, 'unexpected'],
  ] as const)('%j with %i is %s', (command, code, finding) => {
    expect(findingOf(command, code)).toBe(finding)
  })
})

describe('next', () => {
  test('well at once: nothing; well after a recovery: recovered', () => {
    expect(nextStep({ ...ill, finding: 'well' })).toEqual({ kind: 'done', sentence: 'all is well' })
    expect(nextStep({ ...ill, finding: 'well', tried: 1 })).toEqual({ kind: 'done', sentence: 'recovered' })
  })

  test('a first illness is healed at once, later ones after 10, 20 and 40 seconds', () => {
    const waits = [0, 1, 2, 3].map(tried => nextStep({ ...ill, tried, budget: { perHour: 9, perDay: 9 } }))
    expect(waits).toEqual(
      [0, 10_000, 20_000, 40_000].map(waitMs => ({
        kind: 'recover',
        action: 'restart',
        because: 'no progress',
        waitMs,
      })),
    )
  })

  test('the budget of an hour holds at its bound, and counts no older ones', () => {
    expect(nextStep({ ...ill, attempts: [ago(59), ago(30)] }).kind).toBe('recover')
    expect(nextStep({ ...ill, attempts: [ago(59), ago(30), ago(1)] })).toMatchObject({ kind: 'alert' })
    expect(nextStep({ ...ill, attempts: [ago(60), ago(30), ago(1)] }).kind).toBe('recover')
  })

  test('a failure that comes and goes uses up the budget of a day', () => {
    const flapping = [1, 2, 3, 4, 5, 6, 7, 8].map(n => ago(n * 120))
    expect(nextStep({ ...ill, attempts: flapping.slice(1) }).kind).toBe('recover')
    expect(nextStep({ ...ill, attempts: flapping })).toMatchObject({
      kind: 'alert',
      sentence: 'no progress: 8 recoveries in a day did not last',
    })
  })

  test.each([
    ['disk  unhealthy  12 MiB free, 0 %', 'no room on the disk'],
    ['ledger  unhealthy  line 12 is damaged', 'damaged ledger'],
    ['drift  unhealthy  1 unresolved\nunits  unhealthy  failed: x', 'drift'],
    ['binance {"msg":"Invalid API-key"}', 'refused credentials'],
  ])('%s: a restart cannot help', (output, name) => {
    expect(nextStep({ ...ill, output })).toEqual({
      kind: 'alert',
      pattern: name,
      sentence: `${name}: a restart cannot help`,
    })
  })

  test.each([
    ['read ECONNRESET', 'socket', 'reconnect'],
    ['request timed out', 'timeout', 'reconnect'],
    ['candles  unhealthy  last one closed 900 s ago', 'feed delay', 'reconnect feed'],
    ['SIP feed is delayed', 'feed delay', 'reconnect feed'],
    ['units  unhealthy  failed: veritape-execute@paper.service', 'failed units', 'restart'],
    ['heartbeat  unhealthy  last cycle 400 s ago', 'no progress', 'restart'],
    ['memory  unhealthy  3000 MB resident', 'no progress', 'restart'],
    ['venue  unhealthy  kraken gives no usable answer: timed out', 'venue', 'reconnect venue'],
    ['HTTP 503', 'venue', 'reconnect venue'],
    ['unknown orders  unhealthy  abc-12\nvenue  unhealthy  it stalls', 'venue', 'reconnect venue'],
    ['stale lock: flow.lock', 'lock file', 'clear locks'],
  ])('%s: %s, first %s, then a restart', (output, because, action) => {
    expect(nextStep({ ...ill, output })).toMatchObject({ kind: 'recover', because, action })
    for (const tried of [1, 2])
      expect(nextStep({ ...ill, output, tried })).toMatchObject({ because, action: 'restart' })
  })

  test('unknown orders alone: new connections within the budget, never a restart', () => {
    for (const tried of [0, 1, 2])
      expect(nextStep({ ...ill, output: 'unknown orders  unhealthy  abc-12', tried })).toMatchObject({
        kind: 'recover',
        action: 'reconnect venue',
      })
  })

  test('an ok line of a check is no pattern', () => {
    const output = 'disk  ok  90000 MiB free\ndrift  ok  none known\nsomething  unhealthy  odd'
    expect(nextStep({ ...ill, output })).toEqual({
      kind: 'alert',
      sentence: 'the check failed for a reason that no pattern knows',
    })
  })

  test('a code that is no verdict is an alarm and never a restart', () => {
    expect(nextStep({ ...ill, finding: 'unexpected', code: 70 })).toEqual({
      kind: 'alert',
      sentence: 'the check ended with 70, which is none of its verdicts',
    })
  })

  test('hopeless patterns stand first, and only they have no action', () => {
    expect(hopeless.every(({ actions }) => actions.length === 0)).toBe(true)
    expect(healing.every(({ actions }) => actions.length > 0)).toBe(true)
    expect(patternsOf(guardDefaults)).toEqual([...hopeless, ...healing])
  })
})

describe('own rules', () => {
  const own = (given: object) => GuardRules.parse({ ...guardDefaults, ...given })
  const flow = { name: 'flow', words: 'uw.*fail', actions: ['run flow', 'restart flow.service', 'restart'] }

  test('an own pattern comes before those of the program, and its actions one after the other', () => {
    const patterns = patternsOf(own({ patterns: [flow] }))
    const output = 'UW socket FAILED: ECONNRESET'
    const actions = [0, 1, 2, 3].map(tried =>
      nextStep({ ...ill, output, patterns, tried, budget: { perHour: 9, perDay: 9 } }),
    )
    expect(actions.map(each => 'action' in each && each.action)).toEqual([
      'run flow',
      'restart flow.service',
      'restart',
      'restart',
    ])
  })

  test('no own pattern heals what is hopeless, and one without actions is an alarm', () => {
    const patterns = patternsOf(own({ patterns: [{ ...flow, words: '.' }] }))
    expect(nextStep({ ...ill, output: 'drift  unhealthy  1', patterns }).kind).toBe('alert')
    const none = patternsOf(own({ patterns: [{ ...flow, actions: [] }] }))
    expect(nextStep({ ...ill, output: 'uw fail', patterns: none })).toMatchObject({
      kind: 'alert',
      pattern: 'flow',
    })
  })

  test.each([
    [{ patterns: [flow], units: ['flow.service'] }, /flow runs flow, which guard.commands does not define/],
    [{ patterns: [flow], commands: { flow: ['/bin/true'] } }, /restarts flow.service, which guard.units/],
    [{ commands: { flow: ['true'] } }, /whole path/],
  ])('%j is refused', (given, why) => {
    expect(guardObjection(own(given))).toMatch(why)
  })

  test('all there: no objection', () => {
    const rules = own({ patterns: [flow], units: ['flow.service'], commands: { flow: ['/bin/true'] } })
    expect(guardObjection(rules)).toBeUndefined()
  })

  test.each([
    { patterns: [{ ...flow, words: '(' }] },
    { patterns: [{ ...flow, actions: ['pkill python'] }] },
    { patterns: [{ ...flow, actions: ['restart ../../x.service'] }] },
    { units: ['a b.service'] },
    { perHour: -1 },
  ])('%j does not parse', given => {
    expect(GuardRules.safeParse({ ...guardDefaults, ...given }).success).toBe(false)
  })
})
