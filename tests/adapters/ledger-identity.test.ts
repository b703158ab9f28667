// Which ledger a folder is: created once, by one, completely; and never mistaken for another.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { NoSuchBook, requireFileSystem } from '../../adapters/ledger-identity.ts'
import { isRight } from '../../domain/result.ts'
import { candleGroup, candles, handClock } from '../cast.ts'
import { all } from './event-store.contract.ts'
import { otherProcess } from './ledger-process.ts'

const create = { book: 'cast', mode: 'dry-run', zone: 'America/New_York' } as const
const clock = handClock()
let folder = ''
beforeEach(() => {
  folder = `${fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-identity-'))}/ledger/cast`
})
afterEach(() => fs.rmSync(path.dirname(path.dirname(folder)), { recursive: true, force: true }))

const open = (more: object = { create }) =>
  openJsonlStore({ folder, role: 'execute', clock: clock.now, allowMemory: true, ...more })

test('a new ledger has an identity that later openings find again', async () => {
  const store = await open()
  expect(store.identity).toMatchObject({
    book: 'cast',
    mode: 'dry-run',
    zone: 'America/New_York',
    epoch: clock.now(),
  })
  await store.close()
  const again = await open({})
  expect(again.identity).toEqual(store.identity)
  await again.close()
  const reader = await openJsonlReader(folder)
  expect(reader.identity).toEqual(store.identity)
  await reader.close()
})

test('where there is no ledger, opening says so, how to create one, and creates nothing', async () => {
  await expect(open({})).rejects.toThrow(NoSuchBook)
  await expect(open({})).rejects.toThrow('veritape execute')
  await expect(openJsonlReader(folder)).rejects.toThrow(NoSuchBook)
  expect(fs.existsSync(folder)).toBe(false)
})

test('a folder with a KILL file alone is no ledger yet, and becomes one', async () => {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(`${folder}/KILL`, '')
  await expect(open({})).rejects.toThrow(NoSuchBook)
  await (await open()).close()
})

test('a ledger of another mode or book is refused', async () => {
  await (await open()).close()
  await expect(open({ create: { ...create, mode: 'live' } })).rejects.toMatchObject({ verdict: 'not-ours' })
  await expect(open({ create: { ...create, book: 'other' } })).rejects.toThrow(
    "the book 'cast' in mode dry-run",
  )
})

test('a folder with other things in it is refused, and nothing is put there', async () => {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(`${folder}/holiday.jpg`, '')
  await expect(open()).rejects.toThrow('holds holiday.jpg but no LEDGER.json')
  expect(fs.readdirSync(folder)).toEqual(['holiday.jpg'])
})

test('segments without LEDGER.json are refused: nobody starts a second chain there', async () => {
  const store = await open()
  await store.append(candleGroup(0))
  await store.close()
  fs.rmSync(`${folder}/LEDGER.json`)
  await expect(open()).rejects.toMatchObject({ verdict: 'not-ours' })
})

test('a ledger of a newer program is refused with what to do', async () => {
  await (await open()).close()
  const file = `${folder}/LEDGER.json`
  const content = JSON.parse(fs.readFileSync(file, 'utf8'))
  fs.writeFileSync(file, JSON.stringify({ ...content, minReaderVersion: 2, news: true }))
  await expect(open()).rejects.toThrow('update veritape')
  fs.writeFileSync(file, JSON.stringify({ ...content, book: undefined }))
  await expect(open()).rejects.toThrow('does not parse')
  fs.writeFileSync(file, '{')
  await expect(openJsonlReader(folder)).rejects.toThrow('is not JSON')
})

test('a ledger in a newer format that an old program may read is read, and not written', async () => {
  const store = await open()
  await store.append(candleGroup(0))
  await store.close()
  const file = `${folder}/LEDGER.json`
  const newer = { ...JSON.parse(fs.readFileSync(file, 'utf8')), formatVersion: 2, news: true }
  fs.writeFileSync(file, JSON.stringify(newer))
  const reader = await openJsonlReader(folder)
  expect(await all(reader.read(candles))).toHaveLength(1)
  await reader.close()
  await expect(open()).rejects.toMatchObject({
    verdict: 'not-ours',
    message: expect.stringContaining('it is written in format 2, and this program writes 1'),
  })
  fs.writeFileSync(file, JSON.stringify({ ...newer, formatVersion: 1 }))
  await expect(openJsonlReader(folder)).rejects.toThrow('news')
})

test('a creation that was interrupted before LEDGER.json is done again', async () => {
  await (await open()).close()
  fs.rmSync(`${folder}/LEDGER.json`)
  fs.writeFileSync(`${folder}/LEDGER.json.tmp`, '{"formatV')
  const store = await open()
  expect(isRight(await store.append(candleGroup(0)))).toBe(true)
  await store.close()
})

test('of several processes that create it at once one does, and all write to it', async () => {
  const others = ['AAA', 'BBB', 'CCC'].map(name => otherProcess('create', folder, name))
  expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0, 0])
  const reader = await openJsonlReader(folder)
  expect((await all(reader.readAll())).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  await reader.close()
})

test('a ledger that another process creates between two looks is found, not taken for foreign', async () => {
  await (await open()).close()
  const missing = Object.assign(new Error('not yet'), { code: 'ENOENT' })
  vi.spyOn(fs, 'readFileSync').mockImplementationOnce(() => {
    throw missing
  })
  const store = await open({})
  expect(store.identity.book).toBe('cast')
  await store.close()
  vi.restoreAllMocks()
})

test('a reader needs no right to write, and reads while a writer has it open', async () => {
  const store = await open()
  await store.append(candleGroup(0))
  fs.chmodSync(folder, 0o555)
  for (const name of fs.readdirSync(folder)) fs.chmodSync(`${folder}/${name}`, 0o444)
  const before = fs.readdirSync(folder)
  const reader = await openJsonlReader(folder)
  expect(await all(reader.read(candles))).toHaveLength(1)
  await expect(reader.append(candleGroup(1))).rejects.toThrow('opened for reading')
  await reader.close()
  expect(fs.readdirSync(folder)).toEqual(before)
  fs.chmodSync(folder, 0o755)
  await store.close()
})

test('a file system that keeps no promises is refused', () => {
  expect(() => requireFileSystem('/proc', false)).toThrow('may lose what was acknowledged')
  expect(() => requireFileSystem('/proc', true)).toThrow('ext4')
})
