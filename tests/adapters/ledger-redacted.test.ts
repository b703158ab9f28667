// A redacted export hides sizes and prices and still shows that it is the book: what its holder can prove, and what
// every kind of cheating looks like.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { plainLine, redactedLine, redactedLines, shownFields } from '../../adapters/ledger-export-redacted.ts'
import { encodeLine } from '../../adapters/ledger-line.ts'
import { zeroHash } from '../../adapters/ledger-line-bytes.ts'
import { verifyRedacted } from '../../adapters/ledger-verify-redacted.ts'
import { declarations } from '../../domain/catalogue.ts'
import type { Head } from '../../domain/event-store.ts'
import { RedactedUnusable } from '../../domain/ledger-copies.ts'
import type { Role } from '../../domain/stream.ts'
import {
  candleGroup,
  group,
  handClock,
  intentRaised,
  market,
  orderFilled,
  orderOf,
  orderRequested,
  strategy,
  write,
} from '../cast.ts'
import { segmentsOf, temporaryFolder } from '../cli/files.ts'
import { sealByHand } from './sealed-by-hand.ts'

const clock = handClock()
let folder = ''
let file = ''
let head: Head = { seq: 0, hash: zeroHash }
const open = (role: Role = 'execute') =>
  openJsonlStore({
    folder,
    role,
    clock: clock.now,
    create: { book: 'cast', mode: 'live', zone: 'UTC' },
    allowMemory: true,
  })

/** 1 opened, 2 candle, 3 intent, 4 and 5 request and fill in one group, 6 closed, 7 opened, 8 and 9 candles. */
beforeEach(async () => {
  clock.set('2023-03-24T11:40:00.000Z')
  folder = `${temporaryFolder()}/cast`
  file = `${temporaryFolder()}/redacted.jsonl`
  const store = await open()
  await store.append(candleGroup(0))
  await store.append(group(write(strategy, 'no-stream', [market(0), intentRaised])))
  const [requested, filled] = [orderRequested(3), orderFilled(3, 'trade-77')]
  await store.append(group(write(orderOf(3), 'no-stream', [market(1), requested], [market(2), filled])))
  clock.set('2023-03-25T11:40:00.000Z')
  await store.append(candleGroup(1))
  await store.append(candleGroup(2))
  head = await store.head()
  await store.close()
})

const exported = async (selection: Parameters<typeof redactedLines>[1] = {}) => {
  let text = ''
  for await (const line of redactedLines(folder, selection)) text += line
  fs.writeFileSync(file, text)
  return text
}
const lines = () => fs.readFileSync(file, 'utf8').trimEnd().split('\n')
const rewrite = (all: readonly string[]) => fs.writeFileSync(file, `${all.join('\n')}\n`)
const faultsOf = async (anchor?: Head, openings?: string) =>
  (await verifyRedacted(file, anchor, openings)).faults

test('no size, price, fee, trade id or reason is left in it', async () => {
  const text = await exported()
  for (const hidden of ['28010', '0.25', '0.7', '12.5', 'trade-77', 'crossed above'])
    expect(text, hidden).not.toContain(hidden)
  const fill = JSON.parse(lines()[5] ?? '')
  expect(fill).toMatchObject({
    n: '0000000000000005',
    t: 'OrderFilled',
    d: { orderId: orderRequested(3).data.orderId, symbol: 'BTC/USDT', side: 'buy', liquidity: 'maker' },
    hidden: ['tradeId', 'price', 'quantity', 'fee', 'venueTime'],
  })
})

test('the whole book is found whole, against the head that its owner made known', async () => {
  await exported()
  expect(head.seq).toBe(9)
  expect(await verifyRedacted(file, head, undefined)).toEqual({
    ledgerId: expect.any(String),
    book: 'cast',
    first: 1,
    last: head,
    anchor: head,
    opened: [],
    faults: [],
  })
})

test.each([
  [{ day: '2023-03-24' }, 1, 6],
  [{ day: '2023-03-25' }, 7, 9],
  [{ day: '2023-03-26' }, 1, 0],
  [{ from: 5 }, 5, 9],
  [{ from: 3, to: 4 }, 3, 4],
])('a part is found whole too: %j', async (selection, first, last) => {
  await exported(selection)
  const report = await verifyRedacted(file, undefined, undefined)
  expect(lines()).toHaveLength(1 + last - first + 1)
  expect(report).toMatchObject({ first, last: { seq: last } })
  // A part that ends inside a write group says so: the rest of the group is missing.
  expect(report.faults).toEqual(last === 4 ? ['the last write group has 1 of 2 lines'] : [])
})

test('a sealed day is exported as a plain one is', async () => {
  const before = await exported({ day: '2023-03-24' })
  const whole = await exported()
  sealByHand(folder, segmentsOf(folder)[0] as string)
  expect(await exported({ day: '2023-03-24' })).toBe(before)
  expect(await exported()).toBe(whole)
  expect(JSON.parse(await plainLine(folder, 3))).toMatchObject({ t: 'IntentRaised' })
})

