// Releases: where they come from, which day they are proven on, and what of a verb's answer counts.

import { expect, test } from 'vitest'
import { dayToProve, objectionsIn, readHealth, readProof, sourceOf, worsened } from '../../domain/release.ts'

test.each([
  ['git+https://host/veritape.git#v0.2.0', { kind: 'git', url: 'https://host/veritape.git', ref: 'v0.2.0' }],
  ['git+file:///srv/veritape', { kind: 'git', url: 'file:///srv/veritape', ref: 'HEAD' }],
  ['https://host/veritape.tgz', { kind: 'download', url: 'https://host/veritape.tgz' }],
  ['/root/veritape.tar.gz', { kind: 'archive', path: '/root/veritape.tar.gz' }],
  ['../veritape', { kind: 'folder', path: '../veritape' }],
])('%s', (text, source) => {
  expect(sourceOf(text)).toEqual(source)
})

test('the day that is proven is the last one that is over', () => {
  expect(dayToProve(['2026-11-20', '2026-11-23'], '2026-11-23')).toBe('2026-11-20')
  expect(dayToProve(['2026-11-20'], '2026-11-23')).toBe('2026-11-20')
  expect(dayToProve(['2026-11-23'], '2026-11-23')).toBe('2026-11-23')
  expect(dayToProve([], '2026-11-23')).toBeUndefined()
})

test('an answer that is none is none, and not a good one', () => {
  for (const text of ['', 'PASS', '{}', '{"error":"no","exit":78}', '[]'])
    for (const read of [readProof, objectionsIn, readHealth]) expect(read(text)).toBeUndefined()
})

test('of the preflight counts what a release needs, not the hour', () => {
  const line = (name: string, verdict: string) => ({ name, verdict, saw: 'x', todo: 'y' })
  const lines = [
    line('session', 'FAIL'),
    line('bars', 'WARN'),
    line('universe', 'FAIL'),
    line('ledger', 'PASS'),
  ]
  expect(objectionsIn(JSON.stringify({ lines }))).toEqual(['universe: x; y'])
})

test('only what became unhealthy is held against it', () => {
  const of = (...checks: readonly [string, string][]) => ({
    verdict: '',
    checks: checks.map(([name, verdict]) => ({ name, verdict, saw: 's' })),
  })
  const before = of(['disk', 'unhealthy'], ['candles', 'degraded'])
  expect(
    worsened(before, of(['disk', 'unhealthy'], ['candles', 'unhealthy'], ['views', 'degraded'])),
  ).toEqual(['candles: s'])
  expect(worsened(undefined, of(['disk', 'unhealthy']))).toEqual(['disk: s'])
})
