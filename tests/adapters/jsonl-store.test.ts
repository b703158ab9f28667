// The embedded ledger keeps the promises of the port, on disk and between processes.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type JsonlOptions, openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import { printSlot } from '../../adapters/ledger-head.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { ledgerStream } from '../../domain/stream.ts'
import { candleGroup, candles, handClock } from '../cast.ts'
import { all, eventStoreContract } from './event-store.contract.ts'
import { otherProcess } from './ledger-process.ts'

const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const

eventStoreContract('the JSON Lines store', async clock => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-contract-'))
  const opened: EventStore[] = []
  return {
    open: async role => {
      const store = await openJsonlStore({ folder: `${folder}/cast`, role, clock, create, allowMemory: true })
      opened.push(store)
      return store
    },
    end: async () => {
      for (const store of opened) await store.close()
      fs.rmSync(folder, { recursive: true })
    },
  }
})

// ── what only a ledger on disk can do ───────────────────────────────────────────────────────────────────────────

let folder = ''
const clock = handClock()
beforeEach(() => {
  clock.set('2023-03-24T11:40:00.000Z')
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-jsonl-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const open = (more: Partial<JsonlOptions> = {}) =>
  openJsonlStore({ folder, role: 'execute', clock: clock.now, create, allowMemory: true, ...more })

const segments = () => fs.readdirSync(folder).filter(name => name.endsWith('.jsonl'))
const bytesOnDisk = () => segments().reduce((sum, name) => sum + fs.statSync(`${folder}/${name}`).size, 0)
const damages = async () => {
  const found: string[] = []
  for await (const step of verifyLedger(folder, { deep: true }))
    if (step.kind === 'damage') found.push(JSON.stringify(step.damage))
  return found
}

/** File operations of which the next calls fail as told, and a record of what was called. */
const failing = () => {
  const calls: string[] = []
  const next: {
    write?: (() => number) | undefined
    sync?: (() => void) | undefined
    truncate?: (() => void) | undefined
  } = {}
  const files: LedgerFiles = {
    ...nodeFiles,
    write: (fd, bytes, length, position) => {
      calls.push(position === null ? 'write' : 'head')
      if (next.write === undefined) return nodeFiles.write(fd, bytes, length, position)
      return next.write()
    },
    sync: fd => {
      calls.push('sync')
      next.sync?.()
      nodeFiles.sync(fd)
    },
    truncate: (fd, length) => {
      calls.push('truncate')
      next.truncate?.()
      nodeFiles.truncate(fd, length)
    },
  }
  return { files, next, calls }
}
const systemError = (code: string) => Object.assign(new Error(`${code}: on purpose`), { code })

describe('segments', () => {
  test('are named by the date of the book’s clock in the zone of the ledger', async () => {
    clock.set('2023-03-25T01:00:00.000Z') // 21:00 of the 24th in New York
    const store = await open({ create: { ...create, zone: 'America/New_York' } })
    await store.append(candleGroup(0))
    expect(segments()).toEqual(['2023-03-24.jsonl'])
    await store.close()
  })

  test('a new day closes one and opens the next; the order goes on across them', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    clock.advance(24 * 3_600_000)
    await store.append(candleGroup(1))
    expect(segments()).toEqual(['2023-03-24.jsonl', '2023-03-25.jsonl'])
    expect((await all(store.readAll())).map(({ seq, event }) => [seq, event.type])).toEqual([
      [1, 'SegmentOpened'],
      [2, 'CandleClosed'],
      [3, 'SegmentClosed'],
      [4, 'SegmentOpened'],
      [5, 'CandleClosed'],
    ])
    expect((await all(store.read(ledgerStream))).map(({ event }) => event.data)).toEqual([
      { segment: '2023-03-24.jsonl', book: 'cast', epoch: store.identity.epoch },
      { segment: '2023-03-24.jsonl', nextSegment: '2023-03-25.jsonl', why: 'day' },
      {
        segment: '2023-03-25.jsonl',
        previousSegment: '2023-03-24.jsonl',
        book: 'cast',
        epoch: store.identity.epoch,
      },
    ])
    expect(await damages()).toEqual([])
    await store.close()
  })

  test('a restart on another day that has nothing to say adds no byte', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    await store.close()
    const bytes = bytesOnDisk()
    clock.advance(86_400_000)
    await (await open()).close()
    expect([segments(), bytesOnDisk()]).toEqual([['2023-03-24.jsonl'], bytes])
  })

  test('a full one is followed by the next of the same day', async () => {
    const store = await open({ create: { ...create, segmentBytesMax: 1500 } })
    for (let n = 0; n < 9; n++) await store.append(candleGroup(n))
    expect(segments()).toEqual(
      [
        '2023-03-24.0002.jsonl',
        '2023-03-24.0003.jsonl',
        '2023-03-24.0004.jsonl',
        '2023-03-24.0005.jsonl',
        '2023-03-24.jsonl',
      ].slice(-segments().length),
    )
    expect(segments().length).toBeGreaterThan(2)
    const everything = await all(store.readAll())
    expect(everything.map(({ seq }) => seq)).toEqual(everything.map((_, index) => index + 1))
    for (let after = 0; after < everything.length; after++)
      expect((await all(store.readAll({ after }))).map(({ seq }) => seq)).toEqual(
        everything.slice(after).map(({ seq }) => seq),
      )
    expect(await damages()).toEqual([])
    await store.close()
    const again = await open({})
    expect(await again.append(candleGroup(0))).toMatchObject({ right: { repeated: true } })
    expect(await again.append(candleGroup(8))).toMatchObject({ right: { repeated: true } })
    await again.close()
  })

  test('a clock that steps back over midnight does not open an older one', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    clock.advance(-24 * 3_600_000)
    await store.append(candleGroup(1))
    expect(segments()).toEqual(['2023-03-24.jsonl'])
    await store.close()
  })

  test('two stores follow each other over a roll', async () => {
    const a = await open()
    const b = await open()
    await a.append(candleGroup(0))
    clock.advance(24 * 3_600_000)
    await b.append(candleGroup(1))
    await a.append(candleGroup(2))
    clock.advance(24 * 3_600_000)
    await a.append(candleGroup(3))
    await b.append(candleGroup(4))
    expect((await all(b.read(candles))).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4])
    expect(await damages()).toEqual([])
    await a.close()
    await b.close()
  })

  test('a decision on the present head is not refused because a segment was opened meanwhile', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    const { seq } = await store.head()
    clock.advance(24 * 3_600_000)
    expect(await store.append({ ...candleGroup(1), head: seq })).toMatchObject({ right: { repeated: false } })
    await store.close()
  })

  test('foreign bytes where the next one is to begin are set aside before anything is written behind them', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    fs.writeFileSync(`${folder}/2023-03-25.jsonl`, 'a note of somebody')
    clock.advance(24 * 3_600_000)
    expect(await store.append(candleGroup(1))).toMatchObject({ right: { repeated: false } })
    expect((await all(store.read(ledgerStream))).map(({ event }) => event.type)).toEqual([
      'SegmentOpened',
      'SegmentClosed',
      'SegmentOpened',
      'LedgerRecovered',
    ])
    expect(await damages()).toEqual([])
    await store.close()
  })

  test('a crash between closing one and opening the next is continued where it stopped', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    clock.advance(24 * 3_600_000)
    await store.append(candleGroup(1))
    await store.close()
    const closed = fs.readFileSync(`${folder}/2023-03-24.jsonl`)
    const hash = /"h":"(\w{64})"}\n$/.exec(closed.toString('latin1'))?.[1] as string
    for (const left of [undefined, '', '{"n":"0000']) {
      const mark = { seq: 3, segment: '2023-03-24.jsonl', end: closed.length, hash }
      fs.writeFileSync(`${folder}/HEAD`, printSlot(mark).repeat(2))
      if (left === undefined) fs.rmSync(`${folder}/2023-03-25.jsonl`)
      else fs.writeFileSync(`${folder}/2023-03-25.jsonl`, left)
      const again = await open()
      expect(await again.append(candleGroup(1))).toMatchObject({ right: { repeated: false } })
      expect(segments()).toEqual(['2023-03-24.jsonl', '2023-03-25.jsonl'])
      expect(await damages()).toEqual([])
      await again.close()
    }
  })
})

