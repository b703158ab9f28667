// Checkpoints make opening a book cheap and change no answer: with any of them, with none, or with a forged one, the
// book is the same.

import { hash } from 'node:crypto'
import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { printSlot } from '../../adapters/ledger-head.ts'
import { ledgerStream } from '../../domain/stream.ts'
import { candleGroup, candles } from '../cast.ts'
import { type BookOfDays, bookOfDays, dayMs, orderOfDay } from './book-of-days.ts'
import { all } from './event-store.contract.ts'

let book: BookOfDays
beforeEach(async () => {
  book = await bookOfDays(4)
})
afterEach(() => {
  vi.restoreAllMocks()
  book.remove()
})

const open = () => book.open({ checkpoints: book.checkpoints })
const checkpoint = () => `${book.checkpoints}/2023-03-26.jsonl.checkpoint`
const voucher = () => `${book.folder}/CHECKPOINT`

/** Opens the book; gives the segments whose bytes were read, besides the ends of closed ones. */
const segmentsRead = async () => {
  const names = new Map<number, string>()
  const read = new Set<string>()
  const { openSync, readSync } = fs
  vi.spyOn(fs, 'openSync').mockImplementation((path, ...rest) => {
    const fd = openSync(path, ...rest)
    names.set(fd, String(path).split('/').at(-1) ?? '')
    return fd
  })
  vi.spyOn(fs, 'readSync').mockImplementation(((
    fd: number,
    ...rest: [Uint8Array, number, number, number]
  ) => {
    const name = names.get(fd) ?? ''
    if (/^\d.*\.jsonl(\.gz)?$/.test(name) && rest[2] > 300) read.add(name)
    return readSync(fd, ...rest)
  }) as typeof fs.readSync)
  await (await open()).close()
  vi.restoreAllMocks()
  return [...read].sort()
}

const everySegment = ['2023-03-24.jsonl', '2023-03-25.jsonl', '2023-03-26.jsonl', '2023-03-27.jsonl']

/** SHA-256 of what a copy of the book answers, to repeated, new and wrong appends and to reads of streams. */
const answers = async () => {
  const copy = `${book.folder}-answers`
  fs.cpSync(book.folder, `${copy}/ledger`, { recursive: true })
  if (fs.existsSync(book.checkpoints)) fs.cpSync(book.checkpoints, `${copy}/state`, { recursive: true })
  const store = await book.open({ folder: `${copy}/ledger`, checkpoints: `${copy}/state` })
  const given: unknown[] = []
  for (let n = 0; n < 9; n++) given.push(await store.append(candleGroup(n)))
  for (let day = 0; day < 5; day++) given.push(await store.append(orderOfDay(day)))
  given.push(await store.append({ ...candleGroup(7), head: 1 }))
  given.push(await all(store.read(candles)), await all(store.read(ledgerStream)), await all(store.readAll()))
  await store.close()
  fs.rmSync(copy, { recursive: true })
  return hash('sha256', JSON.stringify(given), 'hex')
}

describe('with a checkpoint', () => {
  test('opening reads the active segment alone, sealed days or not', async () => {
    expect(await segmentsRead()).toEqual(everySegment)
    expect(await segmentsRead()).toEqual(['2023-03-27.jsonl'])
    await book.seal()
    expect(await segmentsRead()).toEqual(['2023-03-27.jsonl'])
    fs.rmSync(book.checkpoints, { recursive: true })
    expect(await segmentsRead()).toEqual([
      ...everySegment.slice(0, 3).map(name => `${name}.gz`),
      '2023-03-27.jsonl',
    ])
  })

  test('the book answers as without', async () => {
    const without = await answers()
    await (await open()).close()
    expect(fs.existsSync(checkpoint())).toBe(true)
    expect(await answers()).toBe(without)
    await book.seal()
    expect(await answers()).toBe(without)
  })

  test('a writer that leaves a segment writes the next one, and the older ones go', async () => {
    const store = await open()
    book.clock.advance(dayMs)
    await store.append(candleGroup(8))
    book.clock.advance(dayMs)
    await store.append(candleGroup(9))
    await store.close()
    expect(fs.readdirSync(book.checkpoints)).toEqual(['2023-03-28.jsonl.checkpoint'])
    expect(await segmentsRead()).toEqual(['2023-03-29.jsonl'])
  })

  test('a torn end is recovered and recorded once', async () => {
    await (await open()).close()
    const { size } = fs.statSync(`${book.folder}/2023-03-27.jsonl`)
    fs.appendFileSync(`${book.folder}/2023-03-27.jsonl`, '{"n":"00')
    for (let time = 0; time < 3; time++) {
      const store = await open()
      const own = (await all(store.read(ledgerStream))).map(({ event }) => event.type)
      expect(own.filter(type => type === 'LedgerRecovered')).toHaveLength(1)
      book.clock.advance(dayMs)
      await store.append(candleGroup(8 + time))
      await store.close()
    }
    expect(fs.readdirSync(`${book.folder}/quarantine`)).toHaveLength(1)
    expect(size).toBeGreaterThan(0)
    expect((await book.verify({ deep: true })).damages).toEqual([])
  })
})

