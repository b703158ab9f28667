// A disk that is really full: a small file system in memory, and a small ext4 in a file, until nothing fits. Appends
// are refused as disk-full, no line is torn, reads go on, and all goes on when space was freed.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import { outside } from '../../domain/event.ts'
import { control, group, tradingHalted, write } from '../cast.ts'
import { folderOnDisk } from './folders.ts'
import { create, groupOf, openBook, openedAt } from './story.ts'
import { counting, record } from './tally.ts'
import {
  type Acknowledged,
  acknowledgedOf,
  damagesIn,
  prove,
  requireAcknowledged,
  witness,
} from './witness.ts'

vi.setConfig({ testTimeout: 240_000 })

/** Mounts something small at `place`; false when this process may not. */
const mounts: Readonly<Record<string, (place: string) => boolean>> = {
  tmpfs: place => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', place]).status === 0,
  ext4: place => {
    const image = `${place}.img`
    fs.writeFileSync(image, Buffer.alloc(2 * 1024 * 1024))
    if (spawnSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-O', '^has_journal', image]).status !== 0)
      return false
    return spawnSync('mount', ['-o', 'loop', image, place]).status === 0
  },
}

const mounted = (kind: string): string | undefined => {
  const place = `${folderOnDisk()}/small`
  fs.mkdirSync(place)
  if (mounts[kind]?.(place) !== true) return undefined
  onTestFinished(() => {
    execFileSync('umount', ['-l', place]) // lazily: a test that failed may have left files open
  })
  return place
}

const mayMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0

if (!mayMount)
  record({ fault: 'a full disk', times: 0, outcomes: { 'needs root, to mount one': 0 }, proven: 'nothing' })

/** An operator halts, in another process, while the disk is full. */
const haltOn = async (book: string): Promise<string> => {
  const store = await openBook(book, () => openedAt, { role: 'cli', urgent: true })
  try {
    const answer = await store.append(group(write(control, 'no-stream', [outside('lunch'), tradingHalted])))
    return answer._tag === 'Left' ? answer.left.kind : 'appended'
  } finally {
    await store.close()
  }
}

for (const kind of Object.keys(mounts))
  test.runIf(mayMount)(`a full ${kind}`, async () => {
    const count = counting()
    const place = mounted(kind)
    if (place === undefined) {
      record({
        fault: `a full ${kind}`,
        times: 0,
        outcomes: { 'may not be mounted here': 0 },
        proven: 'nothing',
      })
      return
    }
    const book = `${place}/book`
    const store = await openBook(book, () => openedAt)
    const acknowledged: Acknowledged[] = []
    const append = async (n: number) => {
      const answer = await store.append(groupOf(n))
      if (answer._tag === 'Left') return answer.left.kind
      acknowledged.push(...answer.right.events.map(acknowledgedOf))
      return 'appended'
    }
    const ballast = `${place}/ballast`
    const { bavail, bsize } = fs.statfsSync(place)
    let weight = bavail * bsize - 40_000
    fs.writeFileSync(ballast, Buffer.alloc(weight))
    let next = 0
    for (let round = 0; round < 6; round++) {
      let answer = await append(next)
      for (; answer === 'appended'; answer = await append(next)) next++
      expect(answer).toBe('disk-full')
      for (let again = 0; again < 20; again++) expect(await append(next)).toBe('disk-full')
      count.add('refused as disk-full', 21)
      requireAcknowledged(witness(book), acknowledged)
      expect(await damagesIn(book)).toEqual([])
      let read = 0
      for await (const _ of store.readAll()) read++
      expect(read).toBe(witness(book).length)
      weight -= 16_384
      fs.truncateSync(ballast, weight) // some space is freed
      expect(await append(next)).toBe('appended')
      count.add('appended after space was freed')
      next++
    }
    for (let answer = await append(next); answer === 'appended'; answer = await append(next)) next++
    expect(await haltOn(book)).toBe('appended') // by what was kept for it
    count.add('a halt is recorded all the same')
    await store.close()
    fs.rmSync(ballast)
    await prove(book, acknowledged)
    count.row(`a full ${kind}`, 'G2 G8: refused, no torn line, reads go on, continues when there is room')
  })

for (const kind of Object.keys(mounts))
  test.runIf(mayMount)(`a full ${kind} that nobody looks at before writing`, async () => {
    const place = mounted(kind)
    if (place === undefined) return // said above
    const count = counting()
    const book = `${place}/book`
    let short = 0
    const files: LedgerFiles = {
      ...nodeFiles,
      write: (fd, bytes, length, position) => {
        const written = nodeFiles.write(fd, bytes, length, position)
        if (written < length) short++
        return written
      },
    }
    const store = await openBook(book, () => openedAt, { files, create: { ...create, reserveBytes: 0 } })
    const acknowledged: Acknowledged[] = []
    const ballast = `${place}/ballast`
    const { bavail, bsize } = fs.statfsSync(place)
    let weight = bavail * bsize - 60_000
    fs.writeFileSync(ballast, Buffer.alloc(weight))
    let next = 0
    for (let round = 0; round < 8; round++) {
      for (;;) {
        const answer = await store.append(groupOf(next))
        if (answer._tag === 'Left') {
          expect(answer.left.kind).toBe('disk-full')
          break
        }
        acknowledged.push(...answer.right.events.map(acknowledgedOf))
        next++
      }
      count.add('refused as disk-full, cut back')
      requireAcknowledged(witness(book), acknowledged)
      expect(await damagesIn(book)).toEqual([])
      weight -= 20_000 + 700 * round
      fs.truncateSync(ballast, weight)
    }
    expect(short).toBeGreaterThan(0)
    await store.close()
    fs.rmSync(ballast)
    await prove(book, acknowledged)
    count.add(`of them writes that took a part and reported success: ${short}`, 0)
    count.row(`a full ${kind} without a reserve: the kernel itself takes a part of a write`, 'G2 G8')
  })
