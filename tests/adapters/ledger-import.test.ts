// An exported history becomes a new book as a whole, or not at all.

import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { readIdentity } from '../../adapters/ledger-identity.ts'
import { importLedger } from '../../adapters/ledger-import.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import { sha256 } from '../../domain/hash.ts'
import { ImportRefused, PlaceTaken } from '../../domain/ledger-copies.ts'
import { orderPrefix } from '../../domain/order-id.ts'
import { ledgerStream } from '../../domain/stream.ts'
import { candleGroup, group, handClock, intentRaised, market, strategy, write } from '../cast.ts'
import { linesOf, temporaryFolder } from '../cli/files.ts'
import { all } from './event-store.contract.ts'

const now = '2026-11-20T18:00:00.000Z'
const creation = { book: 'what-if', mode: 'paper', zone: 'UTC' } as const
const clock = handClock()
let ledgers = ''
let file = ''
const original = () => `${ledgers}/cast`
const target = () => `${ledgers}/what-if`

/** What `veritape export` prints. */
const exportTo = (lines: ReturnType<typeof linesOf>) =>
  fs.writeFileSync(
    file,
    lines
      .map(({ n, at, t, k, s, r, i, m, d }) => {
        const place = { seq: Number(n), at, type: t, version: k, stream: s, revision: Number(r), id: i }
        return `${JSON.stringify({ ...place, ...m, data: d })}\n`
      })
      .join(''),
  )

beforeEach(async () => {
  clock.set('2023-03-24T11:40:00.000Z')
  ledgers = temporaryFolder()
  file = `${temporaryFolder()}/events.jsonl`
  const create = { book: 'cast', mode: 'live', zone: 'UTC' } as const
  const store = await openJsonlStore({
    folder: original(),
    role: 'execute',
    clock: clock.now,
    create,
    allowMemory: true,
  })
  for (let n = 0; n < 3; n++) await store.append(candleGroup(n))
  clock.set('2023-03-25T11:40:00.000Z')
  await store.append(candleGroup(3))
  await store.append(group(write(strategy, 'no-stream', [market(3), intentRaised])))
  await store.close()
  exportTo(linesOf(original()))
})

const run = () => importLedger(file, target(), creation, now, { allowMemory: true })

const eventsOf = async (folder: string) => {
  const reader = await openJsonlReader(folder)
  const events = await all(reader.readAll())
  await reader.close()
  return events
}

const damages = async (folder: string) => {
  let found = 0
  for await (const step of verifyLedger(folder, { deep: true })) if (step.kind === 'damage') found++
  return found
}

test('every event stands at its seq, in the same segments, in a chain of its own', async () => {
  const report = await run()
  expect(report).toMatchObject({
    book: 'what-if',
    mode: 'paper',
    seq: 8,
    epoch: now,
    sha256: sha256(fs.readFileSync(file)),
  })
  expect(await eventsOf(target())).toEqual(await eventsOf(original()))
  expect(fs.readdirSync(target()).sort()).toEqual([
    '2023-03-24.jsonl',
    '2023-03-25.jsonl',
    'HEAD',
    'KILL',
    'LEDGER.json',
  ])
  expect(await damages(target())).toBe(0)
})

test('it is another ledger, which says what it was made from, and halted', async () => {
  const { ledgerId } = await run()
  expect(ledgerId).not.toBe(readIdentity(original())?.ledgerId)
  expect(readIdentity(target())).toMatchObject({
    ledgerId,
    mode: 'paper',
    derivedFrom: { book: 'cast', seq: 8, sha256: sha256(fs.readFileSync(file)) },
  })
  expect(JSON.parse(fs.readFileSync(`${target()}/KILL`, 'utf8'))).toMatchObject({
    level: 'halted',
    by: 'import',
  })
})

