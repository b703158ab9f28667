// Bytes are kept under their hash, whole or not at all, and are checked whenever they are read.

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DataDamaged, dataFolder } from '../../adapters/data-folder.ts'
import { sha256 } from '../../domain/hash.ts'

vi.mock('node:fs/promises', async load => {
  const actual = await load<typeof import('node:fs/promises')>()
  return { ...actual, rename: vi.fn(actual.rename) }
})

let base: string
let folder: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'veritape-data-'))
  folder = join(base, 'ledger', 'data')
})
afterEach(() => rmSync(base, { recursive: true }))

const bytes = Buffer.from('a raw answer of a venue')
const hash = sha256(bytes)

const damage = (text: string) => {
  chmodSync(join(folder, hash), 0o644)
  writeFileSync(join(folder, hash), text)
}

test('what was put is got back by its hash, from a folder that did not exist', async () => {
  const data = dataFolder(folder)
  expect(await data.put(bytes)).toBe(hash)
  expect(Buffer.from(await data.get(hash))).toEqual(bytes)
  expect(readdirSync(folder)).toEqual([hash])
})

test('putting the same bytes again changes nothing', async () => {
  const data = dataFolder(folder)
  await data.put(bytes)
  const before = statSync(join(folder, hash))
  await data.put(bytes)
  expect(statSync(join(folder, hash)).ino).toBe(before.ino)
})

test('a file is copied under the hash of its bytes, and the original stays', async () => {
  const path = join(base, 'candles.csv')
  const large = Buffer.alloc(300_000, 'candle,')
  writeFileSync(path, large)
  const data = dataFolder(folder)
  expect(await data.putFile(path)).toBe(sha256(large))
  expect(await data.putFile(path)).toBe(sha256(large))
  expect(Buffer.from(await data.get(sha256(large))).equals(large)).toBe(true)
  expect(readFileSync(path).equals(large)).toBe(true)
  expect(readdirSync(folder)).toEqual([sha256(large)])
})

test('a file that is not there is refused by name', async () => {
  await expect(dataFolder(folder).putFile(join(base, 'none.csv'))).rejects.toThrow(
    /none\.csv is not there; nothing was copied/,
  )
})

test('a reader of files gets the path of bytes that were checked', async () => {
  await dataFolder(folder).put(bytes)
  expect(await dataFolder(folder).pathOf(hash)).toBe(join(folder, hash))
  damage('a raw answer of a venuE')
  await expect(dataFolder(folder).pathOf(hash)).rejects.toThrow(/is damaged/)
})

test('damaged bytes are never given out', async () => {
  const data = dataFolder(folder)
  await data.put(bytes)
  damage('a raw answer of a venuE')
  await expect(data.get(hash)).rejects.toThrow(DataDamaged)
  await expect(data.get(hash)).rejects.toThrow(/is damaged: its bytes have the SHA-256 .*; restore it/)
})

test('putting the true bytes puts a damaged file right', async () => {
  const data = dataFolder(folder)
  await data.put(bytes)
  damage('cut of')
  await data.put(bytes)
  expect(Buffer.from(await data.get(hash))).toEqual(bytes)
})

test('missing data and names that are no hash are told apart', async () => {
  const data = dataFolder(folder)
  await expect(data.get(hash)).rejects.toThrow(/is missing, and an event refers to it/)
  await expect(data.pathOf(hash)).rejects.toThrow(/is missing, and an event refers to it/)
  await expect(data.get('../LEDGER.json')).rejects.toThrow(/is no SHA-256/)
})

test('ten writers of the same bytes leave one file and no remains', async () => {
  const data = dataFolder(folder)
  const hashes = await Promise.all(Array.from({ length: 10 }, () => data.put(bytes)))
  expect(new Set(hashes)).toEqual(new Set([hash]))
  expect(readdirSync(folder)).toEqual([hash])
})

test('a copy that fails leaves nothing behind', async () => {
  await expect(dataFolder(folder).putFile(base)).rejects.toThrow(/EISDIR/)
  vi.mocked(rename).mockRejectedValueOnce(new Error('no space for the name'))
  await expect(dataFolder(folder).put(bytes)).rejects.toThrow('no space for the name')
  expect(readdirSync(folder)).toEqual([])
})
