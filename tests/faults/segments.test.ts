// Whole files are missing, old, swapped or somebody else's: the work of a wrong copy or a half restored backup. What was
// acknowledged is then not all there, and everybody says so; nothing is changed on the disk.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'
import { folderInMemory } from './folders.ts'
import { groupOf, openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { type Step, tell } from './teller.ts'
import {
  type Acknowledged,
  acknowledgedOf,
  candlesIn,
  damagesIn,
  type Line,
  prove,
  segmentsIn,
  witness,
} from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

const fourDays: readonly Step[] = [2, 1, 'midnight', 1, 2, 'midnight', 2, 1, 'midnight', 2]

let place = ''
let acknowledged: readonly Acknowledged[]
let names: readonly string[]
let lines: readonly Line[]

beforeEach(async () => {
  place = folderInMemory()
  acknowledged = (await tell(`${place}/good`, fourDays)).acknowledged
  await tell(`${place}/other`, fourDays) // another ledger that has lived through the same days
  names = segmentsIn(`${place}/good`)
  lines = witness(`${place}/good`)
  expect(names).toHaveLength(4)
})

/** A copy with other files; without checkpoints, which would spare looking at closed days. */
const bookWith = (change: (book: string) => void): string => {
  const book = `${place}/book`
  fs.rmSync(book, { recursive: true, force: true })
  fs.cpSync(`${place}/good`, book, { recursive: true })
  fs.rmSync(`${book}/CHECKPOINT`)
  change(book)
  return book
}

const bytesOf = (book: string): readonly (readonly [string, string])[] =>
  segmentsIn(book).map(name => [name, fs.readFileSync(`${book}/${name}`, 'latin1')])

/** What opening for writing says. */
const verdictOf = async (book: string): Promise<string> => {
  try {
    await (await openBook(book, () => openedAt, { checkpoints: `${place}/none` })).close()
    return 'opened'
  } catch (error) {
    if (error instanceof LedgerDamaged) return error.verdict
    throw error
  }
}

/** A reader is served what was written, or he is told: at the latest where the lines do not join. */
const requireTold = async (book: string) => {
  const served: Acknowledged[] = []
  try {
    const reader = await openJsonlReader(book)
    try {
      for await (const event of reader.readAll()) served.push(acknowledgedOf(event))
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (error instanceof LedgerDamaged) return
    throw error
  }
  if (served.length !== lines.length || served.some(({ seq, mark }) => lines[seq - 1]?.content !== mark))
    throw new Error(`a reader is served ${served.length} of ${lines.length} events, other ones, and no error`)
}

const requireNamed = async (what: string, change: (book: string) => void): Promise<string> => {
  const book = bookWith(change)
  const before = bytesOf(book)
  try {
    if ((await damagesIn(book)).length === 0) throw new Error('verify finds no damage')
    const verdict = await verdictOf(book)
    if (verdict === 'opened') throw new Error('it opens for writing')
    await requireTold(book)
    expect(bytesOf(book)).toEqual(before)
    expect(fs.existsSync(`${book}/quarantine`)).toBe(false)
    return verdict
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

test('a day that is missing, alone or with all behind it', async () => {
  const count = counting()
  for (const [at, name] of names.entries()) {
    count.add(await requireNamed(`without ${name}`, book => fs.rmSync(`${book}/${name}`)))
    const all = (book: string) => {
      for (const later of names.slice(at)) fs.rmSync(`${book}/${later}`)
    }
    count.add(await requireNamed(`without ${name} and later ones`, all))
  }
  count.row('days removed: the first, one between, the newest, all', 'G3 G6 G7')
})

test('a day that is an older copy of itself, at every length that it ever had', async () => {
  const count = counting()
  for (const name of names) {
    const bytes = fs.readFileSync(`${place}/good/${name}`)
    for (let length = 0; length < bytes.length; length += full ? 41 : 397)
      count.add(
        await requireNamed(`${name} as it was with ${length} bytes`, book =>
          fs.writeFileSync(`${book}/${name}`, bytes.subarray(0, length)),
        ),
      )
    let end = 0
    for (const text of bytes.toString().split('\n').slice(0, -2)) {
      end += text.length + 1
      const older = bytes.subarray(0, end)
      count.add(
        await requireNamed(`${name} up to byte ${end}`, book => fs.writeFileSync(`${book}/${name}`, older)),
      )
    }
  }
  count.row('each day replaced by an older copy of itself', 'G6 G7: the joint, or HEAD, does not fit')
})

test('days that stand in for each other, or come from another ledger of the same days', async () => {
  const count = counting()
  for (const name of names)
    for (const other of names) {
      if (other !== name) {
        const copied = (book: string) => fs.copyFileSync(`${place}/good/${other}`, `${book}/${name}`)
        count.add(await requireNamed(`${other} in the place of ${name}`, copied))
      } else {
        const foreign = (book: string) => fs.copyFileSync(`${place}/other/${name}`, `${book}/${name}`)
        count.add(await requireNamed(`${name} of another ledger`, foreign))
      }
    }
  count.row('days in the place of others, and days of another ledger', 'G3 G6')
})

test('a HEAD of another ledger, or of a later state than the days that are there', async () => {
  const count = counting()
  const foreign = (book: string) => fs.copyFileSync(`${place}/other/HEAD`, `${book}/HEAD`)
  count.add(await requireNamed('the HEAD of another ledger', foreign))
  fs.cpSync(`${place}/good`, `${place}/later`, { recursive: true })
  const store = await openBook(`${place}/later`, () => openedAt)
  expect(await store.append(groupOf(await candlesIn(store)))).toMatchObject({ right: { repeated: false } })
  await store.close()
  const later = (book: string) => fs.copyFileSync(`${place}/later/HEAD`, `${book}/HEAD`)
  count.add(await requireNamed('the HEAD of a later state', later))
  count.row('HEAD of another ledger, and of a later state', 'G6 G7')
})

test('a day that does not belong there: nothing acknowledged is touched, and what is set aside is told', async () => {
  const count = counting()
  for (const [what, content] of [
    ['a copy of the first day', (book: string) => fs.readFileSync(`${book}/${names[0]}`)],
    ['a copy of the newest day', (book: string) => fs.readFileSync(`${book}/${names.at(-1)}`)],
    ['a day of another ledger', () => fs.readFileSync(`${place}/other/${names[1]}`)],
    ['words', () => Buffer.from('these are not lines\n')],
  ] as const)
    for (const name of ['2023-03-30.jsonl', '2023-03-20.jsonl', '2023-03-25.0002.jsonl']) {
      const book = bookWith(copy => fs.writeFileSync(`${copy}/${name}`, content(copy)))
      const bytes = fs.readFileSync(`${book}/${name}`)
      const verdict = await verdictOf(book)
      try {
        if (verdict === 'opened') {
          const kept = fs.readdirSync(`${book}/quarantine`).filter(each => each.startsWith(name))
          expect(kept).toHaveLength(1)
          expect(fs.readFileSync(`${book}/quarantine/${kept[0]}`).equals(bytes)).toBe(true)
          await prove(book, acknowledged)
        } else expect(fs.readFileSync(`${book}/${name}`).equals(bytes)).toBe(true)
        count.add(verdict === 'opened' ? 'behind HEAD: quarantined, told' : verdict)
      } catch (error) {
        throw new Error(`${what} as ${name}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        })
      }
    }
  count.row('a day too many: before, between and behind the others', 'G3 G7')
})
