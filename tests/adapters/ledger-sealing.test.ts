// Sealing a day changes its files and nothing else: every reader sees the same events, whatever step a crash comes at.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import { readSeal } from '../../adapters/ledger-seal.ts'
import { openSegment } from '../../adapters/ledger-segment-bytes.ts'
import { sha256 } from '../../domain/hash.ts'
import { ledgerStream } from '../../domain/stream.ts'
import { candleGroup, candles } from '../cast.ts'
import { type BookOfDays, bookOfDays, dayMs, orderOfDay } from './book-of-days.ts'
import { all } from './event-store.contract.ts'

let book: BookOfDays
beforeEach(async () => {
  book = await bookOfDays(4)
})
afterEach(() => book.remove())

const everything = async () => {
  const reader = await openJsonlReader(book.folder)
  try {
    return await all(reader.readAll())
  } finally {
    await reader.close()
  }
}

const sealedFiles = (...dates: string[]) =>
  dates.flatMap(date => [`${date}.jsonl.gz`, `${date}.jsonl.seal.json`])

describe('sealing', () => {
  test('compresses every closed day and leaves the one that is written to', async () => {
    const before = await everything()
    await book.seal()
    expect(book.files()).toEqual([
      ...sealedFiles('2023-03-24', '2023-03-25', '2023-03-26'),
      '2023-03-27.jsonl',
    ])
    expect(await everything()).toEqual(before)
    for (const name of sealedFiles('2023-03-24'))
      expect(fs.statSync(`${book.folder}/${name}`).mode & 0o777).toBe(0o444)
  })

  test('up to a day leaves the days behind it', async () => {
    await book.seal({ upTo: '2023-03-25' })
    expect(book.files()).toEqual([
      ...sealedFiles('2023-03-24', '2023-03-25'),
      '2023-03-26.jsonl',
      '2023-03-27.jsonl',
    ])
  })

  test('writes what every gzip program reads', async () => {
    const plain = fs.readFileSync(`${book.folder}/2023-03-24.jsonl`)
    await book.seal()
    expect(execFileSync('zcat', [`${book.folder}/2023-03-24.jsonl.gz`])).toEqual(plain)
    expect(readSeal(book.folder, '2023-03-24.jsonl')?.seal).toMatchObject({
      book: 'cast',
      firstSeq: 1,
      lastSeq: 5,
      events: 5,
      bytes: plain.length,
      sha256: sha256(plain),
      previousSeal: '0'.repeat(64),
    })
  })

  test('chains each seal to the one before it', async () => {
    await book.seal()
    const first = fs.readFileSync(`${book.folder}/2023-03-24.jsonl.seal.json`)
    expect(readSeal(book.folder, '2023-03-25.jsonl')?.seal).toMatchObject({
      previousSeal: sha256(first),
      previousHash: readSeal(book.folder, '2023-03-24.jsonl')?.seal.lastHash,
    })
  })

  test('again does nothing', async () => {
    await book.seal()
    const before = book.files().map(name => [name, fs.statSync(`${book.folder}/${name}`).mtimeMs])
    const steps = await book.seal()
    expect(steps.map(({ kind }) => kind)).toEqual(['anchored', 'anchored', 'anchored'])
    expect(steps.every(step => step.kind === 'anchored' && !step.written)).toBe(true)
    expect(book.files().map(name => [name, fs.statSync(`${book.folder}/${name}`).mtimeMs])).toEqual(before)
  })

  test('the same bytes gives the same seal', async () => {
    const copy = `${book.folder}-copy`
    fs.cpSync(book.folder, copy, { recursive: true })
    await book.seal()
    const once = book.files().map(name => sha256(fs.readFileSync(`${book.folder}/${name}`)))
    fs.rmSync(book.folder, { recursive: true })
    fs.renameSync(copy, book.folder)
    await book.seal()
    expect(book.files().map(name => sha256(fs.readFileSync(`${book.folder}/${name}`)))).toEqual(once)
  })

  test('refuses a day with a line that does not hold, and changes nothing', async () => {
    const file = `${book.folder}/2023-03-25.jsonl`
    const bytes = fs.readFileSync(file)
    bytes[700] = (bytes[700] as number) ^ 1
    fs.writeFileSync(file, bytes)
    await expect(book.seal()).rejects.toMatchObject({ name: 'LedgerDamaged', verdict: 'corrupt' })
    await expect(book.seal()).rejects.toThrow(
      /2023-03-25.jsonl at byte \d+ is damaged: expected .*Nothing was sealed/,
    )
    expect(fs.readFileSync(file)).toEqual(bytes)
  })

  test('is done by one process at a time', async () => {
    const steps = (await import('../../adapters/ledger-seal-days.ts')).sealDays(book.folder)
    await steps.next()
    await expect(book.seal()).rejects.toMatchObject({ name: 'LedgerBusy' })
    await steps.return()
    await book.seal()
  })
})

