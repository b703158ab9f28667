// docs/read_ledger.py: a reader in another language, made from docs/ledger-format.md alone, reads and proves our ledgers.

import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { printSlot } from '../../adapters/ledger-head.ts'
import { zeroHash } from '../../adapters/ledger-line-bytes.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { sealByHand } from '../adapters/sealed-by-hand.ts'
import { copyOf, linesOf, segmentsOf } from '../cli/files.ts'
import { root } from '../cli/veritape.ts'

const script = join(root, 'docs/read_ledger.py')

const read = (folder: string) => {
  const { error, status, stdout, stderr } = spawnSync('python3', [script, folder], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, PYTHONUTF8: '1' },
    maxBuffer: 64_000_000,
  })
  if (error !== undefined)
    throw new Error(`python3 does not start (${error.message}); install it, the documented reader must run`)
  return { status, stderr, lines: stdout.split('\n').slice(0, -1) }
}

const shelf = join(root, 'tests/ledgers')
const golden = readdirSync(shelf)
  .filter(name => !name.endsWith('.json'))
  .map(name => join(shelf, name, 'every-event'))
const book = golden[0] as string

test('it has 40 lines at most, and needs nothing but Python', () => {
  const text = readFileSync(script, 'utf8')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  const standard = ['glob', 'gzip', 'hashlib', 'json', 'os', 're', 'sys', 'zlib']
  expect(/^import (.*)$/m.exec(text)?.[1]?.split(', ')).toEqual(standard)
  expect(text.match(/\bimport\b/g)).toHaveLength(1)
})

test.each(golden)('it reads every event of %s', folder => {
  const { status, stderr, lines } = read(folder)
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(lines.map(line => line.split(' ').slice(0, 4))).toEqual(
    linesOf(folder).map(({ n, at, t, s }) => [n, at, t, s]),
  )
  expect(lines.map(line => JSON.parse(line.split(' ').slice(4).join(' ')))).toEqual(
    linesOf(folder).map(({ d }) => d),
  )
})

test('a sealed day reads the same', () => {
  const folder = copyOf(book)
  const before = read(folder)
  sealByHand(folder, segmentsOf(folder)[0] as string)
  expect(read(folder)).toEqual(before)
  expect(before.lines.length).toBeGreaterThan(50)
})

test('days that veritape seals read the same, and what is wrong in them is named', async () => {
  const folder = copyOf(book)
  const before = read(folder)
  const [day = ''] = segmentsOf(folder)
  for await (const _ of sealDays(folder));
  expect(readdirSync(folder)).toContain(`${day}.gz`)
  expect(readdirSync(folder)).not.toContain(day)
  expect(read(folder)).toEqual(before)
  const text = gunzipSync(readFileSync(join(folder, `${day}.gz`))).toString()
  writeFileSync(join(folder, `${day}.gz.new`), gzipSync(text.replace('28010', '28011')))
  renameSync(join(folder, `${day}.gz.new`), join(folder, `${day}.gz`))
  expect(read(folder)).toMatchObject({ status: 1, stderr: expect.stringContaining('another hash') })
})

test('what stands behind HEAD is not read', () => {
  const folder = copyOf(book)
  const before = read(folder)
  appendFileSync(join(folder, segmentsOf(folder).at(-1) as string), '{"n":"00000000000000')
  expect(read(folder)).toEqual(before)
})

const first = (folder: string) => join(folder, segmentsOf(folder)[0] as string)
const change = (file: string, edit: (text: string) => string) =>
  writeFileSync(file, edit(readFileSync(file, 'utf8')))
const withoutLine = (at: number) => (text: string) =>
  text
    .split('\n')
    .filter((_, index) => index !== at)
    .join('\n')

test.each<[string, (folder: string) => void, string]>([
  [
    'a changed figure',
    folder => change(first(folder), text => text.replace('28010', '28011')),
    'another hash',
  ],
  ['a line that is missing', folder => change(first(folder), withoutLine(5)), 'not linked'],
  ['a day that is missing', folder => rmSync(first(folder)), 'not linked'],
  [
    'an end that was cut off',
    folder => change(join(folder, segmentsOf(folder).at(-1) as string), withoutLine(1)),
    'damaged',
  ],
  [
    'a HEAD that cannot be read',
    folder => change(join(folder, 'HEAD'), text => text.replaceAll('crc=', 'crc=f')),
    'HEAD',
  ],
  [
    'a HEAD that names another event',
    folder => {
      const slot = printSlot({ seq: 5, segment: segmentsOf(folder)[0] as string, end: 1, hash: zeroHash })
      writeFileSync(join(folder, 'HEAD'), slot.repeat(2))
    },
    'event 5: it is not the one that HEAD names',
  ],
])('%s is named', (_, damage, sentence) => {
  const folder = copyOf(book)
  damage(folder)
  const { status, stderr } = read(folder)
  expect(status).toBe(1)
  expect(stderr).toContain(sentence)
})
