// A repair is interrupted at every step, by errors and by power cuts: POISON stands until it is done, it is begun again, and
// nothing that was acknowledged is touched.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { type Before, PowerCut, putDisk, systemError } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { killedProcess } from './killed-process.ts'
import { poisonedBook, repair, requireTold } from './poisoned.ts'
import { type Chance, chanceOf, firstSeed } from './seeded.ts'
import { openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { appendNext, nameOf } from './teller.ts'
import { prove } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

let place = ''
beforeEach(() => {
  place = folderInMemory()
})

/** Repairs on a disk that looks at every operation first; gives what was thrown. */
const repairOn = async (folder: string, before: Before) => {
  const disk = putDisk(folder, before)
  let thrown: unknown
  try {
    await repair(folder)
  } catch (error) {
    thrown = error
  } finally {
    disk.remove()
  }
  return { thrown, operations: disk.operations }
}

const codes = { write: 'ENOSPC', sync: 'EIO', rename: 'EROFS' } as const

for (const torn of [undefined, 9])
  test(`every operation of a repair may fail, once and for ever: it is begun again (${torn === undefined ? 'whole' : 'torn'})`, async () => {
    const acknowledged = await poisonedBook(`${place}/poisoned`, torn)
    const fresh = (folder: string) => {
      fs.rmSync(folder, { recursive: true, force: true })
      fs.cpSync(`${place}/poisoned`, folder, { recursive: true })
    }
    fresh(`${place}/whole`)
    const { operations } = await repairOn(`${place}/whole`, () => undefined)
    expect(operations.length).toBeGreaterThan(40)
    const count = counting()
    const book = `${place}/book`
    for (const { number, kind } of operations)
      for (const forEver of [false, true]) {
        if (!full && number % 5 !== 0 && kind !== 'sync' && kind !== 'rename') continue
        fresh(book)
        const code = codes[kind as keyof typeof codes] ?? 'EIO'
        const { thrown } = await repairOn(book, operation => {
          const again = forEver && operation.number > number && operation.kind === kind
          if (operation.number === number || again) throw systemError(code)
          return undefined
        })
        try {
          await requirePoisonedUntilDone(book, thrown)
          if (fs.existsSync(`${book}/POISON`)) await repair(book)
          await prove(book, acknowledged)
          requireTold(book)
        } catch (error) {
          throw new Error(
            `${code} at operation ${number}, ${kind}: ${error instanceof Error ? error.message : error}`,
            {
              cause: error,
            },
          )
        }
        count.add(
          thrown === undefined ? 'not noticed, harmless' : `${nameOf(thrown).slice(0, 20)}, then repaired`,
        )
      }
    count.row(
      `each file operation of a repair refused, once and for ever (${torn === undefined ? 'a whole' : 'a torn'} last group)`,
      'G7 G8: POISON stands until all is durable; nothing acknowledged is touched',
    )
  })

/** A repair that was interrupted leaves POISON, or is done. */
const requirePoisonedUntilDone = async (folder: string, thrown: unknown) => {
  const poisoned = fs.existsSync(`${folder}/POISON`)
  if (thrown === undefined && poisoned) throw new Error('it said that it was repaired, and POISON stands')
  if (!poisoned) return
  let verdict = 'opened'
  try {
    await (await openBook(folder, () => openedAt)).close()
  } catch (error) {
    verdict = nameOf(error)
  }
  if (verdict !== 'poisoned') throw new Error(`POISON stands, and to a writer the book is ${verdict}`)
}

test('a power cut at every operation of a repair: it is begun again, or is done', async () => {
  const acknowledged = await poisonedBook(`${place}/poisoned`, 9)
  const count = counting()
  const images = Array.from({ length: full ? 12 : 1 }, (_, index) => `${place}/image${index}`)
  let operations = Number.POSITIVE_INFINITY
  for (let at = 1; at <= operations + 1; at++) {
    const book = `${place}/book`
    fs.cpSync(`${place}/poisoned`, book, { recursive: true })
    const chance = chanceOf(firstSeed() + at)
    operations = Math.min(operations, await cutRepair(book, at, images, chance))
    for (const image of images) {
      try {
        if (fs.existsSync(`${image}/POISON`)) {
          await repair(image)
          count.add('begun again')
        } else count.add('done')
        await prove(image, acknowledged)
        requireTold(image)
      } catch (error) {
        throw new Error(
          `SEED=${firstSeed()}: cut at operation ${at}: ${error instanceof Error ? error.message : error}`,
          {
            cause: error,
          },
        )
      }
    }
    for (const folder of [book, ...images]) fs.rmSync(folder, { recursive: true, force: true })
  }
  expect(count.outcomes.done).toBeGreaterThan(0)
  expect(count.outcomes['begun again']).toBeGreaterThan(10)
  count.row('power cut at each file operation of a repair, unsynced sectors lost or reordered', 'G1 G7')
})

test('what a killed repair has left half done is not taken for durable by the next one', async () => {
  const acknowledged = await poisonedBook(`${place}/poisoned`, 9)
  const count = counting()
  const [book, image] = [`${place}/book`, `${place}/image`]
  /** A repair until it is killed, another one, a writer, the power cut; whether it was killed at all. */
  const killedAt = async (at: number): Promise<boolean> => {
    fs.cpSync(`${place}/poisoned`, book, { recursive: true })
    const { disk, isOver } = killedProcess(book, at)
    try {
      await repair(book).catch(error => {
        if (!(error instanceof PowerCut)) throw error
      })
      const isDead = isOver()
      if (fs.existsSync(`${book}/POISON`)) await repair(book)
      const written = await appendNext(book, openedAt)
      disk.cut(image, chanceOf(firstSeed() + at))
      if (fs.existsSync(`${image}/POISON`)) await repair(image)
      await prove(image, [...acknowledged, ...written])
      count.add('everything is there')
      return isDead
    } finally {
      disk.remove()
      for (const folder of [book, image]) fs.rmSync(folder, { recursive: true, force: true })
    }
  }
  let at = 1
  while (
    await killedAt(at).catch(error => {
      throw new Error(`SEED=${firstSeed()}: killed at operation ${at}: ${error.message}`, { cause: error })
    })
  )
    at++
  expect(at).toBeGreaterThan(40)
  count.row(
    'a repair killed at each file operation; another one and a writer go on; then a power cut',
    'G1 G7',
  )
})

/** Repairs until the operation with this number, then cuts the power; gives how many operations there were. */
const cutRepair = async (
  book: string,
  at: number,
  images: readonly string[],
  chance: Chance,
): Promise<number> => {
  let dead = false
  const disk = putDisk(book, ({ number }) => {
    if (!dead && number >= at) {
      dead = true
      for (const image of images) disk.cut(image, chance)
    }
    if (dead) throw new PowerCut()
    return undefined
  })
  try {
    await repair(book)
    for (const image of images) disk.cut(image, chance)
    return disk.operations.length
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error
    return Number.POSITIVE_INFINITY
  } finally {
    disk.remove()
  }
}
