// HEAD: two slots, of which one may be torn at any time.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import {
  nothingDurable,
  openHead,
  printSlot,
  readHead,
  readHeadFrom,
  readSlot,
  slotBytes,
  writeSlot,
} from '../../adapters/ledger-head.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'

const older = { seq: 7, segment: '2023-03-24.jsonl', end: 3210, hash: 'a'.repeat(64) }
const newer = { seq: 9, segment: '2023-03-24.0002.jsonl', end: 4321, hash: 'b'.repeat(64) }

let folder = ''
let fd = 0
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-head-'))
  fs.writeFileSync(`${folder}/HEAD`, printSlot(older) + printSlot(newer))
  fd = openHead(folder, 'r+')
})
afterEach(() => {
  fs.closeSync(fd)
  fs.rmSync(folder, { recursive: true })
})

test('a slot has a fixed size, is one line of text and reads back', () => {
  for (const mark of [older, newer, nothingDurable]) {
    expect(printSlot(mark)).toHaveLength(slotBytes)
    expect(printSlot(mark).endsWith('\n')).toBe(true)
    expect(readSlot(printSlot(mark))).toEqual(mark)
  }
})

test('the newer slot counts, the older one is the next to be overwritten', () => {
  expect(readHead(fd, folder)).toEqual({ mark: newer, nextSlot: 0 })
  const newest = { ...newer, seq: 10 }
  writeSlot(nodeFiles, fd, 0, newest)
  expect(readHead(fd, folder)).toEqual({ mark: newest, nextSlot: 1 })
})

test('any flipped bit in one slot leaves the other one', () => {
  const good = fs.readFileSync(`${folder}/HEAD`)
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bytes = Buffer.from(good)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    fs.writeSync(fd, bytes, 0, bytes.length, 0)
    expect(readHeadFrom(fd)?.mark).toEqual(bit < slotBytes * 8 ? newer : older)
  }
})

test('cut anywhere, it gives a slot that is whole or nothing', () => {
  for (let length = 2 * slotBytes; length >= 0; length--) {
    fs.ftruncateSync(fd, length)
    const expected = length === 2 * slotBytes ? newer : length >= slotBytes ? older : undefined
    expect(readHeadFrom(fd)?.mark).toEqual(expected)
  }
})

test('when neither slot can be read, or there is no HEAD, nobody guesses', () => {
  fs.writeFileSync(`${folder}/HEAD`, 'x'.repeat(2 * slotBytes))
  expect(() => readHead(fd, folder)).toThrow(LedgerDamaged)
  fs.rmSync(`${folder}/HEAD`)
  expect(() => openHead(folder, 'r')).toThrow('is missing')
})

test('a slot that is written in part is a full disk, and the other slot stands', () => {
  const full = { ...nodeFiles, write: () => 43 }
  expect(() => writeSlot(full, fd, 0, newer)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
  expect(readHead(fd, folder).mark).toEqual(newer)
})