describe('a checkpoint is not believed, and nothing is answered otherwise,', () => {
  let good = ''
  let without = ''
  beforeEach(async () => {
    without = await answers()
    await (await open()).close()
    good = fs.readFileSync(checkpoint(), 'utf8')
  })

  const isRebuilt = async () => {
    expect(await answers()).toBe(without)
    expect(await segmentsRead()).toEqual(everySegment)
    expect(fs.readFileSync(checkpoint(), 'utf8')).toBe(good)
    expect(await segmentsRead()).toEqual(['2023-03-27.jsonl'])
  }

  test('when it is gone', async () => {
    fs.rmSync(book.checkpoints, { recursive: true })
    await isRebuilt()
  })

  test('when the ledger does not vouch for one', async () => {
    fs.rmSync(voucher())
    await isRebuilt()
  })

  test('when it is cut at any byte', async () => {
    for (let length = 0; length < good.length; length += 7) {
      fs.writeFileSync(checkpoint(), good.slice(0, length))
      expect(await segmentsRead()).toEqual(everySegment)
    }
    fs.writeFileSync(checkpoint(), good.slice(0, -1))
    await isRebuilt()
  })

  test('when one of its bytes is another', async () => {
    for (let at = 0; at < good.length; at += 5) {
      const bytes = Buffer.from(good)
      bytes[at] = (bytes[at] as number) ^ 1
      fs.writeFileSync(checkpoint(), bytes)
      expect(await segmentsRead()).toEqual(everySegment)
    }
  })

  test('when it claims another revision of a stream', async () => {
    fs.writeFileSync(checkpoint(), good.replace(/^(candles-\S+) 5/m, '$1 4'))
    await isRebuilt()
  })

  test('when it is the true checkpoint of another ledger', async () => {
    const other = await bookOfDays(4)
    await (await other.open({ checkpoints: other.checkpoints })).close()
    fs.copyFileSync(`${other.checkpoints}/2023-03-26.jsonl.checkpoint`, checkpoint())
    await isRebuilt()
    fs.copyFileSync(`${other.checkpoints}/2023-03-26.jsonl.checkpoint`, checkpoint())
    fs.copyFileSync(`${other.folder}/CHECKPOINT`, voucher())
    await isRebuilt()
    other.remove()
  })

  test('when the ledger has another id, though the same lines', async () => {
    const path = `${book.folder}/LEDGER.json`
    const identity = JSON.parse(fs.readFileSync(path, 'utf8'))
    fs.writeFileSync(path, JSON.stringify({ ...identity, ledgerId: '0b1c2d3e-4f50-4a61-8b72-9c83a4d5e6f7' }))
    expect(await segmentsRead()).toEqual(everySegment)
  })

  test('when it is of a later state than the ledger, which was put back from a backup', async () => {
    const backup = `${book.folder}-backup`
    fs.cpSync(book.folder, backup, { recursive: true })
    const store = await open()
    book.clock.advance(dayMs)
    await store.append(candleGroup(8))
    await store.close()
    const newer = fs.readFileSync(`${book.checkpoints}/2023-03-27.jsonl.checkpoint`)
    const newerVoucher = fs.readFileSync(voucher())
    fs.rmSync(book.folder, { recursive: true })
    fs.renameSync(backup, book.folder)
    fs.writeFileSync(voucher(), newerVoucher)
    book.clock.advance(-dayMs)
    expect(newer.length).toBeGreaterThan(0)
    expect(await segmentsRead()).toEqual(everySegment)
    expect(await answers()).toBe(without)
  })

  test('when the segment that it speaks of ends otherwise', async () => {
    const segment = `${book.folder}/2023-03-26.jsonl`
    fs.appendFileSync(segment, 'x')
    await expect(open()).rejects.toMatchObject({ name: 'LedgerDamaged', verdict: 'corrupt' })
  })

  test('when its segment is missing: the ledger is refused, as without it', async () => {
    fs.renameSync(`${book.folder}/2023-03-26.jsonl`, `${book.folder}-away`)
    await expect(open()).rejects.toMatchObject({ name: 'LedgerDamaged', verdict: 'corrupt' })
  })

  test('when HEAD stands before it, as a power cut may leave it', async () => {
    const text = fs.readFileSync(`${book.folder}/2023-03-25.jsonl`, 'latin1')
    const last = text.trimEnd().split('\n').at(-1) as string
    const seq = Number(last.slice(6, 22))
    const mark = { seq, segment: '2023-03-25.jsonl', end: text.length, hash: last.slice(-66, -2) }
    fs.writeFileSync(`${book.folder}/HEAD`, printSlot(mark).repeat(2))
    expect(await segmentsRead()).toEqual(everySegment)
  })

  test('when it is forged together with CHECKPOINT, the lines of the active day still have to fit', async () => {
    const forged = good.replace(/^(candles-\S+) 5/m, '$1 4')
    fs.writeFileSync(checkpoint(), forged)
    fs.writeFileSync(voucher(), `2023-03-26.jsonl.checkpoint ${hash('sha256', forged, 'hex')}\n`)
    await expect(open()).rejects.toMatchObject({ name: 'LedgerDamaged', verdict: 'corrupt' })
  })
})

