// A restore is killed at every step, somebody else goes on (another restore, a writer, a writer of another book that needs
// the same data), and then the power is cut: what they were told is there.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { dataFolder } from '../../adapters/data-folder.ts'
import { backUp } from '../../adapters/ledger-backup.ts'
import { restoreBackup } from '../../adapters/ledger-restore.ts'
import { sha256 } from '../../domain/hash.ts'
import { ScanStarted } from '../../domain/scan.ts'
import { group, market, scanOfTheDay, scanStarted, write } from '../cast.ts'
import { type Disk, PowerCut } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { killedProcess } from './killed-process.ts'
import { chanceOf, firstSeed } from './seeded.ts'
import { openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { appendNext, tell } from './teller.ts'
import { type Acknowledged, prove, witness } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

/** What an event of the book refers to: bytes of several sectors. */
const datum = Buffer.from('a candle of the dataset\n'.repeat(100))
const datumHash = sha256(datum)
const restoredAt = '2023-05-01T00:00:00.000Z'

let place = ''
let acknowledged: readonly Acknowledged[] = []
beforeEach(async () => {
  place = folderInMemory()
  const source = { folder: `${place}/source/cast`, dataFolder: `${place}/source/data` }
  await tell(source.folder, [1, 'midnight', 2, 'seal'])
  const scan = await openBook(source.folder, () => openedAt, { role: 'scan' })
  const started = ScanStarted({
    ...scanStarted.data,
    dataset: await dataFolder(source.dataFolder).put(datum),
  })
  await scan.append(group(write(scanOfTheDay, 'no-stream', [market(0), started])))
  await scan.close()
  acknowledged = witness(source.folder).map(({ seq, hash }) => ({ seq, mark: hash }))
  fs.rmSync(`${source.folder}/checkpoints`, { recursive: true, force: true })
  await backUp(source, `${place}/backup`, openedAt)
})

const restoreTo = (root: string) =>
  restoreBackup(
    `${place}/backup`,
    { folder: `${root}/ledger/cast`, dataFolder: `${root}/ledger/data` },
    restoredAt,
    { allowMemory: true },
  )

/** Restores until the operation with this number, where the process is killed; whether there were so many. */
const killedAt = async (at: number, goOn: (root: string, disk: Disk) => Promise<void>): Promise<boolean> => {
  const root = `${place}/disk`
  fs.mkdirSync(root)
  const { disk, isOver } = killedProcess(root, at)
  try {
    await restoreTo(root).catch(error => {
      if (!(error instanceof PowerCut)) throw error
    })
    const isDead = isOver()
    await goOn(root, disk)
    return isDead
  } catch (error) {
    throw new Error(
      `SEED=${firstSeed()}: killed at operation ${at}: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    )
  } finally {
    disk.remove()
    for (const folder of [root, `${place}/image`]) fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** How many operations a whole restore has. */
const operationsOf = async (): Promise<number> => {
  let operations = 0
  await killedAt(Number.POSITIVE_INFINITY, async (_, disk) => {
    operations = disk.operations.length
  })
  return operations
}

test('what a killed restore has left half done is not taken for durable by the next one, or by a writer', async () => {
  const count = counting()
  const image = `${place}/image`
  const operations = await operationsOf()
  expect(operations).toBeGreaterThan(60)
  for (let at = 1; at <= operations; at++) {
    // In its last operations the restore becomes a ledger.
    if (!full && at % 5 !== 0 && at < operations - 12) continue
    await killedAt(at, async (root, disk) => {
      const book = `${root}/ledger/cast`
      const isRestored = fs.existsSync(`${book}/LEDGER.json`)
      if (!isRestored) await restoreTo(root)
      const written = await appendNext(book, restoredAt)
      expect(fs.readdirSync(book)).not.toContain('RESTORING')
      disk.cut(image, chanceOf(firstSeed() + at))
      await prove(`${image}/ledger/cast`, [...acknowledged, ...written])
      expect(fs.readFileSync(`${image}/ledger/cast/KILL`, 'utf8')).toContain('"by":"restore"')
      expect(fs.readFileSync(`${image}/ledger/data/${datumHash}`).equals(datum)).toBe(true)
      count.add(isRestored ? 'was restored' : 'begun anew')
    })
  }
  expect(count.outcomes['was restored']).toBeGreaterThan(3)
  count.row(
    'a restore killed at each file operation; another one and a writer go on; then a power cut',
    'G1 G7',
  )
})

test('data that a killed restore has left is durable once another book, or another restore, refers to it', async () => {
  const count = counting()
  const image = `${place}/image`
  const operations = await operationsOf()
  for (const other of ['put', 'restore'] as const) {
    let found = 0
    // Once it is there for some operations, the rest is the same again.
    for (let at = 1; at <= operations && (full || found < 12); at++)
      await killedAt(at, async (root, disk) => {
        const path = `${root}/ledger/data/${datumHash}`
        // Then it is written as ever.
        if (!fs.existsSync(path) || !fs.readFileSync(path).equals(datum)) return count.add('not there yet')
        if (other === 'put') await dataFolder(`${root}/ledger/data`).put(datum)
        else if (fs.existsSync(`${root}/ledger/cast/LEDGER.json`)) return
        else await restoreTo(root)
        for (let cut = 0; cut < 4; cut++) {
          disk.cut(image, chanceOf(firstSeed() + 10 * at + cut))
          expect(fs.readFileSync(`${image}/ledger/data/${datumHash}`).equals(datum)).toBe(true)
          fs.rmSync(image, { recursive: true })
        }
        found++
        count.add('found, and made durable')
      })
  }
  expect(count.outcomes['found, and made durable']).toBeGreaterThan(20)
  count.row(
    'a restore killed at each file operation; another one, or another book, refers to the same data; then a power cut',
    'what is acknowledged refers to data that is there',
  )
})
