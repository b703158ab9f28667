// Five writers and three readers, each a process of its own, are killed and stopped at random while they work. The
// ledger has one gap-free chain with everything that any of them was told, and no reader ever saw anything else.

import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { strategyStream } from '../../domain/stream.ts'
import { evaluated, expectedAfter, group, market, write } from '../cast.ts'
import { folderOnDisk } from './folders.ts'
import { type Child, child } from './process.ts'
import { chanceOf, firstSeed } from './seeded.ts'
import { create, openBook } from './story.ts'
import { counting, full } from './tally.ts'
import {
  type Acknowledged,
  acknowledgedByHead,
  acknowledgedOf,
  prove,
  requireAcknowledged,
  segmentsIn,
} from './witness.ts'

const runMs = full ? 60_000 : 6000
const writers = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE']
const readers = ['one', 'two', 'three']

const marks = (lines: readonly string[], word: string): readonly Acknowledged[] =>
  lines.flatMap(line => {
    const [first, seq, mark = ''] = line.split(' ')
    return first === word ? [{ seq: Number(seq), mark }] : []
  })

const longTales = strategyStream('long-tales@BTC/USDT-5m')

/** A line of 60,000 bytes, and another one. */
const longGroup = (n: number) =>
  group(
    write(
      longTales,
      expectedAfter(2 * n),
      [market(2 * n), evaluated(n, ['x'.repeat(59_000)])],
      [market(2 * n + 1), evaluated(n, ['short'])],
    ),
  )

/** One role that is played by one process after the other. */
interface Part {
  readonly start: () => Child
  readonly ended: Child[]
  now: Child
}

const partOf = (start: () => Child): Part => ({ start, ended: [], now: start() })

test('five writers and three readers under SIGKILL and SIGSTOP', { timeout: runMs + 240_000 }, async () => {
  const seed = firstSeed()
  const chance = chanceOf(seed)
  console.log(`SEED=${seed} (of the signals; how the processes run is the machine's)`)
  const book = `${folderOnDisk()}/book`
  // Small segments: all of them close segments, open the next, and read over the joints, while they are killed.
  const small = { ...create, segmentBytesMax: 60_000 }
  await (await openBook(book, () => '2023-03-24T11:40:00.000Z', { create: small })).close()
  const count = counting()
  const writing = writers.map(name => partOf(() => child(['write', book, name, '1'])))
  const reading = readers.map(() => partOf(() => child(['follow', book])))
  for (const { now } of writing) await now.said('ACK')

  const disturb = async (parts: readonly Part[], what: string) => {
    const part = chance.pick(parts)
    if (part.now.process.exitCode !== null)
      throw new Error(`a ${what} ended by itself: ${part.now.lines.at(-1)}`)
    if (chance.once(3)) {
      part.now.process.kill('SIGKILL')
      expect(await part.now.ended).toBe('SIGKILL')
      part.ended.push(part.now)
      part.now = part.start()
      count.add(`${what} killed`)
    } else {
      part.now.process.kill('SIGSTOP')
      await sleep(1 + chance.below(chance.once(5) ? 400 : 60))
      part.now.process.kill('SIGCONT')
      count.add(`${what} stopped`)
    }
    await sleep(chance.below(80))
  }
  const until = Date.now() + runMs
  const keepOn = async (parts: readonly Part[], what: string) => {
    while (Date.now() < until) await disturb(parts, what)
  }
  await Promise.all([keepOn(writing, 'writer'), keepOn(reading, 'reader')])

  for (const { now } of writing) now.process.kill('SIGKILL')
  for (const { now } of writing) await now.ended
  const head = acknowledgedByHead(book)
  const deadline = Date.now() + 20_000
  for (const { now } of reading)
    while (marks(now.lines, 'SAW').at(-1)?.seq !== head) {
      if (Date.now() > deadline) throw new Error(`a reader is behind: ${now.lines.at(-1)}, HEAD is ${head}`)
      await sleep(10)
    }
  for (const { now } of reading) now.process.kill('SIGKILL')
  for (const { now } of reading) await now.ended

  const processes = [...writing, ...reading].flatMap(({ ended, now }) => [...ended, now])
  const told = processes.flatMap(({ lines }) => marks(lines, 'ACK'))
  expect(new Set(told.map(({ seq }) => seq)).size).toBe(told.length) // no event was told to two
  const { lines, cuts } = await prove(book, told)
  let seen = 0
  for (const { ended, now } of reading)
    for (const each of [...ended, now]) {
      const saw = marks(each.lines, 'SAW')
      expect(saw.map(({ seq }) => seq)).toEqual(saw.map((_, index) => index + 1))
      requireAcknowledged(lines, saw)
      seen += saw.length
    }
  expect(told.length).toBeGreaterThan(100)
  const rolls = segmentsIn(book).length - 1
  expect(rolls).toBeGreaterThan(0)
  count.add('torn ends quarantined', cuts)
  count.row(
    `5 writers and 3 readers for ${runMs / 1000} s: ${told.length} acknowledged, ${rolls} segments closed, ${seen} seen by readers`,
    'G1 G3 G4 G8 G9: one chain, nothing lost, every stream of a reader is a prefix of the ledger',
  )
  expect(fs.existsSync(`${book}/POISON`)).toBe(false)
})

test('a reader of groups that are larger than a chunk of the disk sees whole groups, in order', async () => {
  const book = `${folderOnDisk()}/book`
  const store = await openBook(book, () => '2023-03-24T11:40:00.000Z')
  const readers = ['one', 'two', 'three'].map(() => child(['follow', book]))
  const told: Acknowledged[] = []
  const groups = full ? 400 : 40
  for (let n = 0; n < groups; n++) {
    const answer = await store.append(longGroup(n))
    if (answer._tag === 'Left') throw new Error(answer.left.kind)
    told.push(...answer.right.events.map(acknowledgedOf))
  }
  await store.close()
  const last = told.at(-1)?.seq
  const deadline = Date.now() + 60_000
  for (const { lines } of readers)
    while (marks(lines, 'SAW').at(-1)?.seq !== last) {
      if (Date.now() > deadline) throw new Error(`a reader is behind: ${lines.at(-1)}`)
      await sleep(10)
    }
  for (const reader of readers) {
    reader.process.kill('SIGKILL')
    await reader.ended
  }
  const { lines } = await prove(book, told)
  for (const reader of readers) {
    const saw = marks(reader.lines, 'SAW')
    expect(saw.map(({ seq }) => seq)).toEqual(saw.map((_, index) => index + 1))
    requireAcknowledged(lines, saw)
  }
  const count = counting()
  count.add('seen whole, by 3 readers', groups)
  count.row('groups with lines of 60,000 bytes, while readers follow', 'G9: no part of a line or a group')
})
