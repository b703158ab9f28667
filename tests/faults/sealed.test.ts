// Sealed days: what is damaged is not sealed; and of what is sealed, every bit counts.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { type EventStore, LedgerDamaged } from '../../domain/event-store.ts'
import { folderInMemory } from './folders.ts'
import { openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { tell } from './teller.ts'
import { acknowledgedOf, damagesIn, type Line, prove, witness } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

const day = '2023-03-24.jsonl'
let place = ''
let lines: readonly Line[]

beforeEach(async () => {
  place = folderInMemory()
  await tell(`${place}/plain`, [2, 'midnight', 1])
  await tell(`${place}/sealed`, [2, 'midnight', 1, 'seal'])
  lines = witness(`${place}/sealed`)
})

/** A copy in which one file has other bytes. */
const withBytes = (from: string, file: string, bytes: Buffer): string => {
  const book = `${place}/book`
  fs.rmSync(book, { recursive: true, force: true })
  fs.cpSync(`${place}/${from}`, book, { recursive: true })
  fs.rmSync(`${book}/${file}`)
  fs.writeFileSync(`${book}/${file}`, bytes)
  return book
}

const flips = function* (good: Buffer, step: number) {
  for (let bit = 0; bit < good.length * 8; bit += step) {
    const bytes = Buffer.from(good)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    yield [`bit ${bit}`, bytes] as const
  }
  for (let length = 0; length < good.length - 1; length += step)
    yield [`${length} bytes`, good.subarray(0, length)] as const
  yield ['all bytes but the last', good.subarray(0, -1)] as const
}

test('a closed day with any damage is not sealed, and stays as it is', async () => {
  const count = counting()
  const good = fs.readFileSync(`${place}/plain/${day}`)
  for (const [what, bytes] of flips(good, full ? 3 : 211)) {
    const book = withBytes('plain', day, bytes)
    const before = fs.readdirSync(book)
    let refused = false
    try {
      for await (const _ of sealDays(book));
    } catch {
      refused = true
    }
    // An empty file is what a crash leaves of a segment without lines; verify, not seal, misses what was in it.
    if (!refused && bytes.length > 0) throw new Error(`${what}: it is sealed`)
    expect(fs.readFileSync(`${book}/${day}`).equals(bytes)).toBe(true)
    expect(fs.readdirSync(book).filter(name => !before.includes(name))).toEqual(['SEALING'])
    if ((await damagesIn(book)).length === 0) throw new Error(`${what}: verify finds no damage`)
    count.add('not sealed, named by verify')
  }
  count.row(
    'each bit and length of a closed day, before it is sealed',
    'G6 G7: seal refuses, nothing changed',
  )
})

test('damage in a closed day is named by verify; whoever opens the book is refused by name, if it matters to him', async () => {
  const count = counting()
  const good = fs.readFileSync(`${place}/plain/${day}`)
  for (const [what, bytes] of flips(good, full ? 7 : 61)) {
    const book = withBytes('plain', day, bytes)
    fs.rmSync(`${book}/CHECKPOINT`, { force: true }) // which would spare looking there
    if ((await damagesIn(book)).length === 0) throw new Error(`${what}: verify finds no damage`)
    try {
      await (await openBook(book, () => openedAt)).close()
      count.add('named by verify, no matter to a writer')
    } catch (error) {
      if (!(error instanceof LedgerDamaged)) throw new Error(`${what}: ${error}`, { cause: error })
      count.add('named by verify, and a writer is refused')
    }
    expect(fs.readFileSync(`${book}/${day}`).equals(bytes)).toBe(true)
  }
  count.row('each bit and length of a closed day, when the book is opened for writing', 'G6 G7 G8')
})

/** What a reader gets of the whole book. */
const served = async (book: string): Promise<'as it was' | 'refused'> => {
  let reader: EventStore | undefined
  try {
    reader = await openJsonlReader(book)
    let count = 0
    for await (const event of reader.readAll()) {
      const { seq, mark } = acknowledgedOf(event)
      if (lines[seq - 1]?.content !== mark) throw new Error(`event ${seq} is served with other content`)
      count++
    }
    expect(count).toBe(lines.length)
    return 'as it was'
  } catch (error) {
    if (error instanceof LedgerDamaged) return 'refused'
    throw error
  } finally {
    await reader?.close()
  }
}

test('any damage of a sealed day, its seal or its anchor is named, and nothing else is served', async () => {
  const count = counting()
  for (const file of [`${day}.gz`, `${day}.seal.json`, 'anchors/2023-03-24.json']) {
    const good = fs.readFileSync(`${place}/sealed/${file}`)
    for (const [what, bytes] of flips(good, full ? 1 : 61)) {
      const book = withBytes('sealed', file, bytes)
      try {
        if ((await damagesIn(book)).length === 0) throw new Error('verify finds no damage')
        count.add(
          `named; a reader is ${(await served(book)) === 'refused' ? 'refused' : 'served what was written'}`,
        )
      } catch (error) {
        throw new Error(`${what} of ${file}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        })
      }
    }
  }
  count.row('each bit and length of a sealed day, its seal and its anchor', 'G6')
})

test('a sealed book goes on', async () => {
  const { acknowledged } = await tell(`${place}/sealed`, [2, 'midnight', 1, 'midnight', 1, 'seal'])
  await prove(`${place}/sealed`, acknowledged)
})