test('what it does next is in an epoch of its own', async () => {
  await run()
  const store = await openJsonlStore({
    folder: target(),
    role: 'execute',
    clock: clock.now,
    allowMemory: true,
  })
  await store.append(candleGroup(4))
  const own = await all(store.read(ledgerStream))
  expect(own.at(-1)?.event).toMatchObject({
    type: 'LedgerRestored',
    data: { book: 'what-if', from: '2023-03-24T11:40:00.000Z', epoch: now, seq: 8 },
  })
  expect(orderPrefix('what-if', store.identity.epoch)).not.toBe(
    orderPrefix('cast', '2023-03-24T11:40:00.000Z'),
  )
  await store.close()
  expect(await damages(target())).toBe(0)
})

const edit = (change: (lines: Record<string, unknown>[]) => unknown) => {
  const lines = fs
    .readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  change(lines)
  fs.writeFileSync(
    file,
    lines.map(line => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  )
}

test.each<[string, (lines: Record<string, unknown>[]) => unknown, string]>([
  ['a line that is not JSON', lines => lines.splice(4, 1, '{"seq":5,' as never), 'line 5 is not JSON'],
  ['a field too many', lines => Object.assign(lines[4] as object, { extra: 1 }), 'line 5 does not parse'],
  [
    'data that does not parse',
    lines => Object.assign(lines[1]?.data as object, { close: 28_000 }),
    'line 2 does not parse',
  ],
  [
    'an event that this program does not know',
    lines => Object.assign(lines[1] as object, { type: 'Unheard' }),
    'update veritape',
  ],
  [
    'a version that this program does not know',
    lines => Object.assign(lines[1] as object, { version: 9 }),
    'update veritape',
  ],
  ['a history without its beginning', lines => lines.shift(), 'line 1: expected seq 1, found 2'],
  ['a gap', lines => lines.splice(2, 1), 'line 3: expected seq 3, found 4'],
  [
    'a part of the types',
    lines => lines.splice(0, lines.length, ...lines.filter(each => each.type === 'CandleClosed')),
    'expected seq 1',
  ],
  [
    'a revision that is missing',
    lines => Object.assign(lines[3] as object, { revision: 7 }),
    'expected revision 2 of candles-BTC/USDT-5m',
  ],
  [
    'a cause that comes later',
    lines => Object.assign(lines[3] as object, { cause: 4 }),
    'expected a cause before 4',
  ],
  [
    'a correlation that comes later',
    lines => Object.assign(lines[3] as object, { correlation: 5 }),
    'expected a correlation',
  ],
  [
    'a run that comes later',
    lines => Object.assign(lines[3] as object, { run: 4 }),
    'expected a run before 4',
  ],
  [
    'time that stands still',
    lines => Object.assign(lines[3] as object, { at: lines[2]?.at }),
    'expected a time after',
  ],
  [
    'a segment that nobody named',
    lines => Object.assign(lines[5]?.data as object, { segment: '2023-03-26.jsonl' }),
    'expected 2023-03-25.jsonl',
  ],
  [
    'a segment outside the folder',
    lines => Object.assign(lines[0]?.data as object, { segment: '../x.jsonl' }),
    'is no name of a segment',
  ],
  [
    'an end in the middle of a day',
    lines => Object.assign(lines[4] as object, { type: 'CandleClosed', data: lines[1]?.data }),
    'expected more of 2023-03-24.jsonl',
  ],
  ['nothing', lines => lines.splice(0), 'holds no events'],
])('%s is refused, and nothing is left', async (_, change, sentence) => {
  edit(change)
  await expect(run()).rejects.toThrow(ImportRefused)
  await expect(run()).rejects.toThrow(sentence)
  expect(fs.readdirSync(ledgers)).toEqual(['cast'])
})

test('a book that is there is never written over', async () => {
  await run()
  await expect(run()).rejects.toThrow(PlaceTaken)
  expect(fs.readdirSync(ledgers).sort()).toEqual(['cast', 'what-if'])
})