describe('a book with sealed days', () => {
  test('is read by stream, by type, from any place and by subscription as before', async () => {
    const before = await everything()
    await book.seal()
    const store = await book.open()
    expect(await all(store.readAll())).toEqual(before)
    expect(await all(store.read(candles))).toEqual(before.filter(({ stream }) => stream === candles))
    expect(await all(store.read(ledgerStream))).toEqual(
      before.filter(({ stream }) => stream === ledgerStream),
    )
    for (let after = 0; after <= before.length; after++)
      expect(await all(store.readAll({ after }))).toEqual(before.slice(after))
    const types = new Set(['OrderRequested'])
    expect(await all(store.readAll({ types }))).toEqual(before.filter(({ event }) => types.has(event.type)))
    const stop = new AbortController()
    const seen: number[] = []
    for await (const { seq } of store.subscribe(0, stop.signal)) {
      seen.push(seq)
      if (seq === before.length) stop.abort()
    }
    expect(seen).toEqual(before.map(({ seq }) => seq))
    await store.close()
  })

  test('answers a repeated append of a sealed day with the original events', async () => {
    await book.seal()
    const store = await book.open()
    for (const repeated of [candleGroup(0), candleGroup(3), orderOfDay(1)])
      expect(await store.append(repeated)).toMatchObject({ right: { repeated: true } })
    expect(await store.append(candleGroup(8))).toMatchObject({ right: { repeated: false } })
    await store.close()
    expect((await book.verify({ deep: true })).damages).toEqual([])
  })

  test('is sealed while a writer and a reader go on', async () => {
    const store = await book.open()
    const reader = await openJsonlReader(book.folder)
    const half = reader.readAll()[Symbol.asyncIterator]()
    const events = [(await half.next()).value]
    await book.seal()
    for (let next = await half.next(); next.done !== true; next = await half.next()) events.push(next.value)
    expect(events).toEqual(await everything())
    expect(await store.append(candleGroup(8))).toMatchObject({ right: { repeated: false } })
    expect(await store.append(candleGroup(0))).toMatchObject({ right: { repeated: true } })
    await reader.close()
    await store.close()
  })

  test('is followed by a writer that last looked before the days were sealed', async () => {
    const sleeping = await book.open()
    const other = await book.open()
    book.clock.advance(dayMs)
    await other.append(candleGroup(8))
    book.clock.advance(dayMs)
    await other.append(candleGroup(9))
    await book.seal()
    expect(book.files()).toContain('2023-03-27.jsonl.gz')
    expect(await sleeping.append(candleGroup(10))).toMatchObject({ right: { repeated: false } })
    expect(await sleeping.append(candleGroup(7))).toMatchObject({ right: { repeated: true } })
    await sleeping.close()
    await other.close()
    expect((await book.verify()).damages).toEqual([])
  })

  test('any part of a sealed segment is the same part of the plain one, over the borders of its members', async () => {
    const { packedBytes } = await import('../../adapters/ledger-segment-bytes.ts')
    const { gzipSync } = await import('node:zlib')
    const plain = fs.readFileSync(`${book.folder}/2023-03-24.jsonl`)
    await book.seal({ upTo: '2023-03-24' })
    const seal = readSeal(book.folder, '2023-03-24.jsonl')?.seal
    if (seal === undefined) throw new Error('no seal')
    const blockBytes = 500
    const members = Array.from({ length: Math.ceil(plain.length / blockBytes) }, (_, at) =>
      gzipSync(plain.subarray(at * blockBytes, (at + 1) * blockBytes)),
    )
    fs.rmSync(`${book.folder}/2023-03-24.jsonl.gz`)
    fs.writeFileSync(`${book.folder}/2023-03-24.jsonl.gz`, Buffer.concat(members))
    const source = packedBytes(book.folder, {
      ...seal,
      blockBytes,
      blocks: members.map(({ length }) => length),
    })
    for (let from = 0; from <= plain.length + 10; from += 37)
      for (const length of [1, 499, 500, 501, 1300, plain.length]) {
        const into = Buffer.alloc(length)
        const expected = plain.subarray(from, from + length)
        expect(source.read(into, length, from)).toBe(expected.length)
        expect(into.subarray(0, expected.length)).toEqual(expected)
        expect(await source.readAsync(into, 0, length, from)).toBe(expected.length)
        expect(into.subarray(0, expected.length)).toEqual(expected)
      }
    source.close()
  })
})

// ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────

type Step = 'write' | 'sync' | 'rename' | 'remove' | 'syncFolder'

/** Files that fail at their nth step and, when the process is dead, at every later one. */
const failingAt = (nth: number, dead: boolean, code: string) => {
  const steps: Step[] = []
  const step =
    <Args extends unknown[], Result>(name: Step, act: (...args: Args) => Result) =>
    (...args: Args): Result => {
      steps.push(name)
      if (steps.length === nth || (dead && steps.length > nth))
        throw Object.assign(new Error(`${code}: on purpose, at ${name}`), { code })
      return act(...args)
    }
  const files: LedgerFiles = {
    ...nodeFiles,
    write: step('write', nodeFiles.write),
    sync: step('sync', nodeFiles.sync),
    rename: step('rename', nodeFiles.rename),
    remove: step('remove', nodeFiles.remove),
    syncFolder: step('syncFolder', nodeFiles.syncFolder),
  }
  return { files, steps }
}

