// Lines: what is written reads back, the places that matter are where the format says, and nothing else is a line.

import fs from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSlot, slotBytes } from '../../adapters/ledger-head.ts'
import { decodeLine, encodeLine, fitsOnLine, NotALine } from '../../adapters/ledger-line.ts'
import {
  countAt,
  hashIn,
  hashOfBytes,
  indexAt,
  isFramed,
  lineBytesMin,
  numberAt,
  previousIn,
  seqOf,
  typeAt,
  zeroHash,
} from '../../adapters/ledger-line-bytes.ts'
import { type BookEvent, UnknownEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { sha256 } from '../../domain/hash.ts'
import { candleClosed, candles, evaluated, strategy } from '../cast.ts'

const recorded: Recorded<BookEvent> = {
  seq: 1234,
  id: '50a16ae0-82f9-88ea-9539-2c50407235b7',
  correlation: 1230,
  stream: candles,
  revision: 3,
  at: '2023-03-24T11:45:00.000001Z',
  cause: 1233,
  run: 1,
  event: candleClosed(0),
}
const encode = (event: Recorded<BookEvent>, index = 1, frame = '0003', previous = zeroHash) =>
  encodeLine(event, JSON.stringify(event.event.data), index, frame, previous)

test('the fields of a line stand where the format says', () => {
  const { text, hash } = encode(recorded, 2)
  const bytes = Buffer.from(text)
  expect(text.slice(0, typeAt + 12)).toBe('{"n":"0000000000001234","b":"0002/0003","t":"CandleClosed')
  expect(seqOf(bytes, 0)).toBe(1234)
  expect(numberAt(bytes, indexAt, 4)).toBe(2)
  expect(numberAt(bytes, countAt, 4)).toBe(3)
  expect(hashIn(bytes, bytes.length)).toBe(hash)
  expect(previousIn(bytes, bytes.length)).toBe(zeroHash)
  expect(text.slice(-73)).toBe(`,"h":"${hash}"}\n`)
})

test('the hash is SHA-256 of the bytes before the key h, with nothing else', () => {
  const { text, hash } = encode({ ...recorded, event: evaluated(0, ['über 5 € 🪙']), stream: strategy })
  const bytes = Buffer.from(text)
  expect(sha256(bytes.subarray(0, bytes.length - 73))).toBe(hash)
  expect(hashOfBytes(bytes, 0, bytes.length)).toBe(hash)
})

test('a line is JSON with its keys in the order of the format', () => {
  expect(Object.keys(JSON.parse(encode(recorded).text))).toEqual([...'nbtsri', 'at', ...'kmdph'])
})

test('the smallest possible line is longer than what a search for its end may jump over', () => {
  const small = {
    ...recorded,
    seq: 1,
    stream: 'a',
    event: { type: 'A', version: 1, data: {} },
  } as unknown as Recorded<BookEvent>
  expect(encode(small).text.length).toBeGreaterThan(lineBytesMin)
})

const text = fc.string({ unit: 'binary', maxLength: 60 })
const anyRecorded = fc
  .record({
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    revision: fc.integer({ min: 0, max: 9_999_999_999 }),
    cause: fc.nat(),
    correlation: fc.nat(),
    run: fc.nat(),
    id: fc.uuid(),
    reasons: fc.array(text, { maxLength: 4 }),
    indicators: fc.dictionary(text, fc.double({ noNaN: true, noDefaultInfinity: true }), { maxKeys: 4 }),
  })
  .map(
    ({ reasons, indicators, ...place }): Recorded<BookEvent> => ({
      ...recorded,
      ...place,
      stream: strategy,
      event: { ...evaluated(0, reasons), data: { ...evaluated(0, reasons).data, indicators } },
    }),
  )

test('whatever is written reads back the same, as text and after the way through bytes', () => {
  fc.assert(
    fc.property(anyRecorded, fc.integer({ min: 1, max: 9999 }), (event, index) => {
      const data = JSON.stringify(event.event.data)
      const line = encodeLine(event, data, index, '9999', zeroHash)
      const bytes = Buffer.from(line.text)
      const read = decodeLine(bytes.toString('utf8', 0, bytes.length - 1))
      expect(read.data).toBe(data)
      expect(read).toEqual({
        recorded: { ...event, event: { ...event.event, data: JSON.parse(data) } },
        data,
        version: 1,
        index,
        count: 9999,
        previous: zeroHash,
        hash: line.hash,
      })
      expect(bytes.indexOf(0x0a)).toBe(bytes.length - 1)
      expect(isFramed(bytes, 0, bytes.length)).toBe(true)
      expect(hashOfBytes(bytes, 0, bytes.length)).toBe(line.hash)
    }),
  )
})

test('a line with any of its framing changed is not a line', () => {
  const { text } = encode(recorded)
  const line = text.slice(0, -1)
  for (const [from, to] of [
    ['{"n":"', '{"N":"'],
    ['","b":"', '", b":"'],
    ['"s":', '"S":'],
    ['"m":{', '"m":['],
    ['},"d":', '},"D":'],
    ['"p":', '"q":'],
    ['"h":', '"H":'],
    ['"r":"0', '"r":"x'],
  ] as const)
    expect(() => decodeLine(line.replace(from, to))).toThrow(NotALine)
  expect(() => decodeLine('')).toThrow(NotALine)
  expect(() => decodeLine(line.slice(0, -1))).toThrow(NotALine)
})

test('an event that this program does not know is named', () => {
  const line = encode(recorded).text.slice(0, -1).replace('CandleClosed', 'CandleGuesse')
  expect(() => decodeLine(line)).toThrow(UnknownEvent)
})

test('what fits on a line is counted in bytes, not in characters', () => {
  expect(fitsOnLine('A', 's', 'x'.repeat(65_000))).toBe(true)
  expect(fitsOnLine('A', 's', 'x'.repeat(65_536))).toBe(false)
  expect(fitsOnLine('A', 's', '€'.repeat(22_000))).toBe(false)
})

test('the example in the description of the format is right, to the byte', () => {
  const page = fs.readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')
  const lines = page.split('\n').filter(line => line.startsWith('{"n":"'))
  expect(lines).toHaveLength(2)
  let previous = zeroHash
  for (const line of lines) {
    const { recorded, hash, data, index } = decodeLine(line)
    const again = encodeLine(recorded, data, index, '0004', previous)
    expect(again).toEqual({ text: `${line}\n`, hash })
    previous = hash
  }
  const slots = page.split('\n').filter(line => line.startsWith('seq='))
  expect(slots.map(slot => readSlot(`${slot}\n`)?.seq)).toEqual([8, 7])
  expect(page).toContain(`It is ${2 * slotBytes} bytes: two lines ("slots") of ${slotBytes} bytes`)
})