test('a checkpoint that cannot be written is none, and the append goes on', async () => {
  const files = {
    ...nodeFiles,
    rename: (from: string, to: string) => {
      if (to.endsWith('.checkpoint')) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      nodeFiles.rename(from, to)
    },
  }
  const store = await book.open({ checkpoints: book.checkpoints, files })
  book.clock.advance(dayMs)
  expect(await store.append(candleGroup(8))).toMatchObject({ right: { repeated: false } })
  await store.close()
  expect(fs.existsSync(voucher())).toBe(false)
  expect((await book.verify()).damages).toEqual([])
})

test('the seqs that are kept in memory are those of the active segment', async () => {
  const { openWriter } = await import('../../adapters/ledger-writer.ts')
  const { readIdentity } = await import('../../adapters/ledger-identity.ts')
  const identity = readIdentity(book.folder)
  if (identity === undefined) throw new Error('no ledger')
  const writer = openWriter({
    folder: book.folder,
    identity,
    clock: book.clock.now,
    files: nodeFiles,
    headFd: fs.openSync(`${book.folder}/HEAD`, 'r+'),
    sign: () => {},
    checkpoints: undefined,
    urgent: false,
  })
  const known = writer.refresh()
  expect([...known.streams.values()].flatMap(({ seqs }) => seqs)).toHaveLength(4)
  expect(known.past.of(candles)).toEqual({ revision: 5, first: 2, last: known.past.of(candles)?.last })
  writer.close()
})

test('what is missing among the closed segments is found by whoever asks for it, and by verify', async () => {
  await (await open()).close()
  fs.renameSync(`${book.folder}/2023-03-25.jsonl`, `${book.folder}-away`)
  const store = await open()
  expect(await store.append(candleGroup(8))).toMatchObject({ right: { repeated: false } })
  expect(await store.append(candleGroup(1))).toMatchObject({ right: { repeated: true } })
  await expect(store.append(candleGroup(2))).rejects.toThrow()
  await expect(all(store.readAll())).rejects.toMatchObject({ name: 'LedgerDamaged' })
  await store.close()
  expect((await book.verify()).damages[0]).toMatchObject({ segment: '2023-03-26.jsonl' })
})

test('an old event of a stream is found over several days back', async () => {
  const store = await open()
  for (const n of [0, 7, 1, 5, 2, 4, 3, 6, 0])
    expect(await store.append(candleGroup(n))).toMatchObject({ right: { repeated: true } })
  const changed = candleGroup(0)
  expect(await store.append({ ...changed, head: 0 })).toMatchObject({ right: { repeated: true } })
  await store.close()
})
