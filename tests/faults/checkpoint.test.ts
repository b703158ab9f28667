// A checkpoint spares going through the past. It is never believed more than the ledger: one that is damaged, missing,
// of another ledger or of another past is passed over, and the answers are the same.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { putDisk } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { type Step, tell } from './teller.ts'
import { type Acknowledged, prove } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

const firstDay = '2023-03-24.jsonl'
let place = ''
let acknowledged: readonly Acknowledged[]
/** The checkpoint, below the book. */
let checkpoint = ''

const threeDays: readonly Step[] = [2, 'midnight', 2, 'midnight', 1]

beforeEach(async () => {
  place = folderInMemory()
  acknowledged = (await tell(`${place}/good`, threeDays)).acknowledged
  const [name, ...others] = fs.readdirSync(`${place}/good/checkpoints`)
  expect(others).toEqual([])
  checkpoint = `checkpoints/${name}`
})

/** A book as it was, with something changed. */
const bookWith = (change: (book: string) => void): string => {
  const book = `${place}/book`
  fs.rmSync(book, { recursive: true, force: true })
  fs.cpSync(`${place}/good`, book, { recursive: true })
  change(book)
  return book
}

/** Whether opening went through the first day again. */
const wentThrough = async (book: string): Promise<boolean> => {
  const disk = putDisk(book, () => undefined)
  try {
    await (await openBook(book, () => openedAt)).close()
    return disk.operations.some(({ kind, file }) => kind === 'open' && file === firstDay)
  } finally {
    disk.remove()
  }
}

const proveIgnored = async (change: (book: string) => void): Promise<string> => {
  await prove(bookWith(change), acknowledged)
  return (await wentThrough(bookWith(change))) ? 'ignored, all segments gone through' : 'used'
}

test('a good one is used', async () => {
  expect(await proveIgnored(() => {})).toBe('used')
})

const files = () =>
  [checkpoint, 'CHECKPOINT'].map(file => [file, fs.readFileSync(`${place}/good/${file}`)] as const)

test('any flipped bit, and any cut, makes it ignored', async () => {
  const count = counting()
  for (const [file, good] of files()) {
    for (let bit = 0; bit < good.length * 8; bit += full ? 5 : 101) {
      const bytes = Buffer.from(good)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      const outcome = await proveIgnored(book => fs.writeFileSync(`${book}/${file}`, bytes))
      if (outcome === 'used') throw new Error(`bit ${bit} of ${file}: it is used all the same`)
      count.add(outcome)
    }
    for (let length = 0; length < good.length; length += full ? 1 : 37) {
      const outcome = await proveIgnored(book =>
        fs.writeFileSync(`${book}/${file}`, good.subarray(0, length)),
      )
      if (outcome === 'used') throw new Error(`${length} bytes of ${file}: it is used all the same`)
      count.add(outcome)
    }
  }
  count.row('bits and lengths of a checkpoint and its voucher', 'G6: derived, never trusted')
})

test('one that is missing, of another ledger or of another past is ignored', async () => {
  const count = counting()
  const copied = (from: string) => (book: string) => {
    fs.rmSync(`${book}/checkpoints`, { recursive: true })
    fs.cpSync(`${from}/checkpoints`, `${book}/checkpoints`, { recursive: true })
    fs.copyFileSync(`${from}/CHECKPOINT`, `${book}/CHECKPOINT`)
  }
  await tell(`${place}/other`, [3, 'midnight', 1, 'midnight', 1])
  // The same ledger until the first evening; then it went on in another way: what a restored backup looks like.
  await tell(`${place}/forked`, [1])
  fs.cpSync(`${place}/forked`, `${place}/twin`, { recursive: true })
  await tell(`${place}/forked`, [2, 'midnight', 3, 'midnight', 1])
  acknowledged = (await tell(`${place}/twin`, threeDays)).acknowledged
  fs.rmSync(`${place}/good`, { recursive: true })
  fs.renameSync(`${place}/twin`, `${place}/good`)
  for (const change of [
    copied(`${place}/other`),
    copied(`${place}/forked`),
    (book: string) => fs.rmSync(`${book}/${checkpoint}`),
    (book: string) => fs.rmSync(`${book}/CHECKPOINT`),
    (book: string) => fs.rmSync(`${book}/checkpoints`, { recursive: true }),
  ]) {
    const outcome = await proveIgnored(change)
    expect(outcome).not.toBe('used')
    count.add(outcome)
  }
  count.row('a checkpoint that is missing, of another ledger, of a forked one', 'G7 G10')
})
