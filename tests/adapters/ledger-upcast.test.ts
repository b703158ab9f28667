// Every reader of a ledger sees today's shapes, and the stored bytes stay what they were. For these tests alone, today's
// CandleClosed has a second version, in which the volume is told with its unit.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { replayLedger } from '../../adapters/ledger-replay.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import { CandleClosed } from '../../domain/candle.ts'
import type * as catalogue from '../../domain/catalogue.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { declarations, UnknownEvent } from '../../domain/catalogue.ts'
import { DecimalText } from '../../domain/decimal.ts'
import { type Event, event, type Recorded } from '../../domain/event.ts'
import type * as upcasts from '../../domain/upcast.ts'
import {
  candleClosed,
  candleGroup,
  candles,
  expectedAfter,
  group,
  handClock,
  market,
  write,
} from '../cast.ts'
import { all } from './event-store.contract.ts'
import { writtenTomorrow } from './written-tomorrow.ts'

const today = vi.hoisted(
  (): { up?: upcasts.Upcaster; declared?: (type: string, version: number) => unknown } => ({}),
)
vi.mock('../../domain/catalogue.ts', async original => {
  const real = await original<typeof catalogue>()
  return {
    ...real,
    declarationOf: (...of: [string, number]) => (today.declared ?? real.declarationOf)(...of),
  }
})
vi.mock('../../domain/upcast.ts', async original => {
  const real = await original<typeof upcasts>()
  return {
    ...real,
    upcast: (given: Event) => (today.up ?? real.upcast)(given),
    parseStored: (given: Event) => (today.up?.parsed ?? real.parseStored)(given),
  }
})
const { former, formerShapes, upcasterOf } = await vi.importActual<typeof upcasts>('../../domain/upcast.ts')

const { volume: _, ...others } = CandleClosed.data.shape
const CandleClosed2 = event('CandleClosed', 2, {
  ...others,
  traded: z.strictObject({ quantity: DecimalText, unit: z.string() }),
})
const inUnits = former(CandleClosed, CandleClosed2, ({ volume, ...rest }) => ({
  ...rest,
  traded: { quantity: volume, unit: rest.symbol.split('/')[0] ?? '' },
}))
const theOthers = declarations.filter(({ type }) => type !== 'CandleClosed')

/** The program after an update. */
const withSecondVersion = () => {
  const current = [...theOthers, CandleClosed2]
  today.up = upcasterOf(current, [...formerShapes, inUnits])
  today.declared = (type, version) => current.find(each => each.type === type && each.version === version)
}

/** A program that was not updated: it does not know the type. */
const withoutCandles = () => {
  today.up = upcasterOf(theOthers, formerShapes)
  today.declared = (type, version) => theOthers.find(each => each.type === type && each.version === version)
}

/** A program that was not updated: the version it knows is older. */
const withOlderCandles = () => {
  today.up = upcasterOf([...theOthers, { ...CandleClosed, version: 0 }], formerShapes)
  today.declared = (type, version) => theOthers.find(each => each.type === type && each.version === version)
}

let folder = ''
const clock = handClock()
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-upcast-'))
  const store = await open()
  for (let n = 0; n < 3; n++) await store.append(candleGroup(n))
  await store.close()
})
afterEach(() => {
  delete today.up
  delete today.declared
  fs.rmSync(folder, { recursive: true })
})

const open = () =>
  openJsonlStore({
    folder,
    role: 'execute',
    clock: clock.now,
    create: { book: 'cast', mode: 'dry-run', zone: 'UTC' },
    allowMemory: true,
  })

const bytes = () =>
  createHash('sha256')
    .update(fs.readFileSync(`${folder}/2023-03-24.jsonl`))
    .digest('hex')

const second = (n: number) => {
  const { volume, ...rest } = candleClosed(n).data
  return { type: 'CandleClosed', version: 2, data: { ...rest, traded: { quantity: volume, unit: 'BTC' } } }
}