describe('a failure at any step of sealing', () => {
  for (const [what, dead, code] of [
    ['once', false, 'EIO'],
    ['for ever, as when the process dies', true, 'EIO'],
    ['because the disk is full', false, 'ENOSPC'],
  ] as const)
    test(`${what}, leaves the same events, a clean ledger, and a seal that goes on`, async () => {
      const template = `${book.folder}-template`
      fs.cpSync(book.folder, template, { recursive: true })
      const before = await everything()
      const { files, steps } = failingAt(Number.POSITIVE_INFINITY, false, 'EIO')
      await book.seal({}, files)
      expect(steps.length).toBeGreaterThan(30)
      for (let nth = 1; nth <= steps.length; nth++) {
        fs.rmSync(book.folder, { recursive: true })
        fs.cpSync(template, book.folder, { recursive: true })
        await expect(book.seal({}, failingAt(nth, dead, code).files)).rejects.toThrow('on purpose')
        // The first step is the sync of HEAD. After it has failed nobody syncs HEAD again until a person has repaired.
        expect([nth, fs.existsSync(`${book.folder}/POISON`)]).toEqual([nth, nth === 1])
        fs.rmSync(`${book.folder}/POISON`, { force: true })
        expect([nth, (await everything()).length]).toEqual([nth, before.length])
        expect([nth, (await book.verify({ deep: true })).damages]).toEqual([nth, []])
        const store = await book.open()
        expect(await store.append(candleGroup(0))).toMatchObject({ right: { repeated: true } })
        await store.close()
        await book.seal()
        expect([nth, book.files()]).toEqual([
          nth,
          [...sealedFiles('2023-03-24', '2023-03-25', '2023-03-26'), '2023-03-27.jsonl'],
        ])
        expect(await everything()).toEqual(before)
        const { damages, report } = await book.verify()
        expect([nth, damages]).toEqual([nth, []])
        expect(report).toMatchObject({ seals: 3, anchors: 3 })
      }
    })

  test('a short write is no room, and leaves no half file', async () => {
    const files: LedgerFiles = {
      ...nodeFiles,
      write: (fd, bytes, length, at) => nodeFiles.write(fd, bytes, length - 1, at),
    }
    await expect(book.seal({}, files)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(book.files()).toEqual([
      '2023-03-24.jsonl',
      '2023-03-25.jsonl',
      '2023-03-26.jsonl',
      '2023-03-27.jsonl',
    ])
  })

  test('a compressed file that does not give the lines back never replaces them', async () => {
    const files: LedgerFiles = {
      ...nodeFiles,
      rename: (from, to) => {
        if (to.endsWith('.gz')) {
          fs.chmodSync(from, 0o644)
          fs.truncateSync(from, fs.statSync(from).size - 1)
        }
        nodeFiles.rename(from, to)
      },
    }
    await expect(book.seal({}, files)).rejects.toThrow('it was just written, and')
    expect(book.files()).toContain('2023-03-24.jsonl')
    expect(book.files()).not.toContain('2023-03-24.jsonl.seal.json')
    await book.seal()
    expect((await book.verify()).damages).toEqual([])
  })

  test('a seal that says other than the plain file beside it stops the sealing and is not replaced', async () => {
    const plain = fs.readFileSync(`${book.folder}/2023-03-24.jsonl`)
    await book.seal({ upTo: '2023-03-24' })
    fs.writeFileSync(`${book.folder}/2023-03-24.jsonl`, plain)
    const seal = `${book.folder}/2023-03-24.jsonl.seal.json`
    const other = fs.readFileSync(seal, 'utf8').replace(/"sha256": "\w{64}"/, `"sha256": "${'a'.repeat(64)}"`)
    fs.rmSync(seal)
    fs.writeFileSync(seal, other)
    await expect(book.seal()).rejects.toThrow(/its SHA-256 is \w{64}, its seal says a{64}/)
    expect(fs.readFileSync(seal, 'utf8')).toBe(other)
    expect(fs.existsSync(`${book.folder}/2023-03-24.jsonl`)).toBe(true)
  })

  test('a compressed file without its seal is not read, and says how to get at the lines', async () => {
    await book.seal()
    fs.rmSync(`${book.folder}/2023-03-24.jsonl.seal.json`)
    expect(() => openSegment(book.folder, '2023-03-24.jsonl')).toThrow(/zcat 2023-03-24.jsonl.gz/)
    await expect(everything()).rejects.toMatchObject({ name: 'LedgerDamaged' })
    expect((await book.verify()).damages.length).toBeGreaterThan(0)
  })
})
