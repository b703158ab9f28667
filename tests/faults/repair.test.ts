// The way out of POISON. A sync failed at any place of the story; then an operator repairs the ledger: all that was
// acknowledged is there, in new files, and the book goes on. What is damaged or lost is never repaired, and not touched.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { RepairFailed, repairLedger } from '../../adapters/ledger-repair.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'
import { putDisk, SyncDropped, systemError } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { bytesOf, look, poisonedBook, repair, requireTold } from './poisoned.ts'
import { chanceOf, firstSeed } from './seeded.ts'
import { groupOf, openBook } from './story.ts'
import { counting, full } from './tally.ts'
import { type Step, tell, wholeStory } from './teller.ts'
import { acknowledgedOf, candlesIn, prove, segmentsIn } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

let place = ''
beforeEach(() => {
  place = folderInMemory()
})

const inodes = (folder: string) =>
  new Map(
    segmentsIn(folder).map(name => [name, fs.statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.ino]),
  )

/** The story on a disk whose sync fails at the operation with this number; undefined when it was no sync that poisons. */
const poisonedAt = async (folder: string, number: number, steps: readonly Step[]) => {
  const disk = putDisk(folder, operation => {
    if (operation.number === number) throw systemError('EIO')
    return undefined
  })
  try {
    const { acknowledged } = await tell(folder, steps)
    return fs.existsSync(`${folder}/POISON`) ? acknowledged : undefined
  } finally {
    disk.remove()
  }
}

test('wherever a sync of the story fails, a repair finds all that was acknowledged and the book goes on', async () => {
  const disk = putDisk(`${place}/whole`, () => undefined)
  await tell(`${place}/whole`, wholeStory)
  disk.remove()
  const syncs = disk.operations.filter(({ kind }) => kind === 'sync')
  const count = counting()
  for (const [index, { number, file }] of syncs.entries()) {
    if (!full && index % 5 !== 0 && !file.endsWith('.jsonl') && file !== 'HEAD') continue
    const book = `${place}/book`
    const acknowledged = await poisonedAt(book, number, wholeStory)
    if (acknowledged !== undefined) {
      const before = bytesOf(book)
      const seen = await look(book)
      expect(seen).toMatchObject({ repaired: false, poison: expect.stringContaining('EIO') })
      expect(bytesOf(book)).toEqual(before)
      const files = inodes(book)
      const done = await repair(book)
      expect({ ...done, repaired: false }).toEqual(seen)
      for (const { segment } of done.segments) expect(inodes(book).get(segment)).not.toBe(files.get(segment))
      await prove(book, acknowledged)
      requireTold(book)
      count.add(`sync of ${file.replace(/^.*\.jsonl$/, 'a segment')}: repaired`)
    }
    fs.rmSync(book, { recursive: true, force: true })
  }
  expect(count.outcomes['sync of a segment: repaired']).toBeGreaterThan(4)
  expect(count.outcomes['sync of HEAD: repaired']).toBeGreaterThan(0)
  count.row(
    'a sync failed, then veritape repair',
    'G1 G7: all acknowledged lines in new files, told by an event',
  )
})

