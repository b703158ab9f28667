// Segments: their names, their order, and when one is left for the next.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { dateOf, isBefore, listSegments, rollDue, segmentName } from '../../adapters/ledger-segment.ts'

test('the first segment of a day has its date, later ones a number of four digits', () => {
  expect(segmentName('2026-11-20')).toBe('2026-11-20.jsonl')
  expect(segmentName('2026-11-20', 2)).toBe('2026-11-20.0002.jsonl')
  expect(dateOf('2026-11-20.0002.jsonl')).toBe('2026-11-20')
})

test('they are listed in the order of their lines, and nothing else is', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-segments-'))
  const names = ['2026-11-20.jsonl', '2026-11-20.0002.jsonl', '2026-11-20.0010.jsonl', '2026-11-21.jsonl']
  for (const name of [...names]
    .reverse()
    .concat('LEDGER.json', 'a.jsonl', '2026-11-20.jsonl.tmp', '2026-11-20.2.jsonl'))
    fs.writeFileSync(path.join(folder, name), '')
  expect(listSegments(folder)).toEqual(names)
  fs.rmSync(folder, { recursive: true })
})

test('no segment is before the empty name, and a name is not before itself', () => {
  expect(isBefore('2026-11-20.jsonl', '')).toBe(false)
  expect(isBefore('2026-11-20.jsonl', '2026-11-20.jsonl')).toBe(false)
  expect(isBefore('2026-11-20.jsonl', '2026-11-20.0002.jsonl')).toBe(true)
})

test('a segment is left when its day is over or when it is full, and never backwards', () => {
  expect(rollDue('2026-11-20.jsonl', 10, 100, '2026-11-20')).toBeUndefined()
  expect(rollDue('2026-11-20.jsonl', 10, 100, '2026-11-21')).toEqual({ why: 'day', next: '2026-11-21.jsonl' })
  expect(rollDue('2026-11-20.jsonl', 100, 100, '2026-11-20')).toEqual({
    why: 'size',
    next: '2026-11-20.0002.jsonl',
  })
  expect(rollDue('2026-11-20.0002.jsonl', 100, 100, '2026-11-19')).toEqual({
    why: 'size',
    next: '2026-11-20.0003.jsonl',
  })
  expect(rollDue('2026-11-20.jsonl', 10, 100, '2026-11-19')).toBeUndefined()
})
