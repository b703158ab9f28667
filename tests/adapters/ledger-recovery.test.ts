// The four verdicts, by enumeration: every cut, every flipped bit of a small ledger; and what recovery does.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { advance } from '../../adapters/ledger-advance.ts'
import { type DurableMark, printSlot, readSlot, slotBytes } from '../../adapters/ledger-head.ts'
import { nothingKnown } from '../../adapters/ledger-known.ts'
import { judge } from '../../adapters/ledger-recovery.ts'
import { sha256 } from '../../domain/hash.ts'
import { ledgerStream } from '../../domain/stream.ts'
import {
  candleClosed,
  candleGroup,
  candles,
  evaluated,
  group,
  handClock,
  market,
  strategy,
  write,
} from '../cast.ts'
import { all, appended } from './event-store.contract.ts'

const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
const segment = '2023-03-24.jsonl'
const clock = handClock()
let folder = ''
let file = ''

/** A small book: four groups, the last one of three lines over two streams. */
let good: Buffer
/** Byte behind each group. */
let ends: number[]
let current: DurableMark
let behind: DurableMark

const open = () => openJsonlStore({ folder, role: 'execute', clock: clock.now, create, allowMemory: true })

const marks = (): DurableMark[] => {
  const text = fs.readFileSync(`${folder}/HEAD`, 'latin1')
  return [text.slice(0, slotBytes), text.slice(slotBytes)]
    .flatMap(slot => readSlot(slot) ?? [])
    .sort((a, b) => b.seq - a.seq)
}

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-recovery-'))
  file = `${folder}/${segment}`
  clock.set('2023-03-24T11:40:00.000Z')
  const store = await open()
  ends = [0]
  const groups = [
    candleGroup(0),
    candleGroup(1),
    candleGroup(2),
    group(
      write(candles, { revision: 2 }, [market(3), candleClosed(3)], [market(4), candleClosed(4)]),
      write(strategy, 'no-stream', [market(4), evaluated(4)]),
    ),
  ]
  for (const each of groups) {
    appended(await store.append(each))
    ends.push(fs.statSync(file).size)
  }
  await store.close()
  good = fs.readFileSync(file)
  ;[current, behind] = marks() as [DurableMark, DurableMark]
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const verdict = (bytes: Buffer, head: DurableMark) => {
  fs.writeFileSync(file, bytes)
  return verdictOfFile(head)
}

/** Calls back for every bit, while it is flipped in the file. */
const eachFlippedBit = (look: (bit: number) => void) => {
  const fd = fs.openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      byte[0] = (good[at] as number) ^ (1 << bit)
      fs.writeSync(fd, byte, 0, 1, at)
      look(at * 8 + bit)
    }
    fs.writeSync(fd, good, at, 1, at)
  }
  fs.closeSync(fd)
}

const verdictOfFile = (head: DurableMark) => {
  const known = nothingKnown()
  const damage = advance(folder, known, { head, verifyFrom: head.segment })
  return { kind: judge(folder, known, damage, head).kind, seq: known.seq, end: known.end }
}

