// Tables fit their terminal, lose no letter, and have no surprises in a pipe.

import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainTable, terminalTable } from '../../adapters/text-table.ts'

const style = { strong: (text: string) => text, faint: (text: string) => text }
const red = (text: string) => `\u001b[31m${text}\u001b[39m`

test('in a pipe, columns are aligned with spaces and lines have no end of spaces', () => {
  const table = plainTable(
    ['symbol', 'quantity', 'why'],
    [
      ['BTC/USDT', '0.5', 'x'],
      ['ETH/USDT', '12.25', ''],
    ],
    [1],
  )
  expect(table.split('\n')).toEqual([
    'symbol    quantity  why',
    'BTC/USDT       0.5  x',
    'ETH/USDT     12.25',
  ])
})

test('in a pipe, there is no tab, no line end in a cell and no colour', () => {
  const table = plainTable(['a', 'b'], [['one\ttwo', red('three\nfour')]], [])
  expect(table).toBe('a        b\none two  three four')
})

test('a row that is too short has empty cells', () => {
  expect(plainTable(['a', 'b'], [['x']], [])).toBe('a  b\nx')
})

test('on a terminal, a rule stands below the head, and numbers end in one column', () => {
  const table = terminalTable(
    ['symbol', 'value'],
    [
      ['BTC/USDT', '1,000'],
      ['ETH/USDT', '5'],
    ],
    [1],
    80,
    style,
  )
  expect(table.split('\n')).toEqual([
    'symbol    value',
    '───────────────',
    'BTC/USDT  1,000',
    'ETH/USDT      5',
  ])
})

test('on a terminal, a cell that is too wide goes on in the next line, in its colour', () => {
  const rows = [['path', red('/srv/veritape/a-folder-with-a-long-name and some more words')]]
  const lines = terminalTable(['what', 'where'], rows, [], 40, style).split('\n')
  expect(lines.map(stripVTControlCharacters)).toEqual([
    'what  where',
    '────────────────────────────────────────',
    'path  /srv/veritape/a-folder-with-a-long',
    '      -name and some more words',
  ])
  expect(lines[3]).toContain(red('-name and some more words'))
})

test('whatever is in it, a table with room for its columns fits and loses no letter', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'b', '/', ' ', '9', 'é') })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
      fc.integer({ min: 40, max: 120 }),
      (rows, columns) => {
        const table = terminalTable(['one', 'two', 'three'], rows, [], columns, style)
        for (const line of table.split('\n')) expect([...line].length).toBeLessThanOrEqual(columns)
        const letters = (text: string) => [...text.replace(/[\s─]/g, '')].sort().join('')
        expect(letters(table)).toBe(letters(`onetwothree${rows.flat().join('')}`))
      },
    ),
  )
})