describe('durability', () => {
  test('an append is acknowledged after write, sync and HEAD, in this order, and once each', async () => {
    const { files, calls } = failing()
    const store = await open({ files })
    await store.append(candleGroup(0))
    calls.length = 0
    await store.append(candleGroup(1))
    expect(calls).toEqual(['write', 'sync', 'head'])
    await store.close()
  })

  test('appends that arrive together share one write and one sync', async () => {
    const { files, calls } = failing()
    const store = await open({ files })
    await store.append(candleGroup(0))
    calls.length = 0
    await Promise.all(Array.from({ length: 200 }, (_, n) => store.append(candleGroup(n + 1))))
    expect(calls).toEqual(['write', 'sync', 'head'])
    const last = fs.readFileSync(`${folder}/2023-03-24.jsonl`, 'latin1').split('\n').at(-2)
    expect(last?.slice(28, 39)).toBe('"0200/0200"')
    await store.close()
  })

  test('a failed sync is not tried again: POISON, and nobody writes any more', async () => {
    const { files, next, calls } = failing()
    const store = await open({ files })
    const other = await open()
    await store.append(candleGroup(0))
    calls.length = 0
    next.sync = () => {
      throw systemError('EIO')
    }
    const both = await Promise.allSettled([store.append(candleGroup(1)), store.append(candleGroup(2))])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    next.sync = undefined
    await expect(store.append(candleGroup(1))).rejects.toMatchObject({
      name: 'LedgerDamaged',
      verdict: 'poisoned',
    })
    expect(calls.filter(call => call === 'sync')).toHaveLength(1)
    expect(fs.readFileSync(`${folder}/POISON`, 'utf8')).toContain('EIO')
    await expect(other.append(candleGroup(1))).rejects.toMatchObject({ verdict: 'poisoned' })
    await expect(open()).rejects.toMatchObject({ verdict: 'poisoned' })
    const reader = await openJsonlReader(folder)
    expect(await all(reader.read(candles))).toHaveLength(1)
    for (const each of [store, other, reader]) await each.close()
  })

  for (const [what, fail] of [
    [
      'ENOSPC',
      () => {
        throw systemError('ENOSPC')
      },
    ],
    [
      'EDQUOT',
      () => {
        throw systemError('EDQUOT')
      },
    ],
    ['a short write without an error', () => 17],
  ] as const)
    test(`${what} is answered disk-full, leaves no byte, and the same append works later`, async () => {
      const { files, next, calls } = failing()
      const store = await open({ files })
      await store.append(candleGroup(0))
      const before = bytesOnDisk()
      next.write = () => {
        if (what.startsWith('a short')) fs.appendFileSync(`${folder}/2023-03-24.jsonl`, 'x'.repeat(17))
        return fail()
      }
      const answers = await Promise.all([
        store.append(candleGroup(1)),
        store.append(candleGroup(2)),
        store.append(candleGroup(0)),
      ])
      expect(answers).toMatchObject([
        { left: { kind: 'disk-full' } },
        { left: { kind: 'disk-full' } },
        { right: { repeated: true } },
      ])
      expect(bytesOnDisk()).toBe(before)
      expect(calls.at(-1)).toBe('sync')
      next.write = undefined
      expect(await store.append(candleGroup(1))).toMatchObject({ right: { repeated: false } })
      expect(await damages()).toEqual([])
      await store.close()
    })

  test('when the cut back fails too, it is poisoned', async () => {
    const { files, next } = failing()
    const store = await open({ files })
    await store.append(candleGroup(0))
    next.write = () => 3
    next.truncate = () => {
      throw systemError('EIO')
    }
    await expect(store.append(candleGroup(1))).rejects.toMatchObject({ verdict: 'poisoned' })
    await store.close()
  })

  test('another failed write is thrown, leaves no byte, and the next append works', async () => {
    const { files, next } = failing()
    const store = await open({ files })
    await store.append(candleGroup(0))
    const before = bytesOnDisk()
    next.write = () => {
      throw systemError('EIO')
    }
    await expect(store.append(candleGroup(1))).rejects.toThrow('EIO')
    next.write = undefined
    expect(bytesOnDisk()).toBe(before)
    expect(await store.append(candleGroup(1))).toMatchObject({ right: { repeated: false } })
    await store.close()
  })

  test('a HEAD that cannot be written leaves the outcome unknown; the same append finds its event', async () => {
    const { files, next } = failing()
    const store = await open({
      files: {
        ...files,
        write: (fd, bytes, length, position) =>
          position === null
            ? nodeFiles.write(fd, bytes, length, null)
            : files.write(fd, bytes, length, position),
      },
    })
    await store.append(candleGroup(0))
    next.write = () => {
      throw systemError('EIO')
    }
    expect(await store.append(candleGroup(1))).toMatchObject({ left: { kind: 'outcome-unknown' } })
    expect(await store.append(candleGroup(1))).toMatchObject({ left: { kind: 'outcome-unknown' } })
    next.write = undefined
    expect(await store.append(candleGroup(1))).toMatchObject({ right: { repeated: true } })
    expect(await all(store.read(candles))).toHaveLength(2)
    await store.close()
  })

  test('a ledger that was cut while it is open is noticed at the next append', async () => {
    const store = await open()
    await store.append(candleGroup(0))
    await store.append(candleGroup(1))
    fs.truncateSync(`${folder}/2023-03-24.jsonl`, 900)
    await expect(store.append(candleGroup(2))).rejects.toMatchObject({ name: 'LedgerDamaged' })
    await expect(all(store.readAll())).rejects.toMatchObject({ name: 'LedgerDamaged' })
    await store.close()
  })

  test('damage in the middle is named when it is read', async () => {
    const store = await open()
    for (let n = 0; n < 5; n++) await store.append(candleGroup(n))
    const file = `${folder}/2023-03-24.jsonl`
    const bytes = fs.readFileSync(file)
    bytes.write('X', bytes.indexOf('"d":{"symbol"') + 1)
    fs.writeFileSync(file, bytes)
    await expect(all(store.readAll())).rejects.toThrow(/2023-03-24.jsonl at byte \d+ is damaged/)
    await store.close()
  })
})

