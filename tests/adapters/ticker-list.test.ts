// Files of tickers and of earnings dates, as people make them.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseEarnings, readEarningsFiles } from '../../adapters/earnings-file.ts'
import { readTickerLists } from '../../adapters/ticker-list.ts'

const folder = mkdtempSync(join(tmpdir(), 'veritape-lists-'))
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('lists are put together, each ticker once, in order', () => {
  const plain = file('plain.txt', '# mine\nXOM\n\nBF.B  # with a dot\nGE\n')
  const csv = file('list.csv', 'Symbol,Name\nGE,General Electric\nA,Agilent\n')
  expect(readTickerLists([plain, csv])).toEqual(['A', 'BF.B', 'GE', 'XOM'])
})

test('three thousand tickers are a list like any other', () => {
  const many = Array.from({ length: 3000 }, (_, at) => `T${at}`)
  expect(readTickerLists([file('many.txt', many.join('\r\n'))])).toHaveLength(3000)
})

test.each([
  ['nothing.txt', '# nobody\n', 'it names no ticker'],
  ['bad.txt', 'GE\nnot one\n', 'line 2: "not one" is no ticker'],
])('%s is refused with a sentence', (name, text, sentence) => {
  expect(() => readTickerLists([file(name, text)])).toThrow(sentence)
})

test('a file that is not there is refused', () => {
  expect(() => readTickerLists([join(folder, 'absent.txt')])).toThrow('it cannot be read (ENOENT)')
})

test('earnings are kept in one order, and read back by ticker, oldest first', () => {
  const one = file('one.csv', 'ticker,date,when\nGE,2015-04-17,before-open\nGE,2015-01-23,before-open\n')
  const two = file('two.csv', 'ticker,date,when\nA,2015-02-17,after-close\nGE,2015-01-23,before-open\n')
  const text = readEarningsFiles([one, two])
  expect(text).toBe(readEarningsFiles([two, one]))
  expect(parseEarnings('kept', text)).toEqual(
    new Map([
      ['A', [{ date: '2015-02-17', when: 'after-close' }]],
      [
        'GE',
        [
          { date: '2015-01-23', when: 'before-open' },
          { date: '2015-04-17', when: 'before-open' },
        ],
      ],
    ]),
  )
})

test.each([
  ['GE,2015-13-01,before-open', 'line 2'],
  ['GE,2015-01-23,at noon', 'line 2'],
  ['ge,2015-01-23,before-open', 'line 2'],
])('a row of earnings such as %s is refused', (row, where) => {
  expect(() => readEarningsFiles([file('row.csv', `ticker,date,when\n${row}\n`)])).toThrow(where)
})
