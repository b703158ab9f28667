// Verifying: a good ledger has no damage; any other is named by segment, line and byte; nothing is changed.

import { hash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { NoSuchBook } from '../../adapters/ledger-identity.ts'
import {
  type Damage,
  type VerifyOptions,
  type VerifyReport,
  verifyLedger,
} from '../../adapters/ledger-verify.ts'
import { candleGroup, handClock } from '../cast.ts'
import { appended } from './event-store.contract.ts'

const first = '2023-03-24.jsonl'
const second = '2023-03-25.jsonl'
let folder = ''

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-verify-'))
  const clock = handClock()
  const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
  const store = await openJsonlStore({ folder, role: 'execute', clock: clock.now, create, allowMemory: true })
  for (let n = 0; n < 5; n++) appended(await store.append(candleGroup(n)))
  clock.advance(24 * 3_600_000)
  for (let n = 5; n < 8; n++) appended(await store.append(candleGroup(n)))
  await store.close()
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const verify = async (options?: VerifyOptions) => {
  const damages: Damage[] = []
  const steps = verifyLedger(folder, options)
  let step = await steps.next()
  let bytes = 0
  for (; step.done !== true; step = await steps.next()) {
    if (step.value.kind === 'damage') damages.push(step.value.damage)
    else bytes = step.value.bytes
  }
  return { damages, report: step.value as VerifyReport, bytes }
}

const edit = (name: string, change: (lines: string[]) => string[]) => {
  const lines = fs.readFileSync(`${folder}/${name}`, 'utf8').split('\n').slice(0, -1)
  fs.writeFileSync(
    `${folder}/${name}`,
    change(lines)
      .map(line => `${line}\n`)
      .join(''),
  )
}

/** A forger recomputes the hash of the line that he changed. */
const rehash = (line: string) => `${line.slice(0, -72)},"h":"${hash('sha256', line.slice(0, -72), 'hex')}"}`

test('a good ledger has no damage, and the report says what was looked at', async () => {
  const size = fs.statSync(`${folder}/${first}`).size + fs.statSync(`${folder}/${second}`).size
  for (const deep of [false, true]) {
    const { damages, report, bytes } = await verify({ deep })
    expect(damages).toEqual([])
    expect(report).toMatchObject({
      segments: [first, second],
      events: 11,
      bytes: size,
      unacknowledgedBytes: 0,
      damages: 0,
    })
    expect(report.head.seq).toBe(11)
    expect(bytes).toBe(size)
  }
})

test('a changed byte is named by segment, line and byte, with what was expected', async () => {
  edit(first, lines =>
    lines.map((line, at) => (at === 2 ? line.replace('"volume":"12.5"', '"volume":"12.6"') : line)),
  )
  const { damages, report } = await verify()
  const lines = fs.readFileSync(`${folder}/${first}`, 'utf8').split('\n')
  expect(damages).toHaveLength(1)
  expect(damages[0]).toMatchObject({
    segment: first,
    line: 3,
    byte: (lines[0]?.length ?? 0) + (lines[1]?.length ?? 0) + 2,
    expected: expect.stringMatching(/^hash \w{64}$/),
    found: expect.stringMatching(/^\w{64}$/),
  })
  expect(report.damages).toBe(1)
})

test('a changed line with a recomputed hash breaks the chain at the next line', async () => {
  edit(first, lines => lines.map((line, at) => (at === 2 ? rehash(line.replace('12.5', '12.6')) : line)))
  const { damages } = await verify()
  expect(damages).toMatchObject([
    { segment: first, line: 4, expected: expect.stringContaining('previous hash') },
  ])
})

test('the last line with a recomputed hash is not the one that HEAD acknowledges', async () => {
  edit(second, lines =>
    lines.map((line, at) => (at === lines.length - 1 ? rehash(line.replace('12.5', '12.6')) : line)),
  )
  expect((await verify()).damages).toMatchObject([
    { segment: second, expected: expect.stringContaining('of HEAD') },
  ])
})

test('each of several damages is named', async () => {
  edit(first, lines => lines.map((line, at) => (at === 1 || at === 4 ? line.replace('12.5', '12.6') : line)))
  edit(second, lines => lines.map((line, at) => (at === 1 ? line.replace('12.5', '12.6') : line)))
  expect((await verify()).damages.map(({ segment, line }) => [segment, line])).toEqual([
    [first, 2],
    [first, 5],
    [second, 2],
  ])
})

test('a deleted, a repeated and a swapped line are found', async () => {
  const good = fs.readFileSync(`${folder}/${first}`)
  for (const change of [
    (lines: string[]) => lines.toSpliced(2, 1),
    (lines: string[]) => lines.toSpliced(2, 0, lines[2] as string),
    (lines: string[]) => lines.toSpliced(2, 2, lines[3] as string, lines[2] as string),
  ]) {
    edit(first, change)
    expect((await verify()).damages[0]).toMatchObject({ segment: first })
    fs.writeFileSync(`${folder}/${first}`, good)
  }
  expect((await verify()).damages).toEqual([])
})

test('a missing segment is found, the first, the last and one between', async () => {
  fs.renameSync(`${folder}/${second}`, `${folder}/away`)
  expect((await verify()).damages).toMatchObject([{ expected: 'event 11, which HEAD acknowledges' }])
  fs.renameSync(`${folder}/away`, `${folder}/${second}`)
  fs.renameSync(`${folder}/${first}`, `${folder}/away`)
  expect((await verify()).damages.length).toBeGreaterThan(0)
})

test('an end that was cut off at a group is found by HEAD', async () => {
  edit(second, lines => lines.slice(0, -1))
  expect((await verify()).damages).toMatchObject([{ expected: 'event 11, which HEAD acknowledges' }])
})

test('a missing HEAD is damage', async () => {
  fs.rmSync(`${folder}/HEAD`)
  expect((await verify()).damages).toMatchObject([{ segment: 'HEAD' }])
})

test('bytes of a write under way are no damage', async () => {
  fs.appendFileSync(`${folder}/${second}`, '{"n":"00')
  const { damages, report } = await verify()
  expect(damages).toEqual([])
  expect(report.unacknowledgedBytes).toBe(8)
})

test('one day alone can be verified', async () => {
  edit(first, lines => lines.map((line, at) => (at === 2 ? line.replace('12.5', '12.6') : line)))
  expect((await verify({ date: '2023-03-25' })).damages).toEqual([])
  expect((await verify({ date: '2023-03-25' })).report).toMatchObject({ segments: [second], events: 4 })
  expect((await verify({ date: '2023-03-24' })).damages).toHaveLength(1)
})

test('only a deep look sees data that does not parse behind a hash that is right', async () => {
  // Forged to the end: data, own hash, and the next line's idea of it, all the way to HEAD.
  const before = fs.readFileSync(`${folder}/${second}`, 'utf8').split('\n').at(-2) as string
  const forged = rehash(before.replace('"volume":"12.5"', '"volume":12.55'))
  edit(second, lines => lines.with(-1, forged))
  const size = fs.statSync(`${folder}/${second}`).size
  const { printSlot } = await import('../../adapters/ledger-head.ts')
  const mark = { seq: 11, segment: second, end: size, hash: forged.slice(-66, -2) }
  fs.writeFileSync(`${folder}/HEAD`, printSlot(mark).repeat(2))
  expect((await verify()).damages).toEqual([])
  expect((await verify({ deep: true })).damages).toMatchObject([
    { segment: second, expected: 'an event of the catalogue', found: expect.stringContaining('volume') },
  ])
})

test('a folder without a ledger is said to have none', async () => {
  await expect(verifyLedger(`${folder}/none`).next()).rejects.toThrow(NoSuchBook)
})

test('nothing is changed by looking', async () => {
  const look = () => fs.readdirSync(folder).map(name => [name, fs.statSync(`${folder}/${name}`).mtimeMs])
  const before = look()
  await verify({ deep: true })
  expect(look()).toEqual(before)
})