describe('several processes', () => {
  test('that append at once give one chain without gaps, and nothing is lost', async () => {
    await (await open()).close()
    const names = ['AAA', 'BBB', 'CCC', 'DDD']
    const others = names.map(name => otherProcess('append', folder, name, '60'))
    const store = await open({ clock: () => new Date().toISOString() })
    for (let n = 0; n < 60; n++) await store.append(candleGroup(n))
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0, 0, 0])
    const events = await all(store.readAll())
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    for (const name of names) expect(await all(store.read(`candles-${name}-5m`))).toHaveLength(60)
    expect(await all(store.read(candles))).toHaveLength(60)
    expect(await damages()).toEqual([])
    await store.close()
  })

  test('that are killed while they append lose nothing they were told about', async () => {
    await (await open()).close()
    for (const name of ['AAA', 'BBB', 'CCC']) {
      const other = otherProcess('append', folder, name, '100000')
      const told: number[] = []
      while (told.length < 25) told.push(Number(await other.line()))
      other.process.kill('SIGKILL')
      await other.ended
      const store = await open({ clock: () => new Date().toISOString() })
      const seqs = (await all(store.read(`candles-${name}-5m`))).map(({ seq }) => seq)
      expect(seqs.slice(0, told.length)).toEqual(told)
      expect(await damages()).toEqual([])
      await store.close()
    }
  })
})
