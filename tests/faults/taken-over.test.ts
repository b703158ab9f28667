// A process is killed at each of its operations, another one goes on from what the kernel shows, and the power is cut at
// each operation of that one. What the dead one had not synced looks durable and is not: whoever builds on it syncs first.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { type LedgerIdentity, readIdentity, writeIdentity } from '../../adapters/ledger-identity.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { type Operation, PowerCut, putDisk } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { chanceOf, firstSeed } from './seeded.ts'
import { counting, full } from './tally.ts'
import { tell } from './teller.ts'
import { type Acknowledged, prove } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

let root = ''
let images: readonly string[] = []
let book = ''
beforeEach(() => {
  const place = folderInMemory()
  root = `${place}/disk`
  images = Array.from({ length: full ? 2 : 4 }, (_, index) => `${place}/image${index}`)
  book = `${root}/ledger/cast`
})

interface Story {
  /** What is on the disk before, durable. */
  readonly before: () => Promise<readonly Acknowledged[]>
  readonly killed: () => Promise<void>
  /** Gives what it acknowledged until the power was cut. */
  readonly goesOn: () => Promise<readonly Acknowledged[]>
  /** When it acknowledged nothing: what the killed one may have left undone is done by hand. */
  readonly finish?: (image: string) => void
}

interface Ends {
  /** Operations of the one that was killed; fewer than asked when it was not. */
  readonly first: number
  readonly second: readonly Operation[]
}

/** The first is killed before its operation `kill`, the power is cut before operation `cut` of the second. */
const takenOver = async (story: Story, kill: number, cut: number): Promise<Ends> => {
  fs.rmSync(dirname(root), { recursive: true, force: true })
  const before = await story.before()
  let told: readonly Acknowledged[] = []
  let begun = 0
  const cutPower = () => {
    const chance = chanceOf(firstSeed() + 1000 * kill + Math.min(cut, 999))
    for (const image of images) disk.cut(image, chance)
  }
  let stage: 'first' | 'killed' | 'second' | 'dark' = 'first'
  const disk = putDisk(root, ({ number }) => {
    if (stage === 'first' && number >= kill) stage = 'killed'
    if (stage === 'second' && number >= begun + cut) {
      stage = 'dark'
      cutPower()
    }
    if (stage === 'killed' || stage === 'dark') throw new PowerCut()
    return undefined
  })
  const untilCut = async <T>(act: () => Promise<T>): Promise<T | undefined> =>
    act().catch(error => {
      if (stage === 'first' || stage === 'second') throw error
      return undefined
    })
  try {
    await untilCut(story.killed)
    begun = disk.operations.length
    stage = 'second'
    told = (await untilCut(story.goesOn)) ?? []
    if (stage === 'second') cutPower()
  } finally {
    disk.remove()
  }
  try {
    for (const image of images) {
      if (told.length === 0) story.finish?.(image)
      await prove(`${image}/ledger/cast`, [...before, ...told])
    }
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new Error(`SEED=${firstSeed()}: killed at ${kill}, cut at ${cut}: ${what}`, { cause: error })
  }
  return { first: begun, second: disk.operations.slice(begun) }
}

/** In the quick form only the cuts that come right after something was removed, and the end. */
const everywhere = async (story: Story, what: string) => {
  const count = counting()
  for (let kill = 1, first = Number.POSITIVE_INFINITY; kill <= first + 1; kill++) {
    const whole = await takenOver(story, kill, Number.POSITIVE_INFINITY)
    if (whole.first < kill) first = whole.first
    for (let cut = 1; cut <= whole.second.length; cut++) {
      const recent = whole.second.slice(Math.max(0, cut - 3), cut - 1)
      if (!full && !recent.some(({ kind }) => kind === 'remove')) continue
      await takenOver(story, kill, cut)
      count.add('all is there')
    }
    count.add('all is there')
  }
  expect(count.outcomes['all is there']).toBeGreaterThan(3)
  count.row(what, 'G1 G7')
}

test('a sealer that was killed: the next one removes no plain segment before the seal has a durable name', () =>
  everywhere(
    {
      before: async () => (await tell(book, [1, 'midnight', 1])).acknowledged,
      killed: async () => {
        for await (const _ of sealDays(book));
      },
      goesOn: async () => {
        for await (const _ of sealDays(book));
        return []
      },
    },
    'a sealer killed at each operation, the power cut at each operation of the next one',
  ))

/** Writes into the segment that is there, when it finds a ledger. */
const writes: Story['goesOn'] = async () =>
  fs.existsSync(`${book}/LEDGER.json`) ? (await tell(book, [2, 1])).acknowledged : []

test('LEDGER.json named by one that was killed: the next one acknowledges nothing before the name is durable', async () => {
  let identity: LedgerIdentity | undefined
  await everywhere(
    {
      before: async () => {
        const { acknowledged } = await tell(book, [2])
        identity = readIdentity(book)
        fs.rmSync(`${book}/LEDGER.json`)
        return acknowledged
      },
      killed: async () => writeIdentity(nodeFiles, book, identity as LedgerIdentity),
      goesOn: writes,
      finish: where => writeIdentity(nodeFiles, `${where}/ledger/cast`, identity as LedgerIdentity),
    },
    'the writer of LEDGER.json killed at each operation, the power cut at each one of the next writer',
  )
})

test('a book named by one that was killed: the next one acknowledges nothing before the name is durable', () =>
  everywhere(
    {
      before: async () => {
        const { acknowledged } = await tell(book, [2])
        fs.renameSync(book, `${root}/ledger/.importing-cast`)
        return acknowledged
      },
      killed: async () => {
        fs.renameSync(`${root}/ledger/.importing-cast`, book)
        nodeFiles.syncFolder(`${root}/ledger`)
      },
      goesOn: writes,
      finish: where => {
        const half = `${where}/ledger/.importing-cast`
        if (fs.existsSync(half)) fs.renameSync(half, `${where}/ledger/cast`)
      },
    },
    'the giver of a name to a book killed at each operation, the power cut at each one of the next writer',
  ))
