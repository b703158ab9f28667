// A copy into files is interrupted at every step, by kills, by power cuts and by another copier: what is finished holds every
// line of the source once, and nothing of it is finished unproven.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { type CopiedLine, jsonlSource } from '../../adapters/copy-source.ts'
import { jsonlTarget } from '../../adapters/copy-target.ts'
import type { LedgerIdentity } from '../../adapters/ledger-identity.ts'
import { CopyRefused } from '../../domain/ledger-copy.ts'
import { PowerCut, putDisk } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { killedProcess } from './killed-process.ts'
import { chanceOf, firstSeed } from './seeded.ts'
import { create, groupOf, openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { damagesIn, segmentsIn, witness } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

const epoch = '2023-05-01T00:00:00.000Z'
let place = ''
let identity: LedgerIdentity
/** What is copied with one append: two write groups, so that an append goes over the end of a segment too. */
let batches: readonly (readonly CopiedLine[])[] = []
beforeEach(async () => {
  place = folderInMemory()
  const folder = `${place}/source/cast`
  const parts = { create: { ...create, segmentBytesMax: 3000 } }
  for (const day of [openedAt, '2023-04-02T00:00:00.000Z']) {
    const store = await openBook(folder, () => day, parts)
    const from = day === openedAt ? 0 : 5
    for (let n = from; n < from + 5; n++) await store.append(groupOf(n))
    await store.close()
  }
  const source = jsonlSource(folder)
  identity = await source.identity()
  batches = await batchesOf(source.lines({ seq: 0, hash: '0'.repeat(64) }, Number.POSITIVE_INFINITY))
  await source.close()
})

const batchesOf = async (lines: AsyncIterable<CopiedLine>): Promise<CopiedLine[][]> => {
  const found: CopiedLine[][] = [[]]
  let groups = 0
  for await (const line of lines) {
    found.at(-1)?.push(line)
    if (line.endsGroup && ++groups % 2 === 0) found.push([])
  }
  return found.filter(batch => batch.length > 0)
}

/** Copies all that is not there yet, from one process; `finish` makes it a ledger. */
const copyTo = async (ledgers: string, finish: boolean): Promise<void> => {
  const target = jsonlTarget(ledgers, 'cast', true)
  try {
    const { seq } = await target.begin(identity)
    for (const batch of batches) {
      const left = batch.filter(line => line.seq > seq)
      if (left.length > 0) await target.append(left)
    }
    const last = batches.at(-1)?.at(-1)
    expect(await target.head()).toEqual({ seq: last?.seq, hash: last?.hash })
    if (finish) await target.finish(epoch)
  } finally {
    await target.close()
  }
}

/** The same bytes in the same segments as the source, halted, in an epoch of its own. */
const requireCopied = async (ledgers: string) => {
  const [source, copy] = [`${place}/source/cast`, `${ledgers}/cast`]
  if ((await damagesIn(copy)).length > 0) throw new Error('the copy is damaged')
  expect(segmentsIn(copy)).toEqual(segmentsIn(source))
  expect(witness(copy).map(({ text }) => text)).toEqual(witness(source).map(({ text }) => text))
  expect(JSON.parse(fs.readFileSync(`${copy}/LEDGER.json`, 'utf8'))).toMatchObject({ epoch })
  expect(JSON.parse(fs.readFileSync(`${copy}/KILL`, 'utf8'))).toMatchObject({ level: 'halted', by: 'copy' })
  expect(fs.readdirSync(ledgers)).toEqual(['cast'])
}

/** Copies until the operation with this number, where the process is killed; whether there were so many. */
const killedAt = async (
  at: number,
  finish: boolean,
  goOn: (ledgers: string, disk: ReturnType<typeof putDisk>) => Promise<void>,
) => {
  const ledgers = `${place}/disk`
  fs.mkdirSync(ledgers)
  const { disk, isOver } = killedProcess(ledgers, at)
  try {
    await copyTo(ledgers, finish).catch(error => {
      if (!(error instanceof PowerCut)) throw error
    })
    const isDead = isOver()
    await goOn(ledgers, disk)
    return isDead
  } catch (error) {
    throw new Error(
      `SEED=${firstSeed()}: killed at operation ${at}: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    )
  } finally {
    disk.remove()
    fs.rmSync(ledgers, { recursive: true })
  }
}

test('the source has a second part in each day, and appends that go over the end of a segment', () => {
  expect(segmentsIn(`${place}/source/cast`).filter(name => name.includes('.0002.'))).toHaveLength(2)
  const opens = batches.map(batch => batch.findIndex(({ text }) => text.includes('"t":"SegmentOpened"')))
  expect(opens.filter(at => at > 0).length).toBeGreaterThan(1)
})

test('a copy that was killed at any operation is gone on with by the next one', async () => {
  const count = counting()
  let at = 1
  while (
    await killedAt(at, true, async ledgers => {
      const isDone = fs.existsSync(`${ledgers}/cast/LEDGER.json`)
      if (!isDone) await copyTo(ledgers, true)
      await requireCopied(ledgers)
      count.add(isDone ? 'was done' : 'gone on with')
    })
  )
    at++
  expect(at).toBeGreaterThan(60)
  count.row('a copy into files killed at each file operation; another one goes on', 'every line, once')
})

test('what a killed copy has left half done is not taken for durable by the next one', async () => {
  const count = counting()
  const image = `${place}/image`
  let at = 1
  while (
    await killedAt(at, false, async (ledgers, disk) => {
      await copyTo(ledgers, false)
      disk.cut(image, chanceOf(firstSeed() + at))
      await copyTo(image, true)
      await requireCopied(image)
      fs.rmSync(image, { recursive: true })
      count.add('everything is there')
    })
  )
    at++
  expect(at).toBeGreaterThan(60)
  count.row('a copy killed at each file operation; another one goes on; then a power cut', 'every line, once')
})

test('two copies to one place at once: the second is refused, and the first does not notice', async () => {
  const ledgers = `${place}/copies`
  const [first, second] = [jsonlTarget(ledgers, 'cast', true), jsonlTarget(ledgers, 'cast', true)]
  await first.begin(identity)
  const [batch = [], ...more] = batches
  await first.append(batch)
  await expect(second.begin(identity)).rejects.toMatchObject({ name: 'LedgerBusy' })
  await second.close()
  for (const each of more) await first.append(each)
  await first.head()
  await first.finish(epoch)
  await first.close()
  await requireCopied(ledgers)
})

test('a write that takes fewer bytes and says nothing ends the copy; the next one goes on', async () => {
  const ledgers = `${place}/copies`
  fs.mkdirSync(ledgers)
  const disk = putDisk(ledgers, ({ kind, file }, length) =>
    kind === 'write' && file.endsWith('.0002.jsonl') ? length - 1 : undefined,
  )
  try {
    await expect(copyTo(ledgers, true)).rejects.toMatchObject({ code: 'ENOSPC' })
  } finally {
    disk.remove()
  }
  await copyTo(ledgers, true)
  await requireCopied(ledgers)
})

test('a copy is read back before it gets its name: a byte that changed refuses it', async () => {
  const ledgers = `${place}/copies`
  await copyTo(ledgers, false)
  const segment = `${ledgers}/.copying-cast/${segmentsIn(`${place}/source/cast`)[0]}`
  const bytes = fs.readFileSync(segment)
  bytes[700] = (bytes[700] ?? 0) ^ 1
  fs.writeFileSync(segment, bytes)
  await expect(copyTo(ledgers, true)).rejects.toThrow(CopyRefused)
  await expect(copyTo(ledgers, true)).rejects.toThrow('then start again')
  expect(fs.readdirSync(ledgers)).toEqual(['.copying-cast'])
})