describe('cheating shows', () => {
  const edited = (index: number, change: (line: Record<string, unknown>) => void) => {
    const all = lines()
    const line = JSON.parse(all[index] as string)
    change(line)
    rewrite([...all.slice(0, index), JSON.stringify(line), ...all.slice(index + 1)])
  }
  const without = (index: number) => rewrite(lines().filter((_, at) => at !== index))

  test.each([
    ['a line left out', () => without(3), 'expected seq 3'],
    ['the last line left out', () => without(9), '9 lines were promised, 8 are there'],
    ['the first line left out', () => without(1), 'expected seq 1'],
    [
      'two lines swapped',
      () => rewrite(lines().map((line, at, all) => (at === 8 ? all[9] : at === 9 ? all[8] : line) ?? '')),
      'expected seq 8',
    ],
    [
      'another hash',
      () =>
        edited(4, line => {
          line.h = zeroHash
        }),
      `which is ${zeroHash}`,
    ],
    [
      'another time',
      () =>
        edited(4, line => {
          line.at = '2020-01-01T00:00:00.000000Z'
        }),
      'is not after',
    ],
    [
      'another revision',
      () =>
        edited(9, line => {
          line.r = '0000000007'
        }),
      'expected revision 2',
    ],
    [
      'another stream',
      () =>
        edited(9, line => {
          line.s = 'candles-X/Y-5m'
        }),
      'expected revision 0',
    ],
    [
      'another group',
      () =>
        edited(5, line => {
          line.b = '0001/0001'
        }),
      'does not follow',
    ],
    [
      'another cause',
      () =>
        edited(5, line => {
          line.m = { cause: 5, correlation: 1, run: 0 }
        }),
      'its cause',
    ],
  ])('%s', async (_, cheat, sentence) => {
    await exported()
    cheat()
    expect((await faultsOf()).join('\n')).toContain(sentence)
  })

  test('another book with the same story does not end in the anchor', async () => {
    await exported()
    expect(await faultsOf({ seq: 9, hash: zeroHash })).toEqual([
      `event 9 has the hash ${head.hash}, but the anchor names ${zeroHash}`,
    ])
    expect(await faultsOf({ seq: 10, hash: zeroHash })).toEqual([
      'the anchor names event 10, which is not among the lines',
    ])
  })

  test('what is no redacted export is said not to be one', async () => {
    fs.writeFileSync(file, '')
    await expect(faultsOf()).rejects.toThrow(RedactedUnusable)
    fs.writeFileSync(file, '{}\n')
    await expect(faultsOf()).rejects.toThrow('its first line does not parse')
    await exported()
    rewrite([...lines(), 'x'])
    await expect(faultsOf()).rejects.toThrow('line 11 is no redacted export')
  })
})

describe('opening', () => {
  const openings = () => `${file}.opened`

  test('a plain line that is handed over is the one that stands there', async () => {
    await exported()
    fs.writeFileSync(openings(), (await plainLine(folder, 5)) + (await plainLine(folder, 8)))
    expect(await verifyRedacted(file, head, openings())).toMatchObject({ opened: [5, 8], faults: [] })
  })

  test('a plain line with another price does not hash to what stands there', async () => {
    await exported()
    const told = (await plainLine(folder, 5)).replace('28010', '28011')
    fs.writeFileSync(openings(), told)
    expect((await faultsOf(undefined, openings())).join()).toContain('does not hash to its own h')
    // With a hash of its own it is a line, but none of these.
    const body = told.slice(0, -73)
    const own = createHash('sha256').update(body).digest('hex')
    fs.writeFileSync(openings(), `${body},"h":"${own}"}\n`)
    expect(await faultsOf(undefined, openings())).toEqual([
      `an opened line has the hash ${own}, which no line here has`,
    ])
  })

  test('a redacted line that shows something else than the opened one is a lie', async () => {
    await exported()
    rewrite(lines().map(line => line.replace('"side":"buy"', '"side":"sell"')))
    expect(await faultsOf(head)).toEqual([]) // what is shown is only claimed, until it is opened
    fs.writeFileSync(openings(), await plainLine(folder, 5))
    expect((await faultsOf(head, openings())).join()).toContain('says something else than the redacted one')
  })

  test('an event that is not there cannot be opened', async () => {
    await expect(plainLine(folder, 99)).rejects.toThrow('there is no event 99; the book ends at 9')
  })
})

describe('what is shown', () => {
  test.each([...shownFields])('%s is never declared as a decimal or a measurement', name => {
    for (const { type, data } of declarations) {
      const field = (data.shape as Record<string, z.ZodType>)[name]
      if (field === undefined) continue
      const isText = ['twelve', 'TWELVE'].some(text => field.safeParse(text).success)
      expect(field.safeParse('12.5').success && !isText, type).toBe(false)
      expect(field.safeParse(12.5).success, type).toBe(false)
    }
  })

  test('and no decimal gets through, wherever it stands', () => {
    const anyName = fc.constantFrom(...shownFields, 'price', 'quantity', 'anything')
    const decimal = fc
      .tuple(fc.integer({ min: 100_000, max: 999_999 }), fc.integer({ min: 1000, max: 9999 }))
      .map(([whole, places]) => `${whole}.${places}`)
    const value = fc.oneof(decimal, decimal.map(Number), fc.array(decimal), fc.record({ deep: decimal }))
    fc.assert(
      fc.property(fc.dictionary(anyName, value), data => {
        const recorded = { seq: 1, stream: strategy, revision: 0, id: 'i'.repeat(36), at: 'a'.repeat(27) }
        const event = { type: 'CandleClosed', version: 1, data }
        const text = JSON.stringify(data)
        const plain = encodeLine(
          { ...recorded, cause: 0, correlation: 1, run: 0, event },
          text,
          1,
          '0001',
          zeroHash,
        )
        const redacted = redactedLine(plain.text.slice(0, -1))
        expect(JSON.parse(redacted)).toMatchObject({ d: {}, h: plain.hash })
        expect(redacted).not.toMatch(/\d{6}\.\d{3}/)
      }),
    )
  })
})
