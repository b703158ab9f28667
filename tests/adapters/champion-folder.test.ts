// Champions from a folder.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readChampions } from '../../adapters/champion-folder.ts'
import { championObjection } from '../../domain/champion.ts'
import { sha256 } from '../../domain/hash.ts'
import { strategies } from '../../domain/strategies.ts'

const root = mkdtempSync(join(tmpdir(), 'veritape-champions-'))
afterAll(() => rmSync(root, { recursive: true }))

let folders = 0
const folderOf = (contents: Readonly<Record<string, unknown>>): string => {
  folders += 1
  const folder = join(root, `${folders}`)
  mkdirSync(folder)
  for (const [name, content] of Object.entries(contents))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return folder
}

const good = {
  strategy: 'ema-cross',
  symbol: 'BTC/USDT',
  timeframe: '5m',
  merged_config: { orderValue: '2000', parameters: { fast: 12, slow: 48 } },
  chosen: 'by hand',
}

test.each(['crypto', 'equities'])('every champion of examples/champions/%s would be verified', kind => {
  const champions = readChampions(`examples/champions/${kind}`)
  expect(champions.length).toBeGreaterThan(0)
  for (const champion of champions)
    expect(championObjection(champion, strategies), champion.source).toBeUndefined()
})

test('a champion carries its source and the hash of its bytes', () => {
  const folder = folderOf({
    'b.json': { ...good, symbol: '*' },
    'a.json': good,
    'notes.txt': 'not a champion',
  })
  const champions = readChampions(folder)
  expect(champions.map(({ source, symbol }) => [source, symbol])).toEqual([
    ['champions/a.json', 'BTC/USDT'],
    ['champions/b.json', '*'],
  ])
  expect(champions[0]?.sha256).toBe(sha256(readFileSync(join(folder, 'a.json'))))
})

test('a file named as a fallback is read, and refused by the verification', () => {
  const [champion] = readChampions(folderOf({ 'btc.fallback.json': good }))
  if (champion === undefined) throw new Error('not read')
  expect(championObjection(champion, strategies)?.reason).toBe('baseline-fallback')
})

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['text that is no JSON', { 'a.json': '{' }, 'a.json: it is no JSON'],
  ['a missing field', { 'a.json': { ...good, timeframe: undefined } }, 'timeframe'],
  ['an unknown field', { 'a.json': { ...good, orderVale: '1' } }, 'orderVale'],
  [
    'a number for money',
    { 'a.json': { ...good, merged_config: { ...good.merged_config, orderValue: 2000 } } },
    'merged_config.orderValue',
  ],
  ['one champion twice', { 'a.json': good, 'b.json': good }, 'b.json: a.json is ema-cross@BTC/USDT-5m too'],
  ['no champion', { 'readme.md': '' }, 'no champion lies in it'],
])('a folder with %s is refused, by name', (_, contents, sentence) => {
  expect(() => readChampions(folderOf(contents))).toThrow(sentence)
})

test('a missing folder is named, with what to do', () => {
  expect(() => readChampions(join(root, 'none'))).toThrow(
    'there is no such folder of champions; check its path',
  )
})