test('every way of reading gives the shape of today, and the bytes are untouched', async () => {
  const before = bytes()
  withSecondVersion()
  const expected = [second(0), second(1), second(2)]
  const reader = await openJsonlReader(folder)
  const eventsOf = async (reading: AsyncIterable<Recorded<BookEvent>>) =>
    (await all(reading)).map(each => each.event as unknown)
  expect(await eventsOf(reader.read(candles))).toEqual(expected)
  expect(await eventsOf(reader.readAll({ types: new Set(['CandleClosed']) }))).toEqual(expected)
  expect((await eventsOf(reader.readAll())).slice(1)).toEqual(expected)
  await reader.close()
  const store = await open()
  expect(await eventsOf(store.read(candles))).toEqual(expected)
  await store.close()
  const replayed: BookEvent[] = []
  await replayLedger(folder, new Map([['CandleClosed', ['symbol']]]), ({ event }) => replayed.push(event))
  expect(replayed).toEqual(expected)
  expect(bytes()).toBe(before)
})

test('what was written before the update and is appended again after it was there already', async () => {
  const before = bytes()
  withSecondVersion()
  const store = await open()
  const again = (n: number, event: object) =>
    store.append(group(write(candles, expectedAfter(n), [market(n), event as BookEvent])))
  expect(await again(1, second(1))).toMatchObject({ right: { repeated: true, events: [{ seq: 3 }] } })
  expect(await again(1, { ...second(1), data: { ...second(1).data, close: '1' } })).toMatchObject({
    left: { kind: 'idempotency-conflict', seq: 3 },
  })
  expect(bytes()).toBe(before)
  expect(await again(3, second(3))).toMatchObject({ right: { repeated: false } })
  await expect(again(4, candleClosed(4))).rejects.toThrow('CandleClosed version 1 is not in the catalogue')
  expect((await all(store.read(candles))).map(each => each.event as unknown)).toEqual(
    [0, 1, 2, 3].map(second),
  )
  await store.close()
})

const damages = async (deep: boolean) => {
  let found = 0
  for await (const step of verifyLedger(folder, { deep })) if (step.kind === 'damage') found++
  return found
}

test('verify --deep parses what was stored by the declaration of its time', async () => {
  withSecondVersion()
  expect(await damages(true)).toBe(0)
})

test.each([
  ['type', withoutCandles],
  ['version', withOlderCandles],
])('a ledger with an unknown %s can be proven, not folded', async (_, program) => {
  program()
  expect(await damages(false)).toBe(0)
  const reader = await openJsonlReader(folder)
  await expect(all(reader.readAll())).rejects.toThrow(UnknownEvent)
  await expect(all(reader.read(candles))).rejects.toThrow('update veritape')
  await expect(all(reader.readAll({ types: new Set(['CandleClosed']) }))).rejects.toThrow(UnknownEvent)
  const replay = replayLedger(folder, new Map([['CandleClosed', ['symbol']]]), () => {})
  await expect(replay).rejects.toThrow(UnknownEvent)
  expect(await reader.head()).toMatchObject({ seq: 4 })
  await reader.close()
  await expect(damages(true)).rejects.toThrow(UnknownEvent)
})

test('a fold that asks for other types stops at a type that it has never heard of', async () => {
  const fills = new Map([['OrderFilled', ['price']]])
  const reader = await openJsonlReader(folder)
  expect(await all(reader.readAll({ types: new Set(fills.keys()) }))).toEqual([])
  await replayLedger(folder, fills, () => {})
  writtenTomorrow(folder, 'DividendPaid', 1)
  expect(await damages(false)).toBe(0)
  await expect(all(reader.readAll({ types: new Set(fills.keys()) }))).rejects.toThrow(
    'the ledger holds DividendPaid version 1, which this program does not know; update veritape',
  )
  await expect(replayLedger(folder, fills, () => {})).rejects.toThrow(UnknownEvent)
  expect(await all(reader.readAll({ types: new Set(fills.keys()), upTo: 4 }))).toEqual([])
  await reader.close()
})