test('what a failed sync has dropped, bytes or names, a repair gives the disk once more: a power cut takes none of it', async () => {
  const [book, image] = [`${place}/book`, `${place}/image`]
  const count = counting()
  /** Whether the story had this many syncs. */
  const droppedAt = async (at: number): Promise<boolean> => {
    let syncs = 0
    const disk = putDisk(book, ({ kind }) => {
      if (kind === 'sync' && ++syncs === at) throw new SyncDropped('EIO')
      return undefined
    })
    try {
      const { acknowledged } = await tell(book, wholeStory)
      if (!fs.existsSync(`${book}/POISON`) || !fs.existsSync(`${book}/LEDGER.json`)) return syncs >= at
      await repair(book)
      const again = await tell(book, wholeStory)
      for (let cut = 0; cut < (full ? 12 : 4); cut++) {
        disk.cut(image, chanceOf(firstSeed() + 100 * at + cut))
        await prove(image, [...acknowledged, ...again.acknowledged])
        fs.rmSync(image, { recursive: true, force: true })
      }
      count.add(
        disk.operations.filter(({ kind }) => kind === 'sync')[at - 1]?.file === '' ? 'of names' : 'of bytes',
      )
      return true
    } finally {
      disk.remove()
      for (const folder of [book, image]) fs.rmSync(folder, { recursive: true, force: true })
    }
  }
  let at = 1
  while (
    await droppedAt(at).catch(error => {
      throw new Error(`SEED=${firstSeed()}: sync ${at}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      })
    })
  )
    at++
  expect(count.outcomes['of names']).toBeGreaterThan(4)
  expect(count.outcomes['of bytes']).toBeGreaterThan(4)
  count.row(
    'a sync that fails and drops what it was to write, then a repair, a story and a power cut',
    'G1 G7',
  )
})

test('a whole group that nobody was told about is kept, a torn one goes to the quarantine', async () => {
  const whole = await poisonedBook(`${place}/whole`)
  const kept = await repair(`${place}/whole`)
  expect(kept).toMatchObject({ torn: undefined, repaired: true })
  expect(kept.head.seq).toBe(kept.acknowledged + 2)
  await prove(`${place}/whole`, whole)
  requireTold(`${place}/whole`)

  const some = await poisonedBook(`${place}/torn`, 7)
  const text = textOf(`${place}/torn`)
  const cut = await repair(`${place}/torn`)
  expect(cut.head.seq).toBe(cut.acknowledged)
  expect(cut.torn?.bytes).toBeGreaterThan(100)
  const aside = fs.readdirSync(`${place}/torn/quarantine`).filter(name => name.endsWith('.torn'))
  expect(aside).toHaveLength(1)
  expect(text.endsWith(fs.readFileSync(`${place}/torn/quarantine/${aside[0]}`, 'utf8'))).toBe(true)
  await prove(`${place}/torn`, some)
  requireTold(`${place}/torn`)
})

/** Of the active segment. */
const textOf = (folder: string): string => fs.readFileSync(`${folder}/${segmentsIn(folder).at(-1)}`, 'utf8')

test('what is damaged or lost is not repaired: nothing is changed, and a backup is named', async () => {
  await poisonedBook(`${place}/poisoned`)
  const count = counting()
  const active = segmentsIn(`${place}/poisoned`).at(-1) as string
  const [closed = ''] = segmentsIn(`${place}/poisoned`)
  const { acknowledged } = await look(`${place}/poisoned`)
  const texts = textOf(`${place}/poisoned`).split('\n')
  const isAcknowledged = (text: string) => Number(text.slice(6, 22)) <= acknowledged
  const end = texts.filter(text => text !== '' && isAcknowledged(text)).join('\n').length + 1
  const refuse = async (file: string, change: (bytes: Buffer) => Buffer) => {
    const book = `${place}/book`
    fs.rmSync(book, { recursive: true, force: true })
    fs.cpSync(`${place}/poisoned`, book, { recursive: true })
    fs.writeFileSync(`${book}/${file}`, change(fs.readFileSync(`${book}/${file}`)))
    const before = bytesOf(book)
    for (const attempt of [look, repair]) {
      const refused = await attempt(book).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (!(refused instanceof LedgerDamaged))
        throw new Error(`${file} is damaged, and the repair says: ${refused}`)
      expect(refused.message).toContain('Nothing was changed')
      expect(refused.message).toMatch(/[Rr]estore/)
      count.add(`${refused.verdict}: refused`)
    }
    expect(bytesOf(book)).toEqual(before)
  }
  const size = fs.statSync(`${place}/poisoned/${active}`).size
  expect(end).toBeLessThan(size)
  const step = full ? 5 : 97
  for (let bit = 0; bit < end * 8; bit += step * 3)
    await refuse(active, bytes => {
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      return bytes
    })
  for (let length = 0; length < end; length += step) await refuse(active, bytes => bytes.subarray(0, length))
  const older = fs.statSync(`${place}/poisoned/${closed}`).size
  for (let bit = 0; bit < older * 8; bit += step * 5)
    await refuse(closed, bytes => {
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      return bytes
    })
  count.row(
    'a poisoned book with damage in what was acknowledged',
    'G6 G7: no repair, nothing changed, a sentence',
  )
})

test('a disk that fails again says so, and POISON stands', async () => {
  const book = `${place}/book`
  const acknowledged = await poisonedBook(book)
  const files = {
    ...nodeFiles,
    write: () => {
      throw systemError('EIO')
    },
  }
  const again = repairLedger(book, { apply: true, allowMemory: true, files })
  await expect(again).rejects.toThrow(RepairFailed)
  await expect(again).rejects.toThrow(/EIO.*POISON stands and no acknowledged line was touched/)
  await repair(book)
  await prove(book, acknowledged)
})

test('a writer that was open all the while goes on in the new file, and loses nothing', async () => {
  const book = `${place}/book`
  const told = [...(await tell(book, [2])).acknowledged]
  const clock = () => '2023-03-24T12:00:00.000Z'
  const idle = await openBook(book, clock, { role: 'execute' })
  const next = await candlesIn(idle)
  const append = async (n: number) => {
    const answer = await idle.append(groupOf(n))
    if (answer._tag === 'Left') throw new Error(answer.left.kind)
    told.push(...answer.right.events.map(acknowledgedOf))
  }
  await append(next)
  fs.writeFileSync(`${book}/POISON`, `${clock()} pid 0: ${book} could not be made durable (a test)\n`)
  await repair(book)
  await append(next + 1)
  await append(next + 2)
  await idle.close()
  await prove(book, told)
  requireTold(book)
})

test('two repairs are two events; without POISON there is nothing to repair', async () => {
  const book = `${place}/book`
  const told = await poisonedBook(book)
  await repair(book)
  await prove(book, told)
  const before = bytesOf(book)
  expect(await repair(book)).toMatchObject({ poison: undefined, repaired: false })
  expect(bytesOf(book)).toEqual(before)
  fs.writeFileSync(`${book}/POISON`, 'the segment could not be made durable (again)\n')
  await repair(book)
  await prove(book, told)
  requireTold(book, 2)
})