describe('with a current HEAD', () => {
  test('a cut at any byte is corrupt, or lost at the end of a group; only the whole file is clean', () => {
    const counts: Record<string, number> = {}
    for (let length = 0; length <= good.length; length++) {
      const { kind } = verdict(good.subarray(0, length), current)
      const atGroupEnd = ends.includes(length)
      const expected = length === good.length ? 'clean' : atGroupEnd ? 'lost-acknowledged' : 'corrupt'
      if (kind !== expected) expect([length, kind]).toEqual([length, expected])
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    expect(counts).toEqual({ clean: 1, 'lost-acknowledged': 4, corrupt: good.length - 4 })
  })

  test('every flipped bit is corrupt', () => {
    eachFlippedBit(bit => {
      const { kind } = verdictOfFile(current)
      if (kind !== 'corrupt') expect([bit, kind]).toEqual([bit, 'corrupt'])
    })
  })

  test('every deleted, repeated or swapped line is found', () => {
    const lines = good.toString('latin1').split('\n').slice(0, -1)
    const print = (some: string[]) => Buffer.from(some.map(line => `${line}\n`).join(''), 'latin1')
    lines.forEach((line, at) => {
      expect(verdict(print(lines.toSpliced(at, 1)), current).kind).not.toBe('clean')
      const last = at === lines.length - 1
      expect(verdict(print(lines.toSpliced(at, 0, line)), current).kind).toBe(last ? 'torn' : 'corrupt')
      if (!last)
        expect(verdict(print(lines.toSpliced(at, 2, lines[at + 1] as string, line)), current).kind).toBe(
          'corrupt',
        )
    })
  })

  test('foreign bytes behind the end are torn, whatever they are', () => {
    for (const foreign of [
      '\n',
      '\0\0\0',
      '{"a":1}\n',
      '\ufeff',
      '\r\n',
      `${good.toString('utf8').split('\n')[1]}\n`,
      'x'.repeat(200_000),
    ])
      expect(verdict(Buffer.concat([good, Buffer.from(foreign)]), current)).toEqual({
        kind: 'torn',
        seq: current.seq,
        end: good.length,
      })
  })
})

describe('with a HEAD that is one group behind', () => {
  test('a cut inside the last group is torn, a cut before it is corrupt or lost', () => {
    const last = ends.at(-2) as number
    for (let length = 0; length <= good.length; length++) {
      const { kind, seq, end } = verdict(good.subarray(0, length), behind)
      const clean = length === good.length || length === last
      const expected = clean
        ? 'clean'
        : length > last
          ? 'torn'
          : ends.includes(length)
            ? 'lost-acknowledged'
            : 'corrupt'
      if (kind !== expected) expect([length, kind]).toEqual([length, expected])
      if (kind === 'torn' && (seq !== behind.seq || end !== last))
        expect([length, seq, end]).toEqual([length, behind.seq, last])
    }
  })

  test('a flipped bit is torn inside the last group and corrupt before it, never unnoticed', () => {
    const last = (ends.at(-2) as number) * 8
    eachFlippedBit(bit => {
      const { kind } = verdictOfFile(behind)
      const expected = bit < last ? 'corrupt' : 'torn'
      if (kind !== expected) expect([bit, kind]).toEqual([bit, expected])
    })
  })

  test('zeros from any byte on, as a file system may leave them, are torn only inside the last group', () => {
    const last = ends.at(-2) as number
    for (let from = 0; from < good.length; from++) {
      const bytes = Buffer.from(good)
      bytes.fill(0, from)
      const { kind } = verdict(bytes, behind)
      const expected = from < last ? 'corrupt' : 'torn'
      if (kind !== expected) expect([from, kind]).toEqual([from, expected])
    }
  })

  test('a valid group behind the damage is corrupt: that was not one interrupted write', () => {
    const third = ends[2] as number
    const older = { ...behind, seq: 3, end: third }
    const hash = /"h":"(\w{64})"/.exec(good.toString('latin1').split('\n')[2] as string)?.[1] as string
    const bytes = Buffer.from(good)
    bytes[third + 60] = 0x21
    expect(verdict(bytes, { ...older, hash }).kind).toBe('corrupt')
  })
})

describe('recovery', () => {
  const leave = (bytes: Buffer, head: DurableMark) => {
    fs.writeFileSync(file, bytes)
    fs.writeFileSync(`${folder}/HEAD`, printSlot(head) + printSlot(head))
  }
  const torn = () => {
    const last = ends.at(-2) as number
    leave(good.subarray(0, last + 500), behind)
    return good.subarray(last, last + 500)
  }

  test('of a torn end keeps its bytes in the quarantine, cuts them off and records it', async () => {
    const bytes = torn()
    const store = await open()
    const [name = ''] = fs.readdirSync(`${folder}/quarantine`)
    expect(fs.readFileSync(`${folder}/quarantine/${name}`)).toEqual(bytes)
    const recovered = (await all(store.read(ledgerStream))).at(-1)
    expect(recovered?.event).toEqual({
      type: 'LedgerRecovered',
      version: 1,
      data: {
        segment,
        offset: ends.at(-2),
        bytes: 500,
        sha256: sha256(bytes),
        quarantined: `quarantine/${name}`,
      },
    })
    expect((await all(store.read(candles))).length).toBe(3)
    expect(appended(await store.append(candleGroup(3)))[0]?.seq).toBe((recovered?.seq ?? 0) + 1)
    await store.close()
  })

  test('happens once: the next opening finds a clean ledger', async () => {
    torn()
    await (await open()).close()
    const before = fs.readFileSync(file)
    await (await open()).close()
    expect(fs.readFileSync(file)).toEqual(before)
    expect(fs.readdirSync(`${folder}/quarantine`)).toHaveLength(1)
  })

  test('that was interrupted after the quarantine is repeated and recorded once', async () => {
    const bytes = torn()
    await (await open()).close()
    leave(Buffer.concat([good.subarray(0, ends.at(-2) as number), bytes]), behind)
    const store = await open()
    expect((await all(store.read(ledgerStream))).map(({ event }) => event.type)).toEqual([
      'SegmentOpened',
      'LedgerRecovered',
    ])
    expect(fs.readdirSync(`${folder}/quarantine`)).toHaveLength(1)
    await store.close()
  })

  test('that was interrupted after the cut is still recorded', async () => {
    torn()
    await (await open()).close()
    leave(good.subarray(0, ends.at(-2) as number), behind)
    const store = await open()
    expect((await all(store.read(ledgerStream))).at(-1)?.event.type).toBe('LedgerRecovered')
    await store.close()
  })

  test('of whole groups that nobody was told about is their acknowledgement', async () => {
    leave(good, behind)
    const store = await open()
    expect(await store.head()).toEqual({ seq: current.seq, hash: current.hash })
    expect(marks()[0]).toEqual(current)
    await store.close()
  })

  test('by a writer that is running: what another one left torn is cut before the next append', async () => {
    const store = await open()
    fs.appendFileSync(file, good.subarray(0, 321))
    const [event] = appended(await store.append(candleGroup(5)))
    expect((await all(store.read(candles))).at(-1)).toEqual(event)
    expect((await all(store.read(ledgerStream))).at(-1)?.event.type).toBe('LedgerRecovered')
    await store.close()
  })

  test('does not touch a corrupt ledger', async () => {
    const bytes = Buffer.from(good)
    bytes[700] = 0x21
    leave(bytes, current)
    await expect(open()).rejects.toMatchObject({ name: 'LedgerDamaged', verdict: 'corrupt' })
    await expect(open()).rejects.toThrow(/damaged at byte \d+: expected hash \w+, found \w+/)
    expect(fs.readFileSync(file)).toEqual(bytes)
    expect(fs.existsSync(`${folder}/quarantine`)).toBe(false)
  })

  test('does not touch a ledger whose acknowledged end is missing', async () => {
    leave(good.subarray(0, ends[2]), current)
    await expect(open()).rejects.toMatchObject({ verdict: 'lost-acknowledged' })
    expect(fs.statSync(file).size).toBe(ends[2])
  })

  test('of a missing or unreadable HEAD is left to a person', async () => {
    fs.rmSync(`${folder}/HEAD`)
    await expect(open()).rejects.toThrow('HEAD is missing')
    fs.writeFileSync(`${folder}/HEAD`, 'x')
    await expect(open()).rejects.toThrow('HEAD cannot be read')
  })

  test('a reader never sees a torn end, nor a group that is not acknowledged', async () => {
    leave(Buffer.concat([good, Buffer.from('{"n":"00')]), behind)
    const reader = await openJsonlReader(folder)
    expect((await all(reader.readAll())).length).toBe(behind.seq)
    expect(await reader.head()).toEqual({ seq: behind.seq, hash: behind.hash })
    await reader.close()
  })

  test('a reader refuses a ledger whose acknowledged end is missing or is another line', async () => {
    leave(good.subarray(0, ends[3]), current)
    await expect(openJsonlReader(folder)).rejects.toMatchObject({ verdict: 'lost-acknowledged' })
    leave(good, { ...current, hash: 'f'.repeat(64) })
    await expect(openJsonlReader(folder)).rejects.toMatchObject({ verdict: 'corrupt' })
  })
})
